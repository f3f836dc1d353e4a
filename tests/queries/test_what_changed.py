"""Between a job's last pass and its first failure: the runs, the commits, the logs."""

from __future__ import annotations

from datetime import datetime, timedelta

import pandas as pd

from dashlib.failures.act_tables import GREEN_LOGS
from dashlib.model import Filters, Put, Upsert
from dashlib.queries import what_changed
from dashlib.sources.tables import COMMITS
from tests.queries.build import MIDNIGHT, Builder, row

DAY = timedelta(days=1)
SHA = [f"{number}" * 40 for number in range(6)]


def commit(built: Builder, sha: str, at: datetime, *parents: str, author: str = "Ada") -> None:
    """A commit with these parents."""
    known = {"author_name": author, "title": "A change", "committed_at": at, "parent_ids": list(parents)}
    built.store.write(Upsert(COMMITS, [row(COMMITS, ["commit", "detail"], project_id=1, id=sha, **known)]))


def history(built: Builder) -> list[int]:
    """Five nights: passed, passed, failed, failed, passed; a side branch is merged before the first failure."""
    commit(built, SHA[0], MIDNIGHT - 3 * DAY)
    commit(built, SHA[1], MIDNIGHT - 2 * DAY, SHA[0])
    commit(built, SHA[5], MIDNIGHT - 2 * DAY, SHA[0], author="Eve")
    commit(built, SHA[2], MIDNIGHT + 1.5 * DAY, SHA[1], SHA[5], author="Bob")
    commit(built, SHA[3], MIDNIGHT + 2.5 * DAY, SHA[2])
    jobs = []
    for place, (sha, status) in enumerate(
        ((SHA[0], "success"), (SHA[1], "success"), (SHA[2], "failed"), (SHA[3], "failed"), (SHA[3], "success"))
    ):
        at = MIDNIGHT + place * DAY
        run = built.pipeline(at, status, sha=sha)
        jobs.append(built.job(run, "lint", status, at, runner_description=f"runner-{place}"))
    return jobs


def asked(built: Builder, question: object, job: int) -> pd.DataFrame:
    assert callable(question)
    with built.store.reader() as reader:
        answer: pd.DataFrame = question(reader, Filters(), project=1, job=job)
        pd.testing.assert_frame_equal(reader.execute(answer.attrs["sql"]).df(), answer)
    return answer


def test_from_the_last_pass_to_the_first_failure(built: Builder) -> None:
    jobs = history(built)
    for job in jobs[2:4]:
        [found] = asked(built, what_changed.between, job).to_dict("records")
        assert (found["good_job_id"], found["bad_job_id"]) == (jobs[1], jobs[2])
        assert (found["good_runner"], found["bad_runner"]) == ("runner-1", "runner-2")
        assert found["compare_url"] == f"https://gitlab.example/acme/core/engine/-/compare/{SHA[1]}...{SHA[2]}"


def test_the_commits_are_those_that_came_in_with_it_whatever_their_date(built: Builder) -> None:
    jobs = history(built)
    found = asked(built, what_changed.commits, jobs[3])
    assert list(zip(found["author_name"], found["sha"], strict=True)) == [("Bob", SHA[2][:8]), ("Eve", SHA[5][:8])]


def test_the_same_commit_is_compared_with_nothing(built: Builder) -> None:
    jobs = []
    for place, status in enumerate(("success", "failed")):
        run = built.pipeline(MIDNIGHT + place * DAY, status, sha=SHA[1])
        jobs.append(built.job(run, "lint", status, MIDNIGHT + place * DAY))
    [found] = asked(built, what_changed.between, jobs[1]).to_dict("records")
    assert found["good_job_id"] == jobs[0] and found["compare_url"] is None
    assert asked(built, what_changed.commits, jobs[1]).empty


def test_without_a_pass_there_is_nothing_between(built: Builder) -> None:
    job = built.job(built.pipeline(status="failed"), "lint", "failed")
    [found] = asked(built, what_changed.between, job).to_dict("records")
    assert pd.isna(found["good_job_id"]) and found["bad_job_id"] == job
    assert asked(built, what_changed.commits, job).empty


def test_both_logs(built: Builder) -> None:
    jobs = history(built)
    kept = {"project_id": 1, "job_name": "lint", "job_id": jobs[1], "bytes": 37, "templates": ""}
    built.store.write(Put(GREEN_LOGS, [kept | {"text": "Running with gitlab-runner 18.4.0 (a)"}]))
    built.trace(jobs[3], "Running with gitlab-runner 18.5.0 (b)")
    found = asked(built, what_changed.logs, jobs[3])
    assert sorted(found["side"]) == ["after", "before"]
