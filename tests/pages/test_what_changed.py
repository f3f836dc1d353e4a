"""What the page of a failure tells of the change: runs, commits with their authors, the comparison, versions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from dashlib.failures.act_tables import GREEN_LOGS
from dashlib.model import Filters, Put
from dashlib.queries import night_grid
from dashlib.queries.night_grid import Narrowed
from dashlib.sources.gitlab.traces import Trace
from dashlib.store import open_store
from dashlib.sync.steps.green_logs import green_row
from dashlib.widgets.night_versions import changes
from dashlib.widgets.nights import of_nights
from tests.pages.conftest import CRON, YESTERDAY, Open
from tests.queries.build import Builder
from tests.queries.test_what_changed import commit

DAY = timedelta(days=1)
SHA = ["a" * 40, "b" * 40, "c" * 40]
PASSED = b"Successfully installed tide-units-4.2.1 numpy-2.0.0\n"
FAILED = "Successfully installed tide-units-4.3.0 numpy-2.0.0\n"


def test_what_changed_since_a_job_passed(opener: Callable[[Path], Open], tmp_path: Path) -> None:
    with open_store(tmp_path / "changed.duckdb") as store:
        built = Builder(store)
        built.project(1, "acme/core/engine")
        built.schedule(7, cron=CRON)
        jobs = []
        for place, (sha, who) in enumerate(zip(SHA, ("Ada", "Bob", "Eve"), strict=True)):
            at = YESTERDAY - (2 - place) * DAY
            commit(built, sha, at - DAY / 24, *SHA[place - 1 : place], author=who)
            if place != 1:
                status = "failed" if place else "success"
                run = built.pipeline(at, status, sha=sha)
                jobs.append(built.job(run, "unit", status, at, runner_description=f"runner-{place}"))
        built.failure(jobs[1], "tide", lines=[{"number": 1, "text": "tide"}])
        built.trace(jobs[1], FAILED)
        built.write()
        kept = green_row(1, "unit", jobs[0], Trace(PASSED, b"", len(PASSED), 0))
        assert kept is not None
        store.write(Put(GREEN_LOGS, [kept]))
    app = opener(tmp_path / "changed.duckdb")("failure", failure=f"1-{jobs[1]}")
    links = {link.proto.label: link.proto.url for link in app.get("link_button")}
    assert links["Compare on GitLab"] == f"https://gitlab.example/acme/core/engine/-/compare/{SHA[0]}...{SHA[2]}"
    assert links["Last pass"].endswith(f"/jobs/{jobs[0]}") and links["First failure"].endswith(f"/jobs/{jobs[1]}")
    assert "The first failure ran on runner-2, the last pass on runner-0." in [
        str(caption.value).replace("\\", "") for caption in app.caption
    ]
    commits = next(one.value for one in app.dataframe if "author_name" in one.value)
    assert list(zip(commits["author_name"], commits["title"], strict=True)) == [
        ("Eve", "A change"),
        ("Bob", "A change"),
    ]
    versions = next(one.value for one in app.dataframe if "before" in one.value)
    assert versions[["kind", "name", "before", "after"]].to_numpy().tolist() == [
        ["pip", "tide-units", "4.2.1", "4.3.0"]
    ]


def test_without_the_log_of_the_last_pass_the_one_that_is_held_is_compared_with_and_named(
    opener: Callable[[Path], Open], tmp_path: Path
) -> None:
    """The nightly never passed, or its log is not the one that is held: that of a push is, which passed at noon."""
    with open_store(tmp_path / "held.duckdb") as store:
        built = Builder(store)
        built.project(1, "acme/core/engine")
        built.schedule(7, cron=CRON)
        built.job(built.pipeline(YESTERDAY - 3 * DAY), "unit", "success", YESTERDAY - 3 * DAY)
        noon = YESTERDAY - DAY / 2
        push = built.job(built.pipeline(noon, source="push", schedule_id=None), "unit", "success", noon)
        failed = {}
        for name in ("unit", "lint"):
            failed[name] = built.job(built.pipeline(YESTERDAY, "failed"), name, "failed", YESTERDAY)
            built.trace(failed[name], FAILED)
        early = YESTERDAY - DAY
        before = built.job(built.pipeline(early, "failed"), "unit", "failed", early)
        built.trace(before, FAILED)
        later = YESTERDAY + DAY / 48
        lint = built.job(built.pipeline(later, source="push", schedule_id=None), "lint", "success", later)
        built.write()
        for name, job in (("unit", push), ("lint", lint)):
            kept = green_row(1, name, job, Trace(PASSED, b"", len(PASSED), 0))
            assert kept is not None
            store.write(Put(GREEN_LOGS, [kept]))
    visit = opener(tmp_path / "held.duckdb")
    gone = "The log of the last pass is not stored: versions are compared with"
    told = {
        failed["unit"]: f"{gone} job #{push}, passed {noon:%a %d %b}",
        before: f"{gone} job #{push}, passed {noon:%a %d %b}",
        failed["lint"]: f"No earlier pass of this job is stored: versions are compared with job #{lint}, passed",
    }
    for job, words in told.items():
        app = visit("failure", failure=f"1-{job}")
        [caption] = [text for one in app.caption if "versions are" in (text := str(one.value).replace("\\", ""))]
        assert caption.startswith(words) and caption.endswith("no nightly (push of main).")
        assert ("(after this failure)" in caption) == (job != failed["unit"])
        versions = next(one.value for one in app.dataframe if "before" in one.value)
        assert versions[["name", "before", "after"]].to_numpy().tolist() == [["tide-units", "4.2.1", "4.3.0"]]
    cells = of_nights(night_grid.grid, Filters(), narrowed=Narrowed(YESTERDAY.date()), rows="job")
    [(_, box)] = changes(cells, YESTERDAY.date())
    assert box == f"against job #{push} (no nightly): tide-units 4.2.1 → 4.3.0 (pip)"
