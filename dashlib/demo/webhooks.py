"""Webhooks as GitLab keeps them: whose they are, what they ask for, and when they are switched off (GITLAB.md 6.1).

Switching off is GitLab.com's (``app/models/concerns/web_hooks/auto_disabling.rb``): from the fourth failure in a row a
hook pauses for a minute, then for two, four … at most a day; the fortieth switches it off for good; one delivery that
is accepted forgets them all. On self-managed instances it lies behind an operator's flag.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

FLAGS = {
    "Push Hook": "push_events",
    "Tag Push Hook": "tag_push_events",
    "Pipeline Hook": "pipeline_events",
    "Job Hook": "job_events",
    "Issue Hook": "issues_events",
    "Confidential Issue Hook": "confidential_issues_events",
    "Merge Request Hook": "merge_requests_events",
    "Note Hook": "note_events",
    "Confidential Note Hook": "confidential_note_events",
    "Member Hook": "member_events",
    "Project Hook": "project_events",
    "Subgroup Hook": "subgroup_events",
}
"""X-Gitlab-Event of a delivery, and the switch of a hook that asks for it."""
GROUP_ONLY = frozenset({"member_events", "project_events", "subgroup_events"})
"""Switches that only the webhooks of groups have; of a project's they are no parameters, and ignored."""
_PATIENCE, _LIMIT = 3, 40
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(minutes=1), timedelta(days=1)


@dataclass(slots=True, eq=False)
class WebHook:
    """A hook of one project (``project_id``) or of a group and everything below it (``group``, its full path)."""

    id: int
    url: str
    token: str = field(repr=False)
    flags: frozenset[str]
    created_at: datetime
    project_id: int | None = None
    group: str | None = None
    name: str | None = None
    description: str | None = None
    recent_failures: int = 0
    disabled_until: datetime | None = None

    def hears(self, event: str, project: Mapping[str, Any]) -> bool:
        """Whether it asks for this event (X-Gitlab-Event) of this project (the project part of a body)."""
        ours = self.project_id == project["id"]
        if self.group is not None:
            ours = str(project["path_with_namespace"]).startswith(f"{self.group}/")
        return ours and FLAGS[event] in self.flags

    def alert_status(self, now: datetime) -> str:
        """``executable``, ``temporarily_disabled`` or ``disabled``."""
        if self.recent_failures >= _LIMIT:
            return "disabled"
        paused = self.disabled_until is not None and self.disabled_until >= now
        return "temporarily_disabled" if paused else "executable"

    def answered(self, *, good: bool, now: datetime) -> None:
        """Counts a delivery that was tried: ``good`` is an answer of 2xx or 3xx within the time-out."""
        if good:
            self.recent_failures, self.disabled_until = 0, None
            return
        self.recent_failures = min(self.recent_failures + 1, _LIMIT)
        if self.recent_failures > _PATIENCE:
            doublings = self.recent_failures - _PATIENCE - 1
            self.disabled_until = now + min(_FIRST_PAUSE * 2**doublings, _LONGEST_PAUSE)


class WebHooks:
    """Every hook of the instance. The API and the sender share it from their threads; ``clock`` gives an aware now."""

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.clock = clock
        self._hooks: dict[int, WebHook] = {}
        self._ids = count(501)
        self._lock = threading.Lock()

    def add(
        self,
        url: str,
        token: str,
        flags: frozenset[str],
        created_at: datetime,
        *,
        project_id: int | None = None,
        group: str | None = None,
    ) -> WebHook:
        """A new hook of a project or of a group."""
        with self._lock:
            made = WebHook(next(self._ids), url, token, flags, created_at, project_id, group)
            self._hooks[made.id] = made
            return made

    def remove(self, hook: WebHook) -> None:
        """It sends nothing any more."""
        with self._lock:
            self._hooks.pop(hook.id, None)

    def of(self, *, project_id: int | None = None, group: str | None = None) -> list[WebHook]:
        """A project's own hooks, or a group's own."""
        with self._lock:
            return [each for each in self._hooks.values() if (each.project_id, each.group) == (project_id, group)]

    def that_hear(self, event: str, project: Mapping[str, Any]) -> list[WebHook]:
        """The hooks that want this event now; those switched off do not, and nothing is kept for them."""
        with self._lock:
            return [each for each in self._hooks.values() if each.hears(event, project) and self._executable(each)]

    def executable(self, hook: WebHook) -> bool:
        """Whether it is still there and not switched off at this moment."""
        with self._lock:
            return hook.id in self._hooks and self._executable(hook)

    def _executable(self, hook: WebHook) -> bool:
        return hook.alert_status(self.clock()) == "executable"

    def answered(self, hook: WebHook, *, good: bool) -> None:
        """Counts a delivery that was tried."""
        with self._lock:
            hook.answered(good=good, now=self.clock())
