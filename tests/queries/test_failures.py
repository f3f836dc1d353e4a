"""The questions of the pages Failures and Failure, answered over hand-made rows."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from dashlib.failures.settle import settle
from dashlib.model import Filters, Put
from dashlib.queries import failure, failures, signatures
from dashlib.queries.failures import Narrowed
from dashlib.store import bookkeeping, open_store
from tests.queries.build import Builder

NOW = datetime.now(UTC).replace(tzinfo=None, hour=12, minute=0, second=0, microsecond=0) - timedelta(days=1)
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def filled(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Builder]:
    """Two repositories, four signatures, every state; the newest day is yesterday. Only looked at."""
    path = tmp_path_factory.mktemp("failures") / "dashboard.duckdb"
    shutil.copyfile(template, path)
    with open_store(path) as store:
        yield fill(Builder(store))


def fill(built: Builder) -> Builder:
    built.project(2, "acme/web/site")
    built.schedule(8, project_id=2)

    def job(
        name: str, days: int, signature: str | None = None, project: int = 1, nightly: bool = True, **other: Any
    ) -> int:
        at = NOW - days * DAY
        values = {key: other.pop(key) for key in ("allow_failure", "failure_reason") if key in other}
        pipeline = built.pipeline(at, "failed", project, "schedule" if nightly else "push", 6 + project)
        id = built.job(pipeline, name, "failed", at, project, finished_at=at, **values)
        if other.pop("log", signature is not None):
            built.trace(id, "text", project)
        if other.pop("analysed", True):
            built.failure(id, signature, project, **other)
        return id

    job("unit", 40, "old", category="test_failure")
    job("unit", 5, "old", category="test_failure")
    job("unit", 2, "old", project=2, category="test_failure")
    job("lint", 1, "fresh", category="lint", nightly=False)
    job("lint", 0, "fresh", project=2, category="lint", allow_failure=True)
    job("odd", 3, "guess", category="unknown", state="unsure", rule=None)
    job("mute", 3, None, state="no_rule", log=True)
    job("gone", 3, None, state="no_log")
    job("late", 3, analysed=False)
    settle(built.store)
    return built


def ask(
    built: Builder,
    question: Callable[..., pd.DataFrame],
    chosen: Filters | None = None,
    *,
    twice: bool = True,
    **more: Any,
) -> pd.DataFrame:
    """The answer; ``twice``: and to its SQL as shown, too."""
    with built.store.reader() as reader:
        frame = question(reader, chosen or Filters(), **more)
        if not twice:
            return frame
        again = reader.execute(str(frame.attrs["sql"])).df()
    # What is told of two texts is worked out after the question.
    columns = [name for name in frame.columns if not name.endswith("_told")]
    assert list(again.columns) == columns and len(again) == len(frame)
    return frame


def test_totals(filled: Builder) -> None:
    row = ask(filled, failures.totals).iloc[0].to_dict()
    assert {name: int(row[name]) for name in row if not str(name).startswith("explained_share")} == {
        "failed_jobs": 9,
        "signatures": 3,
        "new_signatures": 2,
        "without_issue": 3,
        "explained": 5,
        "gitlabs_word": 0,
        "unsure": 1,
        "no_rule": 1,
        "no_log": 1,
        "not_analysed": 1,
        "with_log": 7,
        "log_missing": 0,
        "log_not_read": 1,
        "log_erased": 0,
        "trigger_jobs": 0,
    }
    assert row["explained_share"] == pytest.approx(5 / 9)
    assert row["explained_share_of_logs"] == pytest.approx(5 / 7)


def test_totals_of_nothing(built: Builder) -> None:
    row = ask(built, failures.totals).iloc[0]
    assert (row["failed_jobs"], row["explained_share"], row["signatures"]) == (0, 0, 0)


@pytest.mark.parametrize(
    ("which", "jobs"),
    [
        (Narrowed(allowed=True), 9),
        (Narrowed(), 8),
        (Narrowed(nightly=True), 7),
        (Narrowed(nightly=True, allowed=True), 8),
        (Narrowed(categories=("lint",), allowed=True), 2),
        (Narrowed(categories=("lint", "test_failure"), allowed=True), 5),
        (Narrowed(only_new=True, allowed=True), 3),
        (Narrowed(only_new=True, new_days=3, allowed=True), 2),
        (Narrowed(issue=False, allowed=True), 9),
        (Narrowed(issue=True, allowed=True), 0),
        (Narrowed(search="UNIT"), 3),
        (Narrowed(search=" acme/web "), 1),
        (Narrowed(search="test.rule", allowed=True), 5),
        (Narrowed(search="'; drop table jobs; --"), 0),
    ],
)
def test_narrowed(filled: Builder, which: Narrowed, jobs: int) -> None:
    assert len(ask(filled, failures.listing, which=which)) == jobs
    # The same conditions stand in each: their text with this choice was asked for the listing.
    assert ask(filled, failures.totals, twice=False, which=which)["failed_jobs"].iloc[0] == jobs
    assert ask(filled, failures.over_time, twice=False, which=which)["failed_jobs"].sum() == jobs
    assert ask(filled, failures.coverage, twice=False, which=which)["failed_jobs"].sum() == jobs


def test_the_filter_bar(filled: Builder) -> None:
    day = NOW.date()

    def jobs(chosen: Filters) -> int:
        return int(ask(filled, failures.totals, chosen)["failed_jobs"].iloc[0])

    assert jobs(Filters(projects=("acme/web/site",))) == 2
    assert jobs(Filters(groups=("acme/core",))) == 7
    assert jobs(Filters(since=day - 5 * DAY)) == 8
    assert jobs(Filters(since=day - 2 * DAY, until=day - DAY)) == 2
    assert jobs(Filters(persons=("nobody",))) == 0


def test_signatures_new_ones_first(filled: Builder) -> None:
    day = NOW.date()
    frame = ask(filled, signatures.signatures, Filters(since=day - 5 * DAY, until=day))
    assert frame["signature"].tolist() == ["fresh", "guess", "old"]
    fresh, guess, old = frame.to_dict("records")
    assert (fresh["is_new"], guess["is_new"], old["is_new"]) == (True, True, False)
    assert list(fresh["spread"]) == [0, 0, 0, 0, 1, 1] and list(old["spread"]) == [1, 0, 0, 1, 0, 0]
    assert (old["failures"], old["repositories"], old["nights"], old["jobs"]) == (2, 2, 2, 2)
    assert old["first_seen"].to_pydatetime() == NOW - 40 * DAY
    assert old["last_seen"].to_pydatetime() == NOW - 2 * DAY
    assert old["first_here"] == "acme/core/engine"
    assert (old["told_by"], guess["told_by"]) == ("rule", "guess")
    assert str(old["failure_url"]).startswith("/failure?failure=2-")


def test_failures_over_time_by_everything(filled: Builder) -> None:
    for by in failures.BY:
        frame = ask(filled, failures.over_time, by=by)
        assert frame["failed_jobs"].sum() == 9
        assert frame.groupby("day").size().nunique() == 1
    kinds = ask(filled, failures.over_time).groupby("series")["failed_jobs"].sum().to_dict()
    assert kinds == {
        "test_failure": 3,
        "lint": 2,
        "unknown": 1,
        "no log": 1,
        "no rule spoke": 1,
        "not analysed": 1,
    }
    few = ask(filled, failures.over_time, by="job", top=2)
    assert set(few["series"]) == {"unit", "lint", "4 others"}


def test_coverage_of_each_repository_the_least_explained_first(filled: Builder) -> None:
    frame = ask(filled, failures.coverage)
    assert frame["path_with_namespace"].tolist() == ["acme/core/engine", "acme/web/site"]
    assert frame["explained_share"].tolist() == [pytest.approx(3 / 7), 1.0]
    assert frame["explained_share_of_logs"].tolist() == [pytest.approx(3 / 5), 1.0]
    assert frame["main_category"].tolist()[0] == "test_failure"


def test_the_listing_of_states_and_of_a_signature(filled: Builder) -> None:
    assert ask(filled, failures.listing, states=("no_log", "not_analysed"))["job_name"].tolist() == ["late", "gone"]
    assert ask(filled, failures.listing, states=("no_log",))["reason"].tolist() == ["GitLab says: script failure"]
    signature = ask(filled, signatures.signatures).set_index("signature").loc["old", "signature_id"]
    assert len(ask(filled, failures.listing, signature=signature)) == 3
    assert len(ask(filled, failures.listing, signature=signature, rows=1)) == 1
    [row] = ask(filled, signatures.one_signature, signature=signature).to_dict("records")
    assert (row["failures"], row["first_job_name"], list(row["spread"])) == (
        3,
        "unit",
        ["acme/core/engine", "acme/web/site"],
    )
    assert ask(filled, signatures.one_signature, signature="nothing").empty


def test_categories_the_most_frequent_first(filled: Builder) -> None:
    frame = ask(filled, failures.categories)
    assert frame.to_dict("list") == {"category": ["unknown", "test_failure", "lint"], "failed_jobs": [4, 3, 2]}
    assert ask(filled, failures.categories, nightly=True, allowed=False)["failed_jobs"].sum() == 7


def test_pairs_to_merge_occur_both_here(built: Builder) -> None:
    text = "crash: segmentation fault in the depth sounder of harbour number"
    for days, word in enumerate(["one", "two", "six"]):
        at = NOW - days * DAY
        job = built.job(built.pipeline(at, "failed"), "test", "failed", at, finished_at=at)
        built.failure(job, f"{text} {word}", category="crash")
    settle(built.store)
    pairs = ask(built, signatures.merge_proposals)
    assert len(pairs) == 3 and (pairs["similarity"] >= 0.9).all()
    assert len(ask(built, signatures.merge_proposals, Filters(since=(NOW - DAY).date()))) == 1


def test_how_far_the_rules_are(built: Builder) -> None:
    filled = fill(built)
    filled.store.write(Put(bookkeeping.SETTINGS, [{"name": "rules_version", "value": "v2"}]))
    assert ask(filled, failures.progress).iloc[0].to_dict() == {
        "failed_jobs": 9,
        "not_analysed": 1,
        "by_older_rules": 8,
    }


def test_one_failure_with_its_attempts_runs_and_the_same_elsewhere(built: Builder) -> None:
    built.project(2, "acme/web/site")
    nights = {}
    for days, status in ((4, "failed"), (3, "success"), (2, "failed"), (1, "failed")):
        at = NOW - days * DAY
        run = built.pipeline(at, status)
        nights[days] = built.job(run, "unit", status, at, finished_at=at)
        built.job(run, "other", "success", at)
        if status == "failed":
            built.failure(nights[days], "sig" if days != 2 else "another")
    last = built.rows(f"select pipeline_id from jobs where id = {nights[1]}")[0]["pipeline_id"]
    retry = built.job(last, "unit", "success", NOW - DAY + timedelta(hours=1))
    push = built.pipeline(NOW, "failed", source="push", schedule_id=None)
    built.failure(built.job(push, "unit", "failed", NOW, finished_at=NOW), "sig")
    there = built.job(built.pipeline(NOW, "failed", 2, "push"), "smoke", "failed", NOW, 2, finished_at=NOW)
    built.failure(there, "sig", 2)
    built.trace(nights[1], "the log")
    settle(built.store)
    this: dict[str, Any] = {"project": 1, "job": nights[1]}

    row = ask(built, failure.one, **this).iloc[0]
    assert (row["attempt"], row["attempts"], row["passed_on_retry"], row["log_bytes"]) == (1, 2, True, 7)
    assert row["first_seen"].to_pydatetime() == NOW - 4 * DAY
    assert ask(built, failure.one, project=1, job=retry).empty

    assert ask(built, failure.log_text, **this)["text"].tolist() == ["the log"]
    attempts = ask(built, failure.attempts, **this)
    assert attempts[["attempt", "status", "job_id"]].values.tolist() == [
        [1, "failed", nights[1]],
        [2, "success", retry],
    ]
    assert attempts["here"].fillna("").tolist() == ["this one", ""]

    runs = ask(built, failure.runs, **this)
    assert runs["job_id"].tolist() == [retry, nights[1], nights[2], nights[3], nights[4]]
    assert runs["same_failure"].tolist() == [False, True, False, False, True]
    assert runs["here"].tolist() == [False, True, False, False, False]

    elsewhere = ask(built, failure.elsewhere, **this)
    assert elsewhere[["path_with_namespace", "job_name", "failures"]].values.tolist() == [["acme/web/site", "smoke", 1]]
    assert elsewhere["failure_url"].tolist() == [f"/failure?failure=2-{there}"]
    assert len(ask(built, failure.newest)) == 5


def test_runs_of_a_job_that_is_no_nightly_are_those_of_its_ref(built: Builder) -> None:
    jobs = {}
    for days, ref in ((3, "main"), (2, "feature"), (1, "main")):
        at = NOW - days * DAY
        run = built.pipeline(at, "failed", source="push", schedule_id=None, ref=ref)
        jobs[days] = built.job(run, "unit", "failed", at, finished_at=at)
    built.job(built.pipeline(NOW, "failed"), "unit", "failed", NOW)
    assert ask(built, failure.runs, project=1, job=jobs[1])["job_id"].tolist() == [jobs[1], jobs[3]]
