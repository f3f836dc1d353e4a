"""The morning note as a page: its numbers are those of Nightlies, its words are safe, and nothing is no riddle."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from tests.pages.conftest import YESTERDAY, Open

NIGHT = f"{YESTERDAY:%Y-%m-%d}"


def numbers(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def test_its_numbers_are_those_of_nightlies(filled: Open) -> None:
    for query in ({"night": NIGHT}, {"night": NIGHT, "repo": "acme/core/engine"}):
        told = numbers(filled("report", **query))
        assert told == numbers(filled("nightlies", **query))
        assert told["Failed"] != "0"


def test_it_tells_what_is_new_and_what_is_still_red_and_nothing_in_it_is_markup(filled: Open) -> None:
    app = filled("report", night=NIGHT)
    assert [title.value for title in app.title] == ["Morning note"]
    note = next(markdown.value for markdown in app.markdown if "engine" in markdown.value)
    assert "acme/core/engine" in note and "nobody" in note
    copied = next(code.value for code in app.code if "engine" in code.value)
    assert "[open](/failure?failure=1-" in note and "/failure?" not in copied, "elsewhere it leads to GitLab"
    assert "<img" not in note.replace(r"\<img", "") and "](javascript:" not in note
    assert len(app.get("download_button")) == 3
    assert any("DASH_REPORT_WEBHOOK" in caption.value for caption in app.caption)


def test_the_badge_is_offered_with_its_markdown(filled: Open) -> None:
    [everything] = [code.value for code in filled("report", night=NIGHT).code if "badge.svg" in code.value]
    assert everything == "[![nightlies](http://127.0.0.1:8501/badge.svg)](http://127.0.0.1:8501/nightlies)"
    [one] = [c.value for c in filled("report", night=NIGHT, repo="acme/core/engine").code if "badge.svg" in c.value]
    assert "/badge.svg?project=acme/core/engine)](" in one and one.endswith("/nightlies?repo=acme/core/engine)")


def test_a_night_that_is_not_stored_is_told_with_those_that_are(filled: Open) -> None:
    for night in ("2020-01-01", "2031-01-01"):
        app = filled("report", night=night)
        [said] = [info for one in app.info if "stored" in (info := str(one.value).replace("\\", ""))]
        assert said.startswith(f"No nightly of {night} is stored; the nights from ")
        assert said.endswith(f"to {NIGHT} are. This is the note of {NIGHT}.")
    assert not [one for one in filled("report", night=NIGHT).info if "stored" in str(one.value)]


def test_an_empty_database_offers_two_ways_in(empty: Open) -> None:
    app = empty("report")
    shown = "\n".join(code.value for code in app.code)
    assert "GITLAB_URL" in shown and "make demo" in shown
    assert not app.metric
