"""Identities, accounts, mailmaps and decisions to persons: pure, and the same for any order of what goes in.

What is certain joins: the same e-mail address, unless it is one that says nobody (``shared_addresses.toml``); a forge's
private addresses; the addresses that a forge shows for an account; a ``.mailmap``; and what somebody decided. A name
alone joins nobody. What somebody decided goes before what mailmaps say: who was told apart is not joined by the file
that the command ``mailmap`` read, nor by a repository's own .mailmap beyond that repository.

**A commit is its mapped identity's.** In each repository the mailmap makes of an identity what git makes of it, and the
commit belongs to the person of the *mapped* address (``mapped``: never a chain). Persons are joined by mapped addresses
only, so within a repository all with one mapped address are one person, and two mapped addresses are two persons unless
something else that is certain joins them: an account, a private address, a decision, a line that holds everywhere.

An identity may so be somebody else in one repository than in another (``People.here``). Where all its commits go to one
other address it is that person altogether. A person's id is that of the identity (else account) known first, so it
stays when others join, and every id a person ever had leads to that identity.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TypeAlias

from dashlib.people.addresses import handle, lowered, person_id, private, says_who, trimmed
from dashlib.people.joined import Joined
from dashlib.people.journal import Decision
from dashlib.people.mailmap import Mailmap
from dashlib.people.mapped import FILE, Alias, Mapped, Overruled, Refused, Told, told
from dashlib.people.owners import Account, Owners
from dashlib.people.reasons import Reason, worded
from dashlib.people.who import Here, Identity, People

_Order: TypeAlias = tuple[datetime, int, str]
_NEVER = datetime(9999, 1, 1)  # noqa: DTZ001 - UTC without a zone, as in the database
_MOST_REASONS = 4
"""What more lines say of others is not read: a .mailmap may have dozens of lines about one person."""


def resolve(
    identities: Iterable[Identity],
    accounts: Iterable[Account],
    mailmaps: Mapping[int, Mailmap],
    decisions: Sequence[Decision],
    hosts: Mapping[str, str] | None = None,
) -> People:
    """Who is who. ``mailmaps`` are by repository; 0 stands for the file that is read behind each of them.

    ``decisions`` are those that stand, in their order. ``hosts`` tell by the name of a host which source's accounts are
    there: private addresses of another GitLab carry another's numbers.
    """
    known = {one.handle: one for one in sorted(identities, key=lambda one: (one.known_at, one.handle), reverse=True)}
    held = {one.handle: one for one in accounts}
    where = {"github.com": "github"} | {host.lower(): source for host, source in (hosts or {}).items()}
    owners = Owners(held.values(), where)
    spellings = [found for one in known.values() for found in one.found]

    def worked(said: Told) -> _Work:
        work = _Work(decisions, where, owners, {one.address for one in (*said.by_file, *said.vouched, *said.likely)})
        work.follow(known, said.mapped)
        work.take()
        work.take_accounts(held)
        work.join_aliases((*said.by_file, *said.vouched))
        work.decide(decisions)
        return work

    refused: list[Refused] = []
    if FILE in mailmaps and any(one.kind == "reject" for one in decisions):
        # Whom the file would join is seen by who is who without it.
        without = {project: mailmap for project, mailmap in mailmaps.items() if project != FILE}
        refused.append(worked(told(spellings, without, owners)).refuses)
    said = told(spellings, mailmaps, owners, *refused)
    found = worked(said).people(said.likely)
    found.overruled = sorted({*found.overruled, *said.overruled})
    return found


class _Work:
    def __init__(
        self, decisions: Sequence[Decision], hosts: Mapping[str, str], owners: Owners, mapped: set[str]
    ) -> None:
        self._joined = Joined()
        self._hosts = hosts
        self._owners = owners
        self._rejected = [one for one in decisions if one.kind == "reject"]
        self._apart: dict[str, int] = {}
        for one in decisions:
            if one.kind == "split":
                self._apart.update(dict.fromkeys(one.members, one.number))
        self._identities: dict[str, Identity] = {}
        self._numbers: Mapping[str, set[int]] = {}
        self._accounts: dict[str, Account] = {}
        self._named: dict[str, tuple[str, str]] = {}
        self._targets: list[tuple[Mapped, object]] = []
        self._homes: dict[str, tuple[object, str]] = {}
        self._reasons: dict[str, list[tuple[object, Reason]]] = defaultdict(list)
        self._holders: dict[object, int] = defaultdict(int)
        self._moved_by: dict[object, list[Reason]] = defaultdict(list)
        self._reached_by: dict[object, dict[str, set[Reason]]] = defaultdict(dict)
        self._mapped = mapped
        self._overruled: set[Overruled] = set()

    def _tie(self, node: str, point: tuple[object, ...], why: str) -> None:
        """Join a node to what it has in common with others; who was split off shares with those split off with him."""
        point = (*point, self._apart.get(node))
        self._joined.join(point, node)
        self._reasons[node].append((point, Reason(why)))
        self._holders[point] += 1

    def follow(self, identities: Mapping[str, Identity], mapped: Sequence[Mapped]) -> None:
        """Note whom each mapped identity is in its repository, and where all its commits go to one other person."""
        self._identities = dict(identities)
        self._numbers = self._numbers_of_logins()
        known = {one.address for node, one in self._identities.items() if node not in self._apart}
        goes: dict[str, dict[object, list[Mapped]]] = defaultdict(lambda: defaultdict(list))
        for one in mapped:
            node = one.found.handle
            target = None if node in self._apart else self._target(one, known)
            if target is None:
                self._note_taken_out(one)
            self._targets.append((one, node if target is None else target))
            if target is not None:
                goes[node][target].append(one)
                self._reasons[node].append((target, one.reason))
                self._note_reached(target, one.reason)
        reached = {target for targets in goes.values() for target in targets}
        for node, targets in goes.items():
            identity = self._identities[node]
            [(target, came), *others] = targets.items()
            # Whose own address others go to in some repository stays where he is.
            if not others and self._own(identity) not in reached and {one.found for one in came} == identity.found:
                self._homes[node] = (target, person_id(trimmed(came[0].name), came[0].address))

    def _note_taken_out(self, one: Mapped) -> None:
        """A line about somebody whom a decision took out, or whom it means, is not followed."""
        node, proper = one.found.handle, handle(one.name, one.address)
        if one.moves or (not says_who(one.address) and proper != node):
            number = self._apart[node] if node in self._apart else self._apart[proper]
            self._overruled.add(Overruled(one.file, one.line, one.because, number))

    def _note_reached(self, point: object, reason: Reason) -> None:
        """What a mailmap did stands not only with whom it moved or named, but also with those to whom it moved him."""
        lines = self._reached_by[point]
        if reason.says in lines or len(lines) < _MOST_REASONS:
            lines.setdefault(reason.says, set()).add(reason)

    def _own(self, one: Identity) -> object:
        """What an identity stands for by itself: its address, or, where that says nobody, itself."""
        return ("address", one.address, None) if says_who(one.address) else one.handle

    def _target(self, one: Mapped, known: set[str]) -> object | None:
        """What a mapped identity stands for: its mapped address; None where somebody took out whom it means.

        An address that no commit has gets an identity by the name and address that the mailmap gives.
        """
        proper = handle(one.name, one.address)
        if not says_who(one.address):
            if proper in self._apart:
                return None
            if proper not in self._identities:
                self._named.setdefault(proper, (trimmed(one.name), one.address))
            if one.of_all and says_who(lowered(one.found.email)):
                # All of one address go there, each by his name: they stay the one that they are without the line.
                self._joined.join(("from", lowered(one.found.email), one.address), proper)
            return proper
        if one.address not in known:
            if proper in self._apart:
                # That was decided later, and of all repositories.
                return None
            self._named.setdefault(proper, (trimmed(one.name), one.address))
        return ("address", one.address, None)

    def take(self) -> None:
        """Join by address and by private address."""
        for node, one in self._identities.items():
            home = self._homes.get(node)
            if home is not None:
                self._joined.join(home[0], node)
                self._holders[home[0]] += 1
                # Whose account an address is stays true where all who have it are somebody else by a mailmap.
                for point in self._accounts_of(one.address):
                    self._joined.join(("address", one.address, None), (*point, None))
                continue
            if says_who(one.address):
                self._tie(node, ("address", one.address), f"the same address, {one.address}")
            self._private(node, one.address)
        for proper, (_, address) in self._named.items():
            if says_who(address):
                self._joined.join(("address", address, None), proper)
        for address in {one.address for one, _ in self._targets}:
            for point in self._accounts_of(address):
                self._joined.join(("address", address, None), (*point, None))

    def _numbers_of_logins(self) -> dict[str, set[int]]:
        """On GitHub a user name can change hands: the addresses that carry a number say which numbers had it."""
        found: dict[str, set[int]] = defaultdict(set)
        for one in self._identities.values():
            known = private(one.address)
            if known and known.host == "github.com" and known.number is not None and known.login:
                found[known.login].add(known.number)
        return found

    def _private(self, node: str, address: str) -> None:
        why = "the private address of an account on "
        for point in self._accounts_of(address):
            self._tie(node, point, why + str(point[1]))

    def _accounts_of(self, address: str) -> Iterator[tuple[str, str, object]]:
        """What a forge's private address says of its account."""
        known = self._owners.private(address)
        if known is None:
            return
        source = self._hosts.get(known.host, known.host)
        if known.number is not None:
            yield ("number", source, known.number)
        # A user name can change hands: it tells who where the address has no number, or no two numbers had it.
        if known.login and (
            known.number is None or (source == "github" and len(self._numbers.get(known.login, ())) < 2)
        ):
            yield ("login", source, known.login)

    def take_accounts(self, accounts: Mapping[str, Account]) -> None:
        """Join accounts to the addresses they are known by."""
        self._accounts = dict(accounts)
        held: dict[tuple[str, str], int] = defaultdict(int)
        hosts_of = self._unknown_hosts()
        for one in accounts.values():
            held[one.source, one.username.lower()] += 1
        for node, one in self._accounts.items():
            self._tie(node, ("number", one.source, one.id), f"the account @{one.username}")
            login = one.username.lower()
            others = self._numbers.get(login, set()) - {one.id} if one.source == "github" else set()
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

    def join_aliases(self, aliases: Sequence[Alias]) -> None:
        """Join the addresses that lines of mailmaps take for one everywhere, but not whom somebody told apart."""
        for alias in aliases:
            one, other = (self._point_of(address) for address in (alias.address, alias.proper))
            if self._join_unless_told_apart(one, other) is None:
                self._moved_by[one].append(alias.reason)
                self._note_reached(other, alias.reason)

    def refuses(self, line: Mapped | Alias) -> Decision | None:
        """The decision that told persons apart whom a line of the file would join. Those it may join are one from then
        on, so that no chain of lines leads from one to the other.
        """
        if isinstance(line, Alias):
            one, other = self._point_of(line.address), self._point_of(line.proper)
        elif line.found.handle in self._apart:
            return None
        else:
            one = line.found.handle
            proper = handle(line.name, line.address)
            other = self._point_of(line.address) if says_who(line.address) else proper
        return self._join_unless_told_apart(one, other)

    def _point_of(self, address: str) -> object:
        """What an address stands for, one with its account where it is a private one."""
        point = ("address", address, None)
        for account in self._accounts_of(address):
            self._joined.join(point, (*account, None))
        return point

    def _join_unless_told_apart(self, one: object, other: object) -> Decision | None:
        both = {self._joined.top(one), self._joined.top(other)}
        for decision in self._rejected if len(both) == 2 else ():
            if {self._joined.top(member) for member in decision.members} == both:
                return decision
        self._joined.join(other, one)
        return None

    def decide(self, decisions: Sequence[Decision]) -> None:
        """Join what people joined; a later split parts it again."""
        for one in decisions:
            if one.kind != "merge" or not one.members:
                continue
            first, *others = one.members
            for other in others:
                apart = {self._apart.get(first), self._apart.get(other)}
                if len(apart) == 1 or one.number > max(number for number in apart if number is not None):
                    self._joined.join(first, other)
            for member in one.members:
                self._reasons[member].append((member, Reason(f"merged by {one.done_by}{one.day}")))
        for one in decisions:
            for member in one.members if one.kind == "split" else ():
                if self._apart.get(member) == one.number:
                    # Those who are split off together are one person, whatever joins them.
                    self._joined.join(("split", one.number), member)
                    why = f"taken out by {one.done_by}{one.day}"
                    self._reasons[member].append((member, Reason(why)))

    def people(self, likely: Sequence[Alias]) -> People:
        """Persons by their ids, and what holds in single repositories."""
        found = People()
        ids = self._ids()
        for node in (*self._identities, *self._accounts, *self._named):
            found.person_of[node] = ids[self._joined.top(node)]
            found.because[node] = self._why(node, ids)
        found.named = self._named
        found.here = [Here(one, ids[self._joined.top(target)]) for one, target in self._targets]
        found.proper = self._proper_names(found.here)
        found.overruled = list(self._overruled)
        for alias in likely:
            pair = [self._known(address, ids) for address in (alias.address, alias.proper)]
            if pair[0] and pair[1] and pair[0] != pair[1]:
                found.likely.setdefault((min(pair[0], pair[1]), max(pair[0], pair[1])), (alias.because, alias.file))
        return found

    def _known(self, address: str, ids: Mapping[object, str]) -> str | None:
        """The person whom an address stands for, directly or as a forge's private one, if anybody has it."""
        points = [("address", address, None), *((*point, None) for point in self._accounts_of(address))]
        return next((ids[top] for point in points if (top := self._joined.top(point)) in ids), None)

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
        if one is not None and node in self._homes and self._joined.top(self._own(one)) != self._joined.top(node):
            return self._homes[node][1]
        return person_id(*((one.name, one.address) if one else self._named[node]))

    def _why(self, node: str, ids: Mapping[object, str]) -> str:
        """What joins a node with others, what is about itself first; of one that nothing joins, that it is alone or was
        there first. What joins others to whom a mailmap moves it stands with those.
        """
        top = self._joined.top(node)
        reasons = [(point, why) for point, why in self._reasons.get(node, ()) if self._joined.top(point) == top]
        one = self._identities.get(node)
        stands_for = [point for point, why in reasons if not why.place] + ([self._own(one)] if one else [])
        points = [point for point in dict.fromkeys(stands_for) if self._joined.top(point) == top]
        found = [why for point, why in reasons if not why.place and self._holders[point] != 1]
        found += [why for _, why in reasons if why.place]
        found += [why for point in points for why in self._moved_by.get(point, ())]
        found += [why for point in points for lines in self._reached_by.get(point, {}).values() for why in lines]
        return worded(found) or ("known first" if self._id(node) == ids[top] else "others join it")

    def _proper_names(self, here: Sequence[Here]) -> dict[str, str]:
        """The name that the file gives a person: the one most identities go to, of equals the first by alphabet."""
        counted: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        for one in here:
            if one.mapped.proper:
                counted[one.person][one.mapped.proper] += 1
        return {person: min(names, key=lambda name: (-names[name], name)) for person, names in counted.items()}
