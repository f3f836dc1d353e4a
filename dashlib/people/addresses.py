"""What an e-mail address says: nothing (one that many use), whose account it is (a forge's private one), or who."""

from __future__ import annotations

import functools
import re
import tomllib
from dataclasses import dataclass
from fnmatch import translate
from importlib import resources

_PRIVATE = re.compile(r"(?P<number>\d+)(?:[-+](?P<login>[^@]+))?@users\.noreply\.(?P<host>[^@]+)")
"""GitHub: ID+login@users.noreply.github.com (docs.github.com, setting your commit email address). GitLab:
ID-username@users.noreply.HOST (lib/gitlab/private_commit_email.rb), since 2025 planned without the user name."""
_OLD_PRIVATE = re.compile(r"(?P<login>[^@+]+)@users\.noreply\.github\.com")
_TOKEN = re.compile(r"(?P<login>(?:project|group)_\d+_bot[^@]*|service_account_[^@]+)@noreply\.(?P<host>[^@]+)")
"""GitLab's access tokens and service accounts commit as USERNAME@noreply.HOST."""
_OF_USER_NAME = re.compile(r"(?P<login>[^@]+)@noreply\.(?P<host>[^@]+)")
_KEPT = 100_000
"""What the same addresses come to is asked again after each sync."""


@dataclass(frozen=True)
class Private:
    """A forge's address for an account: by its number, its user name, or both; ``host`` is the forge's."""

    host: str
    number: int | None
    login: str | None


def trimmed(text: str | None) -> str:
    """A name or address without white space around it; nothing is the empty word."""
    return (text or "").strip()


def lowered(email: str | None) -> str:
    """An address as it is compared: case aside, trimmed."""
    return trimmed(email).lower()


def handle(name: str | None, email: str | None) -> str:
    """What an identity is called in decisions and lists: ``Ada Lovelace <ada@example.com>``."""
    return f"{trimmed(name)} <{lowered(email)}>"


@functools.lru_cache(maxsize=_KEPT)
def private(address: str) -> Private | None:
    """The account that a lowered address belongs to by its form, where it has such a form."""
    if found := _PRIVATE.fullmatch(address):
        return Private(found["host"], int(found["number"]), found["login"])
    if found := _OLD_PRIVATE.fullmatch(address):
        return Private("github.com", None, found["login"])
    if found := _TOKEN.fullmatch(address):
        return Private(found["host"], None, found["login"])
    return None


@functools.lru_cache(maxsize=_KEPT)
def of_user_name(address: str) -> Private | None:
    """The account that a lowered address may belong to as USERNAME@noreply.HOST, whatever the user name is.

    GitLab's code makes such addresses for accounts without a mailbox, of a user name and of its own host
    (User::NOREPLY_EMAIL_DOMAIN, Gitlab::Utils::UsernameAndEmailGenerator). Elsewhere it is an address like any other:
    it says who only where that GitLab has that account (``owners``).
    """
    found = _OF_USER_NAME.fullmatch(address) if says_who(address) else None
    return Private(found["host"], None, found["login"]) if found else None


@functools.lru_cache(maxsize=_KEPT)
def says_who(address: str) -> bool:
    """Whether a lowered address is one person's: not empty, and not one of ``shared_addresses.toml``."""
    return bool(address) and not _shared().fullmatch(address)


def person_id(name: str, address: str) -> str:
    """The id of a person whose first identity this is (trimmed name, lowered address).

    The address where it says who; a forge's private one by the account's number, whatever the account is called.
    """
    if not address:
        return f"name:{name or '(no name)'}"
    if not says_who(address):
        return handle(name, address)
    found = _PRIVATE.fullmatch(address)
    return f"{found['number']}@users.noreply.{found['host']}" if found else address


@functools.cache
def _shared() -> re.Pattern[str]:
    text = (resources.files("dashlib.people") / "shared_addresses.toml").read_text("utf-8")
    return re.compile("|".join(translate(one) for one in tomllib.loads(text)["addresses"]))
