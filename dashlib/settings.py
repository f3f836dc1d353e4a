"""Environment, ``.env`` and ``.streamlit/secrets.toml`` become one frozen Settings.

The environment wins over ``.env``, ``.env`` over the secrets file. Errors name the setting and say what to write;
they never quote a secret.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from dotenv import dotenv_values

from dashlib import setting_values as read
from dashlib.setting_values import EventQuery, Read, SettingsError

__all__ = [
    "KNOWN", "SECRETS", "EventQuery", "Settings", "SettingsError", "Unheard", "collected", "load", "nearest", "unheard",
]  # fmt: skip

_ENV_FILE, _SECRETS_FILE = ".env", ".streamlit/secrets.toml"
_PREFIXES = ("GITLAB_", "DASH_")
_ALIKE = 0.55
"""How alike two names must be, their prefix aside, for one to be taken for a slip of the other."""


@dataclass(frozen=True)
class Unheard:
    """A name that looks like a setting and is none: nothing reads it. ``place`` is where it stands, its value is kept
    nowhere (a misspelt secret is one), ``nearest`` the setting that was probably meant.
    """

    name: str
    place: str
    nearest: str | None


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
    github_url: str = "https://github.com"
    github_token: str | None = field(default=None, repr=False)
    github_repositories: tuple[str, ...] = ()
    codearts_url: str = ""
    codearts_token: str | None = field(default=None, repr=False)
    codearts_repositories: tuple[int, ...] = ()
    teams: Path | None = None
    bots: tuple[str, ...] = ()
    hook_token: str | None = field(default=None, repr=False)
    hook_days: int = 30

    @property
    def zone(self) -> ZoneInfo:
        """The team's time zone."""
        return ZoneInfo(self.timezone)

    @property
    def sources(self) -> tuple[str, ...]:
        """The forges that are set up to be read: those whose token is here, and of CodeArts what to read with it."""
        codearts = self.codearts_token and self.codearts_url and self.codearts_repositories
        held = {"gitlab": self.gitlab_token, "github": self.github_token, "codearts": codearts}
        return tuple(name for name, token in held.items() if token)


_READ: dict[str, tuple[str, Read]] = {
    "gitlab_url": ("GITLAB_URL", read.url),
    "gitlab_token": ("GITLAB_ACCESS_TOKEN", read.text),
    "database": ("DASH_DATABASE", read.path),
    "timezone": ("DASH_TIMEZONE", read.zone),
    "groups": ("DASH_GROUPS", read.words),
    "projects": ("DASH_PROJECTS", read.words),
    "nightly": ("DASH_NIGHTLY", read.nightly),
    "late_hours": ("DASH_LATE_HOURS", read.number(0, 168)),
    "events": ("DASH_EVENTS", read.events),
    "logs": ("DASH_LOGS", read.choice("mainline", "all", "none")),
    "green_logs": ("DASH_GREEN_LOGS", read.count(0, 10_000)),
    "sync_minutes": ("DASH_SYNC_MINUTES", read.number(0, 10_080)),
    "window_days": ("DASH_WINDOW_DAYS", read.count(1, 3_660)),
    "requests": ("DASH_REQUESTS", read.count(1, 64)),
    "calls_per_minute": ("DASH_CALLS_PER_MINUTE", read.count(1, 1_000_000)),
    "timeout_seconds": ("DASH_TIMEOUT_SECONDS", read.number(0.1, 3_600)),
    "report_url": ("DASH_REPORT_URL", read.address),
    "report_by": ("DASH_REPORT_BY", read.clock),
    "report_format": ("DASH_REPORT_FORMAT", read.choice("slack", "mattermost", "teams")),
    "report_webhook": ("DASH_REPORT_WEBHOOK", read.address),
    "report_smtp": ("DASH_REPORT_SMTP", read.smtp),
    "report_smtp_password": ("DASH_REPORT_SMTP_PASSWORD", read.text),
    "report_mail_from": ("DASH_REPORT_MAIL_FROM", read.mail_address),
    "report_mail_to": ("DASH_REPORT_MAIL_TO", read.mail_addresses),
    "gitlab_webhook_token": ("DASH_GITLAB_WEBHOOK_TOKEN", read.text),
    "gitlab_signing_token": ("DASH_GITLAB_SIGNING_TOKEN", read.signing_token),
    "github_webhook_secret": ("DASH_GITHUB_WEBHOOK_SECRET", read.text),
    "github_url": ("DASH_GITHUB_URL", read.github_url),
    "github_token": ("DASH_GITHUB_TOKEN", read.text),
    "github_repositories": ("DASH_GITHUB_REPOSITORIES", read.words),
    "codearts_url": ("DASH_CODEARTS_URL", read.codearts_url),
    "codearts_token": ("DASH_CODEARTS_TOKEN", read.text),
    "codearts_repositories": ("DASH_CODEARTS_REPOSITORIES", read.numbers),
    "teams": ("DASH_TEAMS", read.path),
    "bots": ("DASH_BOTS", read.globs),
    "hook_token": ("DASH_HOOK_TOKEN", read.text),
    "hook_days": ("DASH_HOOK_DAYS", read.count(1, 3_660)),
}
"""Each field of Settings: the setting's name, and what makes its value of the text."""
KNOWN = tuple(name for name, _ in _READ.values())
SECRETS = tuple(_READ[one.name][0] for one in fields(Settings) if not one.repr)


def load(environ: Mapping[str, str] | None = None, root: Path | None = None) -> Settings:
    """Settings from the environment and the two files below ``root`` (default: the working directory).

    A setting that is empty is not set. Raises SettingsError with a sentence for each value that cannot be used.
    """
    texts = collected(os.environ if environ is None else environ, root or Path.cwd())
    values: dict[str, Any] = {}
    wrong: list[str] = []
    for field_name, (name, made) in _READ.items():
        if texts.get(name):
            try:
                values[field_name] = made(name, texts[name])
            except SettingsError as error:
                wrong += error.sentences
    if wrong:
        raise SettingsError(*wrong)
    return Settings(**values)


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
