"""The file of DASH_TEAMS: its text, and what it comes to for whoever wrote it."""

from __future__ import annotations

import stat
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from dashlib.errors import Explained
from dashlib.people.teams import names_of, whom
from dashlib.people.teams_csv import decoded, read

MOST_BYTES = 2 * 1024 * 1024


class CannotReadTeams(Explained):
    """The file of DASH_TEAMS is not there, may not be read, or is no list of teams."""


@dataclass(frozen=True)
class Look:
    """What the file says now: how many lines name a person and a team, which of those persons are not known (or are
    more than one), and which lines say nothing, with number and why; or the ``trouble`` with reading it.

    ``unknown`` is None where nobody can tell who is known.
    """

    file: str
    trouble: str | None = None
    lines: int = 0
    unknown: tuple[str, ...] | None = ()
    bad: tuple[tuple[int, str], ...] = ()

    def as_json(self) -> dict[str, Any]:
        """For the way from the app to a command."""
        return asdict(self)

    @classmethod
    def of(cls, told: dict[str, Any]) -> Look:
        """The inverse of ``as_json``."""
        unknown = None if told["unknown"] is None else tuple(told["unknown"])
        bad = tuple((int(number), str(why)) for number, why in told["bad"])
        return cls(str(told["file"]), told["trouble"], int(told["lines"]), unknown, bad)


def text_of(file: Path) -> str:
    """The text of the file. Raises CannotReadTeams."""
    try:
        held = file.stat()
        if not stat.S_ISREG(held.st_mode):
            raise CannotReadTeams(
                f"{file.absolute()}, of DASH_TEAMS, is no file; it has to be a CSV of person and team"
            )
        if held.st_size > MOST_BYTES:
            large = f"is larger than {MOST_BYTES // 1024 // 1024} MB: that is no list of teams"
            raise CannotReadTeams(f"{file.absolute()}, of DASH_TEAMS, {large}")
        return decoded(file.read_bytes())
    except OSError as error:
        why = f"cannot be read: {error.strerror}; the teams stay as it had them when it was read last"
        raise CannotReadTeams(f"{file.absolute()}, of DASH_TEAMS, {why}") from error


def look(file: Path, words: Iterable[tuple[str, str]] | None) -> Look:
    """Read the file as it is now. ``words`` are what persons may be called by (see ``names_of``), None if not known."""
    try:
        found = read(text_of(file))
    except CannotReadTeams as error:
        return Look(str(file.absolute()), str(error))
    unknown = None
    if words is not None:
        known = names_of(words)
        unknown = tuple(line.member for line in found.lines if whom(line.member, known) is None)
    return Look(str(file.absolute()), None, len(found.lines), unknown, found.bad)
