"""Of a nightly that runs several times a day: the job, the person and the run by hand that its note tells of."""

from __future__ import annotations

import pytest

from dashlib.failures.act_tables import ASSIGNMENTS
from dashlib.model import Put
from dashlib.nightlies.report import note
from dashlib.nightlies.report_text import as_json, as_markdown
from tests.nightlies.rows import HOUR, NIGHTS, expect
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
        ("partly", "1 of 2 runs failed, after it had passed")
    ]
    assert [(item.change, item.since) for item in after.items] == [("new", DAYS[2])]
    [whole] = note(built.nights(), DAYS[1]).items
    assert (whole.change, whole.reason) == ("partly", "1 of 2 runs failed, after it had passed")


def test_such_a_run_that_passed_is_told_beside_the_failure(built: Builder) -> None:
    twice(built, "ppmf")
    built.night(NIGHTS[1] + EVENING + HOUR, passed=["lint"])
    [item] = sent(built, DAYS[2]).evening
    assert (item.change, item.by_hand) == ("new", "passed when started by hand at 23:00")
    assert [item.change for item in sent(built, DAYS[1]).items] == ["missing"]


def test_a_run_by_hand_before_the_evening_is_the_mornings(built: Builder) -> None:
    twice(built, "ppmp")
    built.night(NIGHTS[1] + 12 * HOUR, failed=["lint"])
    assert told(built, DAYS[2])[1] == ["recovered"]


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
