"""A nightly with times before and after DASH_REPORT_BY: each of them stands in one note that is sent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashlib.charts.night_glance import glance
from dashlib.model import Delete, Filters
from dashlib.nightlies.report import NoSuchNight, Note, note
from dashlib.nightlies.report_text import as_html, as_json, as_markdown, evening_headline
from dashlib.nightlies.send import send_due
from dashlib.nightlies.tables import SCHEDULE_SLOTS
from dashlib.queries import nightlies
from dashlib.queries.night_parts import Part, part_of
from dashlib.sources.tables import PIPELINES
from dashlib.store import open_store
from tests.nightlies.rows import DAY, HOUR, NIGHTS, expect, member, schedule
from tests.nightlies.test_send import NOON, chat, chatting
from tests.queries.build import Builder

DAYS = [night.date() for night in NIGHTS]
EVENING = 21 * HOUR
"""After the night's first time: at 22:00."""
FACTS = ["state", "runs", "failed_runs", "passed_since", "missing", "late", "by_hand", "failed_jobs", "url"]
HOURS = (0, 4, 8, 12, 16, 20)
"""Of the times of the law's nightly: 01:00, 05:00 and 09:00 stand before DASH_REPORT_BY."""


def twice(built: Builder, outcomes: str) -> None:
    """A nightly at 01:00 and at 22:00, night after night: passed (p), failed (f), canceled (c), running (r)
    or never ran (m) at each time.
    """
    for place, outcome in enumerate(outcomes):
        at = NIGHTS[place // 2] + place % 2 * EVENING
        expect(built, at)
        if outcome in "cr":
            built.pipeline(at, {"c": "canceled", "r": "running"}[outcome])
        elif outcome != "m":
            built.night(at, failed=["lint"] if outcome == "f" else [], passed=["lint"] if outcome == "p" else [])


def sent(built: Builder, day: date) -> Note:
    return note(built.nights(), day, sent=True)


def told(built: Builder, day: date) -> tuple[list[str], list[str]]:
    """What the sent note of a day tells of its night, and of the evening before."""
    found = sent(built, day)
    return [item.change for item in found.items], [item.change for item in found.evening]


def test_a_failure_of_the_evening_stands_in_the_next_note_alone(built: Builder) -> None:
    twice(built, "pppfp")
    assert told(built, DAYS[1]) == ([], [])
    assert told(built, DAYS[2]) == (["recovered"], ["new"])
    found = sent(built, DAYS[2])
    [item] = found.evening
    assert (item.job, item.reason, item.since, item.nights) == ("lint", "script_failure", DAYS[1], 1)
    assert evening_headline(found) == "Later on Wednesday, 11 March: 1 nightly ran, 1 failed (1 new), 0 never ran"
    assert not found.is_calm and sent(built, DAYS[1]).is_calm
    whole = note(built.nights(), DAYS[1])
    assert [item.change for item in whole.items] == ["new"], "whoever asks for a night gets the whole of it"


def test_a_time_of_the_evening_that_never_ran_stands_in_the_next_note(built: Builder) -> None:
    schedule(built, owner_id=5, owner_username="ada")
    member(built)
    twice(built, "pppmp")
    [item] = sent(built, DAYS[2]).evening
    assert (item.change, item.expected_at, item.nights) == ("missing", datetime(2026, 3, 11, 22), 1)
    newest = built.rows("select max(id) as id from pipelines where created_at < '2026-03-12'")[0]["id"]
    ran = f"{newest} of Wed 11 Mar, passed"
    assert item.reason == f"why is not known; the newest pipeline for one of its times is {ran}"
    [line] = [one for one in glance(evening_of(built, DAYS[1])) if one["count"]]
    about = f"since Wed 11 Mar, 1 night, expected at 22:00, {item.reason}, owner ada, nobody has it"
    assert line["items"][0]["about"] == about
    for text in (as_markdown(sent(built, DAYS[2])), as_html(sent(built, DAYS[2]))):
        assert "Never ran: " in text and "expected at 22:00" in text


def evening_of(built: Builder, day: date) -> Any:
    return nightlies.note(built.nights(), Filters(), night=day, part="evening")


@pytest.mark.parametrize(
    ("outcomes", "first", "then", "red"),
    [
        ("ppfpp", "new", "recovered", (DAYS[1], 1)),
        ("ppfff", "new", "still_red", (DAYS[1], 1)),
        ("pffpp", "still_red", "recovered", (DAYS[0], 2)),
        ("pfffp", "still_red", "still_red", (DAYS[0], 2)),
        ("pfpfp", "recovered", "new", (DAYS[1], 1)),
        ("pfmpp", "missing", "recovered", (DAYS[0], 1)),
        ("ppmmp", "missing", "missing", (None, None)),
    ],
)
def test_each_note_tells_its_own_times(
    built: Builder, outcomes: str, first: str, then: str, red: tuple[date | None, int | None]
) -> None:
    """Of the second night: the note of its date, and the evening part of the next day's."""
    twice(built, outcomes)
    assert told(built, DAYS[1])[0] == [first]
    assert told(built, DAYS[2])[1] == [then]
    [item] = sent(built, DAYS[2]).evening
    if item.change != "missing":
        assert (item.since, item.nights) == red


@pytest.mark.parametrize(
    ("outcomes", "change", "red"),
    [
        ("pfpff", "still_red", (DAYS[1], 2)),
        ("pfpfp", "recovered", (DAYS[1], 1)),
        ("ppfcf", "still_red", (DAYS[1], 2)),
        ("ppfcp", "recovered", (DAYS[1], 1)),
        ("pffcf", "still_red", (DAYS[0], 3)),
        ("ppfrf", "still_red", (DAYS[1], 2)),
    ],
)
def test_verdicts_follow_one_another_part_by_part(
    built: Builder, outcomes: str, change: str, red: tuple[date, int]
) -> None:
    """A pass between two failures ends what was red, and a night whose last time says nothing hides no failure."""
    twice(built, outcomes)
    [item] = sent(built, DAYS[2]).items
    assert (item.change, (item.since, item.nights)) == (change, red)


def test_a_failure_that_another_time_follows_names_its_own_job(built: Builder) -> None:
    twice(built, "pp")
    for at, job in ((NIGHTS[1], "lint"), (NIGHTS[1] + EVENING, "e2e")):
        expect(built, at)
        built.night(at, failed=[job])
    [item] = sent(built, DAYS[1]).items
    assert (item.change, item.job, item.reason) == ("new", "lint", "script_failure")
    [item] = sent(built, DAYS[2]).evening
    assert (item.change, item.job) == ("still_red", "e2e")


def test_where_nothing_was_to_run_yet_one_full_stop_ends_it(built: Builder) -> None:
    for night in NIGHTS[:2]:
        expect(built, night + EVENING)
        built.night(night + EVENING, passed=["lint"])
    told = as_markdown(sent(built, DAYS[1]))
    assert "Nothing was to run yet. Later on" in told and ".." not in told


def test_a_failure_of_the_morning_does_not_stand_in_the_evening_again(built: Builder) -> None:
    """It passed since; the note that goes out late, after the evening, says of the morning what it said before."""
    twice(built, "ppfpp")
    [item] = sent(built, DAYS[1]).items
    assert (item.change, item.job, item.reason) == ("new", "lint", "script_failure")
    evening = sent(built, DAYS[2])
    assert (evening.evening_counts["failed"], evening.evening_counts["passed_since"]) == (0, 0)
    assert [item.change for item in evening.evening] == ["recovered"]
    assert evening.evening[0].job == "lint", "its last failure is of the same night"


def test_a_note_that_goes_out_late_tells_of_the_evening_before_and_of_none_of_its_own(built: Builder) -> None:
    """Of a team of evening nightlies, too: at 23:00 the page has that evening by itself, what is sent has not."""
    expect(built, *(night + EVENING for night in NIGHTS[:2]))
    for night in NIGHTS[:2]:
        built.night(night + EVENING, failed=["lint"])
    assert note(built.nights(), DAYS[1]).evening == ()
    assert told(built, DAYS[1]) == ([], ["new"]) and told(built, DAYS[2]) == ([], ["still_red"])
    assert sent(built, DAYS[1]).counts["failed"] == 0
    with pytest.raises(NoSuchNight):
        sent(built, DAYS[0])


def test_every_failure_arrives_once(built: Builder) -> None:
    """Asked every hour for three days, of a nightly at 04:00 and 22:00; the third note cannot go out before 23:00."""
    first = NOON.replace(hour=4) - 4 * DAY
    schedule(built, owner_id=5, owner_username="ada", cron="0 4,22 * * *")
    member(built)
    times = [first + day * DAY + later * 18 * HOUR for day in range(4) for later in (0, 1)]
    failed = [times[1], times[2], times[3], times[4]]
    expect(built, *times)
    arrived = []
    with chat() as (heard, url):
        for at in (first + hours * HOUR for hours in range(80)):
            if at in times:
                built.night(at, failed=["lint"] if at in failed else [], passed=[] if at in failed else ["lint"])
            is_down = first + 2 * DAY <= at < first + 2 * DAY + 19 * HOUR
            if not is_down and send_due(built.store, chatting(url), at):
                arrived.append(at)
    assert arrived == [first, first + DAY, first + 2 * DAY + 19 * HOUR, first + 3 * DAY]
    texts = [one["text"] for one in heard.heard]
    assert [text.count("lint: script") for text in texts] == [0, 2, 2, 1], "the last one recovered from it"
    assert [text.count("Recovered: ") + text.count("Recovered (1)") for text in texts] == [0, 0, 0, 1]


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Builder]:
    with open_store(tmp_path_factory.mktemp("parts") / "d.duckdb") as store:
        built = Builder(store)
        built.project()
        for id in (7, 8, 9):
            built.schedule(id, description=f"s{id}", owner_username="ada", owner_id=5)
        yield built


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(outcomes=st.lists(st.sampled_from("ppfmco"), min_size=3 * len(HOURS), max_size=3 * len(HOURS)))
def test_a_part_tells_what_a_nightly_would_that_has_its_times_alone(company: Builder, outcomes: list[str]) -> None:
    """Schedule 7 has all six times, 8 those of the morning, 9 those of the evening, with the same outcomes."""
    fill(company, outcomes)
    whole = facts(company, "night")
    parts: tuple[tuple[Part, int], ...] = (("morning", 8), ("evening", 9))
    for part, id in parts:
        found = facts(company, part)
        assert {key: row for key, row in found.items() if key[0] == id} == of(whole, id), "all of it is in that part"
        assert by_night(found, 7) == by_night(whole, id)
        assert not [key for key in found if key[0] == (17 - id)]


def fill(built: Builder, outcomes: Sequence[str]) -> None:
    """Passed, failed, missing, canceled or off (o) at each time."""
    for table in (SCHEDULE_SLOTS, PIPELINES):
        built.store.write(Delete(table, built.rows(f"select {', '.join(table.key)} from {table.name}")))
    words = {"p": "success", "f": "failed", "c": "canceled"}
    for place, outcome in enumerate(outcomes):
        night, hour = divmod(place, len(HOURS))
        at = NIGHTS[night] + HOURS[hour] * HOUR
        for id in (7, 8 if HOURS[hour] < 9 else 9):
            expect(built, at, id=id, off="schedule_off" if outcome == "o" else None)
            if outcome in words:
                built.pipeline(at, words[outcome], schedule_id=id, web_url=f"https://gitlab.example/{place}")
    built.write()


def facts(built: Builder, part: Part) -> dict[tuple[int, date], dict[str, Any]]:
    """By schedule and night, what the part's rows say of its runs."""
    sql = f"with {part_of(part, 'true')} select schedule_id, night, {', '.join(FACTS)} from part"
    found = built.nights().execute(sql).df().astype(object)
    rows = found.where(found.notna(), None).to_dict("records")
    return {(row.pop("schedule_id"), row.pop("night").date()): {str(k): v for k, v in row.items()} for row in rows}


def of(found: dict[tuple[int, date], dict[str, Any]], id: int) -> dict[tuple[int, date], dict[str, Any]]:
    return {key: row for key, row in found.items() if key[0] == id}


def by_night(found: dict[tuple[int, date], dict[str, Any]], id: int) -> dict[date, dict[str, Any]]:
    return {key[1]: row for key, row in of(found, id).items()}


def test_json_keeps_the_evening(built: Builder) -> None:
    twice(built, "pppfp")
    assert '"evening_before": {\n    "night": "2026-03-11"' in as_json(sent(built, DAYS[2]))
