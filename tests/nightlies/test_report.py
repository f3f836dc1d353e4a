"""The morning note: its numbers are the page's, five lines when all is calm, no markup from outside."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path

import pytest

from dashlib.__main__ import main
from dashlib.model import Filters
from dashlib.nightlies.report import OPEN, NoSuchNight, Note, as_html, as_json, as_markdown, note
from dashlib.nightlies.send import mattermost
from dashlib.queries import nightlies
from dashlib.settings import Settings
from dashlib.store.remember import remember
from tests.nightlies.rows import NIGHTS, expect
from tests.queries.build import Builder

HOSTILE = "<img src=x onerror=alert(1)>[x](javascript:alert(1)) **b** `c`"
NIGHT = NIGHTS[1].date()


def company(built: Builder) -> None:
    """Two nights: one nightly stays red, one is new, one recovers, one never runs."""
    for id, path in ((2, "acme/web/site"), (3, "acme/web/shop"), (4, f"evil/{HOSTILE}")):
        built.project(id, path)
        built.schedule(id, project_id=id)
    expect(built, *NIGHTS[:2])
    built.night(NIGHTS[0], failed=["lint"])
    built.night(NIGHTS[0], project_id=2, schedule_id=2)
    built.night(NIGHTS[0], failed=["e2e"], project_id=3, schedule_id=3)
    built.night(NIGHTS[0], project_id=4, schedule_id=4)
    built.night(NIGHTS[1], project_id=3, schedule_id=3)
    built.night(NIGHTS[1], failed=["unit", "e2e"], project_id=2, schedule_id=2)
    built.night(NIGHTS[1], failed=[HOSTILE], project_id=4, schedule_id=4)


def written(built: Builder, night: date | None = None, dashboard: str = "") -> Note:
    with built.store.reader() as reader:
        return note(reader, night, dashboard=dashboard)


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


def test_links_lead_to_gitlab_where_the_dashboard_has_no_address(built: Builder) -> None:
    company(built)
    assert all(item.link and item.link.startswith("https://gitlab.example/") for item in written(built).items)


def test_its_numbers_are_the_pages(built: Builder) -> None:
    company(built)
    for night in (None, NIGHTS[0].date()):
        found = written(built, night)
        with built.store.reader() as reader:
            page = nightlies.nights(reader, Filters())
        [row] = page[page["night"].dt.date == found.night].drop(columns="night").to_dict("records")
        assert found.counts == row
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


@pytest.mark.parametrize("status", ["running", "canceled", "created"])
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


def test_what_never_ran_is_told_with_its_gap_and_its_owner(built: Builder) -> None:
    built.schedule(7, owner_username="ada", owner_id=5)
    expect(built, *NIGHTS[:4])
    built.night(NIGHTS[0])
    since = NIGHTS[1].date()
    found = written(built)
    [item] = found.of("missing")
    assert (item.nights, item.since, item.who) == (3, since, "ada")
    for text in (as_markdown(found), as_html(found), json.dumps(mattermost(found), ensure_ascii=False)):
        assert "3 nights, since " in text and "owner: ada" in text
    told = json.loads(as_json(found))["missing"][0]
    assert (told["nights"], told["since"], told["who"]) == (3, since.isoformat(), "ada")


def test_json_holds_everything(built: Builder) -> None:
    company(built)
    found = json.loads(as_json(written(built)))
    assert set(found) == {"night", "counts", "new", "missing", "still_red", "recovered", "at_risk"}
    assert found["night"] == "2026-03-11"
    assert found["recovered"][0]["since"] == "2026-03-10"


def test_text_from_outside_is_never_markup(built: Builder) -> None:
    company(built)
    found = written(built)
    page = as_html(found)
    assert "<img" not in page and "&lt;img src=x" in page
    bare = re.findall(r"(?<!\\)(?:<|\]\(javascript|\*\*b|`)", as_markdown(found))
    assert bare == []


def test_a_night_of_which_nothing_is_stored(built: Builder) -> None:
    with pytest.raises(NoSuchNight, match="No nightly is stored yet"):
        written(built)
    company(built)
    with pytest.raises(NoSuchNight, match="2020-01-01"):
        written(built, date(2020, 1, 1))


def test_the_command(built: Builder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    company(built)
    path = Path(built.store.path)
    built.store.close()
    monkeypatch.setenv("DASH_DATABASE", str(path))
    assert main(["report", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["counts"]["failed"] == 2
    assert main(["report", "--night", "2026-03-10"]) == 0
    assert "# Nightlies of Tuesday, 10 March 2026" in capsys.readouterr().out
    assert main(["report", "--night", "1999-01-01"]) == 2
    assert "1999-01-01" in capsys.readouterr().err


def test_the_command_says_which_settings_count(
    built: Builder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    company(built)
    remember(built.store, Settings(timezone="UTC"))
    path = Path(built.store.path)
    built.store.close()
    monkeypatch.setenv("DASH_DATABASE", str(path))
    assert main(["report", "--format", "json"]) == 0
    assert "note:" not in capsys.readouterr().err
    monkeypatch.setenv("DASH_TIMEZONE", "Asia/Tokyo")
    monkeypatch.setenv("DASH_NIGHTLY", "ref:main")
    assert main(["report", "--format", "json"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["counts"]["failed"] == 2
    for words in (
        "DASH_TIMEZONE is Asia/Tokyo here, but UTC counts",
        "DASH_NIGHTLY is ref:main here, but every schedule",
    ):
        assert words in said.err
