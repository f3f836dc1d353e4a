"""The views of ``dashlib/sql``: one file per view, its header is the comment that the database shows for it.

What the columns of tables and views mean stands in one file there, ``meanings.toml``.
"""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources


@dataclass(frozen=True)
class Definition:
    """A view (or the macros, which have no comment): its name, its statement and what it means."""

    name: str
    statement: str
    comment: str
    body: str


_MEANINGS = "meanings.toml"


@functools.cache
def meanings() -> str:
    """What columns mean, as it is written."""
    return (resources.files("dashlib") / "sql" / _MEANINGS).read_text("utf-8")


def meanings_of(relations: Sequence[tuple[str, str]]) -> list[tuple[str, str, str]]:
    """(relation, column, what it means), of those (relation, column) of which something is written."""
    written: dict[str, dict[str, str]] = tomllib.loads(meanings())
    every = written.pop("every")
    return [
        (relation, column, (every | written[relation])[column])
        for relation, column in relations
        if relation in written and column in every | written[relation]
    ]


@functools.cache
def definitions() -> tuple[Definition, ...]:
    """The macros, then every view after the views it reads."""
    folder = resources.files("dashlib") / "sql"
    texts = {
        item.name.removesuffix(".sql"): item.read_text("utf-8")
        for item in folder.iterdir()
        if item.name.endswith(".sql")
    }
    macros = texts.pop("macros", "")
    found = [Definition("macros", macros, "", macros)] if macros.strip() else []
    return (*found, *(_view(name, texts[name]) for name in _in_order(texts)))


@functools.cache
def narrowed(name: str, part: str, condition: str) -> str:
    """The statement of a view whose part ``part``, all rows of a table, has only those of ``condition``.

    The database narrows most views by itself. Raises ValueError where the view has no such part.
    """
    [found] = [one for one in definitions() if one.name == name]
    body = re.sub(r"(?m)^--.*\n", "", found.body)
    narrow, count = re.subn(
        rf"(\b{part} as \(\n\s+select \* from \w+)\n", lambda match: f"{match[1]} {condition}\n", body
    )
    if count != 1:
        raise ValueError(f"the view {name} has no part {part} of all rows of a table")
    return narrow


def _view(name: str, text: str) -> Definition:
    header = [line.removeprefix("--").strip() for line in text.splitlines() if line.startswith("--")]
    body = text.strip().rstrip(";")
    return Definition(name, f"create or replace view {name} as\n{body}", " ".join(header), body)


def _in_order(texts: dict[str, str]) -> list[str]:
    """A view comes after those whose names stand in its text."""
    reads = {name: _words(text) & (texts.keys() - {name}) for name, text in texts.items()}
    ordered: list[str] = []
    waiting = sorted(texts)
    while waiting:
        ready = [name for name in waiting if reads[name].isdisjoint(waiting)]
        if not ready:
            raise ValueError(f"views read each other in a circle: {', '.join(waiting)}")
        ordered += ready
        waiting = [name for name in waiting if name not in ready]
    return ordered


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", re.sub(r"--.*", "", text)))
