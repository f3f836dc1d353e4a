"""The morning note in its forms: Markdown, HTML, JSON, the command's and a chat's; nothing in it is markup."""

from __future__ import annotations

import html
import json
import re
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from dashlib.__main__ import main
from dashlib.charts.night_glance import glance
from dashlib.model import Filters
from dashlib.nightlies.chats import mattermost, slack
from dashlib.nightlies.report import NoSuchNight
from dashlib.nightlies.report_items import Risk
from dashlib.nightlies.report_text import as_html, as_json, as_markdown, as_page, as_text
from dashlib.queries import nightlies
from dashlib.settings import Settings
from dashlib.store.remember import remember
from dashlib.widgets.nights import risks_told
from tests.nightlies.notes import NIGHT, company, written
from tests.nightlies.rows import HOUR, NIGHTS, expect
from tests.queries.build import Builder


def outage(built: Builder, count: int) -> None:
    """One night on which so many repositories failed with one reason, and one more with another."""
    for id in range(10, 10 + count):
        built.project(id, f"acme/r{id}")
        built.schedule(id, project_id=id)
        run = built.pipeline(NIGHTS[1], "failed", project_id=id, schedule_id=id)
        job = built.job(run, f"job{id}", "failed", NIGHTS[1], id)
        built.failure(job, "no docker on host <n>", id, reason=f"no docker on host {id}")
    built.night(NIGHTS[1], failed=["lint"])


def glance_of(built: Builder, title: str, night: date = NIGHT) -> dict[str, Any]:
    with built.store.reader() as reader:
        lines = glance(nightlies.note(reader, Filters(), night=night))
    return next(line for line in lines if line["title"] == title)


def test_links_lead_to_gitlab_where_the_dashboard_has_no_address(built: Builder) -> None:
    company(built)
    assert all(item.link and item.link.startswith("https://gitlab.example/") for item in written(built).items)


def test_json_holds_everything(built: Builder) -> None:
    company(built)
    found = json.loads(as_json(written(built)))
    parts = {"new", "missing", "late", "still_red", "partly", "only_by_hand", "canceled", "running", "recovered"}
    about = {"night", "is_calm", "under_way", "to_come_until", "counts", "at_risk", "evening_before"}
    assert set(found) == parts | about
    assert found["night"] == "2026-03-11" and found["evening_before"] is None
    assert (found["is_calm"], found["under_way"], found["to_come_until"]) == (False, False, None)
    assert found["recovered"][0]["since"] == "2026-03-10"


def test_what_somebody_started_is_told(built: Builder) -> None:
    """The nightly failed and passed when somebody started it at noon; or it did not come, and failed by hand."""
    expect(built, *NIGHTS[:3])
    built.night(NIGHTS[0])
    built.night(NIGHTS[1], failed=["lint"])
    built.night(NIGHTS[1] + 11 * HOUR, passed=["lint"])
    built.night(NIGHTS[2] + 9 * HOUR, failed=["lint"])
    words = {NIGHTS[1]: "passed when started by hand at 12:00", NIGHTS[2]: "started by hand, or late"}
    for night, told in words.items():
        found = written(built, night.date())
        [item] = [*found.of("new"), *found.of("still_red")]
        assert item.by_hand == told
        for text in (as_markdown(found), as_text(found), as_html(found), json.dumps(slack(found), ensure_ascii=False)):
            assert told in text
        [line] = glance_of(built, "New" if night == NIGHTS[1] else "Still red", night.date())["items"]
        assert line["about"].endswith(f", {told}, nobody has it")


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
    expect(built, NIGHTS[0])
    for asked in (date(2020, 1, 1), date(2031, 1, 1)):
        with pytest.raises(NoSuchNight) as told:
            written(built, asked)
        stored = "the nights from 2026-03-10 to 2026-03-11 are"
        assert str(told.value) == f"No nightly of {asked} is stored; {stored}"


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
    remember(built.store, Settings(timezone="UTC", report_by="09:00"))
    path = Path(built.store.path)
    built.store.close()
    monkeypatch.setenv("DASH_DATABASE", str(path))
    assert main(["report", "--format", "json"]) == 0
    assert "note:" not in capsys.readouterr().err, "nobody asked for another one"
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


def test_a_schedule_at_risk_keeps_its_detail_and_its_last_day(built: Builder) -> None:
    company(built)
    risk = Risk("acme/a", "Nightly", "its times cannot be read", "ada", False, None, detail="no such zone: Atlantis")
    ends = Risk("acme/b", "Nightly", "its owner's membership ends soon", "ada", False, None, stops=date(2026, 3, 30))
    found = replace(written(built), risks=(risk, ends))
    for text in (as_markdown(found), html.unescape(as_html(found)), json.dumps(mattermost(found))):
        assert "its times cannot be read: no such zone: Atlantis" in text
        assert "membership ends soon, on 30 Mar 2026" in text
    assert [one["stops"] for one in json.loads(as_json(found))["at_risk"]] == [None, "2026-03-30"]


def test_nightlies_that_failed_alike_share_a_line(built: Builder) -> None:
    outage(built, 7)
    found = written(built)
    assert found.counts["newly_failed"] == len(found.of("new")) == len(json.loads(as_json(found))["new"]) == 8
    markdown, page, chat = as_markdown(found), as_html(found), mattermost(found)["text"].replace("\\", "")
    assert "## New (8)" in markdown and "<h2>New (8)</h2>" in page and "New (8)" in chat
    told = "**7 nightlies**: no docker on host 10 – [acme/r10]("
    assert told in markdown and told in chat and "<b>7 nightlies</b>: no docker on host 10 – <a href=" in page
    for text in (markdown, page, chat):
        assert ", and 4 more – nobody" in text and "engine" in text
        assert "r13" not in text.partition("At risk")[0]
    line = glance_of(built, "New")
    assert (line["count"], line["more"], [item["name"] for item in line["items"]]) == (8, 0, ["engine", "7 nightlies"])
    assert line["items"][1]["about"] == "no docker on host 10: r10, r11, r12, and 4 more, nobody has it"


def test_two_nightlies_that_failed_alike_are_told_one_by_one(built: Builder) -> None:
    outage(built, 2)
    found = as_markdown(written(built))
    assert found.count("no docker on host") == 2 and "2 nightlies**" not in found
    assert len(glance_of(built, "New")["items"]) == 3


def test_what_a_chat_leaves_out_is_counted_in_nightlies(built: Builder) -> None:
    outage(built, 5)
    found = written(built)
    lines = slack(replace(found, risks=(), items=found.items * 30))["text"].splitlines()
    counts = re.findall(r"^• \*(\d+) nightlies\*|and (\d+) more\|?>?$", "\n".join(lines), re.MULTILINE)
    assert sum(int(one or other) for one, other in counts) + sum("lint" in line for line in lines) == 180


def test_a_schedule_that_is_at_risk_for_two_reasons_is_one(built: Builder) -> None:
    built.schedule(7, next_run_at=None)
    expect(built, NIGHTS[1])
    built.night(NIGHTS[1], failed=["lint"])
    with built.store.reader() as reader:
        rows = nightlies.at_risk(reader, Filters())
    assert len(rows) == 1
    found, told = written(built), "its owner has left; GitLab has planned no run"
    assert [(len(risk.reasons), risk.why) for risk in found.risks] == [(2, told)]
    for text in (as_markdown(found), html.unescape(as_html(found)), mattermost(found)["text"]):
        assert told in text and "At risk today (1)" in text
    assert [one["why"] for one in json.loads(as_json(found))["at_risk"]] == [told]
    assert list(risks_told(rows)["why"]) == [told]


def test_a_page_makes_no_link_or_colour_of_text_from_outside(built: Builder) -> None:
    """Addresses would be links once escapes are gone: an invisible joiner stands in them."""
    expect(built, NIGHTS[1])
    built.night(NIGHTS[1], failed=[":red[d] :smile: https://evil.example/x www.evil.example a@evil.example"])
    note = written(built)
    page = as_page(note)
    assert "\\:red\\[d\\] \\:smile\\:" in page
    bare = page.replace("\\", "").replace("https://gitlab.example", "")
    assert not re.search(r"https?://|www\.|\w@\w", bare)
    assert "https://evil.example/x www.evil.example a@evil.example" in as_markdown(note).replace("\\", "")
