"""What tools print when they fail, read from ``excerpts/*.toml``: written afresh, one family a file."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "excerpts"


@dataclass(frozen=True)
class Excerpt:
    """A log, its category, what the first quoted line holds, and what the five quoted lines hold among them."""

    tool: str
    category: str
    first: str
    log: str
    among: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.tool}: {self.first[:50]}"


def excerpts() -> list[Excerpt]:
    """All of them."""
    return [
        Excerpt(**{**entry, "among": tuple(entry.get("among", ()))})
        for path in sorted(FOLDER.glob("*.toml"))
        for entry in tomllib.loads(path.read_text("utf-8"))["excerpt"]
    ]
