"""``python -m dashlib replay``: what stays unreadable by its sender's fault is told, what newly fails is an error."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest

from dashlib.model import Put
from dashlib.receive.tables import DEFECT, DELIVERIES, UNWRITTEN
from dashlib.store import open_store
from tests.commands.shell import Said, Shell

JOB = {"object_kind": "build", "project_id": 1, "project": {"id": 1, "path_with_namespace": "fjordlys/beacon"}}


def delivery(ident: int, status: str = "failed", error: str | None = None, **body: Any) -> dict[str, Any]:
    known = dict.fromkeys(DELIVERIES.columns) | {"id": ident, "source": "gitlab", "kind": "build", "bytes": 1}
    known |= {"received_at": datetime(2026, 3, 10), "turn": 0, "dedup_key": str(ident), "headers": "{}"}
    return known | {"status": status, "error": error, "body": json.dumps(JOB | body)}


def replayed(shell: Shell, *deliveries: dict[str, Any]) -> Said:
    with open_store(shell.folder / "data" / "dashboard.duckdb") as store:
        store.write(Put(DELIVERIES, list(deliveries)))
    return shell("replay")


def test_what_its_sender_left_out_is_a_line_and_no_error(shell: Shell) -> None:
    """As often as it is tried, beside one that today's code takes."""
    mended = delivery(3, error=f"{DEFECT}: KeyError", build_id=77)
    bad = [delivery(n, error="the job has no id") for n in (1, 2)]
    for _ in range(2):
        said = replayed(shell, *bad, mended)
        assert (said.code, said.out) == (0, "3 deliveries: 1 shaped, 2 unreadable\n")
        assert said.err == "2 cannot be read as their sender wrote them, as before; see Sources\n"


@pytest.mark.parametrize(
    ("status", "error"),
    [
        ("shaped", None), ("received", None), ("failed", "another reason"), ("failed", f"{DEFECT}: KeyError"),
        ("failed", f"{UNWRITTEN}: x"),
    ],
)  # fmt: skip
def test_what_newly_fails_is_an_error(shell: Shell, status: str, error: str | None) -> None:
    said = replayed(shell, delivery(1, status, error), delivery(2, error="the job has no id"))
    assert (said.code, said.out) == (1, "2 deliveries: 1 failed, 1 unreadable\n")
    assert "not all became rows of 1 delivery; its error stands in the table deliveries" in said.err
