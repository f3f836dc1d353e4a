"""Git's ``.mailmap`` as git reads it (mailmap.c of 2.39; ``git check-mailmap`` is the test)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from dashlib.people.addresses import lowered

_SPACE = " \t\n\r"
_UPPER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")


@dataclass(frozen=True)
class Said:
    """What a line makes of an identity: the name and the address that take the place of what was found, if any.

    ``found_name`` is the name that the line is about, None where it is about all of an address; ``place`` says for
    people which file and line it is: of two about all of an address the one that gives another address; ``file`` is
    the file of that line.
    """

    name: str | None
    email: str | None
    line: int
    found_name: str | None = None
    place: str = ""
    file: str = ""


@dataclass(frozen=True)
class Entry:
    """One line: the proper name and address, and which found address (and name) it is about."""

    line: int
    name: str | None
    email: str | None
    found_name: str | None
    found_email: str
    file: str = ""

    @property
    def place(self) -> str:
        """The file and the line, for people."""
        return f"{self.file}, line {self.line}," if self.file else f"line {self.line} of the .mailmap"


@dataclass(frozen=True)
class BadLine:
    """A line that says nothing, with its number and why."""

    line: int
    text: str
    why: str


@dataclass
class Mailmap:
    """Of a found address what is said of everybody there, and of the names that are told apart."""

    entries: list[Entry] = field(default_factory=list)
    bad: list[BadLine] = field(default_factory=list)
    _simple: dict[str, Said] = field(default_factory=dict)
    _named: dict[str, dict[str, Said]] = field(default_factory=dict)
    _left: set[str] = field(default_factory=set)
    _reached: set[str] = field(default_factory=set)

    def said(self, name: str, email: str) -> Said | None:
        """The line that speaks of an identity; the one with its name before the one with its address alone."""
        folded = folded_ascii(email)
        named = self._named.get(folded)
        found = named.get(folded_ascii(name)) if named else None
        found = found or self._simple.get(folded)
        return found if found is not None and (found.name is not None or found.email is not None) else None

    def speaks_of(self, email: str) -> bool:
        """Whether any line is about this found address."""
        folded = folded_ascii(email)
        return folded in self._simple or folded in self._named

    def all_of(self, *, but_named: bool = False) -> dict[str, Said]:
        """What is said of the addresses that go to another one whatever the name is, by the address.

        ``but_named``: also of those of which a line takes single names elsewhere.
        """
        return {
            found: said
            for found, said in self._simple.items()
            if said.email is not None and (but_named or found not in self._named)
        }

    def moves(self, address: str) -> bool:
        """Whether any line takes anybody of this lowered address to another one."""
        return address in self._left

    def reaches(self, address: str) -> bool:
        """Whether any line takes anybody of another address to this lowered one."""
        return address in self._reached

    def mapped(self, name: str, email: str) -> tuple[str, str]:
        """Name and address as git shows them; those given where no line speaks of them."""
        found = self.said(name, email)
        if found is None:
            return name, email
        return name if found.name is None else found.name, email if found.email is None else found.email

    def add(self, entry: Entry) -> None:
        """A later line wins; one without a found name takes the place of what was said of the address alone."""
        self.entries.append(entry)
        folded = folded_ascii(entry.found_email)
        if entry.email is not None and lowered(entry.email) != lowered(entry.found_email):
            self._left.add(lowered(entry.found_email))
            self._reached.add(lowered(entry.email))
        if entry.found_name is None:
            before = self._simple.get(folded, Said(None, None, entry.line))
            of_before = entry.email is None and before.email is not None
            self._simple[folded] = Said(
                before.name if entry.name is None else entry.name,
                before.email if entry.email is None else entry.email,
                before.line if of_before else entry.line,
                place=before.place if of_before else entry.place,
                file=before.file if of_before else entry.file,
            )
        else:
            named = self._named.setdefault(folded, {})
            named[folded_ascii(entry.found_name)] = Said(
                entry.name, entry.email, entry.line, entry.found_name, entry.place, entry.file
            )

    def __or__(self, later: Mailmap) -> Mailmap:
        """Both, the lines of ``later`` read behind these, as git reads ``mailmap.file`` behind ``.mailmap``."""
        both = Mailmap(bad=[*self.bad, *later.bad])
        for entry in [*self.entries, *later.entries]:
            both.add(entry)
        return both


def folded_ascii(text: str) -> str:
    """Lower case as git folds it: letters of ASCII alone."""
    return text.translate(_UPPER)


def parsed(text: str, file: str = "") -> Mailmap:
    """A whole file; ``file`` is what people call it. Comments (# in the first column) and empty lines say nothing and
    are not bad. A byte order mark is the first letter of the first name, as git has it.
    """
    read = Mailmap()
    for number, line in enumerate(re.split(r"\n", text), start=1):
        if line.startswith("#") or not line.strip(_SPACE):
            continue
        first = _name_and_email(line)
        if first is None:
            read.bad.append(BadLine(number, line, "it has no address in <…>"))
            continue
        name, email, rest = first
        if not email:
            read.bad.append(BadLine(number, line, "its first address is empty"))
            continue
        second = _name_and_email(rest) if rest else None
        if second is None:
            if rest.strip(_SPACE) and not rest.lstrip(_SPACE).startswith("#"):
                read.bad.append(BadLine(number, line, f"“{rest.strip()[:40]}” behind the address says nothing"))
            if name is None:
                read.bad.append(BadLine(number, line, "it gives neither a name nor a second address"))
            read.add(Entry(number, name, None, None, email, file))
        else:
            read.add(Entry(number, name, email, second[0], second[1], file))
    return read


def _name_and_email(text: str) -> tuple[str | None, str, str] | None:
    left = text.find("<")
    right = text.find(">", left + 1)
    if left < 0 or right < 0:
        return None
    return text[:left].strip(_SPACE) or None, text[left + 1 : right], text[right + 1 :]
