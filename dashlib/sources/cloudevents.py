"""CloudEvents 1.0 (and 0.3) over HTTP, structured, binary and batched, to signals. Pure.

Read by the ``cloudevents`` SDK. It invents an id and a time where an event has none: an event without an id is refused
here, one without a time gets that of its arrival, so that a delivery says the same thing however often it is read.
Its own attributes must be named by small letters and digits alone, and it takes no event with another (the example of
the JavaScript SDK is ``my-extension``): those are left out here, and stay in the delivery.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from cloudevents.core.base import BaseCloudEvent
from cloudevents.core.bindings.http import HTTPMessage, from_binary
from cloudevents.core.exceptions import CloudEventValidationError
from cloudevents.core.formats.json import JSONFormat

from dashlib.model import Row
from dashlib.sources.cloudevents_known import told as told_inside
from dashlib.sources.gitlab import stamps
from dashlib.sources.gitlab.shapes import text, thing
from dashlib.sources.hook import Hook, Rows, Shaped, Unshapeable, each
from dashlib.sources.tables import SIGNALS

SOURCE = "cloudevents"
BATCH, STRUCTURED, BINARY = "batch", "structured", "binary"
ATTRIBUTES = ("specversion", "type", "source", "id")
"""Without these nothing is a CloudEvent."""
_FORMAT = JSONFormat()
_ATTRIBUTE = re.compile(r"[a-z0-9]+")
_LEAP_SECOND = re.compile(r"(\d{4}-\d\d-\d\d[Tt]\d\d:\d\d):60")
_LONGEST_VALUE = 500
"""Of a value of the event's data among the labels; the whole event stays in its delivery."""


def mode(headers: Mapping[str, str]) -> str:
    """How the event travels, by its content type (the longer name first: one begins like the other).

    JSON without the header of a binary event is a structured one whose sender did not say so.
    """
    kind = headers.get("content-type", "").lower()
    if kind.startswith("application/cloudevents-batch"):
        return BATCH
    return STRUCTURED if kind.startswith("application/cloudevents") or is_plain(headers) else BINARY


def is_plain(headers: Mapping[str, str]) -> bool:
    """Whether it comes as any JSON, and neither content type nor header says that it is an event."""
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind == "application/json" and not headers.get("ce-type", "").strip()


def kind_of(payload: Any, headers: Mapping[str, str]) -> str | None:
    """The type of the event; of a batch that of all that name one, or ``batch``. None where none does."""
    if mode(headers) == BINARY:
        return unquote(headers.get("ce-type", "").strip()) or None
    if mode(headers) == STRUCTURED:
        return _type(payload)
    kinds = {kind for event in payload if (kind := _type(event)) is not None}
    if not kinds:
        return None
    return next(iter(kinds)) if len(kinds) == 1 else BATCH


def shape(kind: str, hook: Hook) -> Shaped | None:
    """A row per event. Raises Unshapeable when the SDK takes none of them."""
    rows = Rows()
    found, error = each(_events(hook), lambda event: _row_of(event, hook))
    rows.add(SIGNALS, *found)
    newest = stamps.newest(*(row["seen_at"] for row in found))
    return Shaped(rows.changes(), subject=kind, happened_at=newest, error=error)


def _events(hook: Hook) -> Sequence[Any]:
    return hook.payload if mode(hook.headers) == BATCH else [hook.payload]


def _row_of(told: Any, hook: Hook) -> Row:
    """One event, and whether it tells its time."""
    try:
        if mode(hook.headers) == BINARY:
            if not hook.headers.get("ce-id"):
                raise Unshapeable("the event has no id")
            event = from_binary(HTTPMessage(_binary(hook.headers), _raw(hook)), _FORMAT)
            return _signal(event, hook.received_at, "ce-time" in hook.headers)
        said = _structured(thing(told))
        if not text(said.get("id")):
            raise Unshapeable("the event has no id")
        return _signal(_FORMAT.read(None, json.dumps(said)), hook.received_at, "time" in said)
    except Unshapeable:
        raise
    except CloudEventValidationError as error:
        wrong = "; ".join(str(every[0]) for every in error.errors.values() if every)
        raise Unshapeable(f"no valid CloudEvent: {wrong}") from error
    except (TypeError, ValueError) as error:
        raise Unshapeable(f"no valid CloudEvent: {error}") from error


def _binary(headers: Mapping[str, str]) -> dict[str, str]:
    """Headers that the SDK takes, the others left out."""
    return {
        name: _timely(unquote(value)) if name == "ce-time" else value
        for name, value in headers.items()
        if not name.startswith("ce-") or (_ATTRIBUTE.fullmatch(name[3:]) and name != "ce-data")
    }


def _structured(told: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes that the SDK takes, the others left out; null means that there is none."""
    return {
        name: _timely(value) if name == "time" and isinstance(value, str) else value
        for name, value in told.items()
        if value is not None and (_ATTRIBUTE.fullmatch(name) or name == "data_base64")
    }


def _timely(moment: str) -> str:
    """RFC 3339 has leap seconds, Python has none: the second before, as everywhere here."""
    return _LEAP_SECOND.sub(r"\1:59", moment)


def _raw(hook: Hook) -> bytes:
    """The body of a binary event: data that is no text is kept as base64."""
    if hook.headers.get("content-transfer-encoding") == "base64":
        return base64.b64decode(hook.payload)
    return (hook.payload if isinstance(hook.payload, str) else json.dumps(hook.payload)).encode()


def _signal(event: BaseCloudEvent, received_at: datetime, timed: bool) -> Row:
    told = event.get_time() if timed else None
    happened = told.astimezone(UTC).replace(tzinfo=None) if told is not None else None
    labels, data = _labels(event), thing(event.get_data())
    inside = dict(told_inside(event.get_type(), data))
    labels |= inside.pop("labels", {})
    row: Row = {
        "source": SOURCE,
        # A URI reference holds no blank: the two cannot run into each other.
        "id": f"{event.get_source()} {event.get_id()}",
        "kind": event.get_type(),
        "severity": next(
            (labels[name].lower() for name in ("severitytext", "severity", "data.severity") if name in labels), None
        ),
        "status": "occurred",
        "started_at": happened or received_at,
        "ended_at": None,
        "title": event.get_subject() or event.get_type(),
        "description": text(data.get("message")) or text(data.get("description")) or _plain(event),
        "labels": json.dumps(labels, sort_keys=True, ensure_ascii=False),
        "cluster": text(data.get("cluster")) or labels.get("cluster"),
        "namespace": text(data.get("namespace")) or labels.get("namespace"),
        "node": text(data.get("node")) or labels.get("node"),
        "object": event.get_subject(),
        "count": 1,
        "web_url": next((said for name in ("url", "web_url", "link") if (said := text(data.get(name)))), None),
        "seen_at": happened,
        "state_rank": 0,
    }
    return {**row, **inside}


def _labels(event: BaseCloudEvent) -> dict[str, str]:
    """Every attribute, and what stands at the top of the data, as strings."""
    attributes = {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in event.get_attributes().items()
        if name not in ("id", "time")
    }
    data = {
        f"data.{name}": said for name, value in thing(event.get_data()).items() if (said := _word(value)) is not None
    }
    return attributes | data


def _word(value: Any) -> str | None:
    said = str(value).lower() if isinstance(value, bool) else text(value)
    return said if said is None else said[:_LONGEST_VALUE]


def _plain(event: BaseCloudEvent) -> str | None:
    """Data that is text, or JSON without names: a list, a number. Of an object the names are labels."""
    data = event.get_data()
    if isinstance(data, list | int | float):
        data = json.dumps(data, ensure_ascii=False)
    return data[:_LONGEST_VALUE] if isinstance(data, str) else None


def _type(event: Any) -> str | None:
    kind = thing(event).get("type")
    return kind if isinstance(kind, str) and kind.strip() else None
