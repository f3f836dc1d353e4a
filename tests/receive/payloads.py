"""The recorded webhooks of ``tests/payloads``: the shapes of the forges' documents, the demo company's names."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from dashlib.receive.sources import BY_NAME
from dashlib.sources.hook import Hook, Shaped

FOLDER = Path(__file__).resolve().parents[1] / "payloads"
_FOLDERS = {"gitlab": "gitlab_hooks", "github": "github_hooks"}


def names(source: str) -> list[str]:
    """What is recorded of a source."""
    return sorted(path.stem for path in (FOLDER / _FOLDERS.get(source, source)).glob("*.json"))


def raw(source: str, name: str) -> bytes:
    """The bytes of one delivery."""
    return (FOLDER / _FOLDERS.get(source, source) / f"{name}.json").read_bytes()


def payload(source: str, name: str) -> Any:
    """Its JSON."""
    return json.loads(raw(source, name))


def headers(source: str, name: str) -> dict[str, str]:
    """The headers that such a delivery comes with, the secret aside."""
    if source == "github":
        kinds = ("push", "workflow_run", "workflow_job", "ping", "issues")
        return {"X_GitHub_Event": next(kind for kind in sorted(kinds, key=len, reverse=True) if name.startswith(kind))}
    if source == "cloudevents":
        batch = name.startswith("batch")
        return {"Content_Type": f"application/cloudevents{'-batch' if batch else ''}+json; charset=utf-8"}
    return {}


RECEIVED = datetime(2026, 3, 11, 9, 0, 5, 250000)
"""When every recorded payload arrives."""


def shaped(source: str, name: str, **other: Any) -> Shaped:
    """What the row functions make of a recorded payload; ``other`` replaces parts of the hook."""
    sender = BY_NAME[source]
    told = {key.replace("_", "-").lower(): value for key, value in headers(source, name).items()}
    hook = Hook(**{"payload": payload(source, name), "headers": told, "received_at": RECEIVED} | other)
    kind = sender.open(json.dumps(hook.payload).encode(), told).kind
    found = sender.shape(kind, hook)
    assert found is not None, f"nothing is made of a {kind}"
    return found


def rows(source: str, name: str, **other: Any) -> dict[str, list[dict[str, Any]]]:
    """The rows of a recorded payload by table; each group of a row that comes in parts is a row of its own."""
    found: dict[str, list[dict[str, Any]]] = {}
    for change in shaped(source, name, **other).changes:
        for row in change.rows:
            change.table.groups_of(row)
            found.setdefault(change.table.name, []).append(dict(row))
    return found
