"""Kubernetes Events to signals: core/v1, events.k8s.io/v1, lists of them, watches, and kubernetes-event-exporter. Pure.

Shapes: kubernetes/kubernetes, staging/src/k8s.io/api/testdata; resmoio/kubernetes-event-exporter, pkg/kube/event.go. An
event is one row however often it is counted: its uid stays, ``count`` and the last time grow.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from dashlib.model import Row
from dashlib.sources.gitlab import stamps
from dashlib.sources.gitlab.shapes import number, stable_id, text, thing
from dashlib.sources.hook import Hook, Rows, Shaped, Unshapeable, each
from dashlib.sources.tables import SIGNALS

SOURCE = "kubernetes"
_SEVERITIES = {"Warning": "warning", "Normal": "info"}


def kind_of(body: Mapping[str, Any], _: Mapping[str, str]) -> str | None:
    """``Event`` or ``EventList``. The exporter leaves the kind out: an event tells a reason, somewhere."""
    watched = thing(body.get("object"))
    for said in (body, watched):
        if text(said.get("kind")) in ("Event", "EventList"):
            return str(said["kind"])
    details = thing(body.get("details"))
    if text(body.get("reason")) or text(details.get("reason")) or isinstance(body.get("items"), list):
        return "EventList" if isinstance(body.get("items"), list) else "Event"
    return text(body.get("kind")) or None


def shape(kind: str, hook: Hook) -> Shaped | None:
    """A row per event; None for objects that are no events. Raises Unshapeable where no event tells a reason."""
    if kind not in ("Event", "EventList"):
        return None
    rows = Rows()
    found, error = each(_events(thing(hook.payload)), lambda event: signal_of(event, hook.received_at))
    rows.add(SIGNALS, *found)
    newest = stamps.newest(*(row["seen_at"] for row in found))
    return Shaped(rows.changes(), subject=f"events:{len(found)}", happened_at=newest, error=error)


def _events(body: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The events of a delivery: of a list, of a watch (``{"type": "ADDED", "object": …}``), or the one it is.

    What stands in a list and is no object is an empty one: it is counted with those that are left out.
    """
    watched = thing(body.get("object"))
    if isinstance(body.get("items"), list):
        yield from (one for one in map(thing, body["items"]) if not _is_foreign(one))
    elif watched.get("kind") in ("Event", "EventList"):
        yield from _events(watched)
    else:
        yield body


def _is_foreign(one: Mapping[str, Any]) -> bool:
    """Another kind of object, as stands among events in a ``List`` (``kubectl get events,pods``)."""
    kind = text(one.get("kind"))
    return kind not in (None, "Event", "EventList") and not (one.get("reason") or thing(one.get("details")))


def signal_of(event: Mapping[str, Any], received_at: datetime) -> Row:
    """A row of ``signals``; ``received_at`` stands in where no time is told. Raises Unshapeable where no reason is."""
    details = thing(event.get("details"))
    about, said = thing(event.get("involvedObject")) or thing(event.get("regarding")) or details, {**details, **event}
    about = about or _flat(event)
    meta, series = thing(event.get("metadata")), thing(event.get("series"))
    reason = text(said.get("reason"))
    if reason is None:
        raise Unshapeable("the event tells no reason")
    source = thing(event.get("source")) or thing(event.get("deprecatedSource"))
    times = [
        _moment(value)
        for value in (
            series.get("lastObservedTime"), event.get("lastTimestamp"), event.get("deprecatedLastTimestamp"),
            event.get("eventTime"), event.get("firstTimestamp"), event.get("deprecatedFirstTimestamp"),
            meta.get("creationTimestamp"), said.get("createdAt"),
        )
    ]  # fmt: skip
    seen = next((moment for moment in times if moment), None)
    kind, name = text(about.get("kind")), text(about.get("name"))
    counted = (series.get("count"), event.get("count"), event.get("deprecatedCount"), details.get("count"))
    level = text(details.get("type")) or text(event.get("type")) or _level(event.get("eventType"))
    host = text(source.get("host")) or text(details.get("host")) or text(about.get("host"))
    return {
        "source": SOURCE,
        "id": text(meta.get("uid")) or f"{stable_id([about, reason, said.get('message'), said.get('createdAt')]):016x}",
        "kind": reason,
        "severity": _SEVERITIES.get(level or "", (level or "").lower() or None),
        "status": "occurred",
        "started_at": min((moment for moment in times if moment), default=received_at),
        "ended_at": None,
        "title": f"{reason}: {kind}/{name}" if kind and name else reason,
        "description": text(said.get("message")) or text(said.get("note")),
        "labels": json.dumps(_labels(about, event), sort_keys=True, ensure_ascii=False),
        "cluster": text(event.get("clusterName")) or text(event.get("region")),
        "namespace": text(about.get("namespace")) or text(meta.get("namespace")) or None,
        "node": name if kind == "Node" else host or None,
        "object": f"{kind}/{name}" if kind and name else name,
        "count": next((count for value in counted if (count := number(value)) is not None), 1),
        "web_url": None,
        "seen_at": seen,
        "state_rank": 0,
    }


def _flat(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """The object in a layout that tells kind, name and namespace beside the reason (the exporter's for Kafka)."""
    return event if text(event.get("kind")) not in (None, "Event", "EventList") else {}


def _level(event_type: Any) -> str | None:
    """The exporter's documented layout has ``kubernetes-event`` here (``kube-event`` once), which is no level."""
    said = text(event_type)
    return said if said in _SEVERITIES else None


def _moment(value: Any) -> datetime | None:
    """A time as Kubernetes spells it, or the exporter's milliseconds since 1970 (``GetTimestampMs`` of its layouts)."""
    milliseconds = number(value)
    if milliseconds is None:
        return stamps.utc(value)
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC).replace(tzinfo=None)
    except (ValueError, OverflowError, OSError):
        return None


def _labels(about: Mapping[str, Any], event: Mapping[str, Any]) -> dict[str, str]:
    """The object's labels, which a layout of one's own may hold as JSON in a string, and who reported the event."""
    told = about.get("labels")
    if isinstance(told, str):
        try:
            told = json.loads(told)
        except (ValueError, RecursionError):
            told = None
    labels = {name: said for name, value in thing(told).items() if (said := text(value)) is not None}
    source = thing(event.get("source")) or thing(event.get("deprecatedSource"))
    reporter = event.get("reportingComponent") or event.get("reportingController") or source.get("component")
    component = text(reporter) or text(about.get("component"))
    return labels | ({"reporting_component": component} if component else {})
