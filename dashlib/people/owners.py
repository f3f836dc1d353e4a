"""Accounts of forges, and of which one a line of a ``.mailmap`` speaks: so it is sure beyond its own repository."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from dashlib.people.addresses import Private, of_user_name, private


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


class Owners:
    """The accounts that are known, by what their private addresses say.

    A private address is an account's for certain where its number and its user name are both that account's, as the
    forge tells it today: whoever was renamed has another. ``hosts`` tell by the name of a host which source's accounts
    are there.
    """

    def __init__(self, accounts: Iterable[Account], hosts: Mapping[str, str]) -> None:
        self._hosts = hosts
        self._known = {(one.source, one.id, one.username.lower()): one for one in accounts}
        self._shown: dict[str, set[tuple[str, int]]] = defaultdict(set)
        self._called: dict[tuple[str, str], int] = defaultdict(int)
        for one in self._known.values():
            self._called[one.source, one.username.lower()] += 1
            for address, _ in one.emails:
                self._shown[address].add((one.source, one.id))

    def private(self, address: str) -> Private | None:
        """The account that a lowered address belongs to by its form; USERNAME@noreply.HOST is one where HOST is the
        GitLab's and one account there has that user name.
        """
        found = private(address) or of_user_name(address)
        if found is None or private(address) is not None:
            return found
        is_known = self._hosts.get(found.host) == "gitlab" and self._called.get(("gitlab", found.login or "")) == 1
        return found if is_known else None

    def vouch(self, address: str, proper: str, seen: Collection[str]) -> bool:
        """Whether a line that takes two addresses for one says what the forge says, too: one is the private address of
        an account, and the other is no account's else and either ``seen`` in the commits of the line's repository, or
        called exactly like the account.
        """
        return self._is_of(address, proper, seen) or self._is_of(proper, address, seen)

    def _is_of(self, address: str, other: str, seen: Collection[str]) -> bool:
        account = self._account(address)
        if account is None or self.private(other) is not None:
            return False
        if self._shown.get(other, set()) - {(account.source, account.id)}:
            return False
        return other in seen or other.partition("@")[0] == account.username.lower()

    def _account(self, address: str) -> Account | None:
        found = private(address)
        if found is None or found.number is None or not found.login:
            return None
        # GitLab's administrators may choose the host of private addresses, so an unknown one may be the GitLab's.
        source = self._hosts.get(found.host, "gitlab")
        return self._known.get((source, found.number, found.login))
