"""Identities, accounts, mailmaps and decisions to persons: pure, and the same for any order of what goes in.

An e-mail address is one person's, unless it is one that many use (``shared_addresses.toml``): that is certain. So are a
forge's private addresses, the addresses that a forge shows for an account, what a ``.mailmap`` says, and what somebody
decided. A name alone joins nobody.

A ``.mailmap`` is git's word about one repository. Of it, this is known everywhere: where all of an address goes
to one other address, the two are one person's, if no other repository's ``.mailmap`` says otherwise.
Anything finer (an address that many use, one whose names go different ways, repositories that differ) holds in that
repository alone: ``People.here`` says who an identity is there. So within each repository everybody with one mapped
address is one person, as ``git shortlog -se`` has it, and in all of them a person is one person.

A person's id is that of the identity (else account) known first, so it stays when others join, and every id a person
ever had leads to that identity.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from dashlib.people.addresses import handle, lowered, person_id, private, says_who
from dashlib.people.journal import Decision
from dashlib.people.mailmap import Mailmap


@dataclass(frozen=True)
class Identity:
    """A trimmed name and a lowered address, since when they are known, and the repositories they were found in."""

    name: str
    address: str
    known_at: datetime
    projects: frozenset[int] = frozenset()

    @property
    def handle(self) -> str:
        """Its name in decisions."""
        return handle(self.name, self.address)


@dataclass(frozen=True)
class Account:
    """A forge's account: ``emails`` are lowered addresses, each with how it came to be known."""

    source: str
    id: int
    username: str
    known_at: datetime
    emails: tuple[tuple[str, str], ...] = ()

    @property
    def handle(self) -> str:
        """Its name in decisions."""
        return f"{self.source}:{self.id}"


@dataclass(frozen=True)
class Here:
    """Who an identity is in one repository, where that is somebody else than elsewhere."""

    project_id: int
    handle: str
    person: str


@dataclass
class People:
    """``person_of`` and ``because``: by handle of identity or account. ``named`` are identities that only a .mailmap
    knows; ``proper`` the names that mailmaps give, by person."""

    person_of: dict[str, str] = field(default_factory=dict)
    because: dict[str, str] = field(default_factory=dict)
    here: list[Here] = field(default_factory=list)
    named: dict[str, tuple[str, str]] = field(default_factory=dict)
    proper: dict[str, str] = field(default_factory=dict)


_Order: TypeAlias = tuple[datetime, int, str]
_NEVER = datetime(9999, 1, 1)  # noqa: DTZ001 - UTC without a zone, as in the database


class _Joined:
    """Union-find over points: nodes (an identity, an account) and what they have in common (an address, a number)."""

    def __init__(self) -> None:
        self._above: dict[object, object] = {}

    def top(self, point: object) -> object:
        above = self._above
        root = point
        while (up := above.get(root, root)) != root:
            root = up
        while (up := above.get(point, point)) != root:
            above[point] = root
            point = up
        return root

    def join(self, one: object, other: object) -> None:
        first, second = self.top(one), self.top(other)
        if first != second:
            self._above[second] = first


def resolve(
    identities: Iterable[Identity],
    accounts: Iterable[Account],
    mailmaps: Mapping[int, Mailmap],
    decisions: Sequence[Decision],
    hosts: Mapping[str, str] | None = None,
    projects: Mapping[int, str] | None = None,
) -> People:
    """Who is who. ``mailmaps`` are by repository; 0 stands for the file that is read behind each of them.

    ``decisions`` are those that stand, in their order. ``hosts`` tell by the name of a host which source's accounts are
    there: private addresses of another GitLab carry another's numbers. ``projects`` names repositories, for reasons.
    """
    mapped = {lowered(address) for one in mailmaps.values() for address in one.all_of()}
    work = _Work(decisions, hosts or {}, projects or {}, mapped)
    work.take({one.handle: one for one in sorted(identities, key=lambda one: (one.known_at, one.handle), reverse=True)})
    work.take_accounts({one.handle: one for one in accounts})
    work.read(mailmaps)
    work.decide(decisions)
    return work.people()


class _Work:
    def __init__(
        self,
        decisions: Sequence[Decision],
        hosts: Mapping[str, str],
        projects: Mapping[int, str],
        mapped: set[str],
    ) -> None:
        self._joined = _Joined()
        self._hosts = {"github.com": "github"} | {host.lower(): source for host, source in hosts.items()}
        self._projects = projects
        self._apart: dict[str, int] = {}
        for one in decisions:
            if one.kind == "split":
                self._apart.update(dict.fromkeys(one.members, one.number))
        self._identities: dict[str, Identity] = {}
        self._accounts: dict[str, Account] = {}
        self._named: dict[str, tuple[str, str]] = {}
        self._reasons: dict[str, list[tuple[object, str]]] = defaultdict(list)
        self._holders: dict[object, int] = defaultdict(int)
        self._said: list[tuple[int, str, str, str]] = []
        self._decided: set[str] = set()
        self._proper: dict[str, list[tuple[object, str]]] = defaultdict(list)
        self._mapped = mapped

    def _tie(self, node: str, point: tuple[object, ...], why: str = "") -> None:
        """Join a node to what it has in common with others; who was split off shares with those split off with him."""
        point = (*point, self._apart.get(node))
        self._joined.join(point, node)
        self._reasons[node].append((point, why))
        self._holders[point] += 1

    def take(self, identities: Mapping[str, Identity]) -> None:
        """Join by address and by private address."""
        self._identities = dict(identities)
        for node, one in self._identities.items():
            if says_who(one.address):
                self._tie(node, ("address", one.address), f"the same address, {one.address}")
        numbers = self._numbers_of_logins()
        for node, one in self._identities.items():
            self._private(node, one.address, numbers)

    def _numbers_of_logins(self) -> dict[str, set[int]]:
        """On GitHub a user name can change hands: the addresses that carry a number say which numbers had it."""
        found: dict[str, set[int]] = defaultdict(set)
        for one in self._identities.values():
            known = private(one.address)
            if known and known.host == "github.com" and known.number is not None and known.login:
                found[known.login].add(known.number)
        return found

    def _private(self, node: str, address: str, numbers: Mapping[str, set[int]]) -> None:
        why = "the private address of an account on "
        for point in self._accounts_of(address, numbers):
            self._tie(node, point, why + str(point[1]))

    def _accounts_of(self, address: str, numbers: Mapping[str, set[int]]) -> Iterator[tuple[str, str, object]]:
        """What a forge's private address says of its account."""
        known = private(address)
        if known is None:
            return
        source = self._hosts.get(known.host, known.host)
        if known.number is not None:
            yield ("number", source, known.number)
        # A user name can change hands: it tells who where the address has no number, or no two numbers had it.
        if known.login and (known.number is None or (source == "github" and len(numbers.get(known.login, ())) < 2)):
            yield ("login", source, known.login)

    def take_accounts(self, accounts: Mapping[str, Account]) -> None:
        """Join accounts to the addresses they are known by."""
        self._accounts = dict(accounts)
        numbers = self._numbers_of_logins()
        held: dict[tuple[str, str], int] = defaultdict(int)
        hosts_of = self._unknown_hosts()
        for one in accounts.values():
            held[one.source, one.username.lower()] += 1
        for node, one in self._accounts.items():
            self._tie(node, ("number", one.source, one.id), f"the account @{one.username}")
            login = one.username.lower()
            others = numbers.get(login, set()) - {one.id} if one.source == "github" else set()
            if login and held[one.source, login] == 1 and not others:
                self._tie(node, ("login", one.source, login), f"the account @{one.username}")
            for email, why in one.emails:
                if says_who(email):
                    self._tie(node, ("address", email), f"{why} {email}")
            # GitLab's administrators may choose the host of private addresses: where number and user name are both an
            # account's, it is that account's all the same.
            if one.source == "gitlab":
                for host in sorted(hosts_of.get((one.id, login), ())):
                    self._tie(node, ("number", host, one.id), f"the private address of number {one.id} on {host}")
                for host in sorted(hosts_of.get((None, login), ())):
                    self._tie(node, ("login", host, login), f"the address of the access token {login} on {host}")

    def _unknown_hosts(self) -> dict[tuple[int | None, str], set[str]]:
        """By number (None for an access token) and user name: hosts in private addresses that are no known forge's."""
        found: dict[tuple[int | None, str], set[str]] = defaultdict(set)
        for address in {one.address for one in self._identities.values()} | self._mapped:
            known = private(address)
            if known and known.login and known.host not in self._hosts:
                found[known.number, known.login].add(known.host)
        return found

    def read(self, mailmaps: Mapping[int, Mailmap]) -> None:
        """Join addresses by what mailmaps say, and note what holds in one repository alone."""
        behind = mailmaps.get(0, Mailmap())
        whole = {project: one | behind for project, one in mailmaps.items() if project}
        goes: dict[tuple[str, int], set[str]] = defaultdict(set)
        for node, one in sorted(self._identities.items()):
            for project in sorted(one.projects & whole.keys()):
                self._follow(whole[project], project, node, one, goes)
            self._follow(behind, 0, node, one, goes)
        # A line about all of an address tells something even where no commit of that repository has it.
        for project, mailmap in [(0, behind), *whole.items()]:
            for address, target in mailmap.all_of().items():
                goes[lowered(address), project].add(lowered(target))
        numbers = self._numbers_of_logins()
        heard: dict[str, set[str]] = defaultdict(set)
        for (address, _), targets in goes.items():
            # Where an address stays what it is, nothing is said of it; where its names part, it is several people's.
            heard[address] |= targets if len(targets) > 1 else targets - {address}
        for address, targets in sorted(heard.items()):
            if len(targets) == 1 and says_who(address) and says_who(target := next(iter(targets))):
                self._joined.join(("address", address, None), ("address", target, None))
                for point in self._accounts_of(address, numbers):
                    self._joined.join(("address", address, None), (*point, None))

    def _follow(
        self, mailmap: Mailmap, project: int, node: str, one: Identity, goes: dict[tuple[str, int], set[str]]
    ) -> None:
        """What one mailmap makes of one identity in one repository (0: in all that have no other word)."""
        if not mailmap.speaks_of(one.address) or node in self._apart:
            return
        said = mailmap.said(one.name, one.address)
        name, email = mailmap.mapped(one.name, one.address)
        target = email.strip().lower()
        goes[one.address, project].add(target)
        if said is None:
            return
        where = self._projects.get(project, f"project {project}") if project else "the file that was read"
        point = ("address", target, None)
        self._reasons[node].append((point, f"line {said.line} of the .mailmap of {where}"))
        if said.name is not None:
            self._proper[node].append((point, said.name.strip()))
        self._said.append((project, node, name.strip(), target))

    def decide(self, decisions: Sequence[Decision]) -> None:
        """Join what people joined; a later split parts it again."""
        for one in decisions:
            if one.kind != "merge" or not one.members:
                continue
            self._decided.update(one.members)
            first, *others = one.members
            for other in others:
                apart = {self._apart.get(first), self._apart.get(other)}
                if len(apart) == 1 or one.number > max(number for number in apart if number is not None):
                    self._joined.join(first, other)
            for member in one.members:
                self._reasons[member].append((member, f"merged by {one.done_by}{one.day}"))
        for one in decisions:
            for member in one.members if one.kind == "split" else ():
                if self._apart.get(member) == one.number:
                    # Those who are split off together are one person, whatever joins them.
                    self._joined.join(("split", one.number), member)
                    why = f"taken out by {one.done_by}{one.day}"
                    self._reasons[member].append((member, why))

    def people(self) -> People:
        """Persons by their ids, and what holds in single repositories."""
        found = People()
        targets = self._targets()
        ids = self._ids()
        for node in (*self._identities, *self._accounts, *self._named):
            found.person_of[node] = ids[self._joined.top(node)]
            found.because[node] = self._why(node, ids)
        found.named = self._named
        for project, node, target in targets:
            person = ids[self._joined.top(target)]
            if person != found.person_of[node]:
                found.here.append(Here(project, node, person))
        found.here.sort(key=lambda one: (one.project_id, one.handle))
        found.proper = self._proper_names(ids)
        return found

    def _targets(self) -> list[tuple[int, str, object]]:
        """Whom each mapped identity is in its repository: the point its mapped address stands for.

        An address that no commit has gets an identity by the name and address that the mailmap gives.
        """
        known = {one.address for node, one in self._identities.items() if node not in self._apart}
        found: list[tuple[int, str, object]] = []
        for project, node, name, address in sorted(self._said):
            if node in self._decided:
                continue
            proper = handle(name, address)
            if proper in self._apart and address not in known:
                # Somebody took out whom the mailmap means: that was said later, and of all repositories.
                continue
            if says_who(address):
                target: object = ("address", address, None)
                if address not in known:
                    self._named.setdefault(proper, (name, address))
                    self._joined.join(target, proper)
            else:
                target = proper
                if proper not in self._identities:
                    self._named.setdefault(proper, (name, address))
            holds = [project] if project else []
            if not project:
                # Read behind every repository's own, so it holds in all of them that have no other word.
                holds = sorted(self._identities[node].projects)
                mapped = {said[0] for said in self._said if said[1] == node}
                holds = [one for one in holds if one not in mapped]
            found += [(one, node, target) for one in holds]
        return found

    def _ids(self) -> dict[object, str]:
        """The id of each person: of what is known first; of equals an own address, then a private one, an account."""
        best: dict[object, _Order] = {}
        for node, one in self._identities.items():
            self._better(best, node, (one.known_at, int(private(one.address) is not None), node))
        for node, account in self._accounts.items():
            self._better(best, node, (account.known_at, 2, node))
        for node in self._named:
            self._better(best, node, (_NEVER, 3, node))
        return {top: self._id(node) for top, (_, _, node) in best.items()}

    def _better(
        self, best: dict[object, tuple[datetime, int, str]], node: str, order: tuple[datetime, int, str]
    ) -> None:
        top = self._joined.top(node)
        if top not in best or order < best[top]:
            best[top] = order

    def _id(self, node: str) -> str:
        if node in self._accounts or node in self._apart:
            return node
        one = self._identities.get(node)
        return person_id(*((one.name, one.address) if one else self._named[node]))

    def _why(self, node: str, ids: Mapping[object, str]) -> str:
        """What joins a node with others; of one that nothing joins, that it is alone or was there first."""
        top = self._joined.top(node)
        words = [
            why
            for point, why in self._reasons.get(node, ())
            if why and self._joined.top(point) == top and self._holders.get(point, 2) > 1
        ]
        return "; ".join(dict.fromkeys(words)) or ("known first" if self._id(node) == ids[top] else "others join it")

    def _proper_names(self, ids: Mapping[object, str]) -> dict[str, str]:
        """The name that mailmaps give a person: the one most identities go to, of equals the first by alphabet."""
        counted: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        for named in self._proper.values():
            for point, name in named:
                if (person := ids.get(self._joined.top(point))) and name:
                    counted[person][name] += 1
        return {person: min(names, key=lambda name: (-names[name], name)) for person, names in counted.items()}
