"""Rows on a screen: every line fits, nothing steers the terminal, and what is cut says so."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from dashlib.commands.layout import SHOWN_ROWS, draw, screen_width

names = st.text(min_size=1, max_size=30)
values = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=400), st.lists(st.text(max_size=9)),
    st.sampled_from(["a\nb", "\x1b[31mred", "æøå 😀" * 40, "https://gitlab.example.com/" + "x" * 90, "word " * 90]),
)  # fmt: skip


@st.composite
def answers(draw_from: st.DrawFn) -> tuple[list[str], list[list[object]]]:
    columns = draw_from(st.lists(names, min_size=1, max_size=12))
    row = st.lists(values, min_size=len(columns), max_size=len(columns))
    return columns, draw_from(st.lists(row, max_size=4))


@given(answers(), st.integers(40, 220))
def test_no_line_is_wider_than_the_screen_and_nothing_steers_the_terminal(
    answer: tuple[list[str], list[list[object]]], width: int
) -> None:
    columns, rows = answer
    said = draw(columns, rows, [False] * len(columns), width)
    lines = said.split("\n")
    assert lines.pop() == ""
    assert not {char for line in lines for char in line if ord(char) < 0x20 or 0x7F <= ord(char) < 0xA0} - {"\t"}
    if (len(rows), len(columns)) != (1, 1):
        assert max(map(cell_len, lines[:-1]), default=0) <= width
        assert lines[-1].startswith(f"{len(rows)} row")


@given(st.lists(st.text("abc ", min_size=1, max_size=60), min_size=2, max_size=9), st.integers(40, 120))
def test_a_value_stands_there_whole_or_the_last_line_says_that_it_is_cut(row: list[str], width: int) -> None:
    said = draw([f"c{n}" for n in range(len(row))], [row], [False] * len(row), width)
    blocks = said.startswith("─[")
    margin = len(str(len(row) - 1)) + 2
    shown = said.replace("\n" + " " * (margin - 1) + " │ ", "") if blocks else said
    # A blank where a line is broken stands at its end, and is not written.
    whole = [value.replace(" ", "") in shown.replace(" ", "") for value in row]
    assert all(whole) or "is cut" in said
    assert ("…" in said) == ("is cut" in said)


LINK = "https://gitlab.example.com/fjordlys/beacon/-/jobs/70012"


def test_words_are_cut_so_that_a_table_fits_and_links_are_not() -> None:
    rows = [["beacon", "Count the beacons of the northern coast and the southern one", LINK]]
    assert draw(["project", "title", "url"], rows, [False] * 3, 100).splitlines()[3:] == [
        "│ beacon  │ Count the beacons of the no… │ https://gitlab.example.com/fjordlys/beacon/-/jobs/70012 │",
        "└─────────┴──────────────────────────────┴─────────────────────────────────────────────────────────┘",
        "1 row; what ends in … is cut: --format csv or json has it whole",
    ]
    assert draw(["project", "title", "url"], rows, [False] * 3, 60).splitlines() == [
        "─[ 1 ]" + "─" * 54,
        "project │ beacon",
        "title   │ Count the beacons of the northern coast and the so",
        "        │ uthern one",
        "url     │ https://gitlab.example.com/fjordlys/beacon/-/jobs/",
        "        │ 70012",
        "1 row",
    ]


def test_numbers_stand_right() -> None:
    said = draw(["name", "n"], [["a", 1], ["b", 1234]], [False, True], 80).splitlines()
    assert said[3:5] == ["│ a    │    1 │", "│ b    │ 1234 │"]


def test_only_the_first_rows_are_shown_and_all_are_counted() -> None:
    said = draw(["n", "m"], ([n, n] for n in range(1500)), [True, True], 80)
    assert said.count("\n") == SHOWN_ROWS + 5
    assert said.endswith(f"1,500 rows (the first {SHOWN_ROWS} shown)\n")


def test_one_text_alone_comes_as_it_is() -> None:
    log = "first\n\x1b[31mred\x1b[0m\n" + "x" * 500
    assert draw(["text"], [[log]], [False], 80) == "first\n␛[31mred␛[0m\n" + "x" * 500 + "\n"
    assert draw(["explain_key", "explain_value"], [["physical_plan", "┌─┐\n└─┘\n"]], [False] * 2, 80) == "┌─┐\n└─┘\n"
    assert draw(["n"], [[303]], [True], 80).splitlines()[3] == "│ 303 │"


@pytest.mark.parametrize(("said", "width"), [("91", 91), ("7", 40), ("", 200), ("x", 200)])
def test_the_width_of_the_screen(monkeypatch: pytest.MonkeyPatch, said: str, width: int) -> None:
    """``COLUMNS`` wins; pytest's stdout is no terminal."""
    monkeypatch.setenv("COLUMNS", said)
    assert screen_width() == width
