"""One sync brings every thing of the window exactly once, with the right values: compared with the world itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.sync.world import SINCE, GitLab, rows, running_gitlab, synced, unexpected

START = datetime(SINCE.year, SINCE.month, SINCE.day, tzinfo=UTC)


@pytest.fixture(scope="module")
def gitlab() -> Iterator[GitLab]:
    with running_gitlab() as running:
        yield running


@pytest.fixture(scope="module")
def database(gitlab: GitLab, tmp_path_factory: pytest.TempPathFactory) -> Path:
    database = tmp_path_factory.mktemp("whole") / "whole.duckdb"
    report = synced(gitlab, database)
    assert not unexpected(gitlab, report)
    return database


def naive(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.astimezone(UTC).replace(tzinfo=None)


def milliseconds(moment: datetime | None) -> datetime | None:
    """GitLab writes milliseconds."""
    return None if moment is None else naive(moment.replace(microsecond=moment.microsecond // 1000 * 1000))


def test_projects(gitlab: GitLab, database: Path) -> None:
    truth = {(p.id, p.path, p.default_branch, p.archived) for p in gitlab.world.projects}
    found = rows(database, "select id, path_with_namespace, default_branch, archived from projects")
    assert len(found) == len(truth)
    assert set(found) == truth


def test_pipelines_with_their_schedules(gitlab: GitLab, database: Path) -> None:
    truth = sorted(
        (
            p.project.id,
            p.id,
            p.status,
            p.source,
            p.sha,
            p.schedule.id if p.schedule else None,
            milliseconds(p.created_at),
        )
        for p in gitlab.world.pipelines()
        if p.project.ci and p.created_at >= START
    )
    found = rows(database, "select project_id, id, status, source, sha, schedule_id, created_at from pipelines")
    assert any(source == "parent_pipeline" for _, _, _, source, *_ in found)
    assert sorted(found, key=repr) == sorted(truth, key=repr)


def test_jobs_and_which_were_retried(gitlab: GitLab, database: Path) -> None:
    truth = sorted(
        (j.project.id, j.id, j.pipeline.id, j.name, j.status, j.failure_reason, j.allow_failure, j.retried)
        for j in gitlab.world.jobs()
        if not j.bridge and j.project.ci and j.pipeline.created_at >= START
    )
    found = rows(
        database,
        "select project_id, id, pipeline_id, name, status, failure_reason, allow_failure, retried from jobs "
        "where kind = 'build' and (project_id, pipeline_id) in (select (project_id, id) from pipelines)",
    )
    assert any(retried for *_, retried in found)
    assert sorted(found, key=repr) == sorted(truth, key=repr)


def test_start_end_duration_and_user_follow_from_the_jobs(gitlab: GitLab, database: Path) -> None:
    """The list brings none of them. GitLab stamps a pipeline's end a moment after its last job's."""
    truth = [
        p
        for p in gitlab.world.pipelines()
        if p.project.ci and p.created_at >= START and p.status in ("success", "failed") and p.jobs
    ]
    found = rows(database, "select id, started_at, finished_at, duration, username from pipelines")
    known = {ident: values for ident, *values in found}
    assert truth
    for pipeline in truth:
        started, finished, duration, username = known[pipeline.id]
        assert started == milliseconds(pipeline.started_at)
        end = naive(pipeline.finished_at)
        assert finished is not None and end is not None
        assert timedelta(0) <= end - finished < timedelta(seconds=2)
        if all(job.started_at for job in pipeline.jobs if job.finished_at):
            assert abs(duration - (pipeline.duration or 0)) <= 2
        assert pipeline.user is None or username == pipeline.user.username


def test_logs_of_failed_jobs_on_the_main_line(gitlab: GitLab, database: Path) -> None:
    wanted = {
        j.id
        for j in gitlab.world.jobs()
        if j.status == "failed" and not j.bridge and j.project.ci and j.pipeline.created_at >= START
        and j.trace not in ("empty", "missing")
        and (j.pipeline.source in ("schedule", "parent_pipeline")
             or (j.pipeline.ref == j.project.default_branch and not j.pipeline.tag))
    }  # fmt: skip
    found = rows(database, "select job_id, text from traces")
    assert len(found) == len({job for job, _ in found})
    assert {job for job, _ in found} == wanted
    assert all(text for _, text in found)


def test_commits_events_issues_members_schedules(gitlab: GitLab, database: Path) -> None:
    world = gitlab.world
    commits = {(p.id, c.id) for p in world.projects for c in p.commits.values() if c.committed >= START}
    assert sorted(rows(database, "select project_id, id from commits")) == sorted(commits)
    events = {e.id for p in world.projects for e in p.events if not e.hidden and e.created_at >= START}
    assert sorted(ident for (ident,) in rows(database, "select id from events")) == sorted(events)
    issues = {
        (i.project_id, i.iid, i.state)
        for p in world.projects
        for i in p.issues
        if i.updated_at >= START or i.state == "opened"
    }
    assert sorted(rows(database, "select project_id, iid, state from issues")) == sorted(issues)
    schedules = {
        (s.project_id, s.id, s.cron, s.cron_timezone, s.active)
        for s in world.schedules()
        if world.project_by_id[s.project_id].ci
    }
    assert sorted(rows(database, "select project_id, id, cron, cron_timezone, active from schedules")) == sorted(
        schedules
    )
    members = {(p.id, m.user.id) for p in world.projects for m in p.members}
    assert sorted(rows(database, "select project_id, user_id from members")) == sorted(members)
