"""DASH_REPORT_BY is read by Python and by SQL: it arrives in the one form that both know, or not at all."""

from __future__ import annotations

import pytest

from dashlib.setting_values import clock
from dashlib.settings import Settings, SettingsError
from dashlib.store.remember import remember
from tests.queries.build import Builder


@pytest.mark.parametrize(("written", "at"), [("10:00", "10:00"), ("9:05", "09:05"), ("23:59:59", "23:59")])
def test_every_way_to_write_a_time_is_one_for_the_views(built: Builder, written: str, at: str) -> None:
    told = clock("DASH_REPORT_BY", written)
    assert told == at
    remember(built.store, Settings(report_by=told))
    [row] = built.rows("select report_by()::varchar as at")
    assert row["at"] == f"{at}:00"


@pytest.mark.parametrize(
    "written",
    ["10", "1000", "T10:00", "10:00Z", "10:00+02:00", "24:00", "10:60", "ten", "09.00", "\u0661\u0660:\u0660\u0660"],
)
def test_a_zone_and_what_is_no_time_are_refused(written: str) -> None:
    with pytest.raises(SettingsError, match="DASH_REPORT_BY must be a time of day such as 10:00"):
        clock("DASH_REPORT_BY", written)
