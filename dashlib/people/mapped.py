"""What mailmaps make of identities: in each repository exactly what git makes of them, and what of it holds everywhere.

**In a repository** its ``.mailmap`` is git's word, and it is followed as git follows it: one step, never a chain. Of
``<b> <c>`` and ``<a> <b>`` the commits of c are b's and those of b are a's; two lines that swap two addresses swap
them. So the commits of a repository belong together exactly where ``git shortlog -sne`` has them together.

**Elsewhere** (other repositories, accounts of a forge) a repository's line is known only where that repository vouches
for it: all of an address goes to another one, both stand in that repository's own commits, neither is a step of a
chain, both say who somebody is, and no other repository that has the address says otherwise. Where one of the two is a
forge's private address the forge may vouch in the place of commits (``owners``). Any other line about an address that
its repository has never seen is at most likely: it is proposed, with the line as evidence.

**A file that the command ``mailmap`` read** counts behind each repository's own, as git's ``mailmap.file`` does, and
holds everywhere: whoever runs the dashboard said so. Its chains and swaps, too, are followed one step at a time. A line
with the name that was found (``<a> Bob <b>``) is, as in git, about that one identity: everybody else at the address,
what another line says of all of it, and the account whose address it is stay where they are without the line. What
somebody said on the page people goes before it: a line of it that takes two persons for one who were told apart is not
followed, in no repository, and which line and which decision that are is told (``Overruled``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from dashlib.people.addresses import handle, lowered, says_who, trimmed
from dashlib.people.journal import Decision
from dashlib.people.mailmap import Mailmap, Said
from dashlib.people.owners import Owners
from dashlib.people.reasons import Reason

_NO_ADDRESS = "(no address)"
FILE = 0
"""The key of the file among the mailmaps, which are by repository."""


@dataclass(frozen=True)
class Found:
    """An identity exactly as the commits of one repository have it."""

    project_id: int
    name: str | None
    email: str | None

    @property
    def handle(self) -> str:
        """The identity whose spelling this is."""
        return handle(self.name, self.email)


@dataclass(frozen=True)
class Mapped:
    """What the mailmap of a repository makes of an identity there: name and address as git shows them, and the line.

    ``proper`` is the name that the file gives, if it is the file that does; ``file`` and ``line`` are
    what people call the line's file, and its number.
    """

    found: Found
    name: str
    email: str
    reason: Reason
    proper: str | None = None
    file: str = ""
    line: int = 0
    of_all: bool = False
    """Whether the line is about all of the address, not about that name there."""

    @property
    def because(self) -> str:
        """The line in words."""
        return self.reason.words

    @property
    def address(self) -> str:
        """Where it goes, as addresses are compared."""
        return lowered(self.email)

    @property
    def moves(self) -> bool:
        """Whether it becomes another address."""
        return self.address != lowered(self.found.email)


@dataclass(frozen=True, order=True)
class Alias:
    """A line about all of an address: it is the other one. Both are lowered."""

    address: str
    proper: str
    reason: Reason
    file: str = ""
    """What people call the file of the line."""
    line: int = 0

    @property
    def because(self) -> str:
        """The line in words."""
        return self.reason.words


@dataclass(frozen=True, order=True)
class Overruled:
    """A line that is not followed where a decision (its number) says otherwise: what people call its file, its number
    there, and what it says (``because``).
    """

    file: str
    line: int
    because: str
    decision: int


Refused: TypeAlias = Callable[["Mapped | Alias"], Decision | None]
"""The decision that what a line of the file says goes against, if any does."""


@dataclass
class Told:
    """What all mailmaps say: of identities in their repositories; of addresses everywhere, by the file or by
    repositories that vouch for it; what is only likely; and what the file says in vain.
    """

    mapped: list[Mapped] = field(default_factory=list)
    by_file: list[Alias] = field(default_factory=list)
    vouched: list[Alias] = field(default_factory=list)
    likely: list[Alias] = field(default_factory=list)
    overruled: set[Overruled] = field(default_factory=set)

    def follows(self, line: Mapped | Alias, refused: Refused) -> bool:
        """Whether no decision goes before a line of the file; one that does is noted."""
        decision = refused(line)
        if decision is not None:
            self.overruled.add(Overruled(line.file, line.line, line.because, decision.number))
        return decision is None


def told(
    found: Iterable[Found], mailmaps: Mapping[int, Mailmap], owners: Owners, refused: Refused = lambda _: None
) -> Told:
    """What ``mailmaps`` (by repository; ``FILE`` is the file) make of all spellings there are in these repositories.

    ``refused`` is asked of what the file alone says, always in the same order.
    """
    answer = Told()
    file = mailmaps.get(FILE, Mailmap())
    whole = {project: own | file for project, own in mailmaps.items() if project != FILE}
    history: dict[int, set[str]] = defaultdict(set)
    goes: dict[str, set[str]] = defaultdict(set)
    for one in sorted(found, key=lambda one: (one.project_id, one.name or "", one.email or "", one.name is None)):
        history[one.project_id].add(lowered(one.email))
        mailmap = whole.get(one.project_id, file)
        said = _said(one, mailmap)
        if said is not None and file.speaks_of(one.email or ""):
            own = _said(one, mailmaps.get(one.project_id, Mailmap()))
            is_new = _goes(one, said) not in (lowered(one.email), _goes(one, own))
            if is_new and not answer.follows(_mapped(one, said, file), refused):
                said = own
        if said is None:
            if one.project_id in whole and mailmap.moves(lowered(one.email)):
                # It stays where another name, or another spelling (git folds ASCII alone), of the address goes away.
                goes[lowered(one.email)].add(lowered(one.email))
            continue
        mapped = _mapped(one, said, file)
        answer.mapped.append(mapped)
        if one.project_id in whole:
            goes[lowered(one.email)].add(mapped.address)
    aliases = _aliases(file, but_named=True)
    of_file = {address: alias for address, alias in aliases.items() if answer.follows(alias, refused)}
    answer.by_file = sorted(of_file.values())
    moved = of_file.keys() | {address for address, targets in goes.items() if targets - {address}}
    reached = {target for address, targets in goes.items() for target in targets - {address}}
    for project, mailmap in sorted(whole.items()):
        for alias in _aliases(mailmap).values():
            if alias.address in of_file or alias.proper in moved or alias.address in reached:
                continue
            seen = history[project]
            # Who stays where he is goes nowhere: git folds ASCII alone, so <JÖRG@x> is not about jörg@x.
            is_theirs = {alias.address, alias.proper} <= seen and goes[alias.address] == {alias.proper}
            otherwise = goes[alias.address] - {alias.proper}
            if is_theirs or (not otherwise and owners.vouch(alias.address, alias.proper, seen)):
                answer.vouched.append(alias)
            elif not otherwise:
                answer.likely.append(alias)
    return answer


def _said(one: Found, mailmap: Mailmap) -> Said | None:
    # Blanks at the ends are part of a name and an address for git's mailmap.
    return mailmap.said(one.name or "", one.email or "") if mailmap.speaks_of(one.email or "") else None


def _goes(one: Found, said: Said | None) -> str:
    """The address that an identity has behind a line."""
    return lowered(one.email if said is None or said.email is None else said.email)


def _mapped(one: Found, said: Said, file: Mailmap) -> Mapped:
    name = (one.name or "") if said.name is None else said.name
    email = (one.email or "") if said.email is None else said.email
    of_file = _said(one, file)
    proper = of_file.name if of_file is not None and of_file.name == name else None
    if lowered(email) == lowered(one.email):
        says = f"{lowered(email) or _NO_ADDRESS} is {name or '(no name)'}"
    else:
        says = f"{_called(said, one)}{lowered(one.email) or _NO_ADDRESS} is {lowered(email) or _NO_ADDRESS}"
    return Mapped(one, name, email, Reason(says, said.place), proper, said.file, said.line, said.found_name is None)


def _called(said: Said, one: Found) -> str:
    return f"{trimmed(one.name) or '(no name)'}, " if said.found_name is not None else ""


def _aliases(mailmap: Mailmap, *, but_named: bool = False) -> dict[str, Alias]:
    """The lines about all of an address that are no step of a chain, by the address.

    ``but_named``: a line that takes a single name of one of the two addresses elsewhere does not take the rest along.
    That holds of the file alone, which is followed in every repository; what a repository's line says of a name is not
    known of others, where that name would be taken along.
    """
    lines: dict[str, list[Said]] = defaultdict(list)
    for address, said in mailmap.all_of(but_named=but_named).items():
        lines[lowered(address)].append(said)

    def goes_on(proper: str) -> bool:
        if but_named:
            return any(lowered(said.email) != proper for said in lines.get(proper, ()))
        return mailmap.moves(proper)

    found = {}
    for address, [said, *more] in lines.items():
        proper = lowered(said.email)
        if more or proper == address or not says_who(address) or not says_who(proper):
            continue
        if not goes_on(proper) and not mailmap.reaches(address):
            reason = Reason(f"{address} is {proper}", said.place)
            found[address] = Alias(address, proper, reason, said.file, said.line)
    return found
