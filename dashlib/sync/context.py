"""What all steps of one sync share: the database, the client, the passes, the window, and what went wrong."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any, Protocol

from dashlib.model import Change, Delete, Put, Row, Upsert
from dashlib.settings import Settings
from dashlib.sources.tables import USERS
from dashlib.store import Store
from dashlib.store.bookkeeping import PROBLEMS
from dashlib.sync.budget import Budget
from dashlib.sync.client import Page, Refused, Unreachable
from dashlib.sync.loop import Loop, Task
from dashlib.sync.passes import SOURCE, Passes

_PATIENCE = 0.5
"""Seconds that rows may wait to be committed with others, as long as there is something to ask meanwhile."""
_WAITING_BYTES = 64 * 1024 * 1024
"""Bytes of logs that may wait for the writer before a lane waits with them."""


@dataclass(frozen=True)
class Project:
    """What the steps need to know of a project; ``order`` is its place in the listing."""

    id: int
    path: str
    order: int
    default_branch: str | None = None
    builds_enabled: bool | None = None
    issues_enabled: bool | None = None
    archived: bool = False
    last_activity_at: datetime | None = None
    open_issues: int | None = None


@dataclass
class Found:
    """What one run has found out about one project so far, so that no step asks the same thing twice.

    ``jobs_back_to`` is how far back its list of jobs was read, and ``jobs_began`` when that began (server's clock).
    ``gone``: something of it that must be there was not.
    """

    jobs_back_to: datetime | None = None
    jobs_began: datetime | None = None
    jobs_read_singly: bool = False
    schedules_listed: bool = False
    children_asked: bool = False
    gone: bool = False


@dataclass(frozen=True)
class Problem:
    """Something that could not be read; ``project`` is a path, or None where it concerns the source as a whole."""

    project: str | None
    message: str
    source: str = SOURCE


class Forge(Protocol):
    """What asks a forge: ``client.Client`` for GitLab, the others' stand beside their steps. All raise alike."""

    budget: Budget
    calls: Counter[str]

    def page(self, resource: str, path: str, params: Mapping[str, Any]) -> Page:
        """One page of a list."""

    def object(self, resource: str, path: str, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """One object."""

    def stream(self, resource: str, path: str, read: Any) -> Any:
        """A body too large to hold: ``read`` gets its chunks."""

    def close(self) -> None:
        """Let the connections go."""


@dataclass
class Context:
    """One run of one source. ``since`` is the start of the window (UTC); ``now`` the run's start."""

    settings: Settings
    store: Store
    client: Forge
    loop: Loop
    passes: Passes
    since: datetime
    now: datetime
    full: bool = False
    only: tuple[str, ...] = ()
    rows: Counter[str] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)
    projects: dict[int, Project] = field(default_factory=dict)
    source: str = SOURCE
    explain: Callable[[str, Exception, bool], str] | None = None

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._users: dict[int, Row] = {}
        self._waiting_bytes = 0
        self._keys: dict[str, set[tuple[Any, ...]]] = {}
        self._found: dict[int, Found] = {}
        self._known_problems = {
            (project, resource): first
            for project, resource, first in self.query(
                "select project_id, resource, first_at from bookkeeping.problems where source = $source",
                source=self.source,
            )
        }

    def found(self, project_id: int) -> Found:
        """The run's notes on a project, shared by all steps."""
        return self._found.setdefault(project_id, Found())

    def query(self, statement: str, **values: Any) -> list[tuple[Any, ...]]:
        """Rows of a question to the database, values bound by name."""
        reader = self.store.reader()
        try:
            return reader.execute(statement, values).fetchall()
        finally:
            reader.close()

    def write(self, changes: Sequence[Change]) -> None:
        """Hand rows to the writer and wait until they are on disk."""
        stored = self.submit(changes)
        self.hurry()
        stored.result()

    def hurry(self) -> None:
        """Nothing is left to do until what was handed over is on disk."""
        with suppress(RuntimeError):  # The store is closed: whoever hands something over is told.
            self.store.submit(())

    def submit_log(self, changes: Sequence[Change], size: int) -> None:
        """Hand over a log of so many bytes; waits where too many of them wait already."""
        with self._lock:
            self._waiting_bytes += size
            too_many = self._waiting_bytes > _WAITING_BYTES
        stored = self.submit(changes, size=size)
        stored.add_done_callback(partial(self._no_more_waiting, size))
        if too_many:
            self.hurry()
            stored.result()

    def _no_more_waiting(self, size: int, _: Future[int]) -> None:
        with self._lock:
            self._waiting_bytes -= size

    def submit(self, changes: Sequence[Change], after: Future[int] | None = None, size: int = 0) -> Future[int]:
        """Hand rows to the writer and count them; users met before in this run are not written again.

        They are not stored where what they come ``after`` could not be.
        """
        changes = [self._not_met_yet(change) for change in changes]
        with self._lock:
            for change in changes:
                if change.table.schema == "main":
                    known = self._keys.setdefault(change.table.name, set())
                    known.update(tuple(row[key] for key in change.table.key) for row in change.rows)
                    self.rows[change.table.name] = len(known)
        stored = self.store.submit(changes, patience=_PATIENCE, after=after, size=size)
        stored.add_done_callback(self._told_if_lost)
        return stored

    def _not_met_yet(self, change: Change) -> Change:
        if change.table is not USERS or not isinstance(change, Upsert):
            return change
        with self._lock:
            new = {row["id"]: row for row in change.rows if self._users.get(row["id"]) != row}
            self._users |= new
        return Upsert(USERS, list(new.values()))

    def _told_if_lost(self, stored: Future[int]) -> None:
        """Rows that cannot be written are a defect of ours: never silent, even where nobody waits for them."""
        if (error := stored.exception()) is not None:
            with self._lock:
                self.problems.append(Problem(None, f"rows could not be stored: {error}", self.source))
                # Whoever was met in them is written again.
                self._users.clear()

    def failed(self, task: Task, error: Exception) -> None:
        """Record a problem against the project; what follows from the task's failure goes on."""
        if isinstance(error, Refused) and error.status == 404:
            self.found(task.project_id).gone = True
        self.report(task.project_id, task.resource, self._explained(task, error))
        if task.on_failure is not None:
            self.loop.add(task.on_failure())

    def _explained(self, task: Task, error: Exception) -> str:
        """The error in the words of the source that was asked."""
        if self.explain is not None:
            return self.explain(task.resource, error, not task.project_id)
        return explained(task.resource, error, None if task.project_id else self.settings.gitlab_url)

    def report(self, project_id: int, resource: str, message: str, path: str | None = None) -> None:
        """One sentence about one project (0: the source itself, or the project that ``path`` names)."""
        project = self.projects.get(project_id)
        path = project.path if project else path
        with self._lock:
            self.problems.append(Problem(path, f"{resource}: {message}", self.source))
            now = datetime.now(UTC).replace(tzinfo=None)
            first = self._known_problems.setdefault((project_id, resource), now)
        row = {"source": self.source, "project_id": project_id, "resource": resource, "project": path}
        self.store.submit([Put(PROBLEMS, [row | {"message": message, "first_at": first, "last_at": now}])])

    def succeeded(self, project_id: int, resource: str) -> Iterable[Change]:
        """The change that takes an old problem off the list, if there was one."""
        with self._lock:
            if self._known_problems.pop((project_id, resource), None) is None:
                return []
        return [Delete(PROBLEMS, [{"source": self.source, "project_id": project_id, "resource": resource}])]


def explained(resource: str, error: Exception, address: str | None = None) -> str:
    """The error as a sentence, with what to do about it where we know; ``address`` where nothing at all was read."""
    if isinstance(error, Unreachable) and address is not None:
        return f"{address} cannot be reached: {error}; check GITLAB_URL, proxy and certificate"
    if isinstance(error, Refused):
        if error.status == 401:
            return f"the token was not accepted ({error.message}); make a new one with scope read_api"
        if error.status == 403:
            what = "CI/CD is off there, or the token's user may not see it (Reporter is enough)"
            return f"forbidden ({error.message}); {what}" if resource != "projects" else f"forbidden ({error.message})"
        if error.status == 404:
            return f"not found ({error.message}); deleted, moved, or no longer visible to the token"
        return error.message
    return str(error) or type(error).__name__
