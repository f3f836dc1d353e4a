"""The morning note: its numbers are the page's, five lines when all is calm."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from dashlib import badge
from dashlib.charts.night_glance import glance
from dashlib.charts.night_grid import grid_data
from dashlib.failures.decisions import Missing, claim
from dashlib.model import Filters
from dashlib.nightlies.chats import mattermost
from dashlib.nightlies.report import NoSuchNight
from dashlib.nightlies.report_text import OPEN, as_html, as_json, as_markdown, evening_headline, headline
from dashlib.queries import night_grid, nightlies
from dashlib.queries.night_grid import Narrowed
from tests.nightlies.notes import EARLY, HOSTILE, NIGHT, company, written
from tests.nightlies.rows import HOUR, MINUTE, NIGHTS, expect, now
from tests.queries.build import Builder


def test_each_part_says_what_it_must(built: Builder) -> None:
    company(built)
    found = written(built, dashboard="https://dash.example/")
    assert found.night == NIGHT
    assert [(item.change, item.repository) for item in found.items] == [
        ("new", "acme/web/site"),
        ("new", f"evil/{HOSTILE}"),
        ("missing", "acme/core/engine"),
        ("recovered", "acme/web/shop"),
    ]
    new = found.of("new")[0]
    assert (new.job, new.reason, new.nights, new.since) == ("unit and 1 more", "script_failure", 1, NIGHT)
    assert (
        new.who == "nobody" and new.link is not None and new.link.startswith("https://dash.example/failure?failure=2-")
    )
    [missing] = found.of("missing")
    assert (missing.reason, missing.nights, missing.since) == ("its owner has left", 1, NIGHT)
    assert missing.link == "https://gitlab.example/acme/core/engine/-/pipeline_schedules"


def test_its_numbers_are_the_pages(built: Builder) -> None:
    company(built)
    for night in (None, NIGHTS[0].date()):
        found = written(built, night)
        with built.store.reader() as reader:
            page = nightlies.nights(reader, Filters())
        [row] = page[page["night"].dt.date == found.night].to_dict("records")
        assert found.counts == {name: row[name] for name in row.keys() - {"night", "to_come_until", "is_told"}}
        parts = {"new": "newly_failed", "still_red": "still_red", "recovered": "recovered", "missing": "missing"}
        assert {part: len(found.of(part)) for part in parts} == {part: row[name] for part, name in parts.items()}


def test_five_lines_when_all_is_calm(built: Builder) -> None:
    expect(built, *NIGHTS[:2])
    built.night(NIGHTS[0], failed=["lint"])
    built.night(NIGHTS[1])
    lines = as_markdown(written(built)).splitlines()
    assert lines == [
        "# Nightlies of Wednesday, 11 March 2026",
        "1 nightly ran: 0 failed (0 new, 0 still red), 0 never ran, 1 recovered",
        "Recovered: acme/core/engine",
        "At risk today: acme/core/engine",
        "All is calm.",
    ]


@pytest.mark.parametrize("status", ["running", "created"])
def test_a_night_of_which_nothing_has_come_to_a_verdict_is_not_calm(built: Builder, status: str) -> None:
    expect(built, NIGHTS[0])
    built.pipeline(NIGHTS[0], status)
    found = written(built)
    assert not found.is_calm
    for text in (as_markdown(found), as_html(found)):
        assert "All is calm" not in text and OPEN in text


def test_a_night_that_waits_for_one_nightly_is_not_calm(built: Builder) -> None:
    built.schedule(8, description="Later")
    expect(built, NIGHTS[0])
    built.night(NIGHTS[0])
    assert written(built).is_calm
    built.pipeline(NIGHTS[0], "running", schedule_id=8)
    assert not written(built).is_calm
    assert "1 still running" in as_markdown(written(built))


def test_canceled_nights_are_told_and_not_calm(built: Builder) -> None:
    built.schedule(8, description="Beside")
    expect(built, NIGHTS[0])
    built.pipeline(NIGHTS[0], "canceled")
    alone = written(built)
    assert not alone.is_calm and not alone.under_way
    assert "1 canceled" in as_markdown(alone) and OPEN not in as_html(alone)
    built.night(NIGHTS[0], schedule_id=8)
    found = written(built)
    assert [(item.change, item.schedule) for item in found.items] == [("canceled", "Nightly")]
    for text in (as_markdown(found), as_html(found), json.dumps(mattermost(found))):
        assert "All is calm" not in text and "1 canceled" in text and "Canceled (1)" in text


def test_of_an_hourly_nightly_every_time_counts(built: Builder) -> None:
    times = [NIGHTS[0].replace(hour=0) + place * HOUR for place in range(24)]
    expect(built, *times)
    built.night(times[3], failed=["lint"])
    built.night(times[5])
    found = written(built)
    assert not found.is_calm
    assert (found.counts["partly_ran"], found.counts["times_missing"], found.counts["passed_since"]) == (1, 22, 1)
    [item] = found.items
    assert (item.change, item.reason) == (
        "partly",
        "22 of 24 times never ran; 1 of 2 runs failed, passed since: lint: script_failure",
    )
    for text in (as_markdown(found), as_html(found), json.dumps(mattermost(found))):
        assert "22 of 24 times never ran" in text and "1 did not run every time" in text


def to_come(built: Builder, id: int, *moments: datetime) -> None:
    """Times of a schedule of its own; the view of what is to come must see them as such whatever the clock says."""
    built.schedule(id, description=f"s{id}")
    expect(built, *moments, id=id)


def test_most_of_the_night_is_still_to_come(built: Builder) -> None:
    # A zone in which it is early in the morning: times before and after this moment are of one night.
    built.zone(EARLY)
    begun = now()
    expect(built, begun - 20 * MINUTE)
    built.night(begun - 20 * MINUTE)
    for place in range(11):
        to_come(built, 20 + place, begun + (5 + place) * MINUTE)
    found = written(built)
    assert not found.is_calm and found.under_way
    assert (found.counts["runs"], found.counts["planned"], found.counts["to_come"]) == (1, 12, 11)
    until = (begun + 15 * MINUTE).replace(tzinfo=UTC).astimezone(ZoneInfo(EARLY))
    told = "1 of 12 nightlies ran: 0 failed (0 new, 0 still red), 0 never ran, 0 recovered, 11 to come until"
    assert headline(found) == f"{told} {until:%H:%M}"
    with built.store.reader() as reader:
        [row] = nightlies.nights(reader, Filters()).to_dict("records")
    assert not row["is_told"]
    assert badge.told(found.counts) == ("running: 1 of 12 ended", "running")


def test_what_is_to_run_in_the_evening_is_not_waited_for(built: Builder) -> None:
    built.zone(EARLY)
    expect(built, now() - 20 * MINUTE)
    built.night(now() - 20 * MINUTE)
    to_come(built, 20, now() + 15 * HOUR)
    found = written(built)
    assert found.is_calm and not found.under_way
    assert (found.counts["to_come"], found.counts["this_evening"]) == (0, 1)
    assert headline(found).endswith("1 to come later today")
    assert badge.told(found.counts) == ("passed", "passed")


def evenings(built: Builder) -> None:
    """Beside the night's nightly one of the evening, which fails on the first evening only."""
    built.schedule(8, description="Evening")
    expect(built, *NIGHTS[:3])
    expect(built, *(at + 21 * HOUR for at in NIGHTS[:2]), id=8)
    for at in NIGHTS[:3]:
        built.night(at)
    built.night(NIGHTS[0] + 21 * HOUR, failed=["lint"], schedule_id=8)
    built.night(NIGHTS[1] + 21 * HOUR, schedule_id=8)


def test_the_evening_before_is_told_with_the_night(built: Builder) -> None:
    evenings(built)
    found = written(built, NIGHTS[1].date())
    assert [(item.change, item.schedule, item.since) for item in found.evening] == [
        ("new", "Evening", NIGHTS[0].date())
    ]
    assert (found.evening_counts["runs"], found.evening_counts["failed"], found.is_calm) == (1, 1, False)
    told = "Later on Tuesday, 10 March: 1 nightly ran, 1 failed (1 new), 0 never ran"
    for text in (evening_headline(found), as_html(found), json.dumps(mattermost(found)).replace("\\\\", "")):
        assert told in text
    assert "- New: **acme/core/engine** · Evening" in as_markdown(found)
    assert json.loads(as_json(found))["evening_before"]["new"][0]["schedule"] == "Evening"
    recovered = written(built, NIGHTS[2].date())
    assert [(item.change, item.nights) for item in recovered.evening] == [("recovered", 1)] and recovered.is_calm


def test_a_team_of_evening_nightlies_is_told_of_them_once(built: Builder) -> None:
    """Their own date tells them; the morning after, before anything is due, tells of the evening alone."""
    expect(built, *(at + 21 * HOUR for at in NIGHTS[:2]))
    for at in NIGHTS[:2]:
        built.night(at + 21 * HOUR, failed=["lint"])
    assert written(built, NIGHTS[1].date()).evening == ()
    morning = written(built, NIGHTS[2].date())
    assert morning.items == () and [item.change for item in morning.evening] == ["still_red"]
    assert headline(morning) == "Nothing was to run yet."
    with pytest.raises(NoSuchNight):
        written(built, NIGHTS[3].date())


def test_what_never_ran_is_told_with_its_gap_and_its_owner(built: Builder) -> None:
    built.schedule(7, owner_username="ada", owner_id=5)
    expect(built, *NIGHTS[:4])
    built.night(NIGHTS[0])
    since = NIGHTS[1].date()
    found = written(built)
    [item] = found.of("missing")
    assert (item.nights, item.since, item.owner, item.who) == (3, since, "ada", "nobody")
    for text in (as_markdown(found), as_html(found), json.dumps(mattermost(found), ensure_ascii=False)):
        assert "3 nights, since " in text and "owner: ada, nobody has it" in text
    told = json.loads(as_json(found))["missing"][0]
    assert [told[name] for name in ("nights", "since", "owner", "who")] == [3, since.isoformat(), "ada", "nobody"]
    for claimed, who in (("bob", "bob"), (None, "nobody")):
        claim(built.store, "Cleo", Missing(1, 7, since), claimed)
        again = written(built)
        assert [item.who for item in again.of("missing")] == [who]
        assert f"owner: ada, {who} has it" in as_markdown(again)
    claim(built.store, "Cleo", Missing(1, 7, NIGHTS[0].date()), "bob")
    assert written(built).of("missing")[0].who == "nobody", "whoever had it before it ran has not had it since"


def test_a_late_nightly_is_told_with_what_is_known_of_the_nights_before(built: Builder) -> None:
    """For hours each morning it is neither missing nor forgotten: expected when, missing from when, since when, who."""
    built.zone(EARLY)
    built.schedule(7, owner_username="ada", owner_id=5)
    built.user(5, "ada", "Ada Lovelace", state="blocked")
    at = now() - 20 * MINUTE
    expect(built, *(at - day * 24 * HOUR for day in range(4)))
    built.night(at - 72 * HOUR)
    [cell] = built.rows("select * from nightly_changes where state = 'late'")
    since = (at - 48 * HOUR).replace(tzinfo=UTC).astimezone(ZoneInfo(EARLY)).date()
    assert (cell["missing_since"], cell["nights_missing"], cell["cause"]) == (since, 2, "owner_blocked")
    claim(built.store, "Cleo", Missing(1, 7, since), "bob")
    here = at.replace(tzinfo=UTC).astimezone(ZoneInfo(EARLY))
    assert written(built).night == here.date() - timedelta(days=1), "by itself, of the last night that has ended"
    found = written(built, here.date())
    [item] = found.items
    assert (item.change, item.nights, item.since, item.owner, item.who) == ("late", 2, since, "ada", "bob")
    expected = f"expected at {here:%H:%M}, missing from {here + 2 * HOUR:%H:%M} on"
    gone = f"not run since {since:%a %d %b}, 2 nights before"
    for text in (as_markdown(found), as_html(found)):
        assert all(
            part in text for part in ("Late (1)", "its owner is blocked", expected, gone, "owner: ada, bob has it")
        )
    assert as_markdown(found).splitlines()[1].endswith(". Not all of it has ended: the numbers will move.")
    chat = json.dumps(mattermost(found), ensure_ascii=False)
    assert expected in chat and f"not run for 2 nights, since {since:%d %b}" in chat
    [told] = json.loads(as_json(found))["late"]
    assert told["expected_at"] == f"{here:%Y-%m-%d %H:%M}:00" and told["reason"] == "its owner is blocked"
    with built.store.reader() as reader:
        note_of = nightlies.note(reader, Filters(), night=found.night)
        cells = night_grid.grid(reader, Filters(), narrowed=Narrowed(found.night, whose=("bob",)))
    [line] = [line for line in glance(note_of) if line["title"] == "Late"]
    assert line["items"][0]["about"] == f"{expected}, {gone}, its owner is blocked, owner ada, bob has it"
    tip = dict(grid_data(cells, framed=found.night)["rows"][0]["cells"][-1]["tip"])
    assert (tip["State"], tip["Why"], tip["Owner"], tip["Who has it"]) == ("late", "its owner is blocked", "ada", "bob")
    assert tip["Missing from"] == f"{here + 2 * HOUR:%H:%M} on" and tip["Expected"].endswith(f"{here:%H:%M}")
    assert tip["Not run since"] == f"{since:%a %d %b %Y}, 2 nights before"


def test_what_recovered_says_what_it_was(built: Builder) -> None:
    company(built)
    found = written(built)
    [item] = found.of("recovered")
    assert (item.job, item.reason, item.nights, item.since) == ("e2e", "script_failure", 1, NIGHTS[0].date())
    for text in (as_markdown(found), json.dumps(mattermost(found), ensure_ascii=False)):
        assert "e2e: script_failure – was red for 1 night, since " in text.replace("\\", "")


def test_five_lines_when_all_is_calm_and_there_was_an_evening(built: Builder) -> None:
    expect(built, *NIGHTS[:2])
    built.night(NIGHTS[0])
    built.night(NIGHTS[1])
    found = written(built)
    calm = replace(found, evening_counts=found.counts)
    told = as_markdown(calm).splitlines()
    assert len(told) == 5 and "Later on Tuesday, 10 March: 1 nightly ran" in told[1] and told[-1] == "All is calm."
