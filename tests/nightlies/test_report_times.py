"""What the note says of nightlies that run several times a night, and of those that somebody started."""

from __future__ import annotations

import json
from datetime import UTC, date
from typing import Any
from zoneinfo import ZoneInfo

from dashlib import badge
from dashlib.charts.night_glance import glance
from dashlib.charts.night_grid import grid_data
from dashlib.model import Filters
from dashlib.nightlies.chats import mattermost
from dashlib.nightlies.report import Note
from dashlib.nightlies.report_text import OPEN, as_html, as_markdown, as_text, headline
from dashlib.queries import night_grid, nightlies
from dashlib.queries.night_grid import Narrowed
from tests.nightlies.notes import EARLY, written
from tests.nightlies.rows import HOUR, MINUTE, NIGHTS, expect, now
from tests.queries.build import Builder

NIGHT = NIGHTS[0].date()
TIMES = [NIGHTS[0].replace(hour=0) + place * 6 * HOUR for place in range(4)]


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
    assert (item.change, item.reason) == ("partly", "1 of 3 runs failed, after it had passed")
    assert headline(found).endswith("1 passed first and failed in a later run")
    for text in texts(found):
        assert "passed since" not in text and "1 of 3 runs failed, after it had passed" in text
    assert badge.told(found.counts) == ("1 failed later", "warned")
    assert box(built)["Runs"] == "3, 1 of them failed, after it had passed"
    assert lines(built) == {"Not every time": [item.reason]}


def test_of_several_failures_those_are_counted_that_passed_since(built: Builder) -> None:
    expect(built, *TIMES)
    built.night(TIMES[0], failed=["unit"])
    built.night(TIMES[3])
    built.night(TIMES[3] + HOUR, failed=["unit"])
    found = written(built)
    assert (found.counts["passed_since"], found.counts["failed_after"]) == (1, 1)
    assert found.items[0].reason == "1 of 4 times never ran; 2 of 3 runs failed, passed since 1 of them"
    assert box(built)["Runs"] == "3, 2 of them failed, passed since 1 of them"


def box(built: Builder) -> dict[str, str]:
    """What the box of the night's cell says."""
    grid = night_grid.grid(built.nights(), Filters(), narrowed=Narrowed(NIGHT), only_red=False)
    cell: Any = grid_data(grid, framed=NIGHT)["rows"][0]["cells"][-1]["tip"]
    return dict(cell)
