"""A nightly that ran more than once: what the list of failed jobs says beside the line of numbers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from dashlib.store import open_store
from tests.nightlies.rows import expect
from tests.pages.conftest import CRON, YESTERDAY, Open
from tests.queries.build import Builder

AGAIN = YESTERDAY + timedelta(hours=1)
PASSED_SINCE = "No job of that night is left failed: what failed first has passed since."
OTHER_RUN = (
    "The line of numbers counts 0 failed jobs, those of the runs that decide. What failed in another run of a nightly "
    "and did not end again since is listed here, too."
)


@pytest.mark.parametrize(
    ("then", "told", "listed"), [(["e2e"], PASSED_SINCE, 0), (["lint"], OTHER_RUN, 1)], ids=["same job", "another job"]
)
def test_what_failed_in_the_first_of_two_runs_is_explained(
    opener: Callable[[Path], Open], tmp_path: Path, then: list[str], told: str, listed: int
) -> None:
    path = tmp_path / "runs.duckdb"
    with open_store(path) as store:
        built = Builder(store)
        built.project()
        built.schedule(cron=CRON.replace("0 2", "0 2,3", 1))
        expect(built, YESTERDAY, AGAIN)
        built.night(YESTERDAY, failed=["e2e"], passed=["lint"])
        built.night(AGAIN, passed=then)
        built.write()
    page = opener(path)("nightlies", night=str(YESTERDAY.date()))
    captions = [caption.value for caption in page.caption]
    assert told in captions and "No failed job that night." not in captions
    tables = [frame.value for frame in page.dataframe if "job_name" in frame.value]
    assert sum(len(frame) for frame in tables) == listed
