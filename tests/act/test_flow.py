"""A failure's life against the simulated GitLab over HTTP: new, issue, linked by itself, closed, back again."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from dashlib.demo.dice import dice
from dashlib.demo.gitlab import READ_TOKEN, WRITE_TOKEN
from dashlib.demo.model import Pipeline
from dashlib.demo.runs import Fate, Order, play
from dashlib.demo.toolchains import NIGHT
from dashlib.failures import decisions, persons
from dashlib.failures.acts import CannotUndo, undo
from dashlib.failures.analyse import analyse
from dashlib.failures.decisions import Failure, Issue
from dashlib.failures.issue_draft import Draft, form_url, written
from dashlib.failures.tracker import MayNotWrite, Tracker, TrackerError
from dashlib.model import Delete
from dashlib.queries.issue_facts import facts
from dashlib.settings import Settings
from dashlib.sources.tables import ISSUES
from dashlib.store import Store, open_store
from dashlib.sync.run import Request, sync
from tests.sync.world import SINCE, GitLab, running_gitlab

JOB = "test:unit"


@pytest.fixture
def gitlab() -> Iterator[GitLab]:
    with running_gitlab(repos=2, days=3) as running:
        yield running


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "dashboard.duckdb") as opened:
        yield opened


def settings_of(gitlab: GitLab, token: str = WRITE_TOKEN) -> Settings:
    return Settings(gitlab_url=gitlab.url, gitlab_token=token, projects=("*",))


def read(gitlab: GitLab, store: Store) -> None:
    """A sync and what is worked out after it."""
    report = sync(settings_of(gitlab), store, Request(since=SINCE))
    assert not [error for error in report.errors if "CI/CD is off" not in error.message]
    analyse(store)


def night(gitlab: GitLab, after: timedelta, cause: str | None) -> Pipeline:
    """One more night of the first repository with a schedule: one of its jobs fails for ``cause``, or none does."""
    world = gitlab.world
    project = next(p for p in world.projects if p.ci and p.schedules and p.heads)
    schedule = project.schedules[0]
    spec = next(spec for spec in NIGHT[project.toolchain] if spec.causes and not spec.manual and not spec.allow_failure)
    at = world.end + after
    order = Order(project, at, "schedule", project.default_branch or "main", project.heads[-1][1], schedule.owner,
                  schedule=schedule, slot=at)  # fmt: skip
    with world.lock:
        fates = {spec.name: Fate((spec.causes[0] if cause == "its" else cause,))} if cause else {}
        pipeline = play(dice(5, "night", after), order, NIGHT[project.toolchain], fates)
        world.add_pipeline(pipeline)
        for job in pipeline.jobs:
            world.add_job(job)
        project.last_activity_at = world.now = at + timedelta(hours=2)
    return pipeline


def failed_job(pipeline: Pipeline) -> int:
    return next(job.id for job in pipeline.jobs if job.status == "failed")


def row(store: Store, job: int) -> dict[str, Any]:
    with store.reader() as reader:
        found = reader.execute("select * from job_failures where job_id = $1", [job])
        names = [column[0] for column in found.description or []]
        [values] = found.fetchall()
    return dict(zip(names, values, strict=True))


def failure(store: Store, job: int) -> Failure:
    found = row(store, job)
    return Failure(found["project_id"], job, found["signature"], found["category"])


def draft(store: Store, which: Failure) -> Draft:
    with store.reader() as reader:
        known = facts(reader, which.project_id, which.job_id)
    assert known is not None
    return written(known)


def issues_with(gitlab: GitLab, mark: str) -> list[Any]:
    return [issue for p in gitlab.world.projects for issue in p.issues if mark in issue.description]


def close(gitlab: GitLab, issue: Issue) -> None:
    url = f"{gitlab.url}/api/v4/projects/{issue.project_id}/issues/{issue.iid}"
    answer = requests.put(url, json={"state_event": "close"}, headers={"PRIVATE-TOKEN": WRITE_TOKEN}, timeout=60)
    assert answer.status_code == 200


def test_new_linked_closed_and_back_again(gitlab: GitLab, store: Store) -> None:
    first = night(gitlab, timedelta(hours=1), "its")
    read(gitlab, store)
    job = failed_job(first)
    assert row(store, job)["issue_iid"] is None

    which = failure(store, job)
    wanted = draft(store, which)
    made = Tracker(settings_of(gitlab), store).create("Ada", which, wanted, which.project_id)
    assert made.new
    [issue] = issues_with(gitlab, wanted.mark)
    assert (issue.project_id, issue.iid, issue.title) == (made.issue.project_id, made.issue.iid, wanted.title)
    assert issue.labels == ("failed-job",)
    linked = row(store, job)
    assert linked["issue_iid"] == issue.iid and linked["issue_state"] == "opened" and linked["linked_by"] == "rule"
    assert linked["issue_url"]

    second = night(gitlab, timedelta(days=1), "its")
    read(gitlab, store)
    tonight = row(store, failed_job(second))
    assert tonight["signature"] == which.signature
    assert (tonight["issue_iid"], tonight["issue_state"], tonight["issue_returned"]) == (issue.iid, "opened", False)

    close(gitlab, made.issue)
    read(gitlab, store)
    assert row(store, failed_job(second))["issue_state"] == "closed"
    assert row(store, failed_job(second))["issue_returned"] is False

    later = datetime.now(UTC) - gitlab.world.end + timedelta(days=2)
    third = night(gitlab, later, "its")
    read(gitlab, store)
    back = row(store, failed_job(third))
    assert back["issue_iid"] == issue.iid and back["issue_returned"] is True
    assert back["issue_closed_at"] < back["failed_at"]
    with store.reader() as reader:
        whole = reader.execute(
            "select issue_iid, issue_state, issue_returned from failure_signatures where signature = $1",
            [which.signature],
        ).fetchall()
    assert whole == [(issue.iid, "closed", True)]


def test_never_twice_however_it_is_clicked(gitlab: GitLab, store: Store) -> None:
    job = failed_job(night(gitlab, timedelta(hours=1), "its"))
    read(gitlab, store)
    which = failure(store, job)
    wanted = draft(store, which)
    with ThreadPoolExecutor(4) as pool:
        trackers = [Tracker(settings_of(gitlab), store) for _ in range(4)]
        made = list(pool.map(lambda tracker: tracker.create("Ada", which, wanted, which.project_id), trackers))
    assert len(issues_with(gitlab, wanted.mark)) == 1
    assert sorted(each.new for each in made) == [False, False, False, True]
    assert len({each.issue for each in made}) == 1


@pytest.mark.parametrize("search_works", [True, False])
def test_a_crash_between_creating_and_storing_makes_no_second_one(
    gitlab: GitLab, store: Store, search_works: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = failed_job(night(gitlab, timedelta(hours=1), "its"))
    read(gitlab, store)
    which = failure(store, job)
    wanted = draft(store, which)
    tracker = Tracker(settings_of(gitlab), store)
    with monkeypatch.context() as crashing:
        crashing.setattr(Tracker, "_kept", lambda *_, **__: (_ for _ in ()).throw(RuntimeError("killed")))
        with pytest.raises(RuntimeError, match="killed"):
            tracker.create("Ada", which, wanted, which.project_id)
    [left] = issues_with(gitlab, wanted.mark)
    if not search_works:
        # GitLab's index lacks the issue; its label still finds it.
        left.description = left.description.replace(f"Fingerprint: {wanted.mark}", "")
        monkeypatch.setattr("dashlib.demo.rest.issues._fits", _fits_without_search)
    made = tracker.create("Ada", which, wanted, which.project_id)
    assert (made.new, made.issue.iid) == (False, left.iid)
    assert len(issues_with(gitlab, wanted.mark)) == 1


def _fits_without_search(call: Any, issue: Any) -> bool:
    labels = set(call.many("labels"))
    return not call.get("search") and labels <= set(issue.labels)


def test_an_issue_made_by_the_form_or_before_a_crash_is_linked_by_the_next_sync(gitlab: GitLab, store: Store) -> None:
    job = failed_job(night(gitlab, timedelta(hours=1), "its"))
    read(gitlab, store)
    which = failure(store, job)
    wanted = draft(store, which)
    issue = by_form(gitlab, another(gitlab, which.project_id), wanted.description)
    read(gitlab, store)
    assert (row(store, job)["issue_project_id"], row(store, job)["issue_iid"]) == (issue.project_id, issue.iid)
    with store.reader() as reader:
        [(action,)] = reader.execute("select distinct action from link_changes").fetchall()
    undo(store, "Ada", action)
    analyse(store)
    assert row(store, job)["issue_iid"] is None


def by_form(gitlab: GitLab, project_id: int, description: str) -> Issue:
    """As GitLab's form makes an issue."""
    url = f"{gitlab.url}/api/v4/projects/{project_id}/issues"
    body = {"title": "by hand", "description": description}
    answer = requests.post(url, json=body, headers={"PRIVATE-TOKEN": WRITE_TOKEN}, timeout=60)
    return Issue(project_id, answer.json()["iid"])


def another(gitlab: GitLab, project_id: int) -> int:
    """Another repository that is read and takes issues."""
    return next(p.id for p in gitlab.world.projects if p.id != project_id and not p.archived)


def test_one_that_is_only_on_gitlab_is_found_wherever_a_second_one_is_wanted(gitlab: GitLab, store: Store) -> None:
    job = failed_job(night(gitlab, timedelta(hours=1), "its"))
    read(gitlab, store)
    which = failure(store, job)
    wanted = draft(store, which)
    elsewhere = another(gitlab, which.project_id)
    reading = Tracker(settings_of(gitlab, READ_TOKEN), store)
    assert reading.found(which, wanted, elsewhere) is None
    # The comment was taken out of the form, the line left in.
    there = by_form(gitlab, which.project_id, wanted.description.partition("<!--")[0])
    assert reading.found(which, wanted, elsewhere) is None, "asked a moment ago"
    found = Tracker(settings_of(gitlab, READ_TOKEN), store).found(which, wanted, elsewhere)
    assert found is not None and (found.issue, found.new) == (there, False)
    store.write(Delete(ISSUES, [{"project_id": there.project_id, "iid": there.iid}]))
    made = Tracker(settings_of(gitlab), store).create("Ada", which, wanted, elsewhere)
    assert (made.issue, made.new) == (there, False) and len(issues_with(gitlab, wanted.mark)) == 1
    assert row(store, job)["issue_iid"] == there.iid


def test_an_issues_person_is_the_one_that_gitlab_names(gitlab: GitLab, store: Store) -> None:
    job = failed_job(night(gitlab, timedelta(hours=1), "its"))
    read(gitlab, store)
    which = failure(store, job)
    with store.reader() as reader:
        found = reader.execute(
            "select username, id from accounts where source = 'gitlab' and state = 'active' and not is_bot order by id"
        )
        ada, bob, eve = found.fetchmany(3)
    writing, reading = (Tracker(settings_of(gitlab, token), store) for token in (WRITE_TOKEN, READ_TOKEN))
    assert persons.give(store, writing, "Grace", [which], ada[0]).told == ""
    made = writing.create("Grace", which, draft(store, which), which.project_id, bob)
    [issue] = issues_with(gitlab, draft(store, which).mark)
    assert persons.given_with_issue(store, "Grace", [which], made.issue, bob[0]) == ""

    def here() -> tuple[str | None, str | None]:
        return row(store, job)["assignee"], row(store, job)["assigned_by"]

    def there() -> list[str]:
        return [user.username for user in issue.assignees]

    def on_gitlab(*accounts: int) -> None:
        issue.assignees = tuple(gitlab.world.users[number] for number in accounts)
        issue.updated_at = datetime.now(UTC)
        writing.read(issue.project_id, issue.iid)

    assert (here(), there()) == ((bob[0], "signature"), [bob[0]])
    given = persons.give(store, writing, "Grace", [which], ada[0])
    assert (given.told, here()[0], there()) == ("On GitLab, too.", ada[0], [ada[0]])
    undone = persons.undo(store, writing, "Grace", given.action)
    assert (undone.told, here()[0], there()) == ("", bob[0], [bob[0]])
    persons.undo(store, writing, "Grace", undone.action)
    assert (here()[0], there()) == (ada[0], [ada[0]])
    issue.assignees, issue.updated_at = (gitlab.world.users[eve[1]],), datetime.now(UTC)
    gitlab.world.projects[0].last_activity_at = datetime.now(UTC)
    read(gitlab, store)
    assert here() == (eve[0], "issue"), "changed on GitLab, back with the sync"
    on_gitlab()
    assert here() == (None, None), "nobody there, nobody here"
    only = persons.give(store, reading, "Grace", [which], bob[0])
    assert only.told == "Only this dashboard knows: the token may only read." and (here()[0], there()) == (bob[0], [])
    on_gitlab(eve[1])
    assert here()[0] == eve[0]
    nobody = persons.give(store, reading, "Grace", [which], None)
    assert nobody.action and here() == (None, None) and there() == [eve[0]]
    persons.undo(store, reading, "Grace", nobody.action)
    assert here()[0] == eve[0]
    nobody = persons.give(store, writing, "Grace", [which], None)
    assert (here()[0], there()) == (None, [])
    persons.undo(store, writing, "Grace", nobody.action)
    assert (here()[0], there()) == (eve[0], [eve[0]])


def test_a_token_that_may_only_read_leads_to_the_form(gitlab: GitLab, store: Store) -> None:
    job = failed_job(night(gitlab, timedelta(hours=1), "its"))
    read(gitlab, store)
    which = failure(store, job)
    tracker = Tracker(settings_of(gitlab, READ_TOKEN), store)
    assert not tracker.may_write()
    with pytest.raises(MayNotWrite, match="insufficient_scope"):
        tracker.create("Ada", which, draft(store, which), which.project_id)
    assert not issues_with(gitlab, draft(store, which).mark)
    assert Tracker(settings_of(gitlab), store).may_write()
    with store.reader() as reader:
        known = facts(reader, which.project_id, which.job_id)
    assert known is not None
    assert len(form_url("https://gitlab.example/acme/engine", known)) < 8_000


def test_a_lost_answer_is_looked_for_and_no_answer_is_said(gitlab: GitLab, store: Store) -> None:
    job = failed_job(night(gitlab, timedelta(hours=1), "its"))
    read(gitlab, store)
    which = failure(store, job)
    wanted = draft(store, which)
    tracker = Tracker(settings_of(gitlab), store)
    issues = rf"/projects/{which.project_id}/issues"
    rule = gitlab.faults.add("reset", path=issues)
    with pytest.raises(TrackerError, match="none was made"):
        tracker.create("Ada", which, wanted, which.project_id)
    gitlab.faults.remove(rule)
    assert not issues_with(gitlab, wanted.mark)
    gitlab.faults.add("reset", path=rf"{issues}$")
    made = tracker.create("Ada", which, wanted, which.project_id)
    assert [issue.iid for issue in issues_with(gitlab, wanted.mark)] == [made.issue.iid]
    assert row(store, job)["issue_iid"] == made.issue.iid


def test_an_existing_issue_is_read_and_attached_to(gitlab: GitLab, store: Store) -> None:
    job = failed_job(night(gitlab, timedelta(hours=1), "its"))
    read(gitlab, store)
    which = failure(store, job)
    there = next(issue for p in gitlab.world.projects for issue in p.issues if not issue.confidential)
    store.write(Delete(ISSUES, [{"project_id": there.project_id, "iid": there.iid}]))
    issue = Tracker(settings_of(gitlab), store).read(there.project_id, there.iid)
    action = decisions.attach(store, "Ada", [which], issue)
    assert (row(store, job)["issue_title"], row(store, job)["linked_by"]) == (there.title, "hand")
    undo(store, "Grace", action)
    assert row(store, job)["issue_iid"] is None
    with pytest.raises(CannotUndo, match="Grace has undone this already"):
        undo(store, "Ada", action)
    with pytest.raises(TrackerError, match="404"):
        Tracker(settings_of(gitlab), store).read(there.project_id, 999_999)


def test_a_linked_issue_that_no_list_holds_is_read_by_the_next_sync(gitlab: GitLab, store: Store) -> None:
    job = failed_job(night(gitlab, timedelta(hours=1), "its"))
    read(gitlab, store)
    which = failure(store, job)
    there = next(issue for p in gitlab.world.projects for issue in p.issues if not issue.confidential)
    decisions.link_signature(store, "Ada", which, Issue(there.project_id, there.iid))
    store.write(Delete(ISSUES, [{"project_id": there.project_id, "iid": there.iid}]))
    assert row(store, job)["issue_state"] is None
    read(gitlab, store)
    assert (row(store, job)["issue_title"], row(store, job)["issue_state"]) == (there.title, there.state)
