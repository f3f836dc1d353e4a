"""Signals as their senders write them: Alertmanager's webhook (version 4), Events of core/v1, CloudEvents 1.0."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from dashlib.demo.dice import hexes

Body = dict[str, Any]
ALERTS, CLOUD, KUBERNETES = "/alerts/events", "/cloud/events", "/k8s/events"
CLUSTER = "harbour-1"
_YEAR_ONE = "0001-01-01T00:00:00Z"
_JSON, _CLOUD_EVENT = "application/json", "application/cloudevents+json"


@dataclass(frozen=True)
class Told:
    """One request: when it is sent (aware), the dashboard's route, its JSON."""

    at: datetime
    route: str
    body: Body

    @property
    def content_type(self) -> str:
        """What its sender says the body is."""
        return _CLOUD_EVENT if self.route == CLOUD else _JSON


@dataclass(frozen=True)
class Alert:
    """An alert of Prometheus from its start to its end (aware); without an end it still fires."""

    name: str
    severity: str
    summary: str
    description: str
    starts: datetime
    ends: datetime | None = None
    labels: dict[str, str] = field(default_factory=dict)

    def notification(self, *, resolved: bool) -> Body:
        """Alertmanager's webhook about it alone, firing or resolved; ``resolved`` needs an end."""
        labels = {"alertname": self.name, "severity": self.severity, "cluster": CLUSTER} | self.labels
        about = {"summary": self.summary, "description": self.description}
        known = "".join(f"{name}\xff{value}\xff" for name, value in sorted(labels.items()))
        status = "resolved" if resolved else "firing"
        one = {
            "status": status,
            "labels": labels,
            "annotations": about,
            "startsAt": stamp(self.starts),
            "endsAt": stamp(self.ends) if resolved and self.ends else _YEAR_ONE,
            "generatorURL": f"https://prometheus.ostrelune.example/graph?g0.expr={self.name}&g0.tab=1",
            "fingerprint": hashlib.sha256(known.encode()).hexdigest()[:16],
        }
        group = {"alertname": self.name}
        return {
            "version": "4",
            "groupKey": f'{{}}:{{alertname="{self.name}"}}',
            "truncatedAlerts": 0,
            "status": status,
            "receiver": "dashboard",
            "groupLabels": group,
            "commonLabels": labels,
            "commonAnnotations": about,
            "externalURL": "https://alerts.ostrelune.example",
            "alerts": [one],
        }

    def told(self) -> list[Told]:
        """What Alertmanager sends of it: that it fires, and, once it is over, that it is resolved."""
        said = [Told(self.starts, ALERTS, self.notification(resolved=False))]
        return said if self.ends is None else [*said, Told(self.ends, ALERTS, self.notification(resolved=True))]


def event(
    reason: str,
    about: tuple[str, str, str],
    message: str,
    at: datetime,
    *,
    host: str = "",
    component: str = "kubelet",
    warns: bool = True,
    seen: Sequence[datetime] = (),
) -> Told:
    """An Event of a cluster: ``about`` is kind, namespace ("" for a Node) and name; ``seen`` are later sightings."""
    kind, namespace, name = about
    key = hexes(32, "kubernetes event", reason, *about, at.isoformat())
    place = {"namespace": namespace} if namespace else {}
    last = max((at, *seen))
    body = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {
            "name": f"{name}.{key[:16]}",
            "namespace": namespace or "default",
            "uid": f"{key[:8]}-{key[8:12]}-4{key[13:16]}-a{key[17:20]}-{key[20:32]}",
            "creationTimestamp": stamp(at),
        },
        "involvedObject": {"apiVersion": "v1", "kind": kind, "name": name} | place,
        "reason": reason,
        "message": message,
        "source": {"component": component} | ({"host": host} if host else {}),
        "firstTimestamp": stamp(at),
        "lastTimestamp": stamp(last),
        "count": 1 + len(seen),
        "type": "Warning" if warns else "Normal",
        "eventTime": None,
        "reportingComponent": component,
        "reportingInstance": host,
    }
    return Told(last, KUBERNETES, body)


def cloud_event(kind: str, source: str, subject: str, at: datetime, data: Body) -> Told:
    """A structured CloudEvent with JSON data."""
    body = {
        "specversion": "1.0",
        "id": hexes(20, "cloud event", kind, source, subject, at.isoformat()),
        "type": kind,
        "source": source,
        "subject": subject,
        "time": stamp(at),
        "datacontenttype": "application/json",
        "data": data,
    }
    return Told(at, CLOUD, body)


def stamp(moment: datetime) -> str:
    """A time (UTC) as all three write it."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
