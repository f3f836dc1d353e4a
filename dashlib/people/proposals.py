"""Who is likely one person, with the evidence in words: for people to confirm or reject, never joined by itself."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from rapidfuzz import fuzz

from dashlib.people.addresses import private, says_who

LIKELY = 0.6
"""From this score on a pair is proposed."""
_MOST_ALIKE = 40
"""What more persons have in common than this (a local part such as dev@) tells nothing."""
_MOST = 400
_BY_A_LINE = 0.85
"""How sure the line of a repository's .mailmap is about addresses that the repository has never seen."""
_KEPT = 100_000
_ALIKE = 80.0
_SHORT = 4
_GENERIC = frozenset(
    {"info", "mail", "email", "dev", "admin", "contact", "hello", "hi", "me", "team", "support", "git", "github"}
    | {"gitlab", "work", "test", "user", "office", "post", "root", "build", "ci", "noreply", "no-reply", "webmaster"}
)


@dataclass(frozen=True)
class Candidate:
    """A person as far as likeness goes: names and lowered addresses as found, user names of accounts."""

    id: str
    names: tuple[str, ...]
    addresses: tuple[str, ...] = ()
    usernames: tuple[str, ...] = ()

    @functools.cached_property
    def folded(self) -> dict[str, str]:
        """Names without accents, case and doubled spaces, to the name as found."""
        return {folded: name for name in self.names if (folded := _folded(name))}

    @functools.cached_property
    def locals(self) -> dict[str, str]:
        """What stands before the @ of addresses that say who, to the address."""
        return {
            local: address
            for address in self.addresses
            if says_who(address) and not private(address) and (local := _local(address)) and local not in _GENERIC
        }

    @functools.cached_property
    def handles(self) -> list[str]:
        """User names in lower case: of accounts, and those that private addresses carry."""
        told = (found.login for address in self.addresses if (found := private(address)))
        return sorted({name.lower() for name in self.usernames} | {login for login in told if login})

    @functools.cached_property
    def keys(self) -> frozenset[tuple[str, str]]:
        """What is compared: only who has one of these in common can be alike."""
        return frozenset(
            [("name", name) for name in self.folded]
            + [("local", spelling) for name in self.folded for spelling in _spellings(name)]
            + [("local", local) for local in self.locals if len(local) >= _SHORT]
            + [("local", _marked(name)) for name in self.handles]
        )


@dataclass(frozen=True, order=True)
class Proposal:
    """Two persons who are likely one; ``person`` sorts before ``other``; ``said_by`` is the .mailmap that says so."""

    person: str
    other: str
    evidence: str
    score: float
    said_by: str | None = None


def proposed(
    candidates: Iterable[Candidate],
    rejected: Iterable[frozenset[str]] = (),
    lines: Mapping[tuple[str, str], tuple[str, str]] | None = None,
) -> list[Proposal]:
    """The likeliest pairs, surest first. ``rejected`` are pairs of persons whom somebody told apart.

    ``lines`` are those of mailmaps that take two persons for one, by the ids of the two in their order: what the line
    says, and its file.
    """
    people = {one.id: one for one in candidates}
    never = set(rejected)
    said = {pair: line for pair, line in (lines or {}).items() if people.keys() >= set(pair)}
    found = []
    for one, other in sorted(_pairs(people.values()) | said.keys()):
        if frozenset((one, other)) in never:
            continue
        score, words = likeness(people[one], people[other])
        line, file = said.get((one, other), ("", ""))
        if line:
            score, words = max(score, _BY_A_LINE), [line, *words]
        if score >= LIKELY:
            found.append(Proposal(one, other, "; ".join(words), score, file or None))
    return sorted(found, key=lambda pair: (-pair.score, pair.person, pair.other))[:_MOST]


def likeness(one: Candidate, other: Candidate) -> tuple[float, list[str]]:
    """How sure it is that two are one (0 to 1), and what says so.

    A name alone says nothing, except where one of them has an address or an account that says who and the other shows
    no such address: nothing speaks against it then.
    """
    same_name = sorted(one.folded.keys() & other.folded.keys(), key=lambda name: (-len(name), name))
    found: list[tuple[float, str]] = []
    same_local = sorted(
        local
        for local in one.locals.keys() & other.locals.keys()
        # Two who have one address are two because somebody, or a .mailmap, said so.
        if len(local) >= _SHORT and one.locals[local] != other.locals[local]
    )
    if same_local:
        both = f"{one.locals[same_local[0]]} and {other.locals[same_local[0]]}"
        sure = 0.75 if same_name or _names_agree(one, other) else 0.45
        found.append((sure, f"the addresses {both} differ in the domain alone"))
    for first, second in ((one, other), (other, one)):
        called = [name for name in first.handles if len(name) >= _SHORT and _marked(name) in second.locals]
        if called:
            address = second.locals[_marked(called[0])]
            sure = 0.75 if same_name else 0.45
            found.append((sure, f"the account @{called[0]} is called like the address {address}"))
    if same_name and not same_local and (close := _close(one, other)):
        found.append((0.8, f"the addresses {close[0]} and {close[1]} are alike"))
    if not found:
        spelled = _spelled(one, other) or _spelled(other, one)
        if spelled:
            found.append((0.65, f"the address {spelled[1]} spells the name {spelled[0]}"))
        elif same_name and not (one.locals and other.locals) and (_says_who(one) or _says_who(other)):
            blank = other if one.locals or (one.handles and not other.locals) else one
            found.append((0.65, f"{_blank(blank)} shows no address that says who"))
    if not found:
        return 0.0, []
    found = list(dict.fromkeys(sorted(found, key=lambda each: -each[0])))[:2]
    words = [said for _, said in found]
    score = found[0][0]
    if same_name:
        score, words = score + 0.15, [f"the same name, {one.folded[same_name[0]]}", *words]
    return min(score, 0.95), words


def _says_who(one: Candidate) -> bool:
    """Whether anything beside the name does."""
    return bool(one.locals or one.handles)


def _blank(one: Candidate) -> str:
    return f"the account @{one.handles[0]}" if one.handles else "one of them"


def _marked(name: str) -> str:
    """A user name as ``locals`` has addresses."""
    return re.sub(r"[._-]+", ".", name).strip(".")


def _pairs(people: Iterable[Candidate]) -> set[tuple[str, str]]:
    """Those who have anything in common that likeness looks at."""
    shared: dict[tuple[str, str], set[str]] = defaultdict(set)
    for one in people:
        for key in one.keys:
            shared[key].add(one.id)
    return {
        (min(pair), max(pair))
        for members in shared.values()
        if 1 < len(members) <= _MOST_ALIKE
        for pair in combinations(members, 2)
    }


def _spelled(one: Candidate, other: Candidate) -> tuple[str, str] | None:
    """A name of one that an address of the other spells, where the other has no real name that contradicts it."""
    for folded, name in sorted(one.folded.items()):
        for spelling in _spellings(folded):
            if spelling in other.locals and (not _real(other) or _names_agree(one, other)):
                return name, other.locals[spelling]
        if (own := _own_domain(folded, other)) and (not _real(other) or _names_agree(one, other)):
            return name, own
    return None


def _own_domain(name: str, other: Candidate) -> str | None:
    """An address such as jane@doe.example, for Jane Doe."""
    parts = re.findall(r"[a-z0-9]+", name)
    if len(parts) < 2 or len(parts[-1]) < _SHORT:
        return None
    own = (
        one for local, one in sorted(other.locals.items()) if local == parts[0] and parts[-1] in one.partition("@")[2]
    )
    return next(own, None)


@functools.lru_cache(maxsize=_KEPT)
def _spellings(name: str) -> Sequence[str]:
    """How addresses spell a name of two words or more: jane.doe, janedoe, doe.jane, …; jane_doe is jane.doe here."""
    parts = re.findall(r"[a-z0-9]+", name)
    if len(parts) < 2:
        return ()
    first, last = parts[0], parts[-1]
    if len(first) + len(last) < 6:
        return ()
    return (
        f"{first}.{last}",
        f"{first}{last}",
        f"{last}.{first}",
        f"{last}{first}",
        f"{first[0]}{last}",
        f"{first[0]}.{last}",
    )


def _close(one: Candidate, other: Candidate) -> tuple[str, str] | None:
    """The addresses of two that are most alike, where any are: before the @, or all of the domain."""
    best, found = _ALIKE, None
    for local, address in sorted(one.locals.items()):
        for second, another in sorted(other.locals.items()):
            if address == another:
                continue
            alike = fuzz.ratio(local, second)
            if address.partition("@")[2] == another.partition("@")[2] and local[:1] == second[:1]:
                alike = max(alike, _ALIKE)
            if alike >= best:
                best, found = alike + 1e-6, (address, another)
    return found


def _names_agree(one: Candidate, other: Candidate) -> bool:
    return any(fuzz.token_sort_ratio(name, second) >= _ALIKE for name in one.folded for second in other.folded)


def _real(one: Candidate) -> list[str]:
    """Names of two words or more."""
    return [name for name in one.folded if " " in name]


@functools.lru_cache(maxsize=_KEPT)
def _local(address: str) -> str:
    """Before the @, without a +tag, and with one kind of mark between words."""
    local = address.partition("@")[0].partition("+")[0]
    return _marked(local)


@functools.lru_cache(maxsize=_KEPT)
def _folded(name: str) -> str:
    plain = "".join(char for char in unicodedata.normalize("NFKD", name) if not unicodedata.combining(char))
    return " ".join(plain.casefold().split())
