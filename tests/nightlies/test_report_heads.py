"""Of a nightly that runs several times a day: the job, the person and the run by hand that its note tells of."""

from __future__ import annotations

from datetime import UTC, date
from zoneinfo import ZoneInfo

import pytest

from dashlib.failures.act_tables import ASSIGNMENTS
from dashlib.model import Put
from dashlib.nightlies.report import NoSuchNight, note
from dashlib.nightlies.report_text import as_json, as_markdown
from dashlib.nightlies.tables import NOTES_SENT
from tests.nightlies.notes import EARLY
from tests.nightlies.rows import DAY, HOUR, MINUTE, NIGHTS, expect, late_hours, now
from tests.nightlies.test_report_parts import DAYS, EVENING, sent, told, twice
from tests.queries.build import Builder, row


def given(built: Builder, job: str, person: str) -> None:
    """Somebody has the newest failure of a job."""
    [found] = built.rows(f"select max(id) as id from jobs where name = '{job}' and status = 'failed'")
    claim = row(
        ASSIGNMENTS, list(ASSIGNMENTS.groups), scope="job", subject=f"1-{found['id']}", assignee=person,
        created_by="ada", created_at=NIGHTS[1],
    )  # fmt: skip
    built.store.write(Put(ASSIGNMENTS, [claim]))


def test_what_failed_in_the_run_that_decides_is_looked_at_first(built: Builder) -> None:
    """In the morning ``test`` failed, and bob has it; in the evening ``build`` did, so ``test`` was skipped."""
    twice(built, "pp")
    expect(built, NIGHTS[1], NIGHTS[1] + EVENING)
    built.night(NIGHTS[1], failed=["test"], passed=["build"])
    given(built, "test", "bob")
    evening = built.night(NIGHTS[1] + EVENING, failed=["build"], passed=[])
    built.job(evening, "test", "skipped", NIGHTS[1] + EVENING)
    expect(built, NIGHTS[2])
    built.night(NIGHTS[2], passed=["build", "test"])
    after = sent(built, DAYS[2])
    [item] = after.evening
    assert (item.change, item.job, item.who) == ("still_red", "build", "nobody")
    assert [(one.change, one.job) for one in after.items] == [("recovered", "build")]
    [morning] = sent(built, DAYS[1]).items
    assert (morning.job, morning.who) == ("test", "bob")
    [whole] = note(built.nights(), DAYS[1]).items
    assert (whole.job, whole.who) == ("build", "nobody")


def test_what_failed_in_the_morning_is_named_whatever_became_of_the_job_later(built: Builder) -> None:
    """The same job passed in the evening: a note of the morning that goes out late still names it, and who has it."""
    twice(built, "ppf")
    given(built, "lint", "bob")
    before = as_json(sent(built, DAYS[1]))
    expect(built, NIGHTS[1] + EVENING)
    built.night(NIGHTS[1] + EVENING, passed=["lint"])
    assert as_json(sent(built, DAYS[1])) == before
    [item] = sent(built, DAYS[1]).items
    assert (item.job, item.reason, item.who) == ("lint", "script_failure", "bob")
    expect(built, NIGHTS[2])
    built.night(NIGHTS[2], passed=["lint"])
    [item] = sent(built, DAYS[2]).evening
    assert (item.change, item.job, item.who) == ("recovered", "lint", "bob")


def test_a_run_by_hand_for_the_morning_after_the_run_of_the_evening_is_news_of_the_evening(built: Builder) -> None:
    """The morning's note told that time as missing; the newest result is told, and decides nothing (as in the grid)."""
    twice(built, "ppmp")
    before = sent(built, DAYS[1])
    built.night(NIGHTS[1] + EVENING + HOUR, failed=["lint"])
    assert sent(built, DAYS[1]) == before
    assert [item.change for item in before.items] == ["missing"]
    expect(built, NIGHTS[2])
    built.night(NIGHTS[2], failed=["lint"])
    after = sent(built, DAYS[2])
    assert not after.is_calm
    assert [(item.change, item.reason) for item in after.evening] == [
        ("partly", "1 of 2 runs failed, after it had passed: lint: script_failure")
    ]
    assert [(item.change, item.since) for item in after.items] == [("new", DAYS[2])]
    [whole] = note(built.nights(), DAYS[1]).items
    assert (whole.change, whole.reason) == (after.evening[0].change, after.evening[0].reason)


def test_such_a_run_that_passed_is_told_beside_the_failure(built: Builder) -> None:
    twice(built, "ppmf")
    built.night(NIGHTS[1] + EVENING + HOUR, passed=["lint"])
    [item] = sent(built, DAYS[2]).evening
    assert (item.change, item.by_hand) == ("new", "passed when started by hand at 23:00")
    assert [item.change for item in sent(built, DAYS[1]).items] == ["missing"]


def test_a_run_by_hand_before_the_note_is_out_is_the_mornings(built: Builder) -> None:
    twice(built, "ppmp")
    built.night(NIGHTS[1] + 8 * HOUR, failed=["lint"])
    [morning] = sent(built, DAYS[1]).items
    assert (morning.change, morning.by_hand) == ("new", "started by hand, or late")
    assert told(built, DAYS[2])[1] == ["recovered"]


def every_night(built: Builder) -> None:
    """Another nightly, that passes: each day has its note."""
    built.schedule(8, description="Every night")
    expect(built, *NIGHTS, id=8)
    for night in NIGHTS:
        built.night(night, schedule_id=8)


@pytest.mark.parametrize(("by_hand", "then"), [("failed", "passed"), ("failed", "failed"), ("passed", "missing")])
def test_what_is_made_up_for_before_a_weekend_stands_in_the_note_after_it(
    built: Builder, by_hand: str, then: str
) -> None:
    """Friday's nightly never ran, its note says so; somebody starts it at noon, and the next note is Monday's."""
    friday, monday = NIGHTS[0], NIGHTS[0] + 3 * DAY
    expect(built, friday - 7 * DAY, friday, monday)
    built.night(friday - 7 * DAY, passed=["lint"])
    assert [item.change for item in sent(built, friday.date()).items] == ["missing"]
    built.night(friday + 11 * HOUR, **{by_hand: ["lint"]})
    if then != "missing":
        built.night(monday, **{then: ["lint"]})
    assert [item.change for item in sent(built, friday.date()).items] == ["missing"]
    after = sent(built, monday.date())
    [item] = after.evening
    when = f"started by hand, or late, on {friday:%a %d %b}, 12:00"
    if by_hand == "failed":
        assert (item.change, item.job, item.by_hand) == ("new", "lint", when)
    else:
        assert (item.change, item.reason) == ("only_by_hand", f"passed, {when}: it did not come by itself in time")
    then_told = {"passed": "recovered", "failed": "still_red", "missing": "missing"}[then]
    assert [item.change for item in after.items] == [then_told]
    if then != "missing":
        assert after.items[0].nights == (1 if then == "passed" else 2)


@pytest.mark.parametrize("hours", [11, 30, 46])
def test_what_is_made_up_for_once_the_note_is_out_stands_in_the_next_one(built: Builder, hours: int) -> None:
    """Of a nightly at 22:00 whose note went out the next morning; in the afternoon, at night, in two days."""
    for night in NIGHTS[:2]:
        expect(built, night + EVENING)
    built.night(NIGHTS[0] + EVENING, passed=["lint"])
    expect(built, NIGHTS[4] + EVENING)
    every_night(built)
    before = sent(built, DAYS[2])
    assert [item.change for item in before.evening] == ["missing"]
    at = NIGHTS[2] + hours * HOUR
    built.night(at, failed=["lint"])
    assert sent(built, DAYS[2]) == before
    assert [item.change for item in note(built.nights(), DAYS[2]).evening] == ["new"], "a page tells what is"
    told_on = at.date() + DAY * (at.hour >= 10)
    [item] = sent(built, told_on).evening
    assert (item.change, item.job, item.by_hand) == ("new", "lint", "started by hand, or late")
    built.night(NIGHTS[4] + EVENING, passed=["lint"])
    [item] = sent(built, DAYS[4] + DAY).evening
    assert (item.change, item.job, item.nights) == ("recovered", "lint", 1)


def test_what_is_made_up_for_after_an_early_note_stands_in_the_next_one(built: Builder) -> None:
    """It went out at 06:00, when all had ended, and not at 10:00."""
    twice(built, "ppmp")
    row = {"channel": "chat", "outcome": "sent", "tries": 1, "error": None}
    built.store.write(Put(NOTES_SENT, [row | {"night": DAYS[1], "tried_at": NIGHTS[1] + 5 * HOUR}]))
    built.night(NIGHTS[1] + 6 * HOUR, failed=["lint"])
    assert [item.change for item in sent(built, DAYS[1]).items] == ["missing"]
    [item] = sent(built, DAYS[2]).evening
    assert (item.change, item.reason) == ("partly", "1 of 2 runs failed, passed since: lint: script_failure")


@pytest.mark.parametrize("tried", ["", "failed", "sent"])
def test_what_is_made_up_for_before_a_note_that_goes_out_late_stands_in_it(built: Builder, tried: str) -> None:
    """The dashboard, or the chat, was down at DASH_REPORT_BY: whoever reads the note at four must not look for what
    somebody started since three.
    """
    built.zone(EARLY)
    built.setting("report_by", "03:00")
    expected, today = now() - 3 * HOUR, now().replace(tzinfo=UTC).astimezone(ZoneInfo(EARLY)).date()
    expect(built, expected - DAY, expected)
    built.night(expected - DAY, passed=["lint"])
    if tried:
        row = {"channel": "chat", "outcome": tried, "tries": 1, "error": None}
        built.store.write(Put(NOTES_SENT, [row | {"night": today, "tried_at": now() - 45 * MINUTE}]))
    assert [item.change for item in sent(built, today).items] == ["missing"]
    built.night(now() - 30 * MINUTE, failed=["lint"])
    [item] = sent(built, today).items
    assert (item.change, item.by_hand) == (("missing", "") if tried == "sent" else ("new", "started by hand, or late"))


@pytest.mark.parametrize(
    ("status", "change"), [("canceled", "canceled"), ("running", "running"), ("failed", "new"), ("mixed", "partly")]
)
def test_what_somebody_started_beside_is_told_of_whatever_is_named(built: Builder, status: str, change: str) -> None:
    times = [NIGHTS[0], NIGHTS[0] + HOUR]
    expect(built, *times)
    if status == "mixed":
        built.night(times[0], failed=["lint"])
        built.night(times[1])
    else:
        built.pipeline(times[0], "success")
        built.pipeline(times[1], status)
    built.night(NIGHTS[0] + 3 * HOUR, failed=["unit"])
    [item] = sent(built, DAYS[0]).items
    assert (item.change, item.by_hand) == (change, "failed when started by hand at 04:00")
    assert "failed when started by hand at 04:00" in as_markdown(sent(built, DAYS[0]))
    if change == "partly":
        assert item.reason == "1 of 2 runs failed, passed since: lint: script_failure"
        assert (item.who, item.has_failure) == ("nobody", True)
        assert "/jobs/" in str(item.link)


@pytest.mark.parametrize(("by_hand", "then"), [("p", "f"), ("f", "p")])
def test_a_run_by_hand_before_the_one_that_decides_answers_nothing(built: Builder, by_hand: str, then: str) -> None:
    twice(built, f"ppf{then}p" if then == "f" else f"pff{then}p")
    built.night(NIGHTS[1] + 8 * HOUR, **{"passed" if by_hand == "p" else "failed": ["lint"]})
    [item] = sent(built, DAYS[2]).evening
    assert (item.change, item.by_hand) == ("still_red" if then == "f" else "recovered", "")


def test_a_run_by_hand_after_the_one_that_decides_is_told(built: Builder) -> None:
    twice(built, "pppf")
    built.night(NIGHTS[1] + EVENING + HOUR, passed=["lint"])
    [item] = sent(built, DAYS[2]).evening
    assert (item.change, item.by_hand) == ("new", "passed when started by hand at 23:00")


@pytest.mark.parametrize("by_hand", ["failed", "passed"])
def test_what_is_made_up_for_after_the_note_and_before_the_evening_is_not_told_of_the_morning(
    built: Builder, by_hand: str
) -> None:
    """At 04:00 it never ran; started by hand at 11:00, and the time of 12:00 passed."""
    times = [NIGHTS[1] + 3 * HOUR, NIGHTS[1] + 11 * HOUR]
    expect(built, NIGHTS[0], *times)
    built.night(NIGHTS[0], passed=["lint"])
    built.night(times[1], passed=["lint"])
    before = sent(built, DAYS[1])
    built.night(NIGHTS[1] + 10 * HOUR, **{by_hand: ["lint"]})
    assert sent(built, DAYS[1]).items == before.items
    assert [(item.change, item.by_hand) for item in before.items] == [("missing", "")]
    expect(built, NIGHTS[2])
    built.night(NIGHTS[2], passed=["lint"])
    assert [item.change for item in sent(built, DAYS[2]).evening] == (["partly"] if by_hand == "failed" else [])


@pytest.mark.parametrize(("then", "hours"), [("passed", 11), ("failed", EVENING // HOUR)])
def test_what_was_started_by_hand_before_a_later_run_is_told_of_the_earlier(
    built: Builder, then: str, hours: int
) -> None:
    """A note that goes out when the night's next time has run already tells the same."""
    times = [NIGHTS[1], NIGHTS[1] + hours * HOUR]
    expect(built, NIGHTS[0], times[0])
    built.night(NIGHTS[0], passed=["lint"])
    built.night(times[0], failed=["lint"])
    built.night(times[0] + 2 * HOUR, passed=["lint"])
    before = sent(built, DAYS[1])
    assert [item.by_hand for item in before.items] == ["passed when started by hand at 03:00"]
    expect(built, times[1])
    built.night(times[1], **{then: ["lint"]})
    assert sent(built, DAYS[1]).items == before.items
    built.night(times[1] + HOUR / 2, failed=["unit"])
    assert sent(built, DAYS[1]).items == before.items
    expect(built, NIGHTS[2])
    built.night(NIGHTS[2], passed=["lint"])
    [item] = sent(built, DAYS[2]).evening
    at = times[1] + HOUR / 2
    assert item.by_hand == f"failed when started by hand at {at:%H:%M}"


def test_what_still_runs_is_named(built: Builder) -> None:
    """Whoever reads that one of a hundred is still running looks for it; it may fail when the note is out."""
    twice(built, "ppprp")
    found = sent(built, DAYS[2])
    assert told(built, DAYS[2]) == ([], ["running"])
    assert "- Still running: " in as_markdown(found)
    assert "had not ended when this was written" in as_markdown(found)


def test_what_recovered_is_the_last_failure_whatever_decided_its_night(built: Builder) -> None:
    twice(built, "p")
    for at, job in ((NIGHTS[0] + EVENING, "A"), (NIGHTS[1], "B")):
        expect(built, at)
        built.night(at, failed=[job])
    for at, status in ((NIGHTS[1] + EVENING, "canceled"), (NIGHTS[2], "success")):
        expect(built, at)
        built.pipeline(at, status)
    [item] = sent(built, DAYS[2]).items
    assert (item.change, item.job, item.since, item.nights) == ("recovered", "B", DAYS[0], 2)


def test_what_is_missing_is_missing_since_the_first_time_that_did_not_run(built: Builder) -> None:
    twice(built, "pppmmmm")
    [evening] = sent(built, DAYS[3]).evening
    [morning] = sent(built, DAYS[3]).items
    assert (evening.since, evening.nights) == (DAYS[1], 2)
    assert (morning.since, morning.nights) == (DAYS[1], 3)
    [alone] = sent(built, DAYS[2]).evening
    assert (alone.since, alone.nights) == (DAYS[1], 1)


@pytest.mark.parametrize(("before", "since", "nights"), [("pp", None, None), ("pm", DAYS[0], 1)])
def test_late_in_the_evening_is_not_missing_since_that_morning(
    built: Builder, before: str, since: date | None, nights: int | None
) -> None:
    twice(built, before + "mm")
    late_hours(built, (now() - NIGHTS[1] - EVENING) / HOUR + 5)
    [item] = sent(built, DAYS[2]).evening
    assert (item.change, item.since, item.nights) == ("late", since, nights)
    whole = note(built.nights(), DAYS[1])
    assert [one.change for one in whole.items] == ["late"] and whole.counts["partly_ran"] == 0


def test_before_the_first_day_of_all_is_no_night(built: Builder) -> None:
    twice(built, "pp")
    with pytest.raises(NoSuchNight, match="No nightly of 0001-01-01 is stored"):
        note(built.nights(), date.min)


def test_why_a_time_never_ran_is_not_how_another_one_failed(built: Builder) -> None:
    expect(built, NIGHTS[0], NIGHTS[0] + HOUR)
    built.night(NIGHTS[0] + HOUR, failed=["lint"])
    told = {item.change: item for item in note(built.nights(), DAYS[0]).items}
    assert (told["new"].job, told["partly"].reason) == ("lint", "1 of 2 times never ran")
    assert not told["partly"].has_failure
