"""Worlds: a small honest one, and the oddities of GITLAB.md, each a function that adds a repository."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from tests.hostile.world import FUTURE_REASONS, NASTY, Json, Repo, World, iso, nights

WINDOW = 10


def small(repos: int = 4, days: int = 14, jobs: int = 5, failing: float = 0.3) -> World:
    """A few ordinary repositories; nights reach back behind the window."""
    world = World()
    for number in range(repos):
        repo = world.repo(f"team/repo-{number}")
        nights(repo, repo.schedule("nightly"), days, jobs, failing)
        history(repo, days)
    return world


def history(repo: Repo, days: int) -> None:
    """A commit, its push and its pipeline a day; an issue every third day."""
    world = repo.world
    for day in range(days, 0, -1):
        at = world.ago(day, hours=-3).replace(microsecond=0)
        commit = repo.commit(at, additions=day, deletions=1)
        repo.push_event(at + timedelta(seconds=5), [commit])
        line = repo.pipeline(at + timedelta(seconds=9), sha=commit.sha)
        repo.job(line, "build")
        if day % 3 == 0:
            issue = repo.issue(at, at + timedelta(hours=1), "closed" if day % 2 else "opened")
            repo.event(at, "opened", target_type="Issue", target_id=issue["id"], target_iid=issue["iid"])
        repo.last_activity_at = repo.updated_at = at


def nasty_names(world: World) -> Repo:
    """Quotes, newlines, emoji, SQL, HTML, half a surrogate pair, in every name there is."""
    repo = world.repo("odd/näme.with-ünïcode", name=NASTY[2])
    half = "half \ud83d pair \udc00 end"
    for number, text in enumerate((*NASTY, half, "x" * 3000)):
        at = world.ago(5, hours=-number).replace(microsecond=0)
        schedule = repo.schedule(text, ref=f"feature/#{number}-ä b")
        line = repo.pipeline(at, "schedule", "failed", ref=schedule.ref, schedule=schedule.id, user="bob")
        repo.job(line, text, "failed", stage=text, failure_reason=FUTURE_REASONS[number % 4])
        commit = repo.commit(at, title=text[:255], message=text, author_name=text, author_email=text)
        repo.push_event(at, [commit], branch=text)
        repo.issue(at, at, title=text, description=text, labels=[text, "a,b"])
        repo.event(at, "commented on", target_type="DiscussionNote", target_title=text, note=_note(number, text, at))
    return repo


def _note(ident: int, text: str, at: Any) -> Json:
    return {"id": ident + 1, "body": text, "attachment": None, "author": None, "created_at": iso(at), "system": False}


def odd_ci(world: World) -> Repo:
    """Statuses and reasons from the future; null users, runners and sources; retries; skipped and manual jobs."""
    repo = world.repo("odd/ci", style="seconds")
    schedule = repo.schedule("nightly", owner=None, zone="Pacific Time (US & Canada)")
    repo.schedule("off", active=False)
    for day in range(9, 0, -1):
        at = world.ago(day).replace(microsecond=0)
        line = repo.pipeline(at, "schedule", "failed", schedule=schedule.id, user=None)
        repo.job(line, "a", "failed", failure_reason=FUTURE_REASONS[day % 4], user=None, runner=None)
        repo.job(line, "b", "time_traveling", run=0)
        repo.job(line, "c", "canceled")
        repo.job(line, "d", "skipped")
        repo.job(line, "e", "manual")
        repo.job(line, "f", "failed", allow_failure=True)
        for _ in range(3):
            repo.job(line, "again", "failed")
        repo.job(line, "again", "success")
    at = world.ago(2).replace(microsecond=0)
    repo.pipeline(at, None, "failed", yaml_errors="jobs:x config should be a hash", user="carol")
    future = repo.pipeline(at, "pigeon_post", "hibernating", name="named")
    repo.job(future, "x", "hibernating", run=0)
    tag = repo.pipeline(at, "push", "failed", ref="v1.0", tag=True)
    repo.job(tag, "release", "failed")
    return repo


def children(world: World) -> Repo:
    """Child pipelines, hidden unless asked for; the trigger jobs that started them."""
    repo = world.repo("odd/children")
    schedule = repo.schedule("nightly")
    for day in (8, 5, 2):
        at = world.ago(day)
        parent = repo.pipeline(at, "schedule", "failed", schedule=schedule.id)
        repo.job(parent, "prepare")
        trigger = repo.job(parent, "trigger", "failed", bridge=True, runner=None)
        child = repo.pipeline(at + timedelta(minutes=6), "parent_pipeline", "failed", sha=parent.sha, parent=parent.id)
        trigger.downstream = child.id
        repo.job(child, "inside", "failed")
        repo.job(child, "fine")
        repo.job(
            parent,
            "no downstream",
            "failed",
            bridge=True,
            runner=None,
            failure_reason="downstream_bridge_project_not_found",
        )
    good = repo.pipeline(world.ago(1), "push", "success")
    repo.job(good, "ok")
    below = repo.pipeline(world.ago(1), "parent_pipeline", "success", sha=good.sha, parent=good.id)
    repo.job(below, "ok below")
    return repo


def odd_events(world: World) -> Repo:
    """Short and empty pages, nobody's events, no dates, bulk pushes, the old format, words from the documents."""
    repo = world.repo("odd/events")
    for number in range(430):
        event = repo.event(world.ago(9 - number / 50), "commented on", target_type="DiffNote", target_id=number)
        event["_key"] = number
        if 120 <= number < 330 or number % 7 == 0:
            repo.hidden_events.add(number)
    at = world.ago(0, hours=3)
    repo.event(at, "joined", author=None)
    undated = repo.event(None, "opened", target_type="WorkItem", target_id=2**40)
    undated["created_at"] = None
    repo.push_event(
        at, [], push={"commit_count": 0, "ref_count": 7, "ref": None, "commit_to": None, "commit_from": None}
    )
    new = repo.commit(at.replace(microsecond=0), branch="topic/#1")
    repo.push_event(at, [new], branch="topic/#1", action="pushed new", push={"action": "created", "commit_from": None})
    repo.push_event(at, [], branch="old", action="deleted", push={"action": "removed", "commit_count": 0})
    repo.push_event(at, [new], action="pushed")
    repo.event(at, "opened", target_type="Issue", _really="reopened")
    repo.event(at, "transmogrified", target_type="Hologram")
    data = {
        "before": "0" * 40, "after": "a" * 40, "ref": "refs/heads/ancient/ref", "user_id": 3, "user_name": "x",
        "repository": {"name": "r"}, "commits": [{"id": "a" * 40, "message": "first\nline", "author": {"name": "n"}}],
        "total_commits_count": 4,
    }  # fmt: skip
    old = repo.event(at, "opened", data=data)
    old["_want"] = (
        old["id"],
        "pushed new",
        None,
        "alice",
        at,
        "created",
        "branch",
        "ancient/ref",
        4,
        None,
        None,
        "a" * 40,
        *(None,) * 5,
        "first",
    )
    return repo


def odd_commits(world: World) -> Repo:
    """One second for many, clocks a day ahead, octopus merges, nobody as author, co-authors, side branches."""
    repo = world.repo("odd/commits", default_branch="trunk")
    at = world.ago(4).replace(microsecond=0)
    for number in range(250):
        repo.commit(at, additions=number, offset=-330 if number % 2 else 765)
    for number in range(3):
        repo.commit(at + timedelta(hours=1), branch=f"side-{number}", parents=[repo.branches["trunk"]])
    heads = [repo.branches[b] for b in ("trunk", "side-0", "side-1", "side-2")]
    repo.commit(at + timedelta(hours=2), parents=heads, title="Merge octopus", author_name="", author_email="")
    repo.commit(world.now + timedelta(hours=30), title="From tomorrow")
    repo.commit(
        at + timedelta(hours=2, minutes=5),
        title="Together",
        message="Together\n\nCo-authored-by: In the middle <no@one.example>\n\nReviewed-by: R <r@x.example>\r\n"
        "CO-AUTHORED-BY: Bob Example <bob@example.com>\nCo-authored-by: Bob again <BOB@example.com>\n"
        "Co-authored-by: nobody\nCo-authored-by:  Ünï Cödé  <u@example.com> \n",
        co_authors=("Bob Example <bob@example.com>", "Ünï Cödé <u@example.com>"),
    )
    repo.commit(at + timedelta(hours=3), branch="unmerged", parents=[repo.branches["trunk"]])
    repo.commit(world.ago(40).replace(microsecond=0), branch="long-ago", parents=[])
    repo.last_activity_at = world.ago(1)
    return repo


def logs(world: World) -> Repo:
    """Logs of every shape."""
    repo = world.repo("odd/logs")
    schedule = repo.schedule("nightly")
    shapes: list[bytes | None] = [
        b"",
        None,
        b"head \xff\xfe\x00 NUL \x80 invalid\n" + b"ERROR: Job failed: exit code 1\n",
        b"2024-05-14T11:19:20.000000Z 00O hi\n2024-05-14T11:19:20.000001Z 00O+there\r\rprogress 1%\rprogress 99%\n",
        (b"x" * 99 + b"\n") * 52_000 + b"ERROR: Job failed: exit code 1\n",
        b"\xf0\x9f\xa6",
        b"\r\n\r\n",
    ]
    for number, shape in enumerate(shapes):
        line = repo.pipeline(world.ago(9 - number), "schedule", "failed", schedule=schedule.id)
        repo.traces[repo.job(line, "one", "failed").id] = shape
    return repo


def many(world: World) -> Repo:
    """More pipelines than a page, more jobs than a page in one of them, more than a thousand jobs."""
    repo = world.repo("odd/many", style="offset")
    schedule = repo.schedule("hourly", cron="0 * * * *", zone="Europe/Berlin")
    for hour in range(24 * 13, 0, -1):
        line = repo.pipeline(world.ago(0, hours=hour), "schedule" if hour % 2 else "push", ref="main")
        line.schedule = schedule.id if hour % 2 else None
        for number in range(230 if hour == 50 else 5):
            repo.job(line, f"j{number}", "failed" if hour % 40 == 0 and number == 1 else "success", run=20)
        if hour % 40 == 0:
            line.status = "failed"
    return repo


def two_schedules(world: World) -> Repo:
    """Two schedules on one branch, one with thousands of runs from long ago."""
    repo = world.repo("odd/schedules")
    old, new = repo.schedule("old", old_runs=2345), repo.schedule("new", ref="main")
    for day in range(9, 0, -1):
        for schedule in (old, new):
            repo.job(repo.pipeline(world.ago(day), "schedule", schedule=schedule.id), "a")
    return repo


def refused(world: World) -> list[Repo]:
    """CI forbidden, everything off, nothing in it, archived."""
    forbidden = world.repo("locked/no-ci", refuse=dict.fromkeys(("pipelines", "jobs", "schedules"), 403))
    off = world.repo("locked/ci-off", builds=False, issues_on=False)
    empty = world.repo("empty/null-branch", default_branch=None, commits_answer="404")
    empty404 = world.repo("empty/answers-404", commits_answer="404")
    emptylist = world.repo("empty/answers-list")
    archived = world.repo("old/archived", archived=True)
    found = [forbidden, off, empty, empty404, emptylist, archived]
    for repo in (forbidden, off, archived):
        history(repo, 5)
    for repo in (forbidden, off):
        repo.pipelines.clear()
        repo.jobs.clear()
    off.issues.clear()
    return found


def fillers(world: World, count: int = 105) -> None:
    """Repositories in which nothing ever happens: the list of projects has more than one page."""
    for number in range(count):
        repo = world.repo(f"quiet/filler-{number:03d}", builds=False, issues_on=False, default_branch=None)
        repo.members = {"alice": 50}
        repo.commits_answer = "404"


ODDITIES: dict[str, Callable[[World], Any]] = {
    "nasty_names": nasty_names,
    "odd_ci": odd_ci,
    "children": children,
    "odd_events": odd_events,
    "odd_commits": odd_commits,
    "logs": logs,
    "many": many,
    "two_schedules": two_schedules,
    "refused": refused,
    "fillers": fillers,
}
