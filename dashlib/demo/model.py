"""The nouns of the simulated GitLab: what the world is made of, before anything is JSON.

All times are aware UTC datetimes except the two git dates of a commit, which keep the author's own offset, as git does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

ZERO_SHA = "0" * 40
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(slots=True, frozen=True, eq=False)
class User:
    """An account. `emails` are the git identities that belong to it, the first being the one GitLab knows."""

    id: int
    username: str
    name: str
    emails: tuple[str, ...]
    git_names: tuple[str, ...]
    offset: int = 0
    state: str = "active"
    bot: bool = False
    public_email: str | None = None
    deleted: bool = False
    left_night: int | None = None
    busy: float = 1.0


@dataclass(slots=True, frozen=True)
class Member:
    """A person in a project's members list; 30 is developer, 40 maintainer, 50 owner."""

    user: User
    access_level: int
    created_at: datetime
    inherited: bool = False


@dataclass(slots=True, eq=False)
class Commit:
    """A git commit; `pushed_at` is when GitLab first saw it, which can be days after `committed`."""

    id: str
    title: str
    message: str
    author_name: str
    author_email: str
    authored: datetime
    committer_name: str
    committer_email: str
    committed: datetime
    parents: tuple[str, ...]
    additions: int
    deletions: int
    trailers: tuple[tuple[str, str], ...] = ()
    files: tuple[str, ...] = ()
    pushed_at: datetime | None = None


@dataclass(slots=True, eq=False)
class Branch:
    """A branch that still exists."""

    name: str
    head: str
    merged: bool = False
    protected: bool = False


@dataclass(slots=True, eq=False)
class Schedule:
    """A pipeline schedule; from `stops_at` on it makes no pipelines, whatever `active` says."""

    id: int
    project_id: int
    description: str
    ref: str
    cron: str
    cron_timezone: str
    active: bool
    owner: User | None
    created_at: datetime
    updated_at: datetime
    stops_at: datetime | None = None
    pipelines: list[Pipeline] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Pipeline:
    """`slot` is the cron time that made it; a schedule started by hand has a schedule but no slot."""

    project: Project
    sha: str
    ref: str
    source: str
    status: str
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    duration: int | None
    queued_duration: int | None
    user: User | None
    before_sha: str = ZERO_SHA
    tag: bool = False
    coverage: str | None = None
    name: str | None = None
    schedule: Schedule | None = None
    slot: datetime | None = None
    id: int = 0
    iid: int = 0
    jobs: list[Job] = field(default_factory=list)
    bridges: list[Job] = field(default_factory=list)
    parent: Job | None = None

    @property
    def is_child(self) -> bool:
        """Whether the pipelines list hides it (GITLAB.md 2.3)."""
        return self.source == "parent_pipeline"


@dataclass(slots=True, eq=False)
class Job:
    """A job or (`bridge`) a trigger job. `cause` is why it failed, in this world's own words: see toolchains.CAUSES.

    `retried` is what GitLab knows but never tells: a later attempt of the same name exists in the pipeline.
    `planned` is how a job that is still under way at the world's end will turn out.
    """

    pipeline: Pipeline
    name: str
    stage: str
    status: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    queued: float | None
    allow_failure: bool = False
    failure_reason: str | None = None
    cause: str | None = None
    runner: int | None = None
    user: User | None = None
    retried: bool = False
    manual: bool = False
    bridge: bool = False
    no_commit: bool = False
    trace: str = "normal"
    coverage: float | None = None
    planned: tuple[str, str | None, float] | None = None
    downstream: Pipeline | None = None
    id: int = 0

    @property
    def project(self) -> Project:
        """The project of its pipeline."""
        return self.pipeline.project

    @property
    def duration(self) -> float | None:
        """Seconds from start to end, None while there is no end."""
        if self.started_at is None or self.finished_at is None:
            return None
        return (self.finished_at - self.started_at) / timedelta(seconds=1)


@dataclass(slots=True, eq=False)
class Event:
    """One row of the events table. A `hidden` one is counted by the pager but never shown (GITLAB.md 1)."""

    project_id: int
    action: str
    action_name: str
    created_at: datetime
    author: User
    target_type: str | None = None
    target_id: int | None = None
    target_iid: int | None = None
    target_title: str | None = None
    push: Mapping[str, Any] | None = None
    note: Note | None = None
    data: Mapping[str, Any] | None = None
    hidden: bool = False
    id: int = 0


@dataclass(slots=True, eq=False)
class Note:
    """A comment on an issue, merge request or commit."""

    id: int
    body: str
    author: User
    created_at: datetime
    noteable_type: str
    noteable_id: int
    noteable_iid: int | None
    system: bool = False


@dataclass(slots=True, eq=False)
class Issue:
    """An issue with its comments."""

    id: int
    iid: int
    project_id: int
    title: str
    description: str
    author: User
    created_at: datetime
    updated_at: datetime
    state: str = "opened"
    closed_at: datetime | None = None
    closed_by: User | None = None
    labels: tuple[str, ...] = ()
    assignees: tuple[User, ...] = ()
    confidential: bool = False
    due_date: str | None = None
    issue_type: str = "issue"
    notes: list[Note] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class MergeRequest:
    """A merge request; `head` is the last commit of its source branch."""

    id: int
    iid: int
    project_id: int
    title: str
    source_branch: str
    target_branch: str
    author: User
    created_at: datetime
    updated_at: datetime
    state: str = "opened"
    merge_commit: str | None = None
    head: str | None = None


@dataclass(slots=True, eq=False)
class Project:
    """A repository and everything in it; lists are in ascending order of id.

    `word` is the domain word its files and tests are named after; `heads` the default branch's tips by push time.
    """

    id: int
    path: str
    name: str
    toolchain: str
    default_branch: str | None
    created_at: datetime
    description: str
    word: str
    archived: bool = False
    ci: bool = True
    visibility: str = "internal"
    topics: tuple[str, ...] = ()
    old_path: str | None = None
    token_member: bool = True
    story: bool = False
    calm: bool = False
    updated_at: datetime = LONG_AGO
    last_activity_at: datetime = LONG_AGO
    team: list[User] = field(default_factory=list)
    members: list[Member] = field(default_factory=list)
    schedules: list[Schedule] = field(default_factory=list)
    pipelines: list[Pipeline] = field(default_factory=list)
    jobs: list[Job] = field(default_factory=list)
    bridges: list[Job] = field(default_factory=list)
    commits: dict[str, Commit] = field(default_factory=dict)
    branches: dict[str, Branch] = field(default_factory=dict)
    issues: list[Issue] = field(default_factory=list)
    merge_requests: list[MergeRequest] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    pipeline_by_id: dict[int, Pipeline] = field(default_factory=dict)
    job_by_id: dict[int, Job] = field(default_factory=dict)
    heads: list[tuple[datetime, str]] = field(default_factory=list)

    @property
    def namespace(self) -> str:
        """The full path of its group."""
        return self.path.rpartition("/")[0]

    @property
    def slug(self) -> str:
        """The last part of its path."""
        return self.path.rpartition("/")[2]
