"""Lines of what needs attention: what is told, what is not, and where each leads."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pandas as pd
import pytest

from dashlib.charts import attention
from dashlib.charts.attention import Line
from dashlib.charts.two_weeks import BEFORE, NOW, two_weeks

AT = datetime(2026, 3, 10, 8)
NIGHT = AT.date()
HERE = {"rows": "schedule", "show": "all"}
SOURCE: dict[str, Any] = {
    "source": "gitlab", "last_error": None, "last_success_at": AT, "last_finished_at": AT, "projects_with_problems": 0,
}  # fmt: skip
NOTE = {"change": "new", "without_issue": 0, "job_name": "unit", "assignee": None, "cause": None}


def told(lines: list[Line]) -> list[str]:
    return [f"{line.text} | {line.more}" if line.more else line.text for line in lines]


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ({}, None),
        ({"last_success_at": AT - timedelta(hours=24)}, None),
        ({"last_success_at": AT - timedelta(hours=25)}, "gitlab: the last sync that succeeded was 1 day ago"),
        ({"last_success_at": pd.NaT}, "gitlab: no sync has succeeded yet"),
        (
            {"last_error": "HTTP 401\nno", "last_finished_at": AT + timedelta(minutes=1)},
            "gitlab: the last sync broke off | HTTP 401 no",
        ),
        ({"last_error": "HTTP 401", "last_success_at": pd.NaT}, "gitlab: the last sync broke off | HTTP 401"),
        ({"last_error": "of one repository"}, None),
    ],
)
def test_a_source_that_stopped(source: dict[str, Any], text: str | None) -> None:
    lines = attention.of_sources(pd.DataFrame([SOURCE | source]), AT, timedelta(hours=24))
    assert told(lines) == ([text] if text else [])
    assert {line.page for line in lines} <= {"sources"}


def test_what_could_not_be_read() -> None:
    sources = pd.DataFrame([SOURCE, SOURCE | {"projects_with_problems": 2}])
    assert told(attention.of_problems(sources)) == ["Of 2 repositories something could not be read"]
    assert attention.of_problems(sources.head(1)) == attention.of_problems(sources.head(0)) == []
    failed = pd.DataFrame({"failed": [1, 0]})
    assert told(attention.of_deliveries(failed)) == ["1 webhook delivery could not be read in full"]
    assert attention.of_deliveries(failed.tail(1)) == attention.of_deliveries(failed.head(0)) == []


def test_new_failures_without_an_issue() -> None:
    """Those that the filter of the page Nightlies leaves; who has one is told."""
    rows = [
        NOTE | {"without_issue": 1},
        NOTE | {"job_name": None, "assignee": "ada"},
        NOTE,
        NOTE | {"change": "still_red", "without_issue": 5},
    ]
    lines = attention.of_night(pd.DataFrame(rows))
    assert told(lines) == ["2 new failures without an issue | nobody has 1 of them"]
    assert (lines[0].page, lines[0].query) == ("nightlies", HERE | {"fresh": "true", "noissue": "true"})
    [earlier] = attention.of_night(pd.DataFrame(rows), NIGHT)
    assert earlier.query == {**lines[0].query, "night": "2026-03-10"}
    assert told(attention.of_night(pd.DataFrame(rows[:1]))) == ["1 new failure without an issue | nobody has it"]
    assert attention.of_night(pd.DataFrame(rows[2:])) == []


def test_nightlies_that_never_ran() -> None:
    gone = NOTE | {"change": "missing", "cause": "owner_blocked"}
    lines = attention.of_night(pd.DataFrame([gone]))
    assert told(lines) == ["1 nightly never ran | its owner is blocked"]
    assert lines[0].query == HERE | {"state": "missing"}
    assert told(attention.of_night(pd.DataFrame([gone | {"cause": None}]))) == ["1 nightly never ran"]
    several = pd.DataFrame([gone, gone, gone | {"cause": None}])
    assert told(attention.of_night(several)) == ["3 nightlies never ran | mostly because its owner is blocked"]


def test_schedules_at_risk() -> None:
    reasons = ["owner_gone", "no_next_run"]
    risk = {"path_with_namespace": "acme/engine", "schedule": "Nightly", "risks": reasons, "stopped": True}
    found = attention.of_risks(pd.DataFrame([risk, risk | {"schedule": "Weekly", "stopped": False}]))
    assert told(found) == ["2 schedules at risk, 1 stopped already | acme/engine, its owner has left"]
    assert attention.of_risks(pd.DataFrame(columns=list(risk))) == []


@pytest.mark.parametrize(
    ("nights", "failure", "page"), [(12, "/failure?failure=1-9", "failure"), (3, None, "nightlies"), (2, None, None)]
)
def test_the_longest_red(nights: int, failure: str | None, page: str | None) -> None:
    row = {"path_with_namespace": "acme/engine", "schedule": "Nightly", "nights_red": nights, "failure_url": failure}
    found = attention.of_longest(pd.DataFrame([row | {"red_since": pd.Timestamp("2026-03-02")}]))
    assert [line.page for line in found] == ([page] if page else [])
    if page:
        text = f"Longest red: {nights} nights, since Mon 02 Mar | acme/engine · Nightly"
        assert told(found) == [text]
        assert found[0].query == ({"failure": "1-9"} if failure else {"sort": "longest red"})


def test_jobs_signatures_and_outages() -> None:
    lines = attention.of_jobs(pd.Series({"broken": 1, "flaky": 2, "flaky_minutes": 1500.9}))
    assert told(lines) == [
        "1 broken job | red, and not by chance",
        "2 flaky jobs | 1,500 minutes wasted in this period",
    ]
    assert [line.query for line in lines] == [{"now": "broken"}, {"now": "flaky"}]
    assert attention.of_jobs(pd.Series({"broken": 0, "flaky": 0, "flaky_minutes": 0.0})) == []
    [line] = attention.of_signatures(pd.Series({"without_issue": 3}))
    assert told([line]) == ["3 new signatures without an issue | of nightlies, first seen in the last 14 days"]
    assert (line.page, line.query) == ("failures", {"new": "true", "issue": "without", "nightly": "true"})
    assert attention.of_signatures(pd.Series({"without_issue": 0})) == []
    outage = {"began": AT, "ended": AT, "day": NIGHT, "runner": "r1", "category": "runner", "failures": 2, "jobs": 3}
    found = pd.DataFrame([outage | {"repositories": 1}])
    assert told(attention.of_outages(found, NIGHT))[0].startswith("Outage of runners | Tue 10 Mar 2026")
    assert attention.of_outages(found, NIGHT + timedelta(days=1)) == attention.of_outages(found.head(0), NIGHT) == []


def test_two_weeks_add_up_series_and_show_days_without_any() -> None:
    last = date(2026, 3, 15)
    days = [last, last, last - timedelta(days=7), last - timedelta(days=13), last - timedelta(days=14)]
    frame = pd.DataFrame({"period": pd.to_datetime(days), "series": list("abaaa"), "commits": [2, 3, 4, 5, 6]})
    drawn = two_weeks(frame, "commits", last).to_dict()
    [rows] = drawn["datasets"].values()
    counted = {(one["week"], one["weekday"]): one["commits"] for one in rows}
    assert len(counted) == 14
    assert {key: count for key, count in counted.items() if count} == {
        (NOW, "Sun"): 5, (BEFORE, "Sun"): 4, (BEFORE, "Mon"): 5,
    }  # fmt: skip
