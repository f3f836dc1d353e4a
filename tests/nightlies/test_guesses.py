"""Which schedule a run is taken for where GitLab does not say it."""

from __future__ import annotations

import random
from datetime import datetime

import pytest

from dashlib.model import Delete
from dashlib.nightlies.tables import SCHEDULE_SLOTS
from dashlib.sources.tables import PIPELINES
from tests.nightlies.rows import HOUR, MINUTE, NIGHTS, expect
from tests.queries.build import Builder

TIMES = [*NIGHTS[:2], NIGHTS[0] + 3 * HOUR]


def told(built: Builder) -> list[tuple[object, ...]]:
    found = built.rows("select schedule_id, state, pipeline_id from nightly_slots order by all nulls last")
    return [tuple(one.values()) for one in found]


@pytest.mark.parametrize("off", [7, 8])
def test_a_run_is_taken_for_no_schedule_that_was_off(built: Builder, off: int) -> None:
    built.schedule(8, description="Other")
    expect(built, NIGHTS[0], id=off, off="schedule_off")
    expect(built, NIGHTS[0], id=15 - off)
    run = built.pipeline(NIGHTS[0] + 3 * MINUTE, schedule_id=None)
    assert set(told(built)) == {(15 - off, "passed", run), (off, "off", None)}


def test_a_run_while_all_of_its_ref_was_off_is_of_no_known_schedule(built: Builder) -> None:
    expect(built, NIGHTS[0], off="schedule_off")
    run = built.pipeline(NIGHTS[0] + 3 * MINUTE, schedule_id=None)
    assert told(built) == [(7, "off", None), (None, "passed", run)]


def test_two_runs_are_of_two_schedules(built: Builder) -> None:
    """The third and later ones fill nothing: who started them is not known."""
    built.schedule(8, description="Other")
    for id in (7, 8):
        expect(built, NIGHTS[0], id=id)
    late, soon = (built.pipeline(NIGHTS[0] + minutes * MINUTE, schedule_id=None) for minutes in (5, 3))
    assert told(built) == [(7, "passed", soon), (8, "passed", late)]
    left = built.pipeline(NIGHTS[0] + 9 * MINUTE, schedule_id=None)
    assert told(built) == [(7, "passed", soon), (8, "passed", late), (None, "passed", left)]


def test_a_run_is_of_the_schedule_that_no_other_run_came_to(built: Builder) -> None:
    built.schedule(8, description="Other")
    for id in (7, 8):
        expect(built, NIGHTS[0], id=id)
    own = built.pipeline(NIGHTS[0] + 3 * MINUTE, schedule_id=7)
    other = built.pipeline(NIGHTS[0] + 3 * MINUTE, schedule_id=None)
    assert told(built) == [(7, "passed", own), (8, "passed", other)]


@pytest.mark.parametrize("seed", range(12))
def test_every_run_fills_a_time_where_one_is_left_whatever_the_order_of_rows(built: Builder, seed: int) -> None:
    chance = random.Random(seed)
    for id in (8, 9):
        built.schedule(id, description=f"Other {id}")
    slots = [(id, at, chance.choice([None, None, "schedule_off"])) for id in (7, 8, 9) for at in TIMES]
    runs = [
        (1000 + place, chance.choice(TIMES) + chance.choice([3, 5]) * MINUTE, chance.choice([None, None, 7, 8, 9]))
        for place in range(7)
    ]
    found = []
    for _ in range(2):
        chance.shuffle(slots)
        chance.shuffle(runs)
        for table in (SCHEDULE_SLOTS, PIPELINES):
            built.store.write(Delete(table, built.rows(f"select {', '.join(table.key)} from {table.name}")))
        for id, at, off in slots:
            expect(built, at, id=id, off=off)
        for id, at, schedule_id in runs:
            built.pipeline(at, schedule_id=schedule_id, id=id)
            built.write()
        found.append(told(built))
    assert found[0] == found[1]
    for time in TIMES:
        assert unlinked_fills(built, time) == min(*left(time, slots, runs)), time


def left(
    time: datetime, slots: list[tuple[int, datetime, str | None]], runs: list[tuple[int, datetime, int | None]]
) -> tuple[int, int]:
    """Of a time: the schedules that were on and have no run of their own, and the runs whose schedule is not known."""
    came = [schedule_id for _, at, schedule_id in runs if at - time in (3 * MINUTE, 5 * MINUTE)]
    were_on = {id for id, at, off in slots if at == time and off is None}
    return len(were_on - set(came)), came.count(None)


def unlinked_fills(built: Builder, time: datetime) -> int:
    [found] = built.rows(
        "select count(*) as n from nightly_fills f join pipelines p on p.id = f.pipeline_id"
        f" where f.fills and p.schedule_id is null and f.expected_at = timestamp '{time}'"
    )
    return int(found["n"])
