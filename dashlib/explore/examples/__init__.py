"""Questions to begin with: one file each beside this one, its first line the question, the rest its answer in SQL."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from importlib import resources


@dataclass(frozen=True)
class Example:
    """A question, and the query that answers it."""

    name: str
    question: str
    query: str


@functools.cache
def examples() -> tuple[Example, ...]:
    """All of them, in the order of their files' names."""
    files = [item for item in resources.files(__package__).iterdir() if item.name.endswith(".sql")]
    return tuple(
        _example(item.name.removesuffix(".sql"), item.read_text("utf-8"))
        for item in sorted(files, key=lambda item: item.name)
    )


def _example(name: str, text: str) -> Example:
    return Example(name, text.splitlines()[0].removeprefix("--").strip(), text.strip())
