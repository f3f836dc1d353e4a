"""Environment, ``.env`` and ``.streamlit/secrets.toml`` become one frozen Settings.

The environment wins over ``.env``, ``.env`` over the secrets file. Errors name the setting and say what to write;
they never quote a secret.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import time
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dotenv import dotenv_values

from dashlib.errors import Explained
from dashlib.receive import verify

NIGHTLY_FIELDS = ("description", "ref", "username")
EVENT_SCOPES = ("project", "user", "own")
EVENT_FILTERS = ("action", "target_type", "before", "after", "sort", "scope")
REPORT_FORMATS = ("slack", "mattermost", "teams")
LOG_CHOICES = ("mainline", "all", "none")
SECRETS = (
    "GITLAB_ACCESS_TOKEN",
    "DASH_GITLAB_WEBHOOK_TOKEN",
    "DASH_GITLAB_SIGNING_TOKEN",
    "DASH_GITHUB_WEBHOOK_SECRET",
    "DASH_HOOK_TOKEN",
    "DASH_REPORT_WEBHOOK",
    "DASH_REPORT_SMTP_PASSWORD",
)
KNOWN = (
    *SECRETS,
    "GITLAB_URL",
    "DASH_PROJECTS",
    "DASH_GROUPS",
    "DASH_NIGHTLY",
    "DASH_LATE_HOURS",
    "DASH_EVENTS",
    "DASH_LOGS",
    "DASH_GREEN_LOGS",
    "DASH_TIMEZONE",
    "DASH_DATABASE",
    "DASH_SYNC_MINUTES",
    "DASH_WINDOW_DAYS",
    "DASH_REQUESTS",
    "DASH_CALLS_PER_MINUTE",
    "DASH_TIMEOUT_SECONDS",
    "DASH_REPORT_URL",
    "DASH_REPORT_BY",
    "DASH_REPORT_FORMAT",
    "DASH_REPORT_SMTP",
    "DASH_REPORT_MAIL_FROM",
    "DASH_REPORT_MAIL_TO",
    "DASH_HOOK_DAYS",
)
_PREFIXES = ("GITLAB_", "DASH_")
_ENV_FILE, _SECRETS_FILE = ".env", ".streamlit/secrets.toml"
_ALIKE = 0.55
"""How alike two names must be, their prefix aside, for one to be taken for a slip of the other."""


class SettingsError(Explained, ValueError):
    """A setting that cannot be used."""

    code = 2


@dataclass(frozen=True)
class Unheard:
    """A name that looks like a setting and is none: nothing reads it. ``place`` is where it stands, its value is kept
    nowhere (a misspelt secret is one), ``nearest`` the setting that was probably meant.
    """

    name: str
    place: str
    nearest: str | None


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


@dataclass(frozen=True)
class Settings:
    """Everything a run depends on. Secrets are kept out of ``repr``."""

    gitlab_url: str = "https://gitlab.com"
    gitlab_token: str | None = field(default=None, repr=False)
    database: Path = Path("data/dashboard.duckdb")
    timezone: str = "UTC"
    groups: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()
    nightly: tuple[tuple[str, str], ...] = ()
    late_hours: float = 2.0
    events: tuple[EventQuery, ...] = (EventQuery("project"),)
    logs: str = "mainline"
    green_logs: int = 50
    sync_minutes: float = 10.0
    window_days: int = 30
    requests: int = 8
    calls_per_minute: int | None = None
    timeout_seconds: float = 30.0
    report_url: str = ""
    report_by: str = "10:00"
    report_format: str = "slack"
    report_webhook: str | None = field(default=None, repr=False)
    report_smtp: str = ""
    report_smtp_password: str | None = field(default=None, repr=False)
    report_mail_from: str = ""
    report_mail_to: tuple[str, ...] = ()
    gitlab_webhook_token: str | None = field(default=None, repr=False)
    gitlab_signing_token: str | None = field(default=None, repr=False)
    github_webhook_secret: str | None = field(default=None, repr=False)
    hook_token: str | None = field(default=None, repr=False)
    hook_days: int = 30

    @property
    def zone(self) -> ZoneInfo:
        """The team's time zone."""
        return ZoneInfo(self.timezone)


def load(environ: Mapping[str, str] | None = None, root: Path | None = None) -> Settings:
    """Settings from the environment and the two files below ``root`` (default: the working directory).

    Raises SettingsError for the first value that cannot be used.
    """
    values = collected(os.environ if environ is None else environ, root or Path.cwd())
    return Settings(
        gitlab_url=_url(values.get("GITLAB_URL") or "https://gitlab.com"),
        gitlab_token=values.get("GITLAB_ACCESS_TOKEN") or None,
        database=Path(values.get("DASH_DATABASE") or "data/dashboard.duckdb").expanduser(),
        timezone=_zone(values.get("DASH_TIMEZONE") or "UTC"),
        groups=_words(values.get("DASH_GROUPS", "")),
        projects=_words(values.get("DASH_PROJECTS", "")),
        nightly=tuple(_nightly(word) for word in _lines(values.get("DASH_NIGHTLY", ""))),
        late_hours=_number("DASH_LATE_HOURS", values.get("DASH_LATE_HOURS") or "2", 0, 168),
        events=tuple(_events(word) for word in _words(values.get("DASH_EVENTS") or "project")),
        logs=_choice("DASH_LOGS", values.get("DASH_LOGS") or "mainline", LOG_CHOICES),
        green_logs=int(_number("DASH_GREEN_LOGS", values.get("DASH_GREEN_LOGS") or "50", 0, 10_000)),
        sync_minutes=_number("DASH_SYNC_MINUTES", values.get("DASH_SYNC_MINUTES") or "10", 0, 10_080),
        window_days=int(_number("DASH_WINDOW_DAYS", values.get("DASH_WINDOW_DAYS") or "30", 1, 3_660)),
        requests=int(_number("DASH_REQUESTS", values.get("DASH_REQUESTS") or "8", 1, 64)),
        calls_per_minute=_optional_count("DASH_CALLS_PER_MINUTE", values.get("DASH_CALLS_PER_MINUTE")),
        timeout_seconds=_number("DASH_TIMEOUT_SECONDS", values.get("DASH_TIMEOUT_SECONDS") or "30", 0.1, 3_600),
        report_url=_optional_url("DASH_REPORT_URL", values.get("DASH_REPORT_URL")) or "",
        report_by=_clock("DASH_REPORT_BY", values.get("DASH_REPORT_BY") or "10:00"),
        report_format=_choice("DASH_REPORT_FORMAT", values.get("DASH_REPORT_FORMAT") or "slack", REPORT_FORMATS),
        report_webhook=_optional_url("DASH_REPORT_WEBHOOK", values.get("DASH_REPORT_WEBHOOK")),
        report_smtp=_smtp(values.get("DASH_REPORT_SMTP", "")),
        report_smtp_password=values.get("DASH_REPORT_SMTP_PASSWORD") or None,
        report_mail_from=values.get("DASH_REPORT_MAIL_FROM", ""),
        report_mail_to=_words(values.get("DASH_REPORT_MAIL_TO", "")),
        gitlab_webhook_token=values.get("DASH_GITLAB_WEBHOOK_TOKEN") or None,
        gitlab_signing_token=_signing_token(values.get("DASH_GITLAB_SIGNING_TOKEN")),
        github_webhook_secret=values.get("DASH_GITHUB_WEBHOOK_SECRET") or None,
        hook_token=values.get("DASH_HOOK_TOKEN") or None,
        hook_days=int(_number("DASH_HOOK_DAYS", values.get("DASH_HOOK_DAYS") or "30", 1, 3_660)),
    )


def collected(environ: Mapping[str, str], root: Path) -> dict[str, str]:
    """The values of the three places as written, weakest first; only names that are ours. Raises SettingsError."""
    found = {name: str(value) for name, value in _secrets_file(root).items() if not isinstance(value, dict)}
    found |= {name: value for name, value in _env_file(root).items() if value is not None}
    found |= environ
    return {name: value.strip() for name, value in found.items() if name.startswith(_PREFIXES)}


def unheard(environ: Mapping[str, str], root: Path) -> list[Unheard]:
    """Names in the three places that begin like ours and are none of ours, however they are written.

    The environment belongs to other programs, too: there, a name with GITLAB_ counts only if it is much like one of
    ours that is set nowhere (GitLab's runners set a dozen GITLAB_ names of their own). In secrets.toml a setting below
    a ``[table]`` is not heard either. Raises SettingsError for a file that cannot be read.
    """
    secrets, env_file = _secrets_file(root), _env_file(root)
    set_somewhere = {*environ, *secrets, *env_file}
    found = [Unheard(name, "the environment", nearest(name)) for name in environ if _is_unheard(name)]
    found = [
        one
        for one in found
        if one.name.upper().startswith("DASH_") or (one.nearest is not None and one.nearest not in set_somewhere)
    ]
    found += [Unheard(name, _ENV_FILE, nearest(name)) for name in env_file if _is_unheard(name)]
    for table, name in _toml_names(secrets):
        if _is_unheard(name) or (table and name in KNOWN):
            place = f"{_SECRETS_FILE} below [{table}]" if table else _SECRETS_FILE
            found.append(Unheard(name, place, nearest(name)))
    return found


def nearest(name: str) -> str | None:
    """The setting whose name is most like this one; None when none is."""
    upper = name.upper()
    if upper.removeprefix("DASH_") in KNOWN:
        return upper.removeprefix("DASH_")
    prefix = next((prefix for prefix in _PREFIXES if upper.startswith(prefix)), "")
    rests = {known.removeprefix(prefix): known for known in KNOWN if known.startswith(prefix)}
    alike = difflib.get_close_matches(upper.removeprefix(prefix), rests, n=1, cutoff=_ALIKE)
    return rests[alike[0]] if alike else None


def _is_unheard(name: str) -> bool:
    return name not in KNOWN and name.upper().startswith(_PREFIXES)


def _toml_names(values: Mapping[str, object], table: str = "") -> Iterator[tuple[str, str]]:
    """Each key of a TOML document with the table it stands in; "" for those above the first table."""
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _toml_names(value, f"{table}.{name}" if table else name)
        else:
            yield table, name


def _secrets_file(root: Path) -> dict[str, object]:
    file = root / _SECRETS_FILE
    try:
        return tomllib.loads(file.read_text("utf-8")) if file.is_file() else {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{_SECRETS_FILE} is not valid TOML: {error}") from error


def _env_file(root: Path) -> dict[str, str | None]:
    file = root / _ENV_FILE
    try:
        return dotenv_values(file) if file.is_file() else {}
    except UnicodeDecodeError as error:
        raise SettingsError(f"{_ENV_FILE} is not UTF-8 text") from error


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.replace(",", " ").split())


def _lines(text: str) -> tuple[str, ...]:
    """Comma or line separated: descriptions hold blanks."""
    return tuple(part.strip() for part in text.replace("\n", ",").split(",") if part.strip())


def _url(text: str) -> str:
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError as error:
        raise SettingsError("GITLAB_URL must be a web address such as https://gitlab.example.com") from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SettingsError("GITLAB_URL must be a web address such as https://gitlab.example.com")
    if parts.username or parts.password or parts.query:
        raise SettingsError("GITLAB_URL must hold no user, password or query; the token goes into GITLAB_ACCESS_TOKEN")
    return text.rstrip("/").removesuffix("/api/v4")


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise SettingsError(f"DASH_TIMEZONE {name!r} is no time zone; write one such as Europe/Berlin") from error
    return name


def _nightly(word: str) -> tuple[str, str]:
    name, _, pattern = word.partition(":")
    if name not in NIGHTLY_FIELDS or not pattern:
        raise SettingsError(f"DASH_NIGHTLY {word!r}: write description:GLOB, ref:GLOB or username:GLOB")
    return name, pattern


def _events(word: str) -> EventQuery:
    head, _, query = word.partition("?")
    scope, _, user = head.partition(":")
    if scope not in EVENT_SCOPES or (scope == "user") != bool(user):
        raise SettingsError(
            f"DASH_EVENTS {word!r}: write project, own or user:NAME, with filters such as ?action=pushed"
        )
    filters = tuple(sorted(parse_qsl(query, keep_blank_values=True)))
    for name, value in filters:
        if name not in EVENT_FILTERS or not value:
            raise SettingsError(f"DASH_EVENTS {word!r}: filters are {', '.join(EVENT_FILTERS)}")
    return EventQuery(scope, user or None, filters)


def _choice(name: str, value: str, choices: tuple[str, ...]) -> str:
    if value not in choices:
        raise SettingsError(f"{name} must be one of {', '.join(choices)}")
    return value


def _number(name: str, value: str, lowest: float, highest: float) -> float:
    try:
        number = float(value)
    except ValueError as error:
        raise SettingsError(f"{name} must be a number") from error
    if not lowest <= number <= highest:
        raise SettingsError(f"{name} must be at least {lowest:g} and at most {highest:g}")
    return number


def _signing_token(value: str | None) -> str | None:
    """GitLab makes them: ``whsec_`` and 32 bytes in base64 (Standard Webhooks). A wrong one would refuse everything."""
    if not value:
        return None
    try:
        verify.signing_key(value)
    except ValueError as error:
        raise SettingsError("DASH_GITLAB_SIGNING_TOKEN must be a signing token as GitLab shows it: whsec_…") from error
    return value


def _optional_count(name: str, value: str | None) -> int | None:
    return int(_number(name, value, 1, 1_000_000)) if value else None


def _optional_url(name: str, value: str | None) -> str | None:
    """A chat's webhook address is a secret itself: the message never quotes it."""
    if value and not _is_address(value, ("http", "https")):
        raise SettingsError(f"{name} must be a web address that begins with https://")
    return value or None


def _smtp(value: str) -> str:
    """``smtp://`` (with STARTTLS where the server offers it) or ``smtps://`` (TLS from the start), user in front."""
    if value and not _is_address(value, ("smtp", "smtps")):
        raise SettingsError("DASH_REPORT_SMTP must be an address such as smtp://user@mail.example.com:587")
    if value and urlsplit(value).password:
        raise SettingsError("DASH_REPORT_SMTP must hold no password; it goes into DASH_REPORT_SMTP_PASSWORD")
    return value


def _is_address(value: str, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(value)
        return parts.scheme in schemes and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


def _clock(name: str, value: str) -> str:
    try:
        time.fromisoformat(value)
    except ValueError as error:
        raise SettingsError(f"{name} must be a time of day such as 10:00") from error
    return value
