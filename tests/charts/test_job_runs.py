"""The strip of a job's last runs."""

from __future__ import annotations

from datetime import datetime, timedelta

import pandas as pd
import pytest

from dashlib.charts.job_runs import run_strip

NEWEST = datetime(2026, 3, 14, 2, 10)


def runs(count: int) -> pd.DataFrame:
    """As ``queries.failure.runs`` answers: the newest first."""
    return pd.DataFrame(
        [
            {"job_id": 90 - back, "ended": NEWEST - timedelta(days=back), "status": "failed", "same_failure": back == 0,
             "here": back == 0, "reason": "no route to host"}
            for back in range(count)
        ]
    )  # fmt: skip


@pytest.mark.parametrize(("count", "slots", "days"), [
    (4, ["87", "90"], ["11 Mar 2026", "14 Mar 2026"]), (1, ["90"], ["14 Mar 2026"])
])  # fmt: skip
def test_the_ends_of_the_strip_tell_the_first_and_the_last_day(count: int, slots: list[str], days: list[str]) -> None:
    axes = [layer["encoding"]["x"]["axis"] for layer in run_strip(runs(count)).to_dict()["layer"]]
    assert [axis["values"] for axis in axes] == [slots, slots]
    assert all(day in axes[0]["labelExpr"] for day in days)
