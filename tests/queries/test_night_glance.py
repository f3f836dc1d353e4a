"""A night in four lines: every change is told, with since when, who has it, and where it leads."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from dashlib.charts.night_glance import glance
from dashlib.model import Filters
from dashlib.queries import nightlies
from tests.nightlies.rows import NIGHTS, expect, member
from tests.queries.build import Builder


def lines(built: Builder) -> dict[str, dict[str, Any]]:
    with built.store.reader() as reader:
        return {line["title"]: line for line in glance(nightlies.note(reader, Filters(), night=NIGHTS[1].date()))}


def test_all_four_lines_are_there_when_nothing_happened(built: Builder) -> None:
    assert [(title, line["count"], line["items"]) for title, line in lines(built).items()] == [
        ("New", 0, []),
        ("Still red", 0, []),
        ("Never ran", 0, []),
        ("Recovered", 0, []),
    ]


def test_what_each_line_tells(built: Builder) -> None:
    for id, path in ((2, "acme/web/site"), (3, "acme/web/shop"), (4, "labs/site")):
        built.project(id, path)
        built.schedule(id, project_id=id)
    expect(built, *NIGHTS[:2])
    built.night(NIGHTS[0])
    for place, at in enumerate(NIGHTS[:2]):
        built.night(at, failed=["lint"] if place == 0 else ["lint", "unit"], project_id=2, schedule_id=2)
        built.night(at, failed=["e2e"] if place == 0 else [], project_id=3, schedule_id=3)
        built.night(at, failed=["pack"] if place else [], project_id=4, schedule_id=4)
    found = lines(built)
    told = {title: [(item["name"], item["about"]) for item in line["items"]] for title, line in found.items()}
    assert told == {
        "New": [("labs/site", "pack: script_failure, nobody has it")],
        "Still red": [
            ("acme/web/site", "since Tue 10 Mar, 2 nights, 1 newly failed job, unit: script_failure, nobody has it")
        ],
        "Never ran": [("engine", "since Wed 11 Mar, 1 night, expected at 01:00, its owner has left, nobody has it")],
        "Recovered": [("shop", "was red for 1 night")],
    }
    hrefs = {title: line["items"][0]["href"] for title, line in found.items()}
    assert hrefs["New"].startswith("/failure?failure=4-") and hrefs["Still red"].startswith("/failure?failure=2-")
    assert hrefs["Never ran"] == "https://gitlab.example/acme/core/engine/-/pipeline_schedules"
    assert hrefs["Recovered"].startswith("https://gitlab.example/p/3/-/pipelines/")


def test_a_long_line_says_how_many_more(built: Builder) -> None:
    for id in range(10, 22):
        built.project(id, f"acme/r{id}")
        built.schedule(id, project_id=id)
        built.night(NIGHTS[1], failed=["lint"], project_id=id, schedule_id=id)
    new = lines(built)["New"]
    assert (new["count"], len(new["items"]), new["more"]) == (12, 8, 4)


def test_at_risk_is_narrowed_to_persons(built: Builder) -> None:
    built.schedule(7, owner_username="ada", owner_id=5, next_run_at=NIGHTS[1] + timedelta(days=1))
    built.user(5, "ada", "Ada Lovelace", state="blocked")
    member(built)
    [person] = {one["person"] for one in built.rows("select person from schedules_at_risk")}
    with built.store.reader() as reader:
        for persons, rows in (((), 1), ((person,), 1), (("somebody else",), 0)):
            assert len(nightlies.at_risk(reader, Filters(persons=persons))) == rows
