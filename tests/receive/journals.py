"""Records of the journal, written by hand."""

from __future__ import annotations

import json
from typing import Any

from dashlib.store.journal import Journal
from tests.receive.payloads import payload


def record(ident: int, **more: Any) -> dict[str, Any]:
    return {
        "id": ident, "source": "gitlab", "kind": "push", "received_at": "2026-03-11T09:00:00", "bytes": 10,
        "dedup_key": f"{ident:032x}", "headers": "{}", "body": json.dumps(payload("gitlab", "push")),
    } | more  # fmt: skip


def lines(*records: dict[str, Any]) -> list[bytes]:
    return [json.dumps(one).encode() for one in records]


def ids(journal: Journal) -> list[int]:
    return [json.loads(line)["id"] for line in journal.records()]
