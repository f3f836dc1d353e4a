"""Which time a run fills: the nearest earlier one of its night at which nothing ran yet."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashlib.model import Delete
from dashlib.nightlies import ledger
from dashlib.nightlies.tables import SCHEDULE_SLOTS
from dashlib.settings import Settings
from dashlib.sources.tables import PIPELINES
from tests.nightlies.rows import HOUR, MINUTE, NIGHTS, expect, read_at, schedule
from tests.queries.build import MIDNIGHT, Builder

LATE = timedelta(hours=2)


def fills(built: Builder) -> dict[int, tuple[datetime, bool]]:
    """Of each run that fills a time: the time, and whether somebody started it."""
    found = built.rows("select pipeline_id, expected_at, by_hand from nightly_fills where fills")
    return {one["pipeline_id"]: (one["expected_at"], one["by_hand"]) for one in found}


def one_after_the_other(
    times: list[datetime], off: set[datetime], runs: dict[int, datetime]
) -> dict[int, tuple[datetime, bool]]:
    """What a person does who goes through the runs, oldest first, and ticks times off."""
    ticked: dict[int, tuple[datetime, bool]] = {}
    met: set[datetime] = set()
    for id, at in sorted(runs.items(), key=lambda one: (one[1], one[0])):
        earlier = [time for time in times if time <= at + MINUTE]
        if not earlier:
            continue
        own = max(earlier)
        by_hand = own in met or at > own + LATE
        if own not in met and not (own in off and by_hand):
            ticked[id] = (own, by_hand)
        elif before := [time for time in earlier if is_open(time, off, ticked) and time.date() == own.date()]:
            ticked[id] = (max(before), by_hand)
        met.add(own)
    return ticked


def is_open(time: datetime, off: set[datetime], ticked: dict[int, tuple[datetime, bool]]) -> bool:
    return time not in off and time not in {filled for filled, _ in ticked.values()}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    hours=st.sets(st.sampled_from([*range(6), *range(23, 29)]), min_size=4),
    off=st.sets(st.sampled_from([*range(6), *range(23, 29)]), max_size=2),
    minutes=st.lists(st.integers(0, 30 * 4).map(lambda quarter: 15 * quarter - 20), max_size=12),
)
def test_runs_fill_times_as_one_goes_through_them(
    built: Builder, hours: set[int], off: set[int], minutes: list[int]
) -> None:
    times = sorted(MIDNIGHT - HOUR + hour * HOUR for hour in hours)
    were_off = {MIDNIGHT - HOUR + hour * HOUR for hour in off & hours}
    runs = {1000 + place: MIDNIGHT - HOUR + minute * MINUTE for place, minute in enumerate(minutes)}
    for table in (SCHEDULE_SLOTS, PIPELINES):
        built.store.write(Delete(table, built.rows(f"select {', '.join(table.key)} from {table.name}")))
    expect(built, *(time for time in times if time not in were_off))
    expect(built, *were_off, off="schedule_off")
    for id, at in runs.items():
        built.pipeline(at, id=id)
    assert fills(built) == one_after_the_other(times, were_off, runs)


def test_the_second_of_two_equal_times_is_filled_only_on_time(built: Builder) -> None:
    """In autumn: the schedule's own run at the first time, somebody's in the morning; and one by hand alone."""
    first, second = datetime(2026, 10, 25, 0, 30), datetime(2026, 10, 25, 1, 30)
    for id in (7, 8):
        expect(built, first, id=id)
        expect(built, second, id=id, repeated=True)
    built.schedule(8, description="Other")
    own, extra = built.night(first + 3 * MINUTE, failed=["lint"]), built.night(first + 9 * HOUR, passed=["lint"])
    alone = built.night(first + 9 * HOUR, schedule_id=8)
    assert fills(built) == {own: (first, False), alone: (first, True)}
    cells = built.rows("select state, expected, extra_state from nightly_cells order by schedule_id")
    assert [tuple(one.values()) for one in cells] == [("failed", 1, "passed"), ("passed", 1, None)]
    assert built.rows(f"select night, is_extra from nightly_runs where pipeline_id = {extra}") == [
        {"night": first.date(), "is_extra": True}
    ]


def test_where_clocks_are_put_back_by_half_an_hour(built: Builder) -> None:
    """On Lord Howe Island: only the second of two equal times ran, and somebody started a run in the morning."""
    first, second = datetime(2026, 4, 4, 14, 45), datetime(2026, 4, 4, 15, 15)
    built.zone("Australia/Lord_Howe")
    read_at(built, second + LATE)
    schedule(built, cron="45 1 * * *", cron_timezone="Australia/Lord_Howe", created_at=first - 2 * HOUR)
    built.pipeline(first - HOUR, source="push")
    ledger.refresh(built.store, Settings(timezone="Australia/Lord_Howe", window_days=36500), second + LATE)
    own = built.night(second + 3 * MINUTE)
    [slot] = built.rows(f"select expected_at, state from nightly_slots where expected_at <= timestamp '{second}'")
    assert (slot["expected_at"], slot["state"]) == (second, "passed")
    by_hand = built.night(second + 9 * HOUR, failed=["lint"])
    assert fills(built) == {own: (second, False)}
    assert built.rows(f"select is_extra from nightly_runs where pipeline_id = {by_hand}") == [{"is_extra": True}]


def test_runs_of_a_line_that_cannot_be_read_any_more_are_nights_of_their_own(built: Builder) -> None:
    def looked(cron: str, at: datetime) -> None:
        schedule(built, cron=cron, created_at=NIGHTS[0], updated_at=at, next_run_at=None)
        ledger.refresh(built.store, Settings(), at)

    read_at(built, NIGHTS[4])
    for night in NIGHTS:
        built.night(night, failed=["lint"])
    looked("0 1 * * *", NIGHTS[1] + HOUR)
    looked("every night", NIGHTS[1] + 2 * HOUR)
    found = built.rows(
        "select night, state, runs, extra_state from nightly_cells where pipeline_id is not null order by 1"
    )
    assert [tuple(one.values()) for one in found] == [(night.date(), "failed", 1, None) for night in NIGHTS]
