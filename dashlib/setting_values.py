"""The value of one setting, read from its text. Errors name the setting and say what to write; they never quote a
secret, so those of secrets quote nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from email import errors, policy
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dashlib.errors import Explained
from dashlib.receive import verify

Read: TypeAlias = Callable[[str, str], Any]
"""Makes a value of a setting's name and its text, which is not empty. Raises SettingsError."""
_NIGHTLY_FIELDS = ("description", "ref", "username")
_EVENT_SCOPES = ("project", "user", "own")
_EVENT_ACTIONS = (
    "approved", "closed", "commented", "created", "destroyed", "expired", "joined", "left", "merged", "pushed",
    "reopened", "transferred", "updated",
)  # fmt: skip
_EVENT_TARGETS = ("design", "epic", "issue", "merge_request", "milestone", "note", "project", "snippet", "user", "wiki")
_EVENT_FILTERS = ("action", "target_type", "before", "after", "sort", "scope")


class SettingsError(Explained, ValueError):
    """Settings that cannot be used: a sentence for each."""

    code = 2

    def __init__(self, *sentences: str) -> None:
        super().__init__("; ".join(sentences))
        self.sentences = sentences


@dataclass(frozen=True)
class EventQuery:
    """One events endpoint to read, with the filters GitLab offers.

    ``scope`` is ``project`` (every project's events), ``user`` (``user`` holds the name) or ``own``.
    """

    scope: str
    user: str | None = None
    filters: tuple[tuple[str, str], ...] = ()

    @property
    def variant(self) -> str:
        """A stable name for checkpoints."""
        name = self.scope if self.user is None else f"{self.scope}:{self.user}"
        return name + ("?" + "&".join(f"{k}={v}" for k, v in self.filters) if self.filters else "")


def text(_: str, value: str) -> str:
    """As it is written."""
    return value


def path(_: str, value: str) -> Path:
    """A file; ``~`` is the home."""
    return Path(value).expanduser()


def words(_: str, value: str) -> tuple[str, ...]:
    """Separated by blanks or commas."""
    return tuple(value.replace(",", " ").split())


def globs(_: str, value: str) -> tuple[str, ...]:
    """Separated by commas: a name may have blanks in it."""
    return tuple(" ".join(one.split()) for one in value.split(",") if one.strip())


def url(name: str, value: str) -> str:
    """The address of a GitLab, without ``/api/v4``."""
    if not _is_address(value, ("http", "https")):
        raise SettingsError(f"{name} must be a web address such as https://gitlab.example.com")
    parts = urlsplit(value)
    if parts.username or parts.password or parts.query:
        raise SettingsError(f"{name} must hold no user, password or query; the token goes into GITLAB_ACCESS_TOKEN")
    return value.rstrip("/").removesuffix("/api/v4")


def github_url(name: str, value: str) -> str:
    """The address of a GitHub as a browser shows it; that of its API is understood, too."""
    return _bare(name, value, "https://github.example.com", "DASH_GITHUB_TOKEN")


def codearts_url(name: str, value: str) -> str:
    """Where CodeArts Repo's API of a region is, without ``/v4``."""
    example = "https://codehub-ext.cn-north-4.myhuaweicloud.com"
    return _bare(name, value, example, "DASH_CODEARTS_TOKEN").removesuffix("/v4")


def _bare(name: str, value: str, example: str, secret: str) -> str:
    if not _is_address(value, ("http", "https")):
        raise SettingsError(f"{name} must be a web address such as {example}")
    parts = urlsplit(value)
    if parts.username or parts.password or parts.query:
        raise SettingsError(f"{name} must hold no user, password or query; the token goes into {secret}")
    return value.rstrip("/")


def numbers(name: str, value: str) -> tuple[int, ...]:
    """Whole numbers above 0, separated by blanks or commas; each once."""
    found = []
    for word in words(name, value):
        if not word.isdecimal() or not word.isascii() or not 0 < int(word) < 2**63:
            raise SettingsError(f"{name} {word!r}: write the repositories' numbers, such as 2111694664")
        found.append(int(word))
    return tuple(dict.fromkeys(found))


def zone(name: str, value: str) -> str:
    """A time zone's IANA name."""
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise SettingsError(f"{name} {value!r} is no time zone; write one such as Europe/Berlin") from error
    return value


def nightly(name: str, value: str) -> tuple[tuple[str, str], ...]:
    """``FIELD:GLOB``, separated by commas or lines: descriptions hold blanks."""
    found = []
    for word in filter(None, map(str.strip, value.replace("\n", ",").split(","))):
        field, _, pattern = word.partition(":")
        if field not in _NIGHTLY_FIELDS or not pattern:
            raise SettingsError(f"{name} {word!r}: write description:GLOB, ref:GLOB or username:GLOB")
        found.append((field, pattern))
    return tuple(found)


def events(name: str, value: str) -> tuple[EventQuery, ...]:
    """Which events endpoints, each with GitLab's filters."""
    return tuple(_event_query(name, word) for word in words(name, value))


def _event_query(name: str, word: str) -> EventQuery:
    head, _, query = word.partition("?")
    scope, _, user = head.partition(":")
    if scope not in _EVENT_SCOPES or (scope == "user") != bool(user):
        raise SettingsError(f"{name} {word!r}: write project, own or user:NAME, with filters such as ?action=pushed")
    filters = tuple(sorted(parse_qsl(query, keep_blank_values=True)))
    for filter_name, filter_value in filters:
        if filter_name not in _EVENT_FILTERS:
            raise SettingsError(f"{name} {word!r}: filters are {', '.join(_EVENT_FILTERS)}")
        if (wanted := _event_wanted(filter_name, filter_value)) is not None:
            raise SettingsError(f"{name} {word!r}: {filter_name} must be {wanted}")
    return EventQuery(scope, user or None, filters)


def _event_wanted(name: str, value: str) -> str | None:
    """What GitLab takes there, where it would answer each project's events with 400 (docs.gitlab.com/api/events)."""
    choices = {"action": _EVENT_ACTIONS, "target_type": _EVENT_TARGETS, "sort": ("asc", "desc"), "scope": ("all",)}
    if name in choices:
        return None if value in choices[name] else f"one of {', '.join(choices[name])}"
    try:
        date.fromisoformat(value)
    except ValueError:
        return "a day such as 2026-03-31"
    return None


def choice(*choices: str) -> Read:
    """One of these words."""

    def read(name: str, value: str) -> str:
        if value not in choices:
            raise SettingsError(f"{name} must be one of {', '.join(choices)}")
        return value

    return read


def number(lowest: float, highest: float) -> Read:
    """A number within these bounds."""

    def read(name: str, value: str) -> float:
        try:
            found = float(value)
        except ValueError as error:
            raise SettingsError(f"{name} must be a number") from error
        if not lowest <= found <= highest:
            raise SettingsError(f"{name} must be at least {lowest:g} and at most {highest:g}")
        return found

    return read


def count(lowest: int, highest: int) -> Read:
    """A whole number within these bounds; a fraction is cut off."""
    read = number(lowest, highest)
    return lambda name, value: int(read(name, value))


def signing_token(name: str, value: str) -> str:
    """GitLab makes them: ``whsec_`` and 32 bytes in base64 (Standard Webhooks). A wrong one would refuse everything."""
    try:
        verify.signing_key(value)
    except ValueError as error:
        raise SettingsError(f"{name} must be a signing token as GitLab shows it: whsec_…") from error
    return value


def address(name: str, value: str) -> str:
    """A web address. A chat's webhook address is a secret itself: the message never quotes it."""
    if not _is_address(value, ("http", "https")):
        raise SettingsError(f"{name} must be a web address that begins with https://")
    return value


def smtp(name: str, value: str) -> str:
    """``smtp://`` (with STARTTLS where the server offers it) or ``smtps://`` (TLS from the start), user in front."""
    if not _is_address(value, ("smtp", "smtps")):
        raise SettingsError(f"{name} must be an address such as smtp://user@mail.example.com:587")
    if urlsplit(value).password:
        raise SettingsError(f"{name} must hold no password; it goes into DASH_REPORT_SMTP_PASSWORD")
    return value


def mail_addresses(name: str, value: str) -> tuple[str, ...]:
    """Mail addresses as they stand in a mail's head, each once: separated by commas, bare ones also by blanks."""
    parts = [value] if set(value) & set('<>"()') else words(name, value)
    found = [one for part in parts for one in _mailboxes(part)]
    if not found or None in found:
        raise SettingsError(
            f"{name} {value!r}: write mail addresses such as team@example.com or Ops Team <ops@example.com>, "
            "separated by commas"
        )
    return tuple(dict.fromkeys(filter(None, found)))


def mail_address(name: str, value: str) -> str:
    """One mail address as it stands in a mail's head."""
    try:
        [one] = mail_addresses(name, value)
    except ValueError as error:
        raise SettingsError(
            f"{name} {value!r}: write one mail address such as dashboard@example.com or Nightlies <dash@example.com>"
        ) from error
    return one


def _mailboxes(text: str) -> list[str | None]:
    """What the library that will write the mail reads in a list of addresses; None for what is no address."""
    try:
        head = policy.default.header_factory("To", " ".join(text.split()).strip(", "))
    except (ValueError, LookupError, errors.MessageError):
        return [None]  # it breaks on some texts, such as team@
    wrong = [defect for defect in head.defects if not isinstance(defect, errors.ObsoleteHeaderDefect)]
    groups = any(group.display_name is not None for group in head.groups)
    if wrong or groups or not all(one.username and one.domain and one.addr_spec.isascii() for one in head.addresses):
        return [None]
    return [str(one) for one in head.addresses]


def clock(name: str, value: str) -> str:
    """A time of day as hours and minutes, in the one form that Python and SQL both read: ``09:30``."""
    found = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)(:[0-5]\d)?", value, re.ASCII)
    if found is None:
        raise SettingsError(f"{name} must be a time of day such as 10:00, in the team's zone (DASH_TIMEZONE)")
    return f"{int(found[1]):02}:{found[2]}"


def _is_address(value: str, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(value)
        return parts.scheme in schemes and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False
