"""What the running dashboard tells ``doctor`` of itself: the settings of a shell are not always those it began with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from dashlib import control
from dashlib.commands.layout import visible
from dashlib.control import AppError
from dashlib.people.teams_file import Look
from dashlib.receive.refusals import Refusal
from dashlib.settings import Settings

Finding: TypeAlias = tuple[bool, str]


@dataclass(frozen=True)
class Running:
    """The dashboard that owns the database: where it is, which GitLab it reads, whether with a token, the sources of
    which it has a secret, the posts that it refused, and what its file of DASH_TEAMS comes to (None: it has none)."""

    address: str
    gitlab_url: str
    has_token: bool
    is_open: frozenset[str]
    refused: tuple[Refusal, ...] = ()
    teams: Look | None = None

    def differs(self, settings: Settings) -> Iterator[Finding]:
        """Its GitLab and its token, where they are others than this shell's settings say."""
        if self.gitlab_url != settings.gitlab_url:
            told = f"the dashboard at {self.address} was started with another GitLab, {visible(self.gitlab_url)}"
            yield True, f"settings: {told}; the line above tells this shell's"
        if self.has_token and settings.gitlab_token is None:
            told = f"GITLAB_ACCESS_TOKEN is not set in this shell; the dashboard at {self.address} was started with one"
            yield True, f"token: {told}, and its page Sources tells whether that works"


def running(settings: Settings) -> Running | None:
    """The dashboard that owns the database; None where none runs, or one of a version that does not tell."""
    app = control.running(settings.database)
    if app is None:
        return None
    try:
        [answer] = app.call("doctor")
    except (AppError, ValueError):
        return None
    refused = [{**one, "last_at": datetime.fromisoformat(one["last_at"])} for one in answer["refused"]]
    teams = answer.get("teams")
    return Running(
        app.address, answer["gitlab_url"], answer["has_token"], frozenset(answer["open"]),
        tuple(Refusal(**one) for one in refused), None if teams is None else Look.of(teams),
    )  # fmt: skip
