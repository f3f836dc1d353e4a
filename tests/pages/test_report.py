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


def test_an_empty_database_offers_two_ways_in(empty: Open) -> None:
    app = empty("report")
    shown = "\n".join(code.value for code in app.code)
    assert "GITLAB_URL" in shown and "make demo" in shown
    assert not app.metric
