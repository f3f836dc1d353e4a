"""A CSV of persons and their teams, as spreadsheets and people write it: its lines, and those that say nothing. Pure.

The lines of a file end as on Unix, Windows or an old Mac (Excel's "CSV (Macintosh)" does so still). One line is one
record: a value in quotes does not go on in the next line, so a quote that nobody closed costs its own line alone.
"""

from __future__ import annotations

import codecs
import csv
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

_MAIL = frozenset({"email", "mail", "emailaddress", "mailaddress", "address"})
_USER = frozenset({"username", "user", "login"})
_NAME = frozenset({"person", "name", "member", "fullname"})
_TEAM = frozenset({"team", "group", "teamname", "groupname"})
_SURE = (_MAIL, _USER, _NAME)
"""What a column may call a person by, the surest first: names are shared."""
_SEPARATORS = "\t;|,"
_LOOKED_AT = 500
"""Lines that are looked at for the separator."""
_LINE_END = re.compile(r"\r\n|\r|\n")
_NEXT_LINE = "next line"
_EXCELS_LINE = re.compile(r"sep=.\s*", re.IGNORECASE)
"""Which separator follows, for Excel; what most lines say is the same."""


@dataclass(frozen=True)
class TeamLine:
    """A line: an e-mail address, user name, name, label or id of a person, and a team; composed (NFC)."""

    member: str
    team: str


@dataclass(frozen=True)
class TeamFile:
    """A CSV as it was read; ``bad`` are the numbers of lines of which no person and team can be told, and why."""

    lines: tuple[TeamLine, ...] = ()
    bad: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True)
class _Columns:
    """Where a header has the person (the surest column first) and the team; ``many`` columns there are."""

    person: tuple[int, ...]
    team: int
    many: int


class _BadLine(Exception):
    """A line that says nothing; the message is why."""


class _BadHeader(_BadLine):
    """A first line after which no other can be understood."""


def decoded(data: bytes) -> str:
    """The text of a file: UTF-16 where a byte order mark says so (Excel's "Unicode Text"), else UTF-8."""
    is_utf_16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return data.decode("utf-16" if is_utf_16 else "utf-8-sig", "replace")


def read(text: str) -> TeamFile:
    """Lines of a person and a team with comma, semicolon, tab or ``|`` between; the columns of a header go by name.

    Empty lines, those that begin with # and Excel's ``sep=;`` at the head say nothing and are not bad.
    """
    told = [
        (number, line)
        for number, line in enumerate(_LINE_END.split(text.removeprefix("\ufeff")), start=1)
        if line.strip(f' "{_SEPARATORS}')
        and not line.lstrip(' \t"').startswith("#")
        and not (number == 1 and _EXCELS_LINE.fullmatch(line.strip('"')))
    ]
    between = _separator([line for _, line in told[:_LOOKED_AT]])
    columns: _Columns | None = None
    lines: dict[TeamLine, None] = {}
    bad: list[tuple[int, str]] = []
    for place, (number, line) in enumerate(told):
        try:
            values = _values(line, between)
            if place == 0 and (columns := _header(values)) is not None:
                continue
            lines[_line(values, columns)] = None
        except _BadHeader as why:
            return TeamFile((), ((number, str(why)),))
        except _BadLine as why:
            bad.append((number, str(why)))
    return TeamFile(tuple(lines), tuple(bad))


def _separator(lines: Sequence[str]) -> str:
    """The one that parts most lines into the same number of values. Of equals the comma is the last one.

    "Lovelace, Ada;Tides": a name may hold a comma.
    """
    return max(_SEPARATORS, key=lambda one: _alike(lines, one))


def _alike(lines: Sequence[str], separator: str) -> int:
    counted: Counter[int] = Counter()
    for line in lines:
        try:
            counted[len(_values(line, separator))] += 1
        except _BadLine:
            continue
    return max((many for values, many in counted.items() if values > 1), default=0)


def _values(line: str, separator: str) -> list[str]:
    """The values of a line up to the last one that is not empty. Raises _BadLine."""
    try:
        # A quote that is still open at the end of the line takes the line behind it along.
        found = list(csv.reader([f"{line}\n", _NEXT_LINE], delimiter=separator, skipinitialspace=True))
    except csv.Error as error:
        raise _BadLine(f"one of its values is longer than {csv.field_size_limit():,} characters") from error
    if len(found) < 2:
        raise _BadLine("a quote is opened in it and not closed")
    values = [" ".join(unicodedata.normalize("NFC", value).split()) for value in found[0]]
    while values and not values[-1]:
        values.pop()
    return values


def _header(values: Sequence[str]) -> _Columns | None:
    """The columns that a first line names; None where it is no header. Of two the name of the first is enough.

    Raises _BadHeader where one of the two is missing.
    """
    # "E-Mail", "e_mail" and "User name" as they are listed above.
    names = [re.sub(r"[^a-z]", "", value.lower()) if "@" not in value else "" for value in values]
    person = [place for listed in _SURE for place, name in enumerate(names) if name in listed]
    team = [place for place, name in enumerate(names) if name in _TEAM]
    if not (person and team) and not (names and (0 in person or 0 in team)):
        return None
    if len(values) == 2 and not team and len(person) == 1:
        team = [1]
    elif len(values) == 2 and not person and len(team) == 1:
        person = [1]
    if not team:
        raise _BadHeader("none of its columns is called team or group, so nobody's team can be told")
    if not person:
        raise _BadHeader("none of its columns is called e-mail, username or name, so nobody can be told")
    return _Columns(tuple(person), team[0], len(values))


def _line(values: Sequence[str], columns: _Columns | None) -> TeamLine:
    if columns is None:
        if len(values) > 2:
            raise _BadLine(f"it has {len(values)} values, and no header says which are the person and the team")
        columns = _Columns((0,), 1, 2)
    elif len(values) > columns.many:
        raise _BadLine(f"it has {len(values)} values under a header of {columns.many}")
    filled = [*values, *[""] * (columns.many - len(values))]
    member = next((filled[place] for place in columns.person if filled[place]), "")
    team = filled[columns.team]
    if not member or not team:
        raise _BadLine("it needs a person or e-mail address, and a team")
    if odd := next((char for char in member + team if unicodedata.category(char) == "Cc"), None):
        # Eyes do not see it. UTF-16 without a byte order mark reads as a NUL beside every letter.
        raise _BadLine(
            f"it holds the control character U+{ord(odd):04X}: delete it, or save the file as UTF-8 if every line is so"
        )
    return TeamLine(member, team)
