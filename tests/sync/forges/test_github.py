"""A sync of GitHub over real HTTP: everything that is there, once; little the second time; and what goes wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dashlib import conclusions
from dashlib.demo import github, github_render
from dashlib.demo.calls import Reply
from dashlib.demo.dice import hexes
from dashlib.demo.model import Commit, Pipeline
from dashlib.sources.hook import foreign_id
from dashlib.store import open_store
from dashlib.sync.run import Request
from tests.sync.forges.world import SINCE, Hub, SteadyHub, steady_hub, synced
from tests.sync.world import everything, rows

START = datetime(SINCE.year, SINCE.month, SINCE.day, tzinfo=UTC)
RUN = "/repos/:owner/:repo/actions/runs/:id"
RUNS = "/repos/:owner/:repo/actions/runs"
JOBS = f"{RUN}/jobs"
LOGS = "/repos/:owner/:repo/actions/jobs/:id/logs"


def shown(hub: Hub) -> list[Pipeline]:
    """The runs of the window that GitHub has."""
    return [one for one in hub.world.pipelines() if not one.is_child and one.created_at >= START]


@pytest.fixture(scope="module")
def steady(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SteadyHub]:
    with steady_hub(tmp_path_factory.mktemp("calm") / "calm.duckdb") as running:
        yield running


@pytest.fixture(scope="module")
def everyone(steady: SteadyHub) -> tuple[Path, Counter[str]]:
    """The same with the jobs and logs of everybody's runs, and how often each kind of address was asked for."""
    database = steady.database.with_name("all.duckdb")
    steady.hub.server.templates.clear()
    assert synced(steady.hub.settings(database, logs="all")).errors == []
    return database, Counter(steady.hub.server.templates)


def test_everything_is_there(steady: SteadyHub, everyone: tuple[Path, Counter[str]]) -> None:
    hub, (database, templates) = steady.hub, everyone
    runs = shown(hub)
    assert rows(database, "select id from pipelines order by 1") == sorted((foreign_id("github", p.id),) for p in runs)
    jobs = [job for pipeline in runs for job in pipeline.jobs]
    assert rows(database, "select id, name from jobs order by 1") == sorted(
        (foreign_id("github", job.id), job.name) for job in jobs
    )
    commits = {c.id: c for p in hub.world.projects for c in p.commits.values() if c.committed >= START}
    read = {ident: told for ident, *told in rows(database, "select id, additions, deletions from commits")}
    assert read == {c: [commits[c].additions, commits[c].deletions] for c in read}
    heads = [p.branches[p.default_branch].head for p in hub.world.projects if p.default_branch]
    assert {head for head in heads if head in commits} <= set(read)
    schedules = [schedule for p in hub.world.projects if p.ci for schedule in p.schedules]
    assert rows(database, "select count(*), count(next_run_at) from schedules") == [(len(schedules), len(schedules))]
    assert rows(database, "select distinct source from projects") == [("github",)]
    assert templates["/store/"] == rows(database, "select count(*) from traces")[0][0] + sum(
        job.trace == "empty" for job in jobs if job.status == "failed"
    )


def test_nightlies_of_github_are_nightlies(steady: SteadyHub, tmp_path: Path) -> None:
    """Every scheduled run is linked to its workflow's cron line, and each due time is a night."""
    hub, database = steady.hub, tmp_path / "nights.duckdb"
    settings = steady.settings(database)
    with open_store(database) as store:
        conclusions.draw(store, settings)
    scheduled = [one for one in shown(hub) if one.source == "schedule"]
    linked = dict(rows(database, "select id, schedule_id from pipelines where source = 'schedule'"))
    assert linked == {
        foreign_id("github", one.id): foreign_id("github", f"schedule:{20_000_000 + one.schedule.id}:0")
        for one in scheduled
        if one.schedule is not None
    }
    nights = dict(rows(database, "select pipeline_id, state from nightly_slots where pipeline_id is not null"))
    words = {"failed": "failed", "success": "passed", "canceled": "canceled", "running": "running"}
    for one in scheduled:
        state = nights[foreign_id("github", one.id)]
        assert state in (words[one.status], "warned"), one.status
    states = {state for (state,) in rows(database, "select distinct state from nightly_slots")}
    assert {"failed", "passed", "missing"} <= states
    slots = rows(database, "select count(*) from nightly_slots where expected_at is not null")[0][0]
    assert slots >= sum(one.slot is not None for one in scheduled)
    assert rows(database, "select count(*) from nightly_schedules where owner_trouble is not null") == [(0,)]
    failed = rows(database, "select count(*) from nightly_failures where job_web_url like '%/actions/runs/%/job/%'")
    assert failed[0][0] > 0
    assert rows(database, "select count(*) from failures where state = 'explained'")[0][0] > 0, "its logs are read"


def test_a_second_sync_asks_little_and_nothing_doubles(steady: SteadyHub, tmp_path: Path) -> None:
    hub, database = steady.hub, tmp_path / "again.duckdb"
    settings = steady.settings(database)
    hub.server.asked.clear()
    hub.server.templates.clear()
    second = synced(settings, Request())
    assert (second.errors, everything(database)) == ([], steady.tables)
    assert dict(hub.server.templates) == {"/user/repos": 1, RUNS: len(hub.world.projects)}
    assert second.calls * 10 < steady.report.calls
    conditional = [asked for asked in hub.server.asked if asked.path.endswith("/actions/runs")]
    assert all(asked.headers["if-none-match"].startswith("W/") for asked in conditional)


def test_full_reads_the_window_again(steady: SteadyHub, tmp_path: Path) -> None:
    first, again = steady.report, synced(steady.settings(tmp_path / "full.duckdb"), Request(full=True))
    assert again.rows == first.rows | {"traces": 0} or again.rows.keys() <= first.rows.keys()
    assert again.rows["jobs"] == first.rows["jobs"]
    assert everything(tmp_path / "full.duckdb") == steady.tables


def test_what_happens_meanwhile_is_read(hub: Hub, tmp_path: Path) -> None:
    """A run ends, another is started again, a commit is pushed, a cron line moves."""
    database, fresh = tmp_path / "live.duckdb", tmp_path / "fresh.duckdb"
    settings = hub.settings(database)
    synced(settings)
    project = next(p for p in hub.world.projects if p.ci and p.schedules and p.default_branch)
    ended = next(p for p in reversed(project.pipelines) if not p.is_child and p.status == "success" and p.jobs)
    ended.status, ended.updated_at = "failed", hub.world.end + timedelta(minutes=3)
    ended.jobs[0].status = "failed"
    ended.jobs[0].finished_at = ended.updated_at
    head = project.branches[str(project.default_branch)]
    at = hub.world.end + timedelta(minutes=5)
    new = Commit(
        hexes(40, "new"), "Mend", "Mend", "Ines Duarte", "ines@ostrelune.example", at, "Ines Duarte",
        "ines@ostrelune.example", at, (head.head,), 3, 1,
    )  # fmt: skip
    project.commits[new.id], head.head = new, new.id
    project.heads.append((at, new.id))
    project.schedules[0].cron = "11 1 * * *"
    hub.server.templates.clear()
    assert synced(settings, Request()).errors == []
    assert synced(replace(settings, database=fresh)).errors == []
    told, truth = everything(database), everything(fresh)
    for table in ("pipelines", "jobs", "commits", "schedules"):
        assert told[table] == truth[table], table
    assert rows(database, f"select additions from commits where id = '{new.id}'") == [(3,)]
    assert rows(database, "select count(*) from schedules where cron = '11 1 * * *' and not deleted") == [(1,)]


def test_a_run_that_was_under_way_is_asked_for_when_the_list_no_longer_shows_it(hub: Hub, tmp_path: Path) -> None:
    database = tmp_path / "slow.duckdb"
    settings = hub.settings(database)
    project = next(p for p in hub.world.projects if len([one for one in p.pipelines if not one.is_child]) > 20)
    slow = next(one for one in project.pipelines if not one.is_child and one.created_at >= START)
    slow.status = "running"
    synced(settings)
    slow.status, slow.updated_at = "canceled", hub.world.end
    newest = project.pipelines[-1]
    newest.updated_at += timedelta(seconds=1)  # the first page is another one
    hub.server.templates.clear()
    # The whole window is looked through once a day only.
    mine = foreign_id("github", slow.id)
    assert synced(settings, Request()).errors == []
    assert rows(database, f"select status from pipelines where id = {mine}") == [("canceled",)]


def test_a_run_started_again_has_its_earlier_attempts(steady: SteadyHub) -> None:
    hub, database = steady.hub, steady.database
    told = dict(rows(database, "select id, retried from jobs"))
    mine = {foreign_id("github", job.id): job.retried for run in shown(hub) for job in run.jobs}
    assert any(mine.values())
    assert told == {ident: mine[ident] for ident in told}
    attempts = rows(database, "select max(run_attempt) from jobs")
    assert attempts[0][0] > 1


def test_of_other_runs_that_passed_only_the_run_is_read(steady: SteadyHub, everyone: tuple[Path, Counter[str]]) -> None:
    """A list of jobs is a call for each run; DASH_LOGS=all reads them all."""
    without = """
        select p.id, p.source = 'schedule' or p.status = 'failed' or p.ref = r.default_branch
        from pipelines p join projects r on r.id = p.project_id where p.id not in (select pipeline_id from jobs)
    """
    left_out = set(rows(steady.database, without)) - set(rows(everyone[0], without))
    assert {is_main for _, is_main in left_out} == {False}


def test_a_job_that_may_fail_fails_no_night(hub: Hub, tmp_path: Path) -> None:
    """GitHub tells continue-on-error nowhere: the run passed all the same."""
    database = tmp_path / "allowed.duckdb"
    run = next(one for one in shown(hub) if one.source == "schedule" and one.status == "success" and one.jobs)
    run.jobs[0].status = "failed"
    synced(hub.settings(database))
    mine = foreign_id("github", run.id)
    assert rows(database, f"select state, failed_jobs from nightly_runs where pipeline_id = {mine}") == [("warned", 0)]
    job = foreign_id("github", run.jobs[0].id)
    assert rows(database, f"select allow_failure from job_failures where job_id = {job}") == [(True,)]


def test_the_token_does_not_leave_github(steady: SteadyHub) -> None:
    """Logs lie on another host, behind a redirect."""
    away = [asked for asked in steady.asked if asked.path.startswith("/store/")]
    assert away
    assert [asked.headers.get("authorization") for asked in away] == [None] * len(away)
    assert all(asked.headers["host"].startswith("localhost") for asked in away)
    assert github.TOKEN not in steady.report.as_json()
    assert github.TOKEN.encode() not in steady.database.read_bytes()


def test_a_log_is_kept_as_it_is_and_counts_as_complete(steady: SteadyHub) -> None:
    hub, database = steady.hub, steady.database
    # Of a huge log head and tail are kept.
    told = rows(database, "select job_id, text, complete from traces where coalesce(omitted_lines, 0) = 0")
    by_id = {foreign_id("github", job.id): job for job in hub.world.jobs()}
    assert told
    assert {complete for _, _, complete in told} == {True}
    for job_id, text, _ in told[:5]:
        assert len(text.split("\n")) == len(github_render.log(by_id[job_id]).decode().split("\n"))
    missing = rows(database, "select count(*) from bookkeeping.asked where resource = 'logs' and source = 'github'")
    failed = rows(database, "select count(*) from jobs where status = 'failed'")
    assert len(told) + missing[0][0] <= failed[0][0]


def test_only_some_repositories(hub: Hub, tmp_path: Path) -> None:
    database = tmp_path / "some.duckdb"
    names = [github_render.full_name(project) for project in hub.world.projects]
    assert synced(hub.settings(database, github_repositories=(names[0], names[1].upper()))).errors == []
    assert {path for (path,) in rows(database, "select path_with_namespace from projects")} == set(names[:2])
    assert "/user/repos" not in hub.server.templates
    owners = tmp_path / "owner.duckdb"
    owner = names[0].partition("/")[0]
    synced(hub.settings(owners, github_repositories=(f"{owner}/*",)))
    assert {path for (path,) in rows(owners, "select path_with_namespace from projects")} == {
        name for name in names if name.startswith(f"{owner}/")
    }
    one = tmp_path / "one.duckdb"
    synced(hub.settings(one), Request(since=SINCE, only=(names[2],)))
    assert rows(one, "select path_with_namespace from projects") == [(names[2],)]


def test_a_repository_that_is_not_there_is_told_and_the_others_are_read(hub: Hub, tmp_path: Path) -> None:
    database = tmp_path / "gone.duckdb"
    name = github_render.full_name(hub.world.projects[0])
    report = synced(hub.settings(database, github_repositories=("nobody/nothing", name)))
    assert [(error.source, error.project) for error in report.errors] == [("github", "nobody/nothing")]
    assert "not found (HTTP 404: Not Found)" in report.errors[0].message
    assert rows(database, "select path_with_namespace from projects") == [(name,)]
    hub.server.asked.clear()
    synced(hub.settings(database, github_repositories=("nobody/*",)))
    assert [asked.path for asked in hub.server.asked][:1] == ["/api/v3/orgs/nobody/repos"]


def test_without_graphql_commits_come_without_lines(
    steady: SteadyHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, rich = tmp_path / "plain.duckdb", steady.database
    monkeypatch.setattr(steady.hub.server, "hidden_graph", True)
    report = synced(steady.hub.settings(plain))
    assert {error.message.partition(":")[0] for error in report.errors} == {"schedules"}, "workflow files need it"
    known = "select id, title, message, author_email, committed_at, authored_at, parent_ids from commits order by id"
    assert rows(plain, known) == rows(rich, known)
    assert rows(plain, "select count(additions) from commits") == [(0,)]
    assert rows(plain, "select count(*) from pipelines") == rows(rich, "select count(*) from pipelines")


def test_commits_whose_lines_take_too_long_are_asked_in_smaller_pages(
    steady: SteadyHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = steady.hub
    slow = tmp_path / "slow.duckdb"
    monkeypatch.setattr(hub.server, "dear_commits", 10)
    assert synced(hub.settings(slow)).errors == []
    assert everything(slow)["commits"] == steady.tables["commits"]


@pytest.mark.parametrize("kind", ["reset", "cut_short", "bad_gateway", "unavailable", "broken_json", "server_error"])
def test_faults_cost_time_not_rows(steady: SteadyHub, tmp_path: Path, kind: Any) -> None:
    hub, stormy = steady.hub, tmp_path / "stormy.duckdb"
    rule = hub.server.faults.add(kind, path="^(?!/store)", every=9, times=12)
    assert synced(hub.settings(stormy)).errors == []
    hub.server.faults.clear()
    assert rule.hits > 3
    assert everything(stormy) == steady.tables


REFUSED = [
    ("unauthorized", "the token was not accepted (HTTP 401"),
    ("forbidden", "forbidden (HTTP 403"),
    ("not_found", "not found (HTTP 404"),
]


@pytest.mark.parametrize(("kind", "told"), REFUSED)
def test_one_repository_that_refuses_stops_no_other(hub: Hub, tmp_path: Path, kind: Any, told: str) -> None:
    database = tmp_path / "refused.duckdb"
    name = next(github_render.full_name(p) for p in hub.world.projects if p.ci and p.pipelines)
    hub.server.faults.add(kind, path=rf"/repos/{name}/actions/runs/\d+/jobs")
    report = synced(hub.settings(database))
    problems = [error for error in report.errors if error.message.startswith("jobs")]
    if kind == "not_found":
        assert report.errors == [], "runs are deleted"
    else:
        assert {error.project for error in problems} == {name}
        assert told in problems[0].message
    others = rows(database, "select count(distinct project_id) from jobs")
    assert others[0][0] >= 2
    hub.server.faults.clear()
    assert synced(hub.settings(database), Request()).errors == []
    assert rows(database, "select count(*) from bookkeeping.problems") == [(0,)]


def test_a_token_that_is_not_accepted(hub: Hub, tmp_path: Path) -> None:
    database = tmp_path / "revoked.duckdb"
    report = synced(replace(hub.settings(database), github_token="ghp_revoked"))
    [error] = report.errors
    assert (error.source, error.project) == ("github", None)
    assert "the token was not accepted (HTTP 401: Bad credentials)" in error.message
    assert rows(database, "select source, complete from loads") == [("github", False)]


def test_a_short_limit_is_waited_for(hub: Hub, tmp_path: Path) -> None:
    database = tmp_path / "limit.duckdb"
    hub.server.limits += [
        github.secondary_limit(1),
        github.primary_limit(1),
        Reply(429, b"{}", headers={"Retry-After": "1"}),
    ]
    report = synced(hub.settings(database, requests=1))
    assert report.errors == []
    assert rows(database, "select waited_seconds >= 2 from loads") == [(True,)]


@pytest.mark.parametrize("status", [403, 429])
def test_a_limit_of_an_hour_ends_the_sync_which_goes_on_next_time(
    steady: SteadyHub, tmp_path: Path, status: int
) -> None:
    hub, database = steady.hub, tmp_path / "hour.duckdb"
    hub.server.asked.clear()
    server, real = hub.server, hub.server.answer

    def spent(asked: Any) -> tuple[str, Reply]:
        return real(asked) if len(server.asked) < 40 else ("", github.primary_limit(2400, status))

    server.answer = spent  # type: ignore[method-assign]
    report = synced(hub.settings(database))
    assert ["GitHub's rate limit asks for a pause of 40 minutes" in error.message for error in report.errors] == [True]
    assert len(server.asked) < 40 + 2 * 8 + 1
    assert rows(database, "select complete from loads") == [(False,)]
    server.answer = real  # type: ignore[method-assign]
    assert synced(hub.settings(database), Request()).errors == []
    assert everything(database) == steady.tables


def test_a_github_without_actions(hub: Hub, tmp_path: Path) -> None:
    """Enterprise Servers may have them switched off: 404, and nothing is wrong."""
    database = tmp_path / "without.duckdb"
    hub.server.faults.add("not_found", path="/actions/")
    report = synced(hub.settings(database))
    assert report.errors == []
    assert report.rows["commits"] > 0
    assert "pipelines" not in report.rows
