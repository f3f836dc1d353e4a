"""What happens between two syncs: each story is a repository, and what changes in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

from tests.hostile.company import history
from tests.hostile.world import Repo, World, iso, nights

Story = Callable[[World, str], Iterator[Repo]]
"""Yields the repository before the first sync, and once more after it has changed."""


def pipeline_finishes(world: World, path: str) -> Iterator[Repo]:
    repo = world.repo(path)
    schedule = repo.schedule("nightly")
    nights(repo, schedule, 12, 3)
    line = repo.pipeline(world.ago(0, minutes=20), "schedule", "running", schedule=schedule.id)
    first, second, third = (
        repo.job(line, "a", "running"),
        repo.job(line, "b", "pending"),
        repo.job(line, "c", "created"),
    )
    yield repo
    at = world.now
    line.status, line.updated_at = "failed", at
    first.status, first.finished_at, first.failure_reason = "failed", at, "script_failure"
    second.status, second.started_at, second.finished_at = "success", at - timedelta(seconds=50), at
    third.status = "skipped"
    repo.traces[first.id] = world.log(repo, first)
    yield repo


def job_is_retried(world: World, path: str) -> Iterator[Repo]:
    """In an old pipeline: it runs again, then succeeds; what was skipped goes round again."""
    repo = world.repo(path)
    schedule = repo.schedule("nightly")
    nights(repo, schedule, 12, 3, failing=0)
    line = repo.pipelines[4]
    failed = repo.job(line, "tests", "failed")
    later = repo.job(line, "deploy", "skipped", stage="deploy")
    line.status = "failed"
    yield repo
    at = world.now - timedelta(minutes=2)
    repo.job(line, "tests", "success", created_at=at, run=30, user="bob")
    later.status, later.started_at, later.finished_at = (
        "success",
        at + timedelta(seconds=60),
        at + timedelta(seconds=70),
    )
    line.status, line.updated_at = "success", world.now
    assert failed.status == "failed"
    yield repo


def new_night(world: World, path: str) -> Iterator[Repo]:
    repo = world.repo(path)
    schedule = repo.schedule("nightly")
    nights(repo, schedule, 12, 3)
    yield repo
    line = repo.pipeline(world.now, "schedule", "failed", schedule=schedule.id)
    repo.job(line, "job 0", "failed", run=30)
    yield repo


def first_child(world: World, path: str) -> Iterator[Repo]:
    """A project that had no child pipelines gets one."""
    repo = world.repo(path)
    nights(repo, repo.schedule("nightly"), 12, 3)
    yield repo
    line = repo.pipeline(world.now, "schedule", "failed", schedule=repo.schedules[0].id)
    trigger = repo.job(line, "trigger", "failed", bridge=True, runner=None)
    child = repo.pipeline(world.now, "parent_pipeline", "failed", sha=line.sha, parent=line.id)
    trigger.downstream = child.id
    repo.job(child, "inside", "failed", run=60)
    yield repo


def downstream_elsewhere(world: World, path: str) -> Iterator[Repo]:
    """A trigger job starts a pipeline of another project; the trigger fails, so it is asked for."""
    repo, other = world.repo(path), world.repo(f"{path}-other")
    line = repo.pipeline(world.ago(3), "schedule", "failed", schedule=repo.schedule("nightly").id)
    repo.job(line, "build")
    there = other.pipeline(line.created_at + timedelta(seconds=9), "pipeline", "failed")
    other.job(there, "tests", "failed")
    repo.job(line, "trigger", "failed", bridge=True).downstream = there.id
    yield repo
    yield repo


def late_commits(world: World, path: str) -> Iterator[Repo]:
    """Pushed now, made days ago, merged into the main line."""
    repo = world.repo(path)
    history(repo, 12)
    yield repo
    old = world.ago(6).replace(microsecond=0)
    base = next(c.sha for c in repo.commits.values() if c.committed_at < old)
    late = [
        repo.commit(old + timedelta(minutes=n), branch="late", parents=[base] if not n else None) for n in range(130)
    ]
    now = world.now
    repo.push_event(now, late, branch="late", action="pushed new", push={"action": "created", "commit_from": None})
    merge = repo.commit(now, parents=[repo.branches["main"], late[-1].sha], title="Merge late")
    repo.push_event(now, [merge])
    repo.last_activity_at = now
    yield repo


def late_bulk_push(world: World, path: str) -> Iterator[Repo]:
    """Old commits pushed on four branches at once: the event names none of them."""
    repo = world.repo(path)
    history(repo, 12)
    yield repo
    old = world.ago(6).replace(microsecond=0)
    base = next(c.sha for c in repo.commits.values() if c.committed_at < old)
    for branch in "abcd":
        repo.commit(old, branch=f"bulk-{branch}", parents=[base], title=branch)
    now = world.now
    none = {"action": "created", "commit_count": 0, "ref_count": 4, "ref": None, "commit_to": None, "commit_from": None}
    repo.push_event(now, [], action="pushed new", push=none)
    repo.last_activity_at = now
    yield repo


def within_the_hour(world: World, path: str) -> Iterator[Repo]:
    """last_activity_at was bumped minutes before the first sync: it does not move again."""
    repo = world.repo(path)
    history(repo, 12)
    repo.last_activity_at = world.now - timedelta(minutes=10)
    issue = repo.issue(world.ago(2), world.ago(2))
    yield repo
    now = world.now
    commit = repo.commit(now.replace(microsecond=0))
    repo.push_event(now, [commit])
    issue.update(title="Another title", updated_at=iso(now, repo.style), _updated=now)
    yield repo


def issue_moves(world: World, path: str) -> Iterator[Repo]:
    """Closed, with the project's activity; the events say so."""
    repo = world.repo(path)
    history(repo, 12)
    yield repo
    now, issue = world.now, repo.issues[0]
    issue.update(state="closed", updated_at=iso(now, repo.style), closed_at=iso(now, repo.style), _updated=now)
    repo.event(now, "closed", target_type="Issue", target_iid=issue["iid"])
    repo.last_activity_at = now
    yield repo


def renamed(world: World, path: str) -> Iterator[Repo]:
    """Towards the front of the alphabet, archived, another default branch."""
    repo = world.repo(path, name="zebra", default_branch="trunk")
    repo.commit(world.ago(3).replace(microsecond=0), branch="trunk")
    repo.last_activity_at = repo.updated_at = world.ago(2)
    yield repo
    repo.branches["main"] = repo.branches["trunk"]
    repo.path, repo.name, repo.archived, repo.default_branch = f"{path}-a/aardvark", "aardvark", True, "main"
    repo.updated_at = world.now
    yield repo


def unarchived(world: World, path: str) -> Iterator[Repo]:
    repo = world.repo(path, archived=True, default_branch="trunk")
    repo.last_activity_at = repo.updated_at = world.ago(2)
    yield repo
    repo.archived, repo.default_branch = False, "a-branch"
    repo.updated_at = world.now
    line = repo.pipeline(world.now, "push")
    repo.job(line, "again", run=30)
    yield repo


def schedules_were_forbidden(world: World, path: str) -> Iterator[Repo]:
    """The token could not see the schedules at first."""
    repo = world.repo(path, refuse={"schedules": 403})
    nights(repo, repo.schedule("nightly"), 8, 3)
    yield repo
    repo.refuse.clear()
    yield repo


def schedule_appears(world: World, path: str) -> Iterator[Repo]:
    """Made after the first sync, and it has run."""
    repo = world.repo(path)
    nights(repo, repo.schedule("nightly"), 12, 3)
    yield repo
    fresh = repo.schedule("fresh")
    line = repo.pipeline(world.now, "schedule", schedule=fresh.id)
    repo.job(line, "x", run=60)
    yield repo


def new_events(world: World, path: str) -> Iterator[Repo]:
    """More than a page of them."""
    repo = world.repo(path)
    history(repo, 12)
    yield repo
    for number in range(230):
        repo.event(world.now + timedelta(milliseconds=number), "commented on", target_type="Note")
    repo.last_activity_at = world.now
    yield repo


STORIES: dict[str, Story] = {
    story.__name__: story
    for story in (
        pipeline_finishes, job_is_retried, new_night, first_child,
        downstream_elsewhere, late_commits,
        late_bulk_push, within_the_hour, issue_moves, renamed, unarchived, schedules_were_forbidden,
        schedule_appears, new_events,
    )
}  # fmt: skip
