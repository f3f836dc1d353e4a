"""What a schedule said since when, as far as looks at it can tell."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from dashlib.nightlies.editions import LONG_AGO, Edition, Seen, edited_before, grown

BORN = datetime(2026, 1, 1, 9)
NOW = datetime(2026, 3, 10, 6)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SEEN = Seen("0 1 * * *", "UTC", None, BORN, NOW - 5 * HOUR, NOW)
FIRST = Edition(BORN, "0 1 * * *", "UTC", None, NOW)


def test_a_first_look_trusts_the_present_line() -> None:
    assert grown([], SEEN) == [FIRST]
    assert grown([], replace(SEEN, created_at=None)) == [replace(FIRST, valid_from=LONG_AGO)]


def test_a_first_look_at_one_whose_runs_came_at_other_times() -> None:
    since = NOW - 3 * DAY
    assert grown([], SEEN, since) == [replace(FIRST, cron=None), replace(FIRST, valid_from=since)]


def test_a_first_look_at_one_that_is_off() -> None:
    off = replace(SEEN, off_cause="schedule_off")
    assert grown([], off) == [FIRST, replace(FIRST, valid_from=NOW - 5 * HOUR, off_cause="schedule_off")]
    unknown = grown([], replace(off, changed_at=None))
    assert unknown == [replace(FIRST, off_cause="schedule_off")]


def test_nothing_new_changes_nothing_and_later_only_when_it_was_seen() -> None:
    assert grown([FIRST], replace(SEEN, seen_at=NOW + timedelta(minutes=10))) == [FIRST]
    assert grown([FIRST], replace(SEEN, seen_at=NOW + DAY)) == [replace(FIRST, seen_at=NOW + DAY)]


def test_an_edit_holds_from_the_change_that_gitlab_tells() -> None:
    later = replace(SEEN, cron="0 3 * * *", changed_at=NOW + 2 * HOUR, seen_at=NOW + DAY)
    assert grown([FIRST], later) == [FIRST, Edition(NOW + 2 * HOUR, "0 3 * * *", "UTC", None, NOW + DAY)]


def test_a_change_lies_between_two_looks_whatever_gitlab_tells() -> None:
    for told, since in [(BORN, NOW), (NOW + 9 * DAY, NOW + DAY), (None, NOW + DAY)]:
        later = replace(SEEN, off_cause="project_archived", changed_at=told, seen_at=NOW + DAY)
        assert grown([FIRST], later)[-1].valid_from == since


def test_a_deleted_one_was_last_alive_when_it_was_last_seen() -> None:
    later = replace(SEEN, off_cause="schedule_deleted", changed_at=NOW - 5 * HOUR, seen_at=NOW + DAY)
    assert grown([FIRST], later)[-1].valid_from == NOW


def test_two_changes_at_one_moment_are_one() -> None:
    once = grown([FIRST], replace(SEEN, cron="0 3 * * *"))
    again = grown(once, replace(SEEN, cron="0 4 * * *"))
    assert [edition.cron for edition in again] == ["0 1 * * *", "0 4 * * *"]


looks = st.lists(
    st.builds(
        Seen,
        cron=st.sampled_from(["0 1 * * *", "0 3 * * *", "nonsense", None]),
        cron_timezone=st.sampled_from(["UTC", "Berlin"]),
        off_cause=st.sampled_from([None, None, "schedule_off", "project_archived", "schedule_deleted"]),
        created_at=st.just(BORN) | st.none(),
        changed_at=st.datetimes(BORN, NOW + 30 * DAY) | st.none(),
        seen_at=st.datetimes(BORN + DAY, NOW + 30 * DAY),
    ),
    min_size=1,
    max_size=6,
)


@given(looks)
def test_editions_follow_each_other_and_the_last_one_is_what_is_seen(seen: list[Seen]) -> None:
    editions: list[Edition] = []
    for look in sorted(seen, key=lambda look: look.seen_at):
        before, editions = editions, grown(editions, look)
        starts = [edition.valid_from for edition in editions]
        assert starts == sorted(set(starts))
        assert editions[-1].says(look)
        assert grown(editions, look) == editions
        # What was known of the time before the last look stays as it was.
        assert editions[: max(len(before) - 1, 0)] == before[:-1]


def slots(days: int) -> list[datetime]:
    return [datetime(2026, 3, day, 3) for day in range(1, days + 1)]


def runs(*days: int, hour: int, minute: int = 3) -> list[datetime]:
    return [datetime(2026, 3, day, hour, minute) for day in days]


def test_runs_on_time_speak_for_the_line() -> None:
    assert edited_before(slots(9), runs(1, 2, 3, 4, 5, 6, 7, 8, 9, hour=3), NOW) is None
    assert edited_before(slots(9), [], NOW) is None
    assert edited_before([], runs(1, 2, hour=3), NOW) is None


def test_the_oldest_runs_at_another_time_speak_for_an_edit() -> None:
    assert edited_before(slots(9), [*runs(2, 3, 4, hour=1), *runs(5, 6, 7, hour=3)], NOW) == datetime(2026, 3, 5, 3)


def test_one_run_by_hand_before_the_first_on_time_is_no_edit() -> None:
    assert edited_before(slots(9), [*runs(1, 1, hour=15), *runs(2, 3, hour=3)], NOW) is None


def test_runs_by_hand_while_the_nightly_did_not_run_are_no_edit() -> None:
    for days, back in (((1, 5), 6), ((2, 6), 9), ((1, 2), 8)):
        assert edited_before(slots(9), [*runs(*days, hour=15), *runs(back, hour=3)], NOW) is None
    assert edited_before(slots(9), runs(2, 7, hour=15), NOW) is None


def every(step: timedelta, first: datetime, last: datetime) -> list[datetime]:
    """Runs of a clock, three minutes after each of its times."""
    found = []
    while first <= last:
        found.append(first + timedelta(minutes=3))
        first += step
    return found


def test_runs_at_any_time_of_the_day_are_no_other_line() -> None:
    """Whoever presses play does so now at nine, now a little later; a clock, also around midnight, at one time."""
    back = runs(3, hour=3)
    assert edited_before(slots(9), [*runs(1, hour=9, minute=5), *runs(2, hour=9, minute=10), *back], NOW) is None
    around_midnight = [*runs(1, hour=23, minute=59), *runs(3, hour=0, minute=1)]
    assert edited_before(slots(9), [*around_midnight, *runs(4, hour=3)], NOW) == slots(9)[3]
    morning = [datetime(2026, 3, day, 9, 4 * place) for place, day in enumerate([1, 2, 4, 5, 7, 9, 10, 12, 14, 16])]
    assert edited_before(slots(22), [*morning, *every(DAY, datetime(2026, 3, 20, 3), slots(22)[-1])], NOW) is None


def test_a_denser_line_that_shares_a_time_with_the_present_one() -> None:
    """Every six hours, then once a day at six: the six o'clock runs are on time from the beginning."""
    present = [datetime(2026, 3, day, 6) for day in range(1, 29)]
    before = every(6 * HOUR, datetime(2026, 3, 1), datetime(2026, 3, 20))
    found = edited_before(present, [*before, *every(DAY, present[19], present[-1])], NOW)
    assert found == datetime(2026, 3, 20, 6)
    hourly = every(HOUR, datetime(2026, 3, 1), datetime(2026, 3, 20, 3))
    assert edited_before(slots(28), [*hourly, *every(DAY, slots(28)[20], slots(28)[-1])], NOW) == slots(28)[19]


def test_a_rarer_line_before_a_denser_one() -> None:
    mondays = every(7 * DAY, datetime(2026, 3, 2, 7), datetime(2026, 3, 16, 7))
    assert edited_before(slots(28), [*mondays, *every(DAY, slots(28)[18], slots(28)[-1])], NOW) == slots(28)[18]


def test_who_starts_it_every_morning_beside_the_nightly_still_does() -> None:
    both = sorted([*every(DAY, slots(28)[0], slots(28)[-1]), *every(DAY, slots(28)[0] + 6 * HOUR, slots(28)[-1])])
    assert edited_before(slots(28), both, NOW) is None


def test_an_edit_after_the_last_run() -> None:
    assert edited_before(slots(9), runs(2, 3, 4, hour=1), NOW) == NOW
