"""What the note says of nightlies that run several times a night, and of those that somebody started."""

from __future__ import annotations

import json
from datetime import UTC, date
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from dashlib import badge
from dashlib.charts.night_glance import glance
from dashlib.charts.night_grid import grid_data
from dashlib.model import Filters, Put
from dashlib.nightlies.chats import mattermost
from dashlib.nightlies.report import Note
from dashlib.nightlies.report_text import OPEN, as_html, as_markdown, as_page, as_text, headline
from dashlib.nightlies.tables import SCHEDULE_SLOTS
from dashlib.queries import night_grid, nightlies
from dashlib.queries.night_grid import Narrowed
from tests.nightlies.notes import EARLY, written
from tests.nightlies.rows import HOUR, MINUTE, NIGHTS, expect, now
from tests.queries.build import Builder

NIGHT = NIGHTS[0].date()
TIMES = [NIGHTS[0].replace(hour=0) + place * 6 * HOUR for place in range(4)]
BY_HAND = "started by hand, or late"
ONLY = f"passed, {BY_HAND}: it did not come by itself in time"


def lines(built: Builder, night: date = NIGHT) -> dict[str, list[str]]:
    """What the lines above the grid say of each nightly."""
    found = glance(nightlies.note(built.nights(), Filters(), night=night))
    return {line["title"]: [item["about"] for item in line["items"]] for line in found if line["count"]}


def texts(found: Note) -> list[str]:
    return [as_markdown(found), as_text(found), as_html(found), json.dumps(mattermost(found), ensure_ascii=False)]


def test_a_night_of_which_one_time_is_late_is_not_calm(built: Builder) -> None:
    """Another of its times passed, which decides the cell."""
    built.zone(EARLY)
    built.schedule(7, owner_username="ada", owner_id=5)
    late = now() - 30 * MINUTE
    expect(built, late - 3 * HOUR, late)
    built.night(late - 3 * HOUR)
    here = late.replace(tzinfo=UTC).astimezone(ZoneInfo(EARLY))
    found = written(built, here.date())
    assert (found.is_calm, found.under_way, found.counts["late"]) == (False, True, 1)
    assert (found.counts["passed"], found.counts["other"], found.counts["ended"]) == (1, 0, 0)
    [item] = found.items
    assert (item.change, item.reason, item.who) == ("late", "1 of its 2 times is late", "nobody")
    for text in texts(found):
        assert "All is calm" not in text and OPEN in text and "Late (1)" in text and "1 late" in text
        assert f"expected at {here:%H:%M}, missing from {here + 2 * HOUR:%H:%M} on" in text
    expected = f"expected at {here:%H:%M}, missing from {here + 2 * HOUR:%H:%M} on"
    assert lines(built, here.date()) == {"Late": [f"{expected}, 1 of its 2 times is late, owner ada, nobody has it"]}
    assert badge.told(found.counts) == ("running: 0 of 1 ended, 1 late", "running")


def test_who_has_a_failure_has_no_late_time_beside_it(built: Builder) -> None:
    built.zone(EARLY)
    late = now() - 30 * MINUTE
    expect(built, late - 3 * HOUR, late)
    built.night(late - 3 * HOUR, failed=["lint"])
    here = late.replace(tzinfo=UTC).astimezone(ZoneInfo(EARLY))
    rows = nightlies.note(built.nights(), Filters(), night=here.date()).assign(assignee="bob", issue_title="It broke")
    told = {line["title"]: line["items"][0]["about"] for line in glance(rows) if line["count"]}
    assert told["New"].endswith("bob has it") and told["Late"].endswith("nobody has it")
    assert [item.change for item in written(built, here.date()).items] == ["new", "late"]


def test_passed_since_is_said_in_that_order_of_time_alone(built: Builder) -> None:
    """The second time was made up for after the third had passed, and failed."""
    expect(built, *TIMES[:3])
    built.night(TIMES[0])
    built.night(TIMES[2])
    built.night(TIMES[2] + HOUR, failed=["unit"])
    found = written(built)
    assert (found.counts["passed_since"], found.counts["failed_after"], found.is_calm) == (0, 1, False)
    [item] = found.items
    assert (item.change, item.reason) == ("partly", "1 of 3 runs failed, after it had passed: unit: script_failure")
    assert headline(found).endswith("1 passed first and failed in a later run")
    for text in texts(found):
        assert "passed since" not in text and "1 of 3 runs failed, after it had passed" in text
    assert badge.told(found.counts) == ("1 failed later", "warned")
    assert box(built)["Runs"] == "3, 1 of them failed, after it had passed"
    beside = "failed when started by hand at 13:00"
    told = f"1 of 3 runs failed, after it had passed, unit: script_failure, {beside}, nobody has it"
    assert lines(built) == {"Not every time": [told]}


def test_of_several_failures_those_are_counted_that_passed_since(built: Builder) -> None:
    expect(built, *TIMES)
    built.night(TIMES[0], failed=["unit"])
    built.night(TIMES[3])
    built.night(TIMES[3] + HOUR, failed=["unit"])
    found = written(built)
    assert (found.counts["passed_since"], found.counts["failed_after"]) == (1, 1)
    assert str(found.items[0].reason).startswith(
        "1 of 4 times never ran; 2 of 3 runs failed, passed since 1 of them: unit"
    )
    assert box(built)["Runs"] == "3, 2 of them failed, passed since 1 of them"


def box(built: Builder) -> dict[str, str]:
    """What the box of the night's cell says."""
    grid = night_grid.grid(built.nights(), Filters(), narrowed=Narrowed(NIGHT), only_red=False)
    cell: Any = grid_data(grid, framed=NIGHT)["rows"][0]["cells"][-1]["tip"]
    return dict(cell)


@pytest.mark.parametrize(
    ("by_itself", "by_hand", "words"),
    [
        (3, 1, f"passed, 1 of its 4 times {BY_HAND}"),
        (2, 2, f"passed, 2 of its 4 times {BY_HAND}"),
        (0, 4, ONLY),
    ],
)
def test_how_many_times_were_by_hand_is_told(built: Builder, by_itself: int, by_hand: int, words: str) -> None:
    expect(built, *TIMES)
    for at in TIMES[:by_itself]:
        built.night(at)
    for at in TIMES[by_itself:]:
        built.night(at + 4 * HOUR)
    assert by_itself + by_hand == len(TIMES)
    assert_by_hand(built, words)


def test_a_run_by_hand_while_the_nightly_was_off_is_told_as_such(built: Builder) -> None:
    """Nothing was to come by itself: it is no nightly that did not."""
    expect(built, NIGHTS[0], off="schedule_off")
    built.night(NIGHTS[0] + 8 * HOUR)
    assert_by_hand(built, "passed, started by hand while it was off")


def assert_by_hand(built: Builder, words: str) -> None:
    """It is told so in the calm note, and above the grid."""
    found = written(built)
    [item] = found.items
    assert (item.change, item.reason, found.is_calm) == ("only_by_hand", words, True)
    assert f"Only by hand: acme/core/engine ({words})" in as_text(found)
    assert "in time" not in as_html(found) or words == ONLY
    assert lines(built) == {"Only by hand": [words]}


def test_a_failure_by_hand_while_the_nightly_was_off_is_told_as_such(built: Builder) -> None:
    expect(built, NIGHTS[0], off="schedule_off")
    built.night(NIGHTS[0] + 8 * HOUR, failed=["lint"])
    assert written(built).items[0].by_hand == "started by hand while it was off"


@pytest.mark.parametrize(("before", "change"), [("lint", "recovered"), (None, "only_by_hand")])
def test_what_ran_by_hand_and_what_ran_beside_it_are_both_told(built: Builder, before: str | None, change: str) -> None:
    expect(built, *NIGHTS[:2])
    built.night(NIGHTS[0], failed=[before] if before else [])
    built.night(NIGHTS[1] + 8 * HOUR, passed=["lint"])
    built.night(NIGHTS[1] + 10 * HOUR, failed=["lint"])
    found = written(built, NIGHTS[1].date())
    [item] = found.items
    beside = "failed when started by hand at 11:00"
    assert (item.change, found.is_calm) == (change, True)
    assert item.by_hand == (f"{BY_HAND}; {beside}" if before else beside)
    for text in [*texts(found), as_page(found).replace("\\", "")]:
        assert BY_HAND in text and beside in text
    [[about]] = lines(built, NIGHTS[1].date()).values()
    assert BY_HAND in about and beside in about


def evening(built: Builder, failed: bool = False) -> None:
    """Beside the night's nightly one of the evening before, which passed by hand; it had failed the day before."""
    built.schedule(8, description="Evening")
    at = NIGHTS[0] + 19 * HOUR
    expect(built, NIGHTS[1])
    expect(built, at - 24 * HOUR, at, id=8)
    built.night(NIGHTS[1])
    built.night(at - 24 * HOUR, failed=["lint"] if failed else [], schedule_id=8)
    built.night(at + 3 * HOUR, passed=["lint"], schedule_id=8)


@pytest.mark.parametrize(
    ("failed", "told"),
    [
        (True, [f"Recovered: acme/core/engine (later on Tuesday; {BY_HAND})"]),
        (False, ["Recovered: none"]),
    ],
)
def test_a_calm_note_names_what_was_of_the_evening_before(built: Builder, failed: bool, told: list[str]) -> None:
    evening(built, failed)
    found = written(built, NIGHTS[1].date())
    assert found.is_calm and found.items == () and len(found.evening) == 1
    for text in (as_markdown(found), as_text(found), as_page(found).replace("\\", "")):
        assert text.splitlines()[2:-2] == told and len(text.splitlines()) == 5
        only = f" Only by hand: acme/core/engine (later on Tuesday; {ONLY})"
        assert text.splitlines()[-1] == "All is calm." + ("" if failed else only)


def test_nightlies_that_failed_alike_say_what_somebody_started(built: Builder) -> None:
    """Three passed at nine when somebody started them, the fourth did not come by itself, the fifth nobody touched."""
    rows = []
    for id in range(10, 15):
        built.project(id, f"acme/r{id}")
        built.schedule(id, project_id=id)
        slot = {"project_id": id, "schedule_id": id, "expected_at": NIGHTS[0], "repeated": False, "off_cause": None}
        rows.append(slot)
        at = NIGHTS[0] + (8 * HOUR if id == 13 else 0 * HOUR)
        run = built.pipeline(at, "failed", project_id=id, schedule_id=id)
        built.failure(built.job(run, "lint", "failed", at, id), "no docker on host", id)
        if id < 13:
            built.pipeline(NIGHTS[0] + 8 * HOUR, project_id=id, schedule_id=id)
    built.store.write(Put(SCHEDULE_SLOTS, rows))
    words = f"3 of them passed when started by hand at 09:00; 1 of them {BY_HAND}"
    found = written(built)
    assert len(found.of("new")) == 5
    for text in texts(found):
        assert "5 nightlies" in text and words in text
    [about] = lines(built)["New"]
    assert about == f"no docker on host: r10, r11, r12, and 2 more, {words}, nobody has it"
