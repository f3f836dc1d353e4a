"""Environment, ``.env`` and ``.streamlit/secrets.toml`` become one frozen Settings.

The environment wins over ``.env``, ``.env`` over the secrets file. Errors name the setting and say what to write;
they never quote a secret.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dotenv import dotenv_values

NIGHTLY_FIELDS = ("description", "ref", "username")
EVENT_SCOPES = ("project", "user", "own")
EVENT_FILTERS = ("action", "target_type", "before", "after", "sort", "scope")
LOG_CHOICES = ("mainline", "all", "none")
SECRETS = (
    "GITLAB_ACCESS_TOKEN",
    "DASH_GITLAB_WEBHOOK_TOKEN",
    "DASH_GITLAB_SIGNING_TOKEN",
    "DASH_GITHUB_WEBHOOK_SECRET",
    "DASH_HOOK_TOKEN",
)


class SettingsError(ValueError):
    """A setting that cannot be used; the message is one sentence for a person."""


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
    events: tuple[EventQuery, ...] = (EventQuery("project"),)
    logs: str = "mainline"
    sync_minutes: float = 10.0
    window_days: int = 30
    requests: int = 8
    calls_per_minute: int | None = None
    timeout_seconds: float = 30.0

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
        events=tuple(_events(word) for word in _words(values.get("DASH_EVENTS") or "project")),
        logs=_choice("DASH_LOGS", values.get("DASH_LOGS") or "mainline", LOG_CHOICES),
        sync_minutes=_number("DASH_SYNC_MINUTES", values.get("DASH_SYNC_MINUTES") or "10", 0, 10_080),
        window_days=int(_number("DASH_WINDOW_DAYS", values.get("DASH_WINDOW_DAYS") or "30", 1, 3_660)),
        requests=int(_number("DASH_REQUESTS", values.get("DASH_REQUESTS") or "8", 1, 64)),
        calls_per_minute=_optional_count("DASH_CALLS_PER_MINUTE", values.get("DASH_CALLS_PER_MINUTE")),
        timeout_seconds=_number("DASH_TIMEOUT_SECONDS", values.get("DASH_TIMEOUT_SECONDS") or "30", 0.1, 3_600),
    )


def collected(environ: Mapping[str, str], root: Path) -> dict[str, str]:
    """The values of the three places as written, weakest first; only names that are ours. Raises SettingsError."""
    found: dict[str, str] = {}
    secrets = root / ".streamlit" / "secrets.toml"
    if secrets.is_file():
        try:
            found |= {
                k: str(v) for k, v in tomllib.loads(secrets.read_text("utf-8")).items() if not isinstance(v, dict)
            }
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise SettingsError(f".streamlit/secrets.toml is not valid TOML: {error}") from error
    env_file = root / ".env"
    if env_file.is_file():
        try:
            found |= {k: v for k, v in dotenv_values(env_file).items() if v is not None}
        except UnicodeDecodeError as error:
            raise SettingsError(".env is not UTF-8 text") from error
    found |= environ
    return {k: v.strip() for k, v in found.items() if k.startswith(("GITLAB_", "DASH_"))}


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


def _optional_count(name: str, value: str | None) -> int | None:
    return int(_number(name, value, 1, 1_000_000)) if value else None
