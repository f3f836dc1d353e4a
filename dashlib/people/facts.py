"""What is shown of each person: name, label, whether a robot, addresses and figures. Pure."""

from __future__ import annotations

import hashlib
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from dashlib.people.bots import OWN, bot_because
from dashlib.people.journal import Decision

_LONGEST = 80
"""Characters of a name or address in a label: names of 10,000 have been committed."""
_FIRST = datetime(1, 1, 1)  # noqa: DTZ001 - UTC without a zone, as in the database


@dataclass(frozen=True)
class Spelling:
    """An identity as found (trimmed name, lowered address) with its person there and its commits in all roles.

    ``called`` and ``reached_at`` are the name and the address that the mailmap there has for it; else as found.
    """

    person: str
    name: str
    address: str
    commits: int
    first_at: datetime | None
    last_at: datetime | None
    called: str
    reached_at: str


@dataclass(frozen=True)
class Held:
    """An account of a person; ``bot`` is what the forge says."""

    person: str
    username: str
    name: str
    bot: bool


@dataclass
class _Person:
    commits: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None
    spelled: set[str] = field(default_factory=set)
    names: dict[str, tuple[int, datetime]] = field(default_factory=dict)
    addresses: dict[str, tuple[int, datetime]] = field(default_factory=dict)
    pairs: dict[tuple[str, str], tuple[int, datetime]] = field(default_factory=dict)
    accounts: list[Held] = field(default_factory=list)


def facts(
    spellings: Iterable[Spelling],
    accounts: Iterable[Held],
    proper: Mapping[str, str],
    decisions: Sequence[Decision],
    person_of: Mapping[str, str],
    bots: tuple[str, ...] = (),
) -> dict[str, dict[str, Any]]:
    """Rows of ``person_facts`` by id. ``decisions`` are those that stand; ``person_of`` maps handles to persons;
    ``bots`` are the globs of DASH_BOTS.
    """
    people: dict[str, _Person] = defaultdict(_Person)
    for one in spellings:
        _add(people[one.person], one)
    for account in accounts:
        people[account.person].accounts.append(account)
    decided = {
        person_of[member]: one
        for one in decisions
        if one.kind in ("bot", "person")
        for member in one.members
        if member in person_of
    }
    rows = {ident: _row(ident, one, proper.get(ident), decided.get(ident), bots) for ident, one in people.items()}
    _label(rows.values())
    return rows


def _add(person: _Person, one: Spelling) -> None:
    seen = one.last_at or _FIRST
    person.commits += one.commits
    person.spelled |= {one.name, one.called} - {""}
    for held, word in ((person.names, one.called), (person.addresses, one.reached_at)):
        if word:
            commits, last = held.get(word, (0, _FIRST))
            held[word] = (commits + one.commits, max(last, seen))
    commits, last = person.pairs.get((one.name, one.address), (0, _FIRST))
    person.pairs[one.name, one.address] = (commits + one.commits, max(last, seen))
    if one.first_at is not None and (person.first_at is None or one.first_at < person.first_at):
        person.first_at = one.first_at
    if one.last_at is not None and (person.last_at is None or one.last_at > person.last_at):
        person.last_at = one.last_at


def _row(
    ident: str, one: _Person, proper: str | None, decided: Decision | None, bots: tuple[str, ...]
) -> dict[str, Any]:
    accounts = sorted(one.accounts, key=lambda account: account.username)
    usernames = [account.username for account in accounts if account.username]
    address = _most(one.addresses)
    name = proper or _most(one.names) or next((a.name for a in accounts if a.name), None)
    because = _bot_because(one, decided, bots)
    return {
        "id": ident,
        "name": name or (usernames[0] if usernames else None) or address or "(no name)",
        "label": "",
        "email": address or (ident if "@" in ident and "<" not in ident else None),
        "is_bot": because is not None,
        "bot_because": because or (f"not a robot, says {decided.done_by}{decided.day}" if decided else None),
        "usernames": usernames,
        "names": sorted(one.spelled),
        "identities": [
            {"name": name, "email": address}
            for (name, address), _ in sorted(
                one.pairs.items(), key=lambda pair: (-pair[1][0], _FIRST - pair[1][1], pair[0])
            )
        ],
        "commits": one.commits,
        "first_at": one.first_at,
        "last_at": one.last_at,
    }


def _most(counted: Mapping[str, tuple[int, datetime]]) -> str | None:
    """The one with most commits, of equals the latest, of those the longest: "Jürgen Müller" rather than "J"."""
    return max(counted, key=lambda word: (*counted[word], len(word), word), default=None)


def _bot_because(one: _Person, decided: Decision | None, bots: tuple[str, ...]) -> str | None:
    if decided is not None:
        return f"{decided.done_by} said so{decided.day}" if decided.kind == "bot" else None
    for account in one.accounts:
        if account.bot:
            return f"the account @{account.username} is marked as a bot"
        if because := bot_because(account.name, account.username, own=bots):
            return because
    said: dict[str, int] = {}
    for (name, address), (commits, _) in sorted(one.pairs.items()):
        if because := bot_because(name, address.partition("@")[0], address, bots):
            if because.startswith(OWN):
                return because
            said[because] = said.get(because, 0) + commits
    # A trailer by somebody else, or a commit made in a tool's name, makes no robot of a person.
    return next(iter(said), None) if 2 * sum(said.values()) >= one.commits else None


def _label(rows: Iterable[dict[str, Any]]) -> None:
    """Labels are unlike each other, and do not change with the number of commits: a person learns them by heart."""
    named: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        named[_looks(row["name"])].append(row)
    for same in named.values():
        for row in same:
            row["label"] = f"{_cut(row['name'])} ({_cut(_told_apart(row))})" if len(same) > 1 else _cut(row["name"])
    alike: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for same in named.values():
        for row in same:
            alike[_looks(row["label"])].append(row)
    for same in alike.values():
        for row in same if len(same) > 1 else ():
            row["label"] = f"{_cut(row['name'])} ({row['id'] if len(row['id']) <= _LONGEST else _print(row['id'])})"


def _told_apart(row: Mapping[str, Any]) -> str:
    if row["usernames"]:
        return f"@{row['usernames'][0]}"
    return row["email"] or ("no address" if row["id"].startswith("name:") else row["id"])


def _looks(name: str) -> str:
    """A name as eyes compare it: composed or not, case and white space aside."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _print(ident: str) -> str:
    """A short word for an id of any length."""
    return hashlib.sha256(ident.encode("utf-8", "surrogatepass")).hexdigest()[:12]
