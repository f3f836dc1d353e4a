"""Alertmanager's webhook (version 4) to signals. Pure. Shape: prometheus/alertmanager, notify/webhook/webhook.go.

One row per incident of an alert, from firing to resolved: an alert is known by its fingerprint, an incident by that
and its start. What is repeated every ``repeat_interval``, and what the other of two Alertmanagers says too, is one row.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dashlib.model import Row
from dashlib.sources.gitlab import stamps
from dashlib.sources.gitlab.shapes import stable_id, text, thing
from dashlib.sources.hook import Hook, Rows, Shaped, Unshapeable, each
from dashlib.sources.tables import SIGNALS

SOURCE = "alertmanager"
_STATES = ("firing", "resolved")
_NODES = ("node", "kubernetes_node", "nodename", "hostname", "host", "instance")
"""Labels that name the machine, the surest first: of what an exporter tells of others, ``instance`` is the exporter."""
_OBJECTS = {"pod": "pod", "deployment": "deployment", "job_name": "job", "runner": "runner"}
"""Labels that name the object, and what it is. ``job`` is the job by which Prometheus scraped the exporter; of a Job of
Kubernetes kube-state-metrics tells ``job_name`` (docs/metrics/workload/job-metrics.md).
"""
_PORT = re.compile(r"(\[[^\]]*\]|[^:]*):\d+")
"""Host and port; an IPv6 address without brackets has no port."""


def kind_of(body: Mapping[str, Any], _: Mapping[str, str]) -> str | None:
    """``alerts`` for what holds a list of alerts; a body of one's own making (``payload``) may name no kind."""
    return "alerts" if isinstance(body.get("alerts"), list) else None


def shape(kind: str, hook: Hook) -> Shaped | None:
    """A row per alert of the notification. Raises Unshapeable when none of them has labels."""
    body, rows = thing(hook.payload), Rows()
    told = body.get("alerts")
    alerts = told if isinstance(told, list) else []
    found, error = each(alerts, lambda alert: _signal(thing(alert), body, hook.received_at))
    rows.add(SIGNALS, *found)
    newest = stamps.newest(*(row["ended_at"] or row["started_at"] for row in found))
    return Shaped(rows.changes(), subject=f"alerts:{len(found)}", happened_at=newest, error=error)


def _signal(alert: Mapping[str, Any], group: Mapping[str, Any], received_at: datetime) -> Row:
    labels = _texts(alert.get("labels"))
    if not labels:
        raise Unshapeable("an alert has no labels")
    about = _texts(alert.get("annotations"))
    started, ended = stamps.utc(alert.get("startsAt")), stamps.utc(alert.get("endsAt"))
    status = text(alert.get("status")) or text(group.get("status")) or "firing"
    fingerprint = text(alert.get("fingerprint")) or f"{stable_id(labels):016x}"
    name = labels.get("alertname") or "alert"
    summary = about.get("summary") or about.get("title") or about.get("message")
    return {
        "source": SOURCE,
        "id": f"{fingerprint}:{started.isoformat() if started else ''}",
        "kind": name,
        "severity": labels.get("severity"),
        "status": status,
        "started_at": started or received_at,
        # While it fires, endsAt is the year one, or the time at which it counts as over unless it is told again.
        "ended_at": _real(ended) if status == "resolved" else None,
        "title": summary or name,
        "description": about.get("description"),
        "labels": json.dumps(labels, sort_keys=True, ensure_ascii=False),
        "cluster": labels.get("cluster"),
        "namespace": labels.get("namespace"),
        "node": next((_host(labels[name]) for name in _NODES if labels.get(name)), None),
        "object": next((f"{kind}/{labels[name]}" for name, kind in _OBJECTS.items() if name in labels), None),
        "count": 1,
        "web_url": text(alert.get("generatorURL")) or None,
        "seen_at": None,
        "state_rank": _STATES.index(status) if status in _STATES else 0,
    }


def _host(said: str) -> str:
    """A machine is one node whichever of its exporters tells of it: without the port."""
    found = _PORT.fullmatch(said)
    return found[1] if found and found[1] else said


def _real(moment: datetime | None) -> datetime | None:
    return moment if moment is not None and moment.year > 1 else None


def _texts(value: Any) -> dict[str, str]:
    return {name: said for name, told in thing(value).items() if (said := text(told)) is not None}
