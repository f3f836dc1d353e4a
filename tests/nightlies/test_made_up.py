"""What is made up for once the note is out: the next one goes on from it, and tells it where nothing else does."""

from __future__ import annotations

import shutil
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashlib.nightlies.report import note
from dashlib.nightlies.report_items import Item
from dashlib.store import open_store
from tests.nightlies.rows import DAY, HOUR, NIGHTS, expect, forget
from tests.queries.build import MIDNIGHT, Builder

EVENING = 21 * HOUR
"""From 01:00 to 22:00. DASH_REPORT_BY is 10:00."""
SCHEDULES = {1: (timedelta(), DAY), 2: (EVENING, DAY), 3: (timedelta(), 7 * DAY)}
"""When the first time of each is after MIDNIGHT, and how far apart they are."""


def evening(built: Builder, night: date) -> list[Item]:
    return list(note(built.nights(), night, sent=True).evening)


@pytest.mark.parametrize(
    ("by_hand", "again", "own", "change", "nights", "beside"),
    [
        ("passed", None, None, "missing", 1, "passed when started by hand at 09:00"),
        ("failed", None, None, "missing", 1, "failed when started by hand at 09:00"),
        ("passed", "failed", None, "missing", 1, "failed when started by hand at 14:00"),
        ("failed", None, "passed", "recovered", 1, ""),
        ("failed", "passed", "passed", "recovered", 1, ""),
        ("failed", None, "failed", "still_red", 2, ""),
        ("passed", None, "failed", "new", 1, ""),
        ("passed", "failed", "failed", "new", 1, ""),
        ("passed", None, "passed", None, None, None),
        ("failed", None, "canceled", "canceled", None, "failed when started by hand at 09:00"),
        ("passed", None, "running", "running", None, "passed when started by hand at 09:00"),
    ],
)
def test_of_an_evening_before_an_evening(
    built: Builder, by_hand: str, again: str | None, own: str | None, change: str | None, nights: int, beside: str
) -> None:
    """Of a nightly at 22:00 the second time never ran; started by hand at 09:00, maybe at 14:00; then its third one."""
    built.setting("report_by", "08:00")
    expect(built, *(night + EVENING for night in NIGHTS[:3]))
    built.night(NIGHTS[0] + EVENING, passed=["lint"])
    built.night(NIGHTS[2] + 8 * HOUR, **{by_hand: ["lint"]})
    if again:
        built.night(NIGHTS[2] + 13 * HOUR, **{again: ["unit"]})
    if own in ("canceled", "running"):
        built.pipeline(NIGHTS[2] + EVENING, own)
    elif own:
        built.night(NIGHTS[2] + EVENING, **{own: ["lint"]})
    second, third = NIGHTS[1].date(), NIGHTS[2].date()
    assert [one.change for one in evening(built, third)] == ["missing"]
    after = note(built.nights(), third + DAY, sent=True)
    assert [(one.change, one.nights, one.by_hand) for one in after.evening] == (
        [(change, nights, beside)] * bool(change)
    )
    assert after.evening_counts["runs"] == int(own is not None)
    if change == "recovered":
        assert (after.evening[0].job, after.evening[0].since) == ("lint", second)
    if change == "still_red":
        assert after.evening[0].since == second


@pytest.mark.parametrize(
    ("first", "by_hand", "then", "change", "nights", "since"),
    [
        ("failed", "passed", "failed", "new", 1, 2),
        ("passed", "failed", "passed", "recovered", 1, 1),
        ("passed", "failed", "failed", "still_red", 2, 1),
        ("passed", "passed", "passed", None, None, None),
    ],
)
@pytest.mark.parametrize("evening_comes", ["missing", "canceled"])
def test_of_a_morning_before_an_evening_of_the_same_night(
    built: Builder, evening_comes: str, first: str, by_hand: str, then: str, change: str | None, nights: int, since: int
) -> None:
    """At 01:00 and 22:00; of the second night 01:00 never ran, and 22:00 came to no verdict."""
    for night in NIGHTS[:2]:
        expect(built, night, night + EVENING)
    built.night(NIGHTS[0], **{first: ["lint"]})
    built.night(NIGHTS[0] + EVENING, **{first: ["lint"]})
    built.night(NIGHTS[1] + 11 * HOUR, **{by_hand: ["lint"]})
    if evening_comes == "canceled":
        built.pipeline(NIGHTS[1] + EVENING, "canceled")
    expect(built, NIGHTS[2])
    built.night(NIGHTS[2], **{then: ["lint"]})
    after = note(built.nights(), NIGHTS[2].date(), sent=True)
    [item] = after.evening
    assert (item.change, item.by_hand) == (evening_comes, f"{by_hand} when started by hand at 12:00")
    told = [(one.change, one.nights, one.since) for one in after.items]
    assert told == ([(change, nights, NIGHTS[since].date())] if change else [])


@pytest.mark.parametrize(("by_hand", "again"), [("passed", "failed"), ("failed", "passed")])
def test_of_two_times_of_a_morning_the_later_one_decides(built: Builder, by_hand: str, again: str) -> None:
    """At 01:00 and 04:00, both missing; as on a page, what is started first makes up for 04:00."""
    expect(built, NIGHTS[0], NIGHTS[1], NIGHTS[1] + 3 * HOUR, NIGHTS[2])
    built.night(NIGHTS[0], passed=["lint"])
    built.night(NIGHTS[1] + 10 * HOUR, **{by_hand: ["lint"]})
    built.night(NIGHTS[1] + 11 * HOUR, **{again: ["unit"]})
    built.night(NIGHTS[2], **{by_hand: ["lint"]})
    after = note(built.nights(), NIGHTS[2].date(), sent=True)
    page = {one["night"]: one for one in built.rows("from nightly_changes")}
    today = page[NIGHTS[2].date()]
    told = [(one.change, one.nights, one.since) for one in after.items]
    assert told == ([(today["change"], today["nights_red"], today["red_since"])] if today["change"] else [])
    assert page[NIGHTS[1].date()]["state"] == by_hand
    assert after.evening_counts[by_hand] == 1


def test_what_was_started_again_after_it_is_told_beside(built: Builder) -> None:
    """Of a weekly nightly: the day after it is made up for at nine, and fails when started at two."""
    built.schedule(8, description="Every night")
    expect(built, *NIGHTS[:4], id=8)
    for night in NIGHTS[:4]:
        built.night(night, schedule_id=8)
    expect(built, NIGHTS[0] - 7 * DAY, NIGHTS[0])
    built.night(NIGHTS[0] - 7 * DAY, failed=["lint"])
    made_up = NIGHTS[1] + 10 * HOUR
    built.night(made_up, passed=["lint"])
    built.night(made_up + 5 * HOUR, failed=["lint"])
    [item] = evening(built, NIGHTS[2].date())
    assert (item.change, item.by_hand) == (
        "recovered",
        "started by hand, or late; failed when started by hand at 16:00",
    )


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nine days of a nightly at one, one at ten in the evening and a weekly one."""
    path = tmp_path_factory.mktemp("made-up") / "template.duckdb"
    with open_store(path) as store:
        built = Builder(store)
        built.project()
        for schedule in SCHEDULES:
            built.schedule(schedule, description=f"s{schedule}")
            expect(built, *times(schedule), id=schedule)
        built.write()
    return path


def times(schedule: int) -> list[datetime]:
    first, apart = SCHEDULES[schedule]
    return [at for place in range(9) if (at := MIDNIGHT + first + place * apart) < MIDNIGHT + 9 * DAY]


COMES = st.sampled_from(["passed", "failed", "missing", "missing", "made up: passed", "made up: failed"])


@settings(max_examples=12)
@given(st.data(), st.integers(3, 8))
def test_a_note_tells_of_its_own_times_what_a_page_told_when_it_went_out(
    tmp_path_factory: pytest.TempPathFactory, planned: Path, data: st.DataObject, place: int
) -> None:
    """Whatever was made up for since, and before; what the night of a page tells follows from nightly_changes."""
    path = tmp_path_factory.mktemp("made-up") / "x.duckdb"
    shutil.copyfile(planned, path)
    day = (MIDNIGHT + place * DAY).date()
    out_at = (MIDNIGHT + place * DAY).replace(hour=10)
    later = []
    with open_store(path) as store:
        built = Builder(store)
        for schedule, (_, apart) in SCHEDULES.items():
            for at in times(schedule):
                comes = data.draw(COMES)
                if comes == "missing":
                    continue
                by_hand = comes.startswith("made up")
                wait = timedelta(minutes=data.draw(st.integers(150, int(apart / timedelta(minutes=1)) - 10)))
                began = at + wait if by_hand else at
                run = built.night(began, **{comes.rpartition(" ")[2]: ["lint"]}, schedule_id=schedule)
                if by_hand and began >= out_at:
                    later.append(run)
        after = note(built.nights(), day, sent=True)
        told = {
            (part, one.schedule): (one.change, one.nights, one.since)
            for part, items in (("morning", after.items), ("evening", after.evening))
            for one in items
            if one.change in ("new", "still_red", "recovered", "missing")
        }
        forget(built, *later)
        page = {
            (one["schedule_id"], one["night"]): one for one in built.rows("from nightly_changes where change <> ''")
        }
    for part, schedule, night in (("morning", 1, day), ("morning", 3, day), ("evening", 2, day - DAY)):
        expected = None
        if one := page.get((schedule, night)):
            kind = "missing" if one["change"] == "missing" else "red"
            expected = (one["change"], one[f"nights_{kind}"], one[f"{kind}_since"])
        assert told.get((part, f"s{schedule}")) == expected
