"""How jobs ended, what proves them flaky, what state they are in, and outages: whole rows over hand-made jobs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dashlib.queries.attempts_held import HeldAttempts
from tests.queries.build import Builder

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
NOW = datetime.now(UTC).replace(tzinfo=None, hour=3, minute=0, second=0, microsecond=0)
SHA = "a" * 40
ADA: dict[str, Any] = {"user_id": 1, "username": "ada"}


def ran(
    built: Builder,
    back: float,
    *statuses: str,
    name: str = "test",
    sha: str | None = SHA,
    source: str = "push",
    pipeline: dict[str, Any] | None = None,
    **values: Any,
) -> list[int]:
    """A pipeline so many days ago, in which the job ended like this, attempt by attempt; the ids of the attempts."""
    at = NOW - back * DAY
    project = values.get("project_id", 1)
    run = built.pipeline(at, statuses[-1], project, source, sha=sha, **pipeline or {})
    return [
        built.job(run, name, status, at + number * 10 * MINUTE, sha=sha, **ADA | values)
        for number, status in enumerate(statuses)
    ]  # fmt: skip


@pytest.fixture
def company(built: Builder) -> Builder:
    built.project(1, default_branch="main")
    built.user(1, "ada", "Ada Lovelace", public_email="ada@example.com")
    return built


def flakes(built: Builder) -> list[tuple[int, str, int]]:
    rows = built.rows("select job_id, proof, passed_job_id from flaky_failures order by job_id")
    return [(row["job_id"], row["proof"], row["passed_job_id"]) for row in rows]


def state(built: Builder, name: str = "test") -> dict[str, Any]:
    [row] = built.rows(f"select * from flaky_jobs where job_name = '{name}'")
    return row


@pytest.mark.parametrize(
    ("category", "failure_reason", "outcome"),
    [
        ("test_failure", "script_failure", "failed"),
        ("oom", "script_failure", "failed"),
        ("timeout", "job_execution_timeout", "failed"),
        ("network", "script_failure", "infrastructure"),
        ("disk_full", "script_failure", "infrastructure"),
        ("git_checkout", "script_failure", "infrastructure"),
        ("docker_registry", "script_failure", "infrastructure"),
        ("test_failure", "runner_system_failure", "failed"),
        (None, "runner_system_failure", "infrastructure"),
        (None, "stuck_pending_no_matching_runners", "infrastructure"),
        (None, "quantum_decoherence_failure", "failed"),
        (None, None, "failed"),
        ("canceled", "script_failure", None),
    ],
)
def test_whose_failure_it_is(company: Builder, category: str | None, failure_reason: str, outcome: str | None) -> None:
    [job] = ran(company, 1, "failed", failure_reason=failure_reason)
    if category:
        company.failure(job, "some words", category=category)
    found = [row["outcome"] for row in company.rows("select outcome from job_attempts")]
    assert found == ([outcome] if outcome else [])


def test_a_guess_of_the_scorer_decides_nothing(company: Builder) -> None:
    [job] = ran(company, 1, "failed")
    company.failure(job, "some words", category="network", state="unsure")
    assert [row["outcome"] for row in company.rows("select outcome from job_attempts")] == ["failed"]


def test_what_did_not_end_is_not_here(company: Builder) -> None:
    ran(company, 1, "canceled", "skipped", "manual", "running", "created")
    ran(company, 1, "success", kind="bridge")
    assert company.rows("select * from job_attempts") == []


def test_a_whole_attempt(company: Builder) -> None:
    [job] = ran(company, 1, "success", runner_id=7, runner_type="instance_type", queued_duration=4.5)
    [row] = company.rows("select * exclude (pipeline_id, job_web_url) from job_attempts")
    at = NOW - DAY
    assert row == {
        "project_id": 1, "path_with_namespace": "acme/core/engine", "namespace": "acme/core", "job_id": job,
        "job_name": "test", "pipeline_source": "push", "pipeline_created_at": at, "ref": "main", "sha": SHA,
        "lane": "commit", "is_mainline": True, "outcome": "passed", "category": "unknown", "failure_reason": None,
        "allow_failure": False, "ended_at": at + 5 * MINUTE, "started_at": at, "slot": at, "duration": 300.0,
        "queued_duration": 4.5, "runner": "runner-1", "runner_type": "instance", "person": "gitlab:1", "is_bot": False,
    } | {"person": row["person"]}  # fmt: skip
    assert row["person"] == company.rows("select person from accounts where id = 1")[0]["person"]


def test_runners_of_one_name_are_told_apart_and_hosted_ones_are_one(company: Builder) -> None:
    ran(company, 3, "success", runner_id=7, runner_description="builder")
    ran(company, 2, "success", runner_id=8, runner_description="builder")
    ran(company, 1, "success", runner_id=9, runner_description=None)
    company.project(2, "acme/hub", source="github")
    ran(company, 1, "success", runner_id=10, runner_description="GitHub Actions 1017", project_id=2)
    found = [row["runner"] for row in company.rows("select runner from job_attempts order by job_id")]
    assert found == ["builder #7", "builder #8", "#9", "GitHub Actions (hosted)"]


def test_a_retry_proves_it(company: Builder) -> None:
    first, second, passed = ran(company, 1, "failed", "failed", "success")
    assert flakes(company) == [(first, "retry", passed), (second, "retry", passed)]
    [row] = company.rows(
        f"select waited, duration, person is not null as waits from flaky_failures where job_id = {first}"
    )
    assert row == {"waited": 1200.0, "duration": 300.0, "waits": True}


def test_another_pipeline_of_the_commit_proves_it(company: Builder) -> None:
    [failed] = ran(company, 2, "failed")
    [passed] = ran(company, 1, "success", source="merge_request_event", pipeline={"ref": "refs/merge-requests/1/head"})
    assert flakes(company) == [(failed, "re-run", passed)]


def test_a_nightly_waits_for_nobody_and_is_compared_with_its_own_schedule_only(company: Builder) -> None:
    [failed] = ran(company, 3, "failed", source="schedule")
    ran(company, 2.5, "success", source="schedule", pipeline={"schedule_id": 8})
    ran(company, 2.4, "success")
    assert flakes(company) == []
    [passed] = ran(company, 2, "success", source="schedule")
    assert flakes(company) == [(failed, "re-run", passed)]
    assert company.rows("select person from flaky_failures") == [{"person": None}]


@pytest.mark.parametrize("source", ["trigger", "api", "pipeline", "chat"])
def test_pipelines_that_may_be_told_other_things_prove_nothing(company: Builder, source: str) -> None:
    ran(company, 2, "failed", source=source)
    ran(company, 1, "success", source=source)
    assert flakes(company) == []
    [failed, passed] = ran(company, 0.5, "failed", "success", source=source)
    assert flakes(company) == [(failed, "retry", passed)]


@pytest.mark.parametrize(("back", "proves"), [(6.1, True), (5.9, True), (10.5, False)])
def test_what_passes_a_week_later_may_have_been_mended_outside(company: Builder, back: float, proves: bool) -> None:
    ran(company, back, "failed", source="schedule")
    ran(company, 5 if back < 6 else 3 if back < 7 else 5, "success", source="schedule")
    assert bool(flakes(company)) is proves


def test_no_proof(company: Builder) -> None:
    ran(company, 9, "success")
    ran(company, 8, "failed")
    ran(company, 7, "success", sha="b" * 40)
    ran(company, 7, "success", name="other")
    ran(company, 7, "canceled")
    ran(company, 6, "failed", "success", sha="c" * 40, name="infra", failure_reason="runner_system_failure")
    ran(company, 5, "failed", sha=None, name="no commit")
    ran(company, 4, "success", sha=None, name="no commit")
    assert flakes(company) == []


def test_child_pipelines_are_compared_with_those_of_their_trigger_job(company: Builder) -> None:
    jobs = []
    for back, trigger, status in ((3.0, "linux", "failed"), (2.9, "mac", "success"), (2.0, "linux", "success")):
        at = NOW - back * DAY
        parent = company.pipeline(at, source="push", sha=SHA)
        child = company.pipeline(at, source="parent_pipeline", sha=SHA, parent=parent)
        company.job(parent, trigger, at=at, kind="bridge", downstream=child, sha=SHA)
        jobs.append(company.job(child, "test", status, at, sha=SHA, **ADA))
    assert flakes(company) == [(jobs[0], "re-run", jobs[2])]
    lanes = company.rows("select lane from job_attempts order by job_id")
    assert [row["lane"] for row in lanes] == ["commit / linux", "commit / mac", "commit / linux"]
    assert company.rows("select count(person) as people from flaky_failures") == [{"people": 1}]


def nightly(built: Builder, *statuses: str, last: float = 1) -> None:
    """Nights of the schedule, one commit each, the last so many days ago."""
    for place, status in enumerate(statuses):
        back = last + len(statuses) - 1 - place
        ran(built, back, *status.split("+"), sha=f"{place:040x}", source="schedule")


def test_a_job_that_always_passed_is_healthy(company: Builder) -> None:
    nightly(company, *["success"] * 12)
    row = state(company)
    assert (row["state"], row["evidence"], row["flips"], row["flip_runs"], row["runs"]) == ("healthy", None, 0, 12, 12)


def test_a_regression_is_broken_and_never_flaky(company: Builder) -> None:
    nightly(company, *["success"] * 8, *["failed+failed"] * 4)
    row = state(company)
    assert (row["state"], row["evidence"], row["red_runs"]) == ("broken", None, 4)
    assert row["red_since"] == NOW - 4 * DAY + 15 * MINUTE


def test_bugs_that_came_and_went_are_not_flaky(company: Builder) -> None:
    nightly(company, *(["success"] * 4 + ["failed"] * 3) * 3, "success")
    row = state(company)
    assert (row["state"], row["evidence"], row["flips"]) == ("healthy", None, 6)


def test_failures_that_stand_alone_are_suspect(company: Builder) -> None:
    nightly(company, *["success", "success", "failed", "success"] * 4)
    row = state(company)
    assert (row["state"], row["evidence"], row["flips"], row["flip_runs"]) == ("flaky", "suspected", 8, 16)
    assert row["flip_rate"] == pytest.approx(8 / 15)
    assert (row["flaky_runs"], row["flaky_share"]) == (4, 0.25)


def test_until_it_passed_often_enough_it_is_flaky(company: Builder) -> None:
    nightly(company, "success", "failed+success", "success", "success", "failed+success", *["success"] * 6)
    row = state(company)
    # 2 of 11 runs: ln 0.05 / ln (9 / 11) = 14.9 passes; the run that passed on retry counts as one.
    assert (row["state"], row["evidence"], row["flaky_failures"], row["by_retry"]) == ("flaky", "proven", 2, 2)
    assert (row["passes_since"], row["passes_needed"], row["has_recovered"]) == (7, 15, False)


def test_recovered_by_passes(company: Builder) -> None:
    nightly(company, "failed+success", *["failed"] * 2, *["failed+success"] * 3, *["success"] * 9)
    row = state(company)
    # 4 of 15 runs: 9.66 passes; 9 since, and the last flake's own.
    assert (row["passes_since"], row["passes_needed"], row["has_recovered"]) == (10, 10, True)
    assert (row["state"], row["evidence"]) == ("healthy", "proven")


def test_recovered_by_time(company: Builder) -> None:
    ran(company, 20, "failed", "success")
    ran(company, 16, "success")
    assert (state(company)["state"], state(company)["passes_since"]) == ("healthy", 2)


def test_flaky_and_red_is_broken_once_it_is_red_three_times(company: Builder) -> None:
    nightly(company, *["success"] * 5, "failed+success", "failed", "failed", last=2)
    assert state(company)["state"] == "flaky"
    ran(company, 1, "failed", sha="f" * 40, source="schedule")
    assert (state(company)["state"], state(company)["red_runs"]) == ("broken", 3)


def test_a_feature_branch_breaks_nothing(company: Builder) -> None:
    for back in (5, 4, 3, 2):
        ran(company, back, "failed", sha=f"{back:040x}", pipeline={"ref": "wip"})
    assert (state(company)["state"], state(company)["failed_attempts"]) == ("healthy", 4)


def test_an_outage_of_all_and_one_of_a_single_runner(company: Builder) -> None:
    night = NOW - 5 * DAY
    jobs = iter(range(1000))

    def job(at: datetime, status: str, runner: str, reason: str | None = None) -> None:
        run = company.pipeline(at, status, source="push")
        company.job(run, f"job {next(jobs)}", status, at, runner_description=runner, failure_reason=reason,
                    finished_at=at)  # fmt: skip

    for hour in (0, 1, 5):
        for place in range(2):
            job(night + hour * HOUR + place * MINUTE, "failed", f"r{place}", "runner_system_failure")
    job(night + HOUR, "success", "r3")
    for hour in range(48, 50):
        for place in range(3):
            job(night + hour * HOUR + place * MINUTE, "failed", "lame", "runner_system_failure")
        for place in range(9):
            job(night + hour * HOUR + place * MINUTE, "success", "fine")
    # A single one, and many among many more, are none.
    job(night - DAY, "failed", "r0", "runner_system_failure")
    told = company.rows("select * from runner_outages order by began_at")
    common = {"category": "unknown", "failure_reason": "runner_system_failure", "repositories": 1, "failures": 6}
    assert told == [
        common | {"runner": None, "began_at": night, "ended_at": night + 5 * HOUR + MINUTE, "jobs": 7, "runners": 2},
        common | {"runner": "lame", "began_at": night + 48 * HOUR, "ended_at": night + 49 * HOUR + 2 * MINUTE,
                  "jobs": 6, "runners": 1},
    ]  # fmt: skip


def test_the_copy_in_memory_is_made_anew_when_jobs_moved_and_only_then(company: Builder) -> None:
    copies = HeldAttempts(company.store)
    first = copies.newest()
    company.commit("c1")
    company.schedule(9)
    same = copies.newest()
    assert same.connection is first.connection and same.version == company.store.data_version
    ran(company, 1, "failed", "success")
    with copies.newest().connection.cursor() as cursor:
        assert cursor.execute(
            "select count(*), (select count(*) from flaky_failures) from job_attempts"
        ).fetchall() == [(2, 1)]
    assert copies.newest().connection is copies.newest().connection is not first.connection
