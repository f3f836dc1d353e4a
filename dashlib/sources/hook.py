"""A webhook as row functions take it, and what they make of it. Pure: no clock, no network, no database."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from dashlib.model import Change, Row, Table, Upsert
from dashlib.sources.gitlab.shapes import number, stable_id, text, thing


class Unshapeable(ValueError):
    """A delivery that today's row functions cannot make rows of; the message says what is missing, in one sentence."""


@dataclass(frozen=True)
class Hook:
    """One delivery: its JSON, the headers that matter (names in lower case), and when it came (naive UTC).

    ``instance`` is the address of the forge that sent it; ``project_id`` finds the number of a project by its path, for
    versions that do not send it (None where nothing is known of that path); ``projects_under`` the projects known of a
    group, those of its subgroups too: id, native_id, path_with_namespace, created_at. ``group_path`` is
    the path of a group by its number (None where no project of it is known), ``memberships`` what is known of a user as
    member of these projects: project_id, access_level, created_at. ``turn`` is not 0 where a push of the same ref from
    and to the same commits was heard of before: then it is one more event (``store.repeats``).
    """

    payload: Any
    headers: Mapping[str, str]
    received_at: datetime
    instance: str = ""
    project_id: Callable[[str], int | None] = lambda _: None
    projects_under: Callable[[str], Sequence[Row]] = lambda _: ()
    group_path: Callable[[int], str | None] = lambda _: None
    memberships: Callable[[int, Sequence[int]], Sequence[Row]] = lambda _, __: ()
    turn: int = 0


@dataclass(frozen=True)
class Shaped:
    """What a delivery says: changes to tables, and what it is about.

    ``project_id`` and ``path`` are the project's (None where it concerns none), ``subject`` names the thing as the view
    ``delivery_ledger`` looks for it, such as ``pipeline:42``; ``happened_at`` is the greatest time stamp in it (UTC).
    """

    changes: Sequence[Change]
    project_id: int | None = None
    path: str | None = None
    subject: str | None = None
    happened_at: datetime | None = None
    error: str | None = None
    """What could not be made rows of, where the rest could."""


def each(items: Iterable[Any], row_of: Callable[[Any], Row], *, needed: bool = True) -> tuple[list[Row], str | None]:
    """A row of each item that makes one, and what is wrong with the others.

    Raises Unshapeable where there is nothing else and rows are ``needed``: one bad item does not take the good ones
    with it.
    """
    rows, wrong = list[Row](), list[str]()
    for item in items:
        try:
            rows.append(row_of(item))
        except Unshapeable as error:
            wrong.append(str(error))
    if wrong and not rows and needed:
        raise Unshapeable(wrong[0])
    return rows, f"{len(wrong)} of {len(wrong) + len(rows)} left out: {wrong[0]}" if wrong else None


def whole(json: Mapping[str, Any], name: str, what: str) -> int:
    """The number by which ``what`` is known. Raises Unshapeable where there is none, or none that a BIGINT holds."""
    value = json.get(name)
    found = number(value)
    if found is None:
        missing = value is None or value == ""
        raise Unshapeable(f"{what} has no {name}" if missing else f"the {name} of {what} is no whole number of 64 bits")
    return found


@dataclass
class Rows:
    """Rows on their way into a Shaped, by table."""

    _rows: dict[str, tuple[Table, list[Row]]] = field(default_factory=dict)

    def add(self, table: Table, *rows: Row | None) -> None:
        """Rows of a table; None is none."""
        self._rows.setdefault(table.name, (table, []))[1].extend(row for row in rows if row is not None)

    def changes(self) -> list[Change]:
        """One upsert per table."""
        return [Upsert(table, rows) for table, rows in self._rows.values() if rows]


def only(table: Table, row: Mapping[str, Any], *groups: str) -> Row:
    """A row cut to its key and the named groups: what the hook knows of it."""
    columns = [*table.key, *(column for group in groups for column in table.groups[group].columns)]
    return {column: row[column] for column in columns}


def pushed(kind: str, body: Mapping[str, Any]) -> tuple[str, str, str] | None:
    """Of a push of GitLab or GitHub, to a branch or a tag: the ref, in which repository; where it stood, where it is.

    None for any other delivery, and where one of the three is missing.
    """
    if kind not in ("push", "tag_push"):
        return None
    ref, before, after = (text(body.get(name)) for name in ("ref", "before", "after"))
    if not (ref and before and after):
        return None
    repository = thing(body.get("repository"))
    told = (body.get("project_id"), thing(body.get("project")).get("id"), repository.get("id"), repository.get("url"))
    place = next((found for value in told if (found := text(value))), "")
    return f"{place}\0{ref}", before, after


def foreign_id(source: str, native_id: Any) -> int:
    """The id of a thing of another forge: a stable 63-bit hash of the source and the id it has there."""
    return stable_id([source, str(native_id)])
