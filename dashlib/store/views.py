"""The views of ``dashlib/sql``: one file per view, its header is the comment that the database shows for it."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from importlib import resources


@dataclass(frozen=True)
class Definition:
    """A view (or the macros, which have no comment): its name, its statement and what it means."""

    name: str
    statement: str
    comment: str
    body: str


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


def _view(name: str, text: str) -> Definition:
    header = [line.removeprefix("--").strip() for line in text.splitlines() if line.startswith("--")]
    body = text.strip().rstrip(";")
    return Definition(name, f"create or replace view {name} as\n{body}", " ".join(header), body)


def _in_order(texts: dict[str, str]) -> list[str]:
    """A view comes after those whose names stand in its text."""
    ordered: list[str] = []
    waiting = sorted(texts)
    while waiting:
        ready = [name for name in waiting if not _reads(texts[name], set(waiting) - {name})]
        if not ready:
            raise ValueError(f"views read each other in a circle: {', '.join(waiting)}")
        ordered += ready
        waiting = [name for name in waiting if name not in ready]
    return ordered


def _reads(text: str, others: set[str]) -> bool:
    code = re.sub(r"--.*", "", text)
    return any(re.search(rf"\b{re.escape(other)}\b", code) for other in others)
