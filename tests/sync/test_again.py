"""Later syncs ask only for what can have changed, and bring all that did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dashlib.demo.live import Live
from dashlib.sync.run import Request
from tests.sync.world import (
    SINCE,
    Steady,
    everything,
    rows,
    running_gitlab,
    steady_company,
    synced,
    unexpected,
)


@pytest.fixture(scope="module")
def steady(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Steady]:
    with steady_company(tmp_path_factory.mktemp("calm") / "calm.duckdb") as steady:
        yield steady


def templates(calls: Iterable[Any]) -> Counter[str]:
    return Counter(call.template for call in calls)


def test_the_first_sync_keeps_its_call_plan(steady: Steady) -> None:
    """The formula of ``dashlib.sync.plan``, counted by the server."""
    gitlab, database = steady.gitlab, steady.database
    made = templates(steady.calls)
    assert steady.report.calls == len(steady.calls) == sum(made.values())
    with_ci = [p for p in gitlab.world.projects if p.ci]
    window = {p.id: [x for x in p.pipelines if x.created_at.date() >= SINCE] for p in with_ci}
    pages = sum(1 + len([x for x in found if not x.is_child]) // 100 for found in window.values())
    assert made["/projects"] == 1
    assert made["/projects/:id/pipelines"] <= pages + len(with_ci) + 2 * len(with_ci) // 10
    jobs = {p.id: [j for x in window[p.id] for j in (*x.jobs,)] for p in with_ci}
    assert made["/projects/:id/jobs"] <= sum(1 + len(found) // 100 for found in jobs.values()) + len(with_ci)
    assert made["/projects/:id/pipeline_schedules"] == len(with_ci)
    assert made["/projects/:id/members/all"] == len(gitlab.world.projects)
    traces = made["/projects/:id/jobs/:job_id/trace"]
    known = rows(
        database,
        "select (select count(*) from traces), (select count(*) from bookkeeping.asked where resource = 'logs')",
    )
    assert traces <= sum(known[0])


def test_nothing_new_costs_one_call_a_project(steady: Steady, tmp_path: Path) -> None:
    gitlab, database = steady.gitlab, steady.copied(tmp_path / "again.duckdb")
    gitlab.calls.clear()
    second = synced(gitlab, database, Request())
    assert not unexpected(gitlab, second)
    assert everything(database) == steady.tables
    assert second.calls * 6 <= steady.report.calls
    assert templates(gitlab.calls)["/projects/:id/pipelines"] <= 2 * len(gitlab.world.projects)


def test_what_happened_meanwhile_is_there(tmp_path: Path) -> None:
    """Two days of pushes, pipelines, retries, issues and comments, told in one incremental sync or in a fresh one."""
    database, fresh = tmp_path / "live.duckdb", tmp_path / "fresh.duckdb"
    with running_gitlab(repos=6) as gitlab:
        assert not unexpected(gitlab, synced(gitlab, database))
        live = Live(gitlab.world, None)
        now = gitlab.world.end
        for minute in range(0, 600, 7):
            live.tick(now + timedelta(minutes=minute))
        assert not unexpected(gitlab, synced(gitlab, database, Request()))
        for minute in range(600, 900, 7):
            live.tick(now + timedelta(minutes=minute))
        assert not unexpected(gitlab, synced(gitlab, database, Request()))
        assert not unexpected(gitlab, synced(gitlab, fresh))
    told, truth = everything(database), everything(fresh)
    daily = {"schedules", "members", "users"}
    for table in truth.keys() - daily:
        assert told[table] == truth[table], table


def test_an_earlier_since_extends_the_window(steady: Steady, tmp_path: Path) -> None:
    gitlab, late = steady.gitlab, tmp_path / "late.duckdb"
    synced(gitlab, late, Request(since=date(2026, 11, 12)))
    assert rows(late, "select min(created_at) from pipelines")[0][0] >= datetime(2026, 11, 12)
    synced(gitlab, late, Request(since=SINCE))
    assert everything(late) == steady.tables
    synced(gitlab, late, Request(since=date(2026, 11, 18)))
    assert everything(late) == steady.tables


def test_full_ignores_the_watermarks(steady: Steady, tmp_path: Path) -> None:
    database = steady.copied(tmp_path / "full.duckdb")
    again = synced(steady.gitlab, database, Request(full=True))
    assert again.rows["jobs"] >= steady.report.rows["jobs"]
    assert everything(database) == steady.tables


def test_one_project_only(steady: Steady, tmp_path: Path) -> None:
    gitlab, database = steady.gitlab, tmp_path / "one.duckdb"
    path = next(p.path for p in gitlab.world.projects if p.ci and p.pipelines)
    synced(gitlab, database, Request(since=SINCE, only=(path,)))
    assert rows(database, "select path_with_namespace from projects") == [(path,)]
    assert rows(database, "select count(distinct project_id) from pipelines") == [(1,)]


def test_a_missing_log_is_asked_once_more_the_next_day_then_never(steady: Steady, tmp_path: Path) -> None:
    gitlab, database = steady.gitlab, steady.copied(tmp_path / "logs.duckdb")
    missing = rows(database, "select count(*) from bookkeeping.asked where resource = 'logs' and outcome = 'missing'")[
        0
    ][0]
    assert missing
    for aged, asked in ((0, 0), (2, missing), (2, 0)):
        _age(database, timedelta(days=aged))
        gitlab.calls.clear()
        synced(gitlab, database, Request())
        assert templates(gitlab.calls)["/projects/:id/jobs/:job_id/trace"] == asked


def _age(database: Path, by: timedelta) -> None:
    from dashlib.store import open_store

    with open_store(database) as store:
        store.reader().execute("update bookkeeping.asked set asked_at = asked_at - $1::interval", [by])


def test_a_project_with_ci_off_or_forbidden_does_not_stop_the_rest(steady: Steady, tmp_path: Path) -> None:
    gitlab, database = steady.gitlab, tmp_path / "forbidden.duckdb"
    project = next(p for p in gitlab.world.projects if p.ci and p.pipelines)
    rule = gitlab.faults.add("forbidden", path=rf"/projects/{project.id}/pipelines")
    report = synced(gitlab, database)
    off = [p.path for p in gitlab.world.projects if not p.ci]
    assert off
    assert sorted(e.project or "" for e in report.errors) == sorted([*off, project.path])
    assert all("forbidden" in e.message for e in report.errors)
    others = f"select project_id, id from pipelines where project_id <> {project.id} order by all"
    assert rows(database, others) == rows(steady.database, others)
    gitlab.faults.remove(rule)
    assert not unexpected(gitlab, synced(gitlab, database, Request()))
    assert everything(database) == steady.tables
    assert rows(database, "select project from bookkeeping.problems") == [(path,) for path in off]


def test_the_token_is_nowhere(steady: Steady) -> None:
    from dashlib.demo.gitlab import READ_TOKEN

    assert READ_TOKEN not in steady.report.as_json()
    assert READ_TOKEN.encode() not in steady.database.read_bytes()
