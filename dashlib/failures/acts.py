"""How a decision is written: the rows it changes and what stood there before, in one transaction; and how it is undone.

Every change goes through ``act``, so that nothing of what people decided changes without who and when. Taking something
back is a change of its own: it restores what stood there before, and it can be taken back in turn.
"""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import duckdb

from dashlib.errors import Explained
from dashlib.failures.act_tables import CHANGES, DECISIONS
from dashlib.failures.match import match, touched
from dashlib.model import Change, Delete, Put, Row, Table
from dashlib.store import Store

ACTING = threading.RLock()
"""Held from reading what stands there to writing what shall: two browsers never decide on the same old state."""
_BY_NAME = {table.name: table for table in DECISIONS}


class CannotUndo(Explained):
    """What shall be undone is not what stands there now."""


class AlreadyUndone(CannotUndo):
    """Somebody pressed Undo before, maybe the same person twice."""


@dataclass(frozen=True)
class About:
    """What a change was about, so that its page can show it."""

    signature: str | None = None
    project_id: int | None = None
    job_id: int | None = None


@dataclass(frozen=True)
class Edit:
    """One row of a decision's table as it shall be: ``after`` is the whole row, None removes it."""

    table: Table
    key: Row
    after: Row | None
    about: About = About()


def act(store: Store, who: str, says: str, edits: Sequence[Edit], undoes: str | None = None) -> str:
    """Write the edits and their history in one transaction and match the rules they touch; gives the action's id.

    ``who`` and ``says`` (a sentence without a full stop) are shown beside it. Edits that change nothing are left out of
    the history; an action without any is not written, its id is empty.
    """
    with ACTING:
        action, now = uuid.uuid4().hex, datetime.now(UTC).replace(tzinfo=None)
        written: list[Row] = []
        changes: list[Change] = []
        with store.reader() as reader:
            for edit in {(edit.table.name, _said(edit.key)): edit for edit in edits}.values():
                before = _standing(reader, edit.table, edit.key)
                if undoes is None and _decided(before) == _decided(edit.after):
                    continue
                kind, row = (Delete, edit.key) if edit.after is None else (Put, edit.after)
                changes.append(kind(edit.table, [row]))
                written.append(
                    {
                        "action": action,
                        "position": len(written),
                        "done_at": now,
                        "done_by": who,
                        "says": says,
                        "table_name": edit.table.name,
                        "row_key": _said(edit.key),
                        "before": _said(before),
                        "after": _said(edit.after),
                        "undoes": undoes,
                        "signature": edit.about.signature,
                        "project_id": edit.about.project_id,
                        "job_id": edit.about.job_id,
                    }
                )
        if not written:
            return ""
        store.write(*changes, Put(CHANGES, written))
        with store.reader() as reader:
            rules = touched(reader, [(edit.table.name, edit.key) for edit in edits])
        match(store, rules)
        return action


def undo(store: Store, who: str, action: str) -> str:
    """Restore what stood there before an action; gives the id of this new action.

    Raises CannotUndo where the action is not known or was undone already, or something it changed was changed since.
    """
    with ACTING:
        with store.reader() as reader:
            rows = _of(reader, action)
            _must_stand(reader, action, rows)
        edits = [
            Edit(
                _BY_NAME[row["table_name"]],
                _read(_BY_NAME[row["table_name"]], row["row_key"]) or {},
                row_of(_BY_NAME[row["table_name"]], row["before"]),
                About(row["signature"], row["project_id"], row["job_id"]),
            )
            for row in reversed(rows)
        ]
        return act(store, who, f"undid: {rows[0]['says']}", edits, undoes=action)


def _must_stand(reader: duckdb.DuckDBPyConnection, action: str, rows: Sequence[dict[str, Any]]) -> None:
    if not rows:
        raise CannotUndo("This change is not known.")
    again = reader.execute("select any_value(done_by) from link_changes where undoes = $action", {"action": action})
    if (undone := again.fetchone()) is not None and undone[0] is not None:
        raise AlreadyUndone(f"{undone[0]} has undone this already.")
    for row in rows:
        table = _BY_NAME[row["table_name"]]
        now = _standing(reader, table, _read(table, row["row_key"]) or {})
        if now != row_of(table, row["after"]):
            raise CannotUndo("It was changed again since: undo the later change first.")


def _of(reader: duckdb.DuckDBPyConnection, action: str) -> list[dict[str, Any]]:
    found = reader.execute("select * from link_changes where action = $action order by position", {"action": action})
    names = [column[0] for column in found.description or []]
    return [dict(zip(names, values, strict=True)) for values in found.fetchall()]


def _standing(reader: duckdb.DuckDBPyConnection, table: Table, key: Row) -> dict[str, Any] | None:
    where = " and ".join(f"{name} = ${name}" for name in table.key)
    found = reader.execute(
        f"select {', '.join(table.columns)} from {table.qualified} where {where}",
        {name: key[name] for name in table.key},
    ).fetchone()
    return None if found is None else dict(zip(table.columns, found, strict=True))


def _decided(row: Row | None) -> str | None:
    """A row without who and when: saying the same again is no change."""
    return _said(None if row is None else {name: row[name] for name in row if name not in ("created_by", "created_at")})


def _said(row: Row | None) -> str | None:
    return None if row is None else json.dumps(dict(row), sort_keys=True, default=datetime.isoformat)


def _read(table: Table, said: str | None) -> dict[str, Any] | None:
    if said is None:
        return None
    row = json.loads(said)
    return {
        name: datetime.fromisoformat(value) if value is not None and table.columns[name] == "TIMESTAMP" else value
        for name, value in row.items()
    }


def row_of(table: Table, said: str | None) -> dict[str, Any] | None:
    """A row of the history (before, after), with the columns that its table has got since; None where nothing stood."""
    row = _read(table, said)
    return None if row is None else dict.fromkeys(table.columns) | row
