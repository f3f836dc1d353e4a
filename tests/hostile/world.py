"""What the hostile GitLab knows: repositories and everything in them, built from a seed around the real clock.

Nothing here is shared with ``dashlib``: it is a second reading of GitLab's documents. Times are naive UTC.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha1
from typing import Any

Json = dict[str, Any]

NASTY = (
    "He said \"quote\" and 'apostrophe'",
    "two\nlines\r\nand a\ttab",
    "emoji 🦄👩‍👩‍👧 𝔘𝔫𝔦𝔠𝔬𝔡𝔢 漢字",
    "'; drop table pipelines; --",
    "<script>alert('x')</script> & <b>bold</b>",
    "back\\slash %s %(x)s {braces} $1 :name ?",
    "\u202eright to left\u202c \u200bzero width",
    "[link](javascript:alert(1)) | pipe | *md*",
    " leading and trailing ",
)
FUTURE_REASONS = ("quantum_decoherence", "job_router_failure", "runner_on_holiday", "id_token_burned_project_path")


def iso(moment: datetime | None, style: str = "ms") -> str | None:
    """A time as this or that version of GitLab writes it."""
    if moment is None:
        return None
    if style == "seconds":
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    if style == "offset":
        there = moment + timedelta(hours=5, minutes=30)
        return there.strftime("%Y-%m-%dT%H:%M:%S.") + f"{there.microsecond // 1000:03d}+05:30"
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


@dataclass
class Ids:
    """Numbers as GitLab gives them: rising, shared by all repositories, and beyond 2^31."""

    next: int = 2**31 - 40

    def __call__(self) -> int:
        self.next += 1
        return self.next


@dataclass
class Pipeline:
    id: int
    iid: int
    status: str
    source: str | None
    ref: str
    sha: str
    created_at: datetime
    updated_at: datetime
    user: str | None
    tag: bool = False
    schedule: int | None = None
    parent: int | None = None
    name: str | None = None
    yaml_errors: str | None = None
    jobs: list[Job] = field(default_factory=list, repr=False)


@dataclass
class Job:
    id: int
    pipeline: Pipeline
    name: str
    stage: str
    status: str
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    allow_failure: bool = False
    failure_reason: str | None = None
    user: str | None = None
    runner: int | None = None
    downstream: int | None = None
    bridge: bool = False


@dataclass
class Commit:
    sha: str
    title: str
    message: str
    author_name: str
    author_email: str
    authored_at: datetime
    committed_at: datetime
    parents: list[str]
    offset: int = 0
    additions: int = 0
    deletions: int = 0
    co_authors: tuple[str, ...] = ()


@dataclass
class Schedule:
    id: int
    description: str
    ref: str
    cron: str
    zone: str
    active: bool
    owner: str | None
    created_at: datetime
    old_runs: int = 0
    """Entries from long ago in its list of pipelines, older than anything else."""


@dataclass
class Repo:
    """One repository. ``refuse`` maps a resource to the status that every question about it gets."""

    world: World
    id: int
    path: str
    name: str
    default_branch: str | None = "main"
    style: str = "ms"
    archived: bool = False
    last_activity_at: datetime = datetime(2020, 1, 1)
    updated_at: datetime = datetime(2020, 1, 1)
    builds: bool = True
    issues_on: bool = True
    gone: bool = False
    says_feature_flags: bool = True
    moved_from: list[str] = field(default_factory=list)
    refuse: dict[str, int] = field(default_factory=dict)
    commits_answer: str = "list"
    schedules: list[Schedule] = field(default_factory=list)
    pipelines: list[Pipeline] = field(default_factory=list)
    jobs: list[Job] = field(default_factory=list)
    commits: dict[str, Commit] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)
    events: list[Json] = field(default_factory=list)
    hidden_events: set[int] = field(default_factory=set)
    issues: list[Json] = field(default_factory=list)
    members: dict[str, int] = field(default_factory=dict)
    traces: dict[int, bytes | None] = field(default_factory=dict)

    # -- what happens in it

    def schedule(self, description: str, ref: str = "main", owner: str | None = "alice", **rest: Any) -> Schedule:
        made = Schedule(
            self.world.ids(), description, ref, rest.pop("cron", "30 2 * * *"), rest.pop("zone", "UTC"),
            rest.pop("active", True), owner, self.world.now - timedelta(days=400), **rest,
        )  # fmt: skip
        self.schedules.append(made)
        return made

    def pipeline(self, at: datetime, source: str | None = "push", status: str = "success", **rest: Any) -> Pipeline:
        made = Pipeline(
            self.world.ids(), len(self.pipelines) + 1, status, source, rest.pop("ref", self.default_branch or "main"),
            rest.pop("sha", None) or self.sha(f"{self.id}-{at}-{len(self.pipelines)}"), at, rest.pop("updated_at", at),
            rest.pop("user", "alice"), **rest,
        )  # fmt: skip
        self.pipelines.append(made)
        return made

    def job(self, pipeline: Pipeline, name: str, status: str = "success", **rest: Any) -> Job:
        wait, run = rest.pop("wait", 20), rest.pop("run", 300)
        created = rest.pop("created_at", pipeline.created_at)
        started = finished = None
        if status in ("success", "failed", "running", "canceling"):
            started = created + timedelta(seconds=wait)
        if status in ("success", "failed"):
            finished = created + timedelta(seconds=wait + run)
        if status == "canceled":
            finished = created + timedelta(seconds=wait)
        made = Job(
            self.world.ids(), pipeline, name, rest.pop("stage", "test"), status, created, started, finished,
            user=rest.pop("user", pipeline.user), runner=rest.pop("runner", 7), **rest,
        )  # fmt: skip
        if status == "failed" and made.failure_reason is None:
            made.failure_reason = "script_failure"
        self.jobs.append(made)
        pipeline.jobs.append(made)
        pipeline.updated_at = max(pipeline.updated_at, *(t + timedelta(seconds=1) for t in (created, finished) if t))
        if status == "failed" and not made.bridge and made.id not in self.traces:
            self.traces[made.id] = self.world.log(self, made)
        return made

    def commit(self, at: datetime, branch: str | None = None, **rest: Any) -> Commit:
        branch = branch or self.default_branch or "main"
        parents = rest.pop("parents", None)
        if parents is None:
            parents = [self.branches[branch]] if branch in self.branches else []
        title = rest.pop("title", f"Change {len(self.commits)}")
        made = Commit(
            self.sha(f"c{self.id}-{len(self.commits)}-{at}"), title, rest.pop("message", f"{title}\n\nBecause.\n"),
            rest.pop("author_name", "Alice Example"), rest.pop("author_email", "alice@example.com"),
            rest.pop("authored_at", at), at, parents, **rest,
        )  # fmt: skip
        self.commits[made.sha] = made
        self.branches[branch] = made.sha
        return made

    def event(self, at: datetime | None, action: str, **rest: Any) -> Json:
        author = rest.pop("author", "alice")
        made: Json = {
            "id": self.world.ids(),
            "project_id": self.id,
            "action_name": action,
            "target_id": None,
            "target_iid": None,
            "target_type": None,
            "author_id": self.world.users[author]["id"] if author else 99,
            "target_title": None,
            "created_at": iso(at, self.style),
            "author_username": author or "ghost-of-someone",
            **rest,
        }
        if author:
            made["author"] = self.world.user(author)
        made["_at"] = at
        self.events.append(made)
        return made

    def push_event(self, at: datetime, commits: list[Commit], branch: str = "main", **rest: Any) -> Json:
        push = {
            "commit_count": len(commits),
            "action": "pushed",
            "ref_type": "branch",
            "commit_from": commits[0].parents[0] if commits and commits[0].parents else None,
            "commit_to": commits[-1].sha if commits else None,
            "ref": branch,
            "commit_title": commits[-1].title[:70] if commits else None,
            "ref_count": None,
        } | rest.pop("push", {})
        return self.event(at, rest.pop("action", "pushed to"), push_data=push, **rest)

    def issue(self, created: datetime, updated: datetime, state: str = "opened", **rest: Any) -> Json:
        iid = max((i["iid"] for i in self.issues), default=0) + 1
        made: Json = {
            "id": self.world.ids(),
            "iid": iid,
            "project_id": self.id,
            "title": f"Issue {iid}",
            "description": "text",
            "state": state,
            "created_at": iso(created, self.style),
            "updated_at": iso(updated, self.style),
            "closed_at": iso(updated, self.style) if state == "closed" else None,
            "labels": ["bug"],
            "author": self.world.user("alice"),
            "assignees": [],
            "milestone": None,
            "confidential": False,
            "issue_type": "issue",
            "due_date": None,
            "web_url": f"{self.web_url}/-/issues/{iid}",
            "task_completion_status": {"count": 0, "completed_count": 0},
            **rest,
            "_created": created,
            "_updated": updated,
        }
        self.issues.append(made)
        return made

    def active(self, at: datetime) -> None:
        """GitLab bumps it at most once an hour."""
        if at - self.last_activity_at > timedelta(hours=1):
            self.last_activity_at = at

    # -- questions

    @property
    def web_url(self) -> str:
        return f"{self.world.web}/{self.path}"

    def sha(self, text: str) -> str:
        return sha1(f"{self.id}/{text}".encode()).hexdigest()

    def jobs_of(self, pipeline: Pipeline) -> list[Job]:
        return pipeline.jobs

    def retried(self, job: Job) -> bool:
        return any(j.name == job.name and j.id > job.id and j.bridge == job.bridge for j in job.pipeline.jobs)

    def reachable(self, heads: list[str]) -> Iterator[Commit]:
        seen: set[str] = set()
        todo = list(heads)
        while todo:
            sha = todo.pop()
            if sha in seen or sha not in self.commits:
                continue
            seen.add(sha)
            yield self.commits[sha]
            todo += self.commits[sha].parents


@dataclass
class World:
    """All repositories, and the clock they were built around (a whole second)."""

    seed: int = 1
    web: str = "https://gitlab.invalid"
    now: datetime = field(default_factory=lambda: datetime.now(UTC).replace(tzinfo=None, microsecond=0))
    ids: Ids = field(default_factory=Ids)
    repos: dict[int, Repo] = field(default_factory=dict)
    users: dict[str, Json] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        for number, name in enumerate(("alice", "bob", "carol", "dave", "project_12_bot_abc"), start=2**31 + 5):
            self.users[name] = {
                "id": number,
                "username": name,
                "name": f"{name.title()} {NASTY[number % len(NASTY)]}",
                "state": "active",
                "avatar_url": None,
                "web_url": f"{self.web}/{name}",
            }

    def user(self, name: str | None) -> Json | None:
        return dict(self.users[name]) if name else None

    def repo(self, path: str, **rest: Any) -> Repo:
        made = Repo(self, self.ids(), path, rest.pop("name", path.rpartition("/")[2]), **rest)
        made.members = {"alice": 50, "bob": 30}
        self.repos[made.id] = made
        return made

    def ago(self, days: float = 0, hours: float = 0, minutes: float = 0) -> datetime:
        """A moment in the past, with milliseconds."""
        ms = timedelta(milliseconds=self.random.randrange(1000))
        return self.now - timedelta(days=days, hours=hours, minutes=minutes) - ms

    def log(self, repo: Repo, job: Job) -> bytes:
        """An ordinary log of a failed job."""
        return (
            f"\x1b[0KRunning with gitlab-runner 18.3.0\x1b[0;m\n"
            f"section_start:1700000000:step_script\r\x1b[0K\x1b[36;1mExecuting {job.name}\x1b[0;m\n"
            f"$ make test {job.id} in {repo.path}\nFAILED tests/test_x.py::test_y - AssertionError\n"
            f"section_end:1700000009:step_script\r\x1b[0K\x1b[31;1mERROR: Job failed: exit code 1\x1b[0;m\n"
        ).encode("utf-8", "replace")


def nights(repo: Repo, schedule: Schedule, days: int, jobs: int = 5, failing: float = 0.3) -> None:
    """One scheduled pipeline a night, oldest first; some fail, some jobs are retried."""
    world = repo.world
    for day in range(days, 0, -1):
        at = world.ago(day, hours=2)
        bad = world.random.random() < failing
        line = repo.pipeline(at, "schedule", "failed" if bad else "success", ref=schedule.ref, schedule=schedule.id)
        for number in range(jobs):
            fails = bad and number == jobs - 1
            repo.job(line, f"job {number}", "failed" if fails else "success", run=60 + number)
        if world.random.random() < 0.25:
            first = repo.job(line, "flaky", "failed", run=30)
            repo.job(line, "flaky", "success", created_at=first.created_at + timedelta(minutes=4), user="bob")
