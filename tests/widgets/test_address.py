"""What is chosen and the address: laws over any choices, then the odd cases; the browser's Back is in tests/browser."""

from __future__ import annotations

import ast
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from dashlib.widgets.address_keys import KEYS
from dashlib.widgets.filters import FILTER_KEYS
from dashlib.widgets.nights import KEYS as NIGHTLIES

ROOT = Path(__file__).parents[2]
FRUITS = ["apple", "pear", "plum & quince", "ünder/score"]
DAYS = st.dates(date(2020, 1, 1), date(2029, 12, 31))
CHOICES = st.fixed_dictionaries(
    {
        "shape": st.sampled_from(["round", "flat"]),
        "count": st.sampled_from([5, 8, 15]),
        "fruit": st.lists(st.sampled_from(FRUITS), unique=True, max_size=4),
        "text": st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), max_size=12),
        "on": st.booleans(),
        "first": DAYS,
    }
)


def page() -> None:
    """A page with one choice of each kind, and another one with the same keys but one; which, says the session."""
    from datetime import date

    import streamlit

    from dashlib import widgets

    here = streamlit.session_state.get("here", "one")
    widgets.arrive(here, here)
    fruits = streamlit.session_state.get("fruits", ["apple", "pear", "plum & quince", "ünder/score"])
    first = streamlit.session_state.get("newest", 8)
    if here == "one":
        widgets.one_of("Shape", ["round", "flat"], key="shape")
        widgets.one_from("Count", [5, 8, 15], key="count", default=first)
        widgets.some_of("Fruit", fruits, key="fruit")
        widgets.search_for("anything", key="text")
        widgets.switch("On", key="on")
        widgets.day("First", key="first", start=date(2026, 1, 1))
    else:
        widgets.switch("Other", key="other")
    widgets.write()
    widgets.tell_unknown()


def opened(query: dict[str, Any] | None = None) -> AppTest:
    app = AppTest.from_function(page, default_timeout=120)
    for key, words in (query or {}).items():
        app.query_params[key] = words
    return run(app)


def run(app: AppTest) -> AppTest:
    app.run()
    assert not app.exception
    return app


def choose(app: AppTest, chosen: dict[str, Any]) -> AppTest:
    app.segmented_control(key="shape").set_value(chosen["shape"])
    app.selectbox(key="count").set_value(chosen["count"])
    app.multiselect(key="fruit").set_value(chosen["fruit"])
    app.text_input(key="text").set_value(chosen["text"])
    app.toggle(key="on").set_value(chosen["on"])
    app.date_input(key="first").set_value(chosen["first"])
    return run(app)


def held(app: AppTest) -> dict[str, Any]:
    return {key: app.session_state[key] for key in ("shape", "count", "fruit", "text", "on", "first")}


def address(app: AppTest) -> dict[str, Any]:
    return dict(app.query_params)


@given(CHOICES)
@settings(max_examples=12, deadline=None)
def test_a_copied_address_opens_the_same_view(chosen: dict[str, Any]) -> None:
    one = choose(opened(), chosen)
    assert held(one) == chosen
    other = opened(address(one))
    assert held(other) == chosen
    assert address(other) == address(one)


@given(CHOICES)
@settings(max_examples=8, deadline=None)
def test_what_was_chosen_is_there_when_one_comes_back(chosen: dict[str, Any]) -> None:
    app = choose(opened(), chosen)
    before = address(app)
    app.session_state["here"] = "two"
    app.query_params.clear()
    run(app)
    assert address(app) == {}
    app.session_state["here"] = "one"
    run(app)
    assert held(app) == chosen
    assert address(app) == before


@given(CHOICES, CHOICES)
@settings(max_examples=8, deadline=None)
def test_only_the_last_choice_counts(earlier: dict[str, Any], chosen: dict[str, Any]) -> None:
    assert address(choose(choose(opened(), earlier), chosen)) == address(choose(opened(), chosen))


def test_the_address_names_what_differs_from_the_start_only() -> None:
    app = opened({"shape": "round", "count": "15", "on": "false"})
    assert address(app) == {"count": "15"}


def test_choosing_the_start_again_clears_the_address() -> None:
    app = opened({"count": "15", "fruit": ["pear", "apple"]})
    assert app.multiselect(key="fruit").value == ["pear", "apple"]
    app.selectbox(key="count").set_value(8)
    app.multiselect(key="fruit").set_value([])
    assert address(run(app)) == {}


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"count": "7"}, "Count “7”"),
        ({"fruit": ["nut", "pear"]}, "Fruit “nut”"),
        ({"first": "yesterday"}, "First “yesterday”"),
        ({"on": "perhaps"}, "On “perhaps”"),
        ({"shape": "<img src=x>"}, "Shape “\\<img src=x\\>”"),
    ],
)
def test_words_that_mean_nothing_are_told_until_something_else_is_chosen(asked: dict[str, Any], told: str) -> None:
    app = opened(asked)
    assert [warning.value.partition(": ")[2] for warning in app.warning] == [f"{told}."]
    assert address(app) == ({"fruit": "pear"} if "fruit" in asked else {})
    assert run(app).warning
    app.text_input(key="text").set_value("x")
    assert not run(app).warning


def test_a_choice_that_was_left_at_its_start_follows_the_start() -> None:
    """The newest night is chosen until a person chooses another one, tomorrow as well."""
    app = opened()
    app.session_state["newest"] = 15
    assert run(app).selectbox(key="count").value == 15
    assert address(app) == {}
    app.selectbox(key="count").set_value(5)
    run(app)
    app.session_state["newest"] = 8
    assert run(app).selectbox(key="count").value == 5
    assert address(app) == {"count": "5"}


def test_an_option_that_is_gone_is_not_chosen_any_more() -> None:
    app = opened({"fruit": ["pear", "apple"]})
    app.session_state["fruits"] = ["apple"]
    assert run(app).multiselect(key="fruit").value == ["apple"]
    assert address(app) == {"fruit": "apple"}


def test_what_others_put_into_the_address_stays() -> None:
    app = opened({"utm": "mail", "count": "5"})
    app.selectbox(key="count").set_value(15)
    assert address(run(app)) == {"utm": "mail", "count": "15"}


def test_the_start_in_an_address_is_nothing_odd() -> None:
    assert not opened({"on": "false", "shape": "round", "count": "8", "first": "2026-01-01"}).warning


@given(CHOICES)
@settings(max_examples=6, deadline=None)
def test_a_link_of_the_front_door_says_all_that_a_page_shows(chosen: dict[str, Any]) -> None:
    """Else its number would not be that of the page, narrowed as somebody left it."""
    app = choose(opened(), chosen)
    for here, query in (("overview", {}), ("one", {"count": "15"})):
        app.session_state["here"] = here
        app.query_params.clear()
        for key, word in query.items():
            app.query_params[key] = word
        run(app)
    assert address(app) == {"count": "15"}
    assert held(app) == held(opened({"count": "15"}))


WIDGETS = {"one_of": 2, "one_from": 2, "some_of": 2, "search_for": 1, "text_of": 1, "switch": 1, "day": 1, "settle": 0}
"""The functions that draw a choice, and where each takes its key."""


def keys_of(call: ast.Call) -> list[str]:
    """The key of a choice, where it is written as it is."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name not in WIDGETS:
        return []
    named = [part.value for part in call.keywords if part.arg == "key"]
    return [part.value for part in named or call.args[WIDGETS[name] :][:1]
            if isinstance(part, ast.Constant) and isinstance(part.value, str)]  # fmt: skip


def test_the_key_of_every_choice_of_every_page_is_known() -> None:
    files = [*(ROOT / "pages").glob("*.py"), *(ROOT / "dashlib" / "widgets").glob("*.py")]
    calls = [node for file in files for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call)]
    found = {key for call in calls for key in keys_of(call)}
    assert len(found) > 70
    assert found | {*FILTER_KEYS, *NIGHTLIES} <= KEYS


def test_a_key_that_no_page_knows_is_told_with_the_one_it_may_be() -> None:
    app = opened({"serch": "x", "count": "5"})
    assert [warning.value.partition(": ")[2] for warning in app.warning] == [
        "no page has a filter “serch”, there is “search”."
    ]
    # It leaves the address, as a word does that means nothing; what mail programs add stays.
    assert address(app) == {"count": "5"}
    assert [warning.value for warning in run(app).warning] == [warning.value for warning in app.warning] != []
    assert "no page has a filter “<img src=x>”" in opened({"<img src=x>": "1"}).warning[0].value.replace("\\", "")
    assert not opened({"utm_source": "mail", "repo": "a/b"}).warning
