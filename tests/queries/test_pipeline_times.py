"""pipeline_times, job_times and pipeline_jobs: what a row means, whole rows by hand, and what the page's words say."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pandas as pd
import pytest

from dashlib.charts.pipeline_tables import rate_change, time_change, totals_told
from dashlib.charts.time_line_wording import not_run_told, time_told
from dashlib.model import Filters, Upsert
from dashlib.queries import pipelines, time_line
from dashlib.queries.attempts_held import HeldAttempts
from dashlib.sources.tables import PIPELINES
from tests.queries.build import MIDNIGHT, Builder, row

SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)
NIGHT = Filters(since=MIDNIGHT.date(), until=MIDNIGHT.date())


def told(built: Builder, pipeline: int, **values: Any) -> None:
    """What a detail of the pipeline brings: its duration, its wait, whether it is of a tag."""
    known: dict[str, Any] = {"run_at": MIDNIGHT + DAY, "run_rank": 9, "detail_at": MIDNIGHT + DAY} | values
    built.store.write(Upsert(PIPELINES, [row(PIPELINES, ["run", "detail"], project_id=1, id=pipeline, **known)]))


def test_a_pipeline_with_its_times(built: Builder) -> None:
    built.user(1, "ada", "Ada Lovelace")
    run = built.pipeline(source="push")
    at = MIDNIGHT + 8 * SECOND
    built.job(run, "build", at=at, finished_at=at + 100 * SECOND, duration=100.0, user_id=1, username="ada")
    built.job(run, "lint", at=at, finished_at=at + 40 * SECOND, duration=40.0, user_id=1, username="ada")
    [found] = built.rows("select * from pipeline_times")
    assert found == {
        "project_id": 1, "path_with_namespace": "acme/core/engine", "namespace": "acme/core", "pipeline_id": run,
        "source": "push", "name": None, "schedule_id": None, "ref": "main", "ref_group": "main", "sha": f"{run:040x}",
        "status": "success", "verdict": "passed", "created_at": MIDNIGHT, "started_at": at,
        "finished_at": at + 100 * SECOND, "run_time": 100.0, "queue_time": 8.0, "is_child": False,
        "person": "gitlab:1", "web_url": f"https://gitlab.example/p/1/-/pipelines/{run}",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("status", "verdict", "has_run_time"),
    [("success", "passed", True), ("failed", "failed", True), ("canceled", None, False), ("skipped", None, False),
     ("manual", None, False), ("running", None, False)],
)  # fmt: skip
def test_only_a_verdict_has_a_run_time(built: Builder, status: str, verdict: str | None, has_run_time: bool) -> None:
    run = built.pipeline(status=status)
    built.job(run)
    [found] = built.rows("select verdict, run_time is not null as has_run_time, queue_time from pipeline_times")
    assert found == {"verdict": verdict, "has_run_time": has_run_time, "queue_time": 0.0}


def test_what_gitlab_says_counts_and_a_wait_of_nought_is_left_out_by_it(built: Builder) -> None:
    waited, at_once, _ = (built.pipeline() for _ in range(3))
    told(built, waited, queued_duration=77.0, detail_duration=42.0, detail_started_at=MIDNIGHT + 77 * SECOND)
    told(built, at_once, detail_duration=42.0, detail_started_at=MIDNIGHT)
    found = built.rows("select run_time, queue_time from pipeline_times order by pipeline_id")
    assert [(one["run_time"], one["queue_time"]) for one in found] == [(42.0, 77.0), (42.0, 0.0), (None, None)]


def test_merge_requests_and_tags_are_one_ref_each(built: Builder) -> None:
    built.pipeline(ref="refs/merge-requests/7/head", source="merge_request_event")
    built.pipeline(ref="refs/merge-requests/7/merge", source="parent_pipeline")
    tagged = built.pipeline(ref="v1.0", source="push")
    built.job(tagged, tag=True)
    told(built, built.pipeline(ref="v2.0", source="push"), tag=True)
    built.pipeline(ref="wip", source="push")
    found = built.rows("select ref_group, is_child from pipeline_times order by pipeline_id")
    assert [one["ref_group"] for one in found] == ["merge requests"] * 2 + ["tags"] * 2 + ["wip"]
    assert [one["is_child"] for one in found] == [False, True, False, False, False]


def test_an_attempt_with_its_times_and_one_that_never_began(built: Builder) -> None:
    run = built.pipeline(MIDNIGHT, "failed", ref="refs/merge-requests/7/head", source="merge_request_event")
    built.job(run, "unit", "failed", queued_duration=12.5)
    built.job(run, "unit", queued_duration=None)
    stuck: dict[str, Any] = {
        "started_at": None,
        "duration": None,
        "queued_duration": 86400.0,
        "failure_reason": "stuck_or_timeout_failure",
    }
    built.job(run, "deploy", "failed", **stuck)
    built.job(run, "docs", "canceled")
    found = built.rows("select job_name, verdict, run_time, queue_time, ref_group from job_times order by job_id")
    assert [tuple(one.values()) for one in found] == [
        ("unit", "failed", 300.0, 12.5, "merge requests"), ("unit", "passed", 300.0, None, "merge requests"),
        ("deploy", "failed", None, None, "merge requests"),
    ]  # fmt: skip


def line(built: Builder) -> int:
    """Build, then two tests beside each other, one of them twice; deploy waits for somebody, docs never began."""
    for night in range(1, 4):
        built.job(built.pipeline(MIDNIGHT - night * DAY), "test", at=MIDNIGHT - night * DAY, duration=60.0 * night)
    run = built.pipeline()

    def job(name: str, status: str, queued: int, began: int, ended: int, **values: Any) -> None:
        built.job(run, name, status, MIDNIGHT, started_at=MIDNIGHT + began * SECOND,
                  finished_at=MIDNIGHT + ended * SECOND, duration=float(ended - began),
                  queued_duration=float(began - queued), **values)  # fmt: skip

    job("build", "success", 1, 11, 100, stage="build")
    job("lint", "success", 101, 103, 130)
    job("test", "failed", 101, 110, 200)
    job("test", "success", 201, 205, 300)
    job("deploy", "success", 900, 901, 960, stage="deploy")
    built.job(run, "docs", "manual", MIDNIGHT, started_at=None, finished_at=None, duration=None, stage="deploy")
    return run


def test_the_time_line_of_a_pipeline(built: Builder) -> None:
    run = line(built)
    with built.store.reader() as reader:
        found = time_line.jobs(reader, Filters(), project=1, pipeline=run)
        [one] = time_line.one(reader, Filters(), pipeline=run).to_dict("records")
        assert time_line.one(reader, Filters(), pipeline=run, project=2).empty
    columns = ["job_name", "attempt", "attempts", "queued_after", "began_after", "ended_after", "is_decisive"]
    assert found[columns].astype(object).where(found[columns].notna(), None).values.tolist() == [
        ["build", 1, 1, 1, 11, 100, True], ["lint", 1, 1, 101, 103, 130, False], ["test", 1, 2, 101, 110, 200, True],
        ["test", 2, 2, 201, 205, 300, True], ["deploy", 1, 1, 900, 901, 960, True],
        ["docs", 1, 1, None, None, None, False],
    ]  # fmt: skip
    assert found["after_job_name"].fillna("").tolist() == ["", "build", "build", "test", "test", ""]
    assert found[found["job_name"] == "test"][["usual_p50", "usual_n"]].values.tolist() == [[120.0, 3]] * 2
    assert (one["path_with_namespace"], one["elapsed"]) == ("acme/core/engine", 960.0)
    assert time_told(found) == (
        "16 min from its creation to the end of its last job. What decided that: build → test (1) → test (2) → deploy."
        " They ran 5 min 33 s and waited 24 s for runners; the other 10 min 03 s they waited for GitLab, other jobs or"
        " somebody."
        " The longest of them: test, 1 min 35 s, usually 2 min (n 3)."
    )
    assert not_run_told(found) == "Never began: manual: docs."


def test_a_trigger_job_lasts_as_long_as_what_it_started(built: Builder) -> None:
    run = built.pipeline(source="push")
    child = built.pipeline(MIDNIGHT + MINUTE, source="parent_pipeline", parent=run)
    built.job(child, at=MIDNIGHT + 2 * MINUTE)
    bare: dict[str, Any] = {"started_at": None, "finished_at": None, "duration": None, "runner_description": None}
    built.job(run, "linux", kind="bridge", downstream=child, **bare)
    built.job(run, "elsewhere", kind="bridge", **bare)
    found = built.rows(f"select job_name, began_at, ended_at, run_time from pipeline_jobs where pipeline_id = {run}")
    assert sorted(found, key=lambda one: str(one["job_name"])) == [
        {"job_name": "elsewhere", "began_at": None, "ended_at": None, "run_time": None},
        {"job_name": "linux", "began_at": MIDNIGHT + 2 * MINUTE, "ended_at": MIDNIGHT + 7 * MINUTE, "run_time": 300.0},
    ]  # fmt: skip


def test_one_that_runs_ends_where_it_was_last_seen(built: Builder) -> None:
    run = built.pipeline(status="running")
    built.job(run, status="running", finished_at=None, duration=None, changed_at=MIDNIGHT + 9 * SECOND)
    assert built.rows("select ended_at, run_time from pipeline_jobs") == [
        {"ended_at": MIDNIGHT + 9 * SECOND, "run_time": 9.0}
    ]


def test_a_child_pipeline_is_not_counted_beside_its_parent(built: Builder) -> None:
    run = built.pipeline(source="push")
    built.job(built.pipeline(source="parent_pipeline", parent=run))
    copy = HeldAttempts(built.store).newest().connection
    assert pipelines.totals(copy, NIGHT).iloc[0][["n", "ever"]].tolist() == [1, 2]
    assert pipelines.totals(copy, NIGHT, of="jobs").iloc[0]["n"] == 1
    assert pipelines.table(copy, NIGHT, by="source")["key"].tolist() == ["push"]
    with pytest.raises(ValueError, match="by job"):
        pipelines.table(copy, NIGHT, by="job")


def test_weeks_are_the_teams(built: Builder) -> None:
    """Sunday, 23:30 in UTC is Monday in Helsinki."""
    built.zone("Europe/Helsinki")
    at = MIDNIGHT.replace(day=8, hour=23, minute=30)
    built.job(built.pipeline(at), at=at)
    found = pipelines.over_time(HeldAttempts(built.store).newest().connection, Filters())
    assert found["period"].dt.date.tolist() == [date(2026, 3, 9)]


def test_a_week_stands_beside_the_whole_week_before(built: Builder) -> None:
    """The period begins on a Thursday: of its first week one run counts, and of the week before all that are stored."""
    for back, took in ((0, 90.0), (1, 90.0), (5, 60.0), (6, 50.0), (8, 40.0), (9, 10.0)):
        at = MIDNIGHT - back * DAY
        status = "failed" if back == 6 else "success"
        run = built.pipeline(at, status)
        built.job(run, "unit", status, at + 5 * SECOND, duration=took, finished_at=at + (5 + took) * SECOND)
    copy = HeldAttempts(built.store).newest().connection
    chosen = Filters(since=MIDNIGHT.date() - 5 * DAY, until=MIDNIGHT.date())
    found = pipelines.over_time(copy, chosen)
    names = ["period", "n", "run_p50", "success_rate", "n_before", "run_p50_before", "success_rate_before"]
    assert found[names].values.tolist() == [
        [pd.Timestamp(2026, 3, 2), 1, 60.0, 1.0, 1, 10.0, 1.0],
        [pd.Timestamp(2026, 3, 9), 2, 90.0, 1.0, 3, 50.0, 2 / 3],
    ]
    days = pipelines.over_time(copy, chosen, grain="day")
    assert days[["n", "n_before"]].values.tolist() == [[1, 1], [1, 0], [1, 1]]
    assert days["run_p50_before"].fillna(0).tolist() == [50.0, 0.0, 90.0]


def test_jobs_that_grew(built: Builder) -> None:
    week = Filters(since=MIDNIGHT.date() - 6 * DAY, until=MIDNIGHT.date())
    seconds = {"grows": (100.0, 150.0), "noise": (100.0, 104.0), "tiny": (1.0, 4.0), "shrinks": (100.0, 50.0)}
    run = built.pipeline()
    for name, (before, now) in seconds.items():
        for back in range(14):
            at = MIDNIGHT - back * DAY
            for _ in range(2):
                built.job(run, name, at=at, duration=now if back < 7 else before)
    built.job(run, "new", duration=900.0)
    copy = HeldAttempts(built.store).newest().connection
    grew = pipelines.jobs(copy, week, order="growing fastest")
    assert grew[["job_name", "grew", "grew_share", "n", "n_before"]].values.tolist() == [["grows", 50.0, 0.5, 14, 14]]
    assert grew["spread"].iloc[0].tolist() == [100.0, 150.0, 150.0]
    slowest = pipelines.jobs(copy, week)["job_name"].tolist()
    assert (slowest[0], slowest[-1]) == ("grows", "new"), "a job of one run comes last"


@pytest.mark.parametrize(
    ("now", "before", "n", "n_before", "words"),
    [
        (150.0, 100.0, 10, 10, "50 % longer (+50 s)"), (60.0, 120.0, 99, 10, "50 % shorter (−1 min)"),
        (102.0, 100.0, 50, 50, "about the same"), (4.0, 1.0, 50, 50, "about the same"),
        (150.0, 100.0, 9, 50, "too few to tell"), (150.0, 100.0, 50, 9, "too few to tell"),
        (150.0, float("nan"), 50, 0, "nothing before"), (30.0, 0.0, 50, 50, "longer (+30 s)"),
    ],
)  # fmt: skip
def test_changes_in_words(now: float, before: float, n: int, n_before: int, words: str) -> None:
    assert time_change(now, before, n, n_before) == words


def test_changes_of_a_rate_in_words() -> None:
    assert rate_change(0.9, 0.95, 20, 20) == "5.0 points fewer"
    assert rate_change(0.9, 0.898, 20, 20) == "about the same"
    assert rate_change(0.9, 0.5, 20, 3) == "too few to tell"


def test_what_is_not_stored_is_said(built: Builder) -> None:
    for back in range(3):
        built.job(built.pipeline(MIDNIGHT - back * DAY), at=MIDNIGHT - back * DAY)
    copy = HeldAttempts(built.store).newest().connection
    two = Filters(since=MIDNIGHT.date() - DAY, until=MIDNIGHT.date())
    words = totals_told(pipelines.totals(copy, two).iloc[0], "pipelines", two)
    assert words.startswith("The 2 days before: 1 pipeline. Half of them ran 5 min or less (now: too few to tell)")
    assert words.endswith("What is stored begins on 08 Mar 2026, within or after that time.")
    last = Filters(since=MIDNIGHT.date(), until=MIDNIGHT.date())
    assert "stored" not in totals_told(pipelines.totals(copy, last).iloc[0], "pipelines", last)
