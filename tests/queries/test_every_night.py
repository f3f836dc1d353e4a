"""Every night and what changed since the one before."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd

from dashlib.charts.tables import NIGHT, NIGHTLY_HISTORY, NIGHTS
from dashlib.model import Filters
from dashlib.queries import nightlies
from tests.nightlies.rows import expect
from tests.queries.build import MIDNIGHT, Builder

DAY = timedelta(days=1)
SHOWN = ["failed", "failed_change", "missing", "missing_change", "warned", "warned_change", "passed", "passed_change"]


def test_every_night_with_what_changed_since_the_one_before(built: Builder) -> None:
    """Two nightlies: both pass; one fails; on a day off nothing was to run; the one never runs and the other warns."""
    expect(built, *(MIDNIGHT + place * DAY for place in (0, 1, 3)))
    for place, failed in ((0, []), (1, ["lint"])):
        built.night(MIDNIGHT + place * DAY, failed=failed)
    built.project(2, "acme/web/site")
    built.schedule(8, project_id=2)
    for place in (0, 1):
        built.night(MIDNIGHT + place * DAY, project_id=2, schedule_id=8)
    run = built.pipeline(MIDNIGHT + 3 * DAY, project_id=2, schedule_id=8)
    built.job(run, "audit", "failed", MIDNIGHT + 3 * DAY, project_id=2, allow_failure=True)
    found = nightlies.every_night(built.nights(), Filters())
    assert [
        (night.date() - MIDNIGHT.date(), [None if pd.isna(value) else int(value) for value in values])
        for night, *values in found[["night", *SHOWN]].astype(object).to_numpy()
    ] == [
        (3 * DAY, [0, -1, 1, 1, 1, 1, 0, -1]),
        (1 * DAY, [1, 1, 0, 0, 0, 0, 1, -1]),
        (0 * DAY, [0, None, 0, None, 0, None, 2, None]),
    ]
    nights = nightlies.nights(built.nights(), Filters())
    pd.testing.assert_frame_equal(built.nights().execute(found.attrs["sql"]).df(), found)
    same = found[nights.columns].sort_values("night", ignore_index=True)
    pd.testing.assert_frame_equal(same, nights)
    assert [column.name for column in NIGHTS if column.name in SHOWN] == SHOWN


def test_what_has_stopped_comes_after_the_red_ones_and_says_since_when(built: Builder) -> None:
    """The one passed on its first night and did not run on the next three, the others run: one has failed once."""
    for id, path in ((1, "acme/gone"), (2, "acme/calm"), (3, "acme/red"), (4, "acme/often")):
        built.project(id, path)
        built.schedule(id, project_id=id)
    for place in range(4):
        at = MIDNIGHT + place * DAY
        for id in (2, 3, 4) if place else (1, 2, 3, 4):
            is_red = (id == 3 and place == 3) or (id == 4 and place == 2)
            built.night(at, failed=["x"] * is_red, passed=["x"] * (not is_red), project_id=id, schedule_id=id)
    expect(built, *(MIDNIGHT + place * DAY for place in range(4)), id=1)
    found = nightlies.history(built.nights(), Filters())
    assert list(found["path_with_namespace"]) == ["acme/red", "acme/gone", "acme/often", "acme/calm"]
    assert list(found["nights_missing"]) == [0, 3, 0, 0]
    assert found["missing_since"].iloc[1] == pd.Timestamp((MIDNIGHT + DAY).date())
    assert found["missing_since"].drop(1).isna().all()
    told = {column.name for column in NIGHTLY_HISTORY}
    assert {"missing_since", "nights_missing"} <= told


def test_fewer_that_recovered_are_no_bad_news() -> None:
    """They are fewer where fewer were red before."""
    assert {tile.name: tile.good for tile in NIGHT}["recovered"] == "neither"
