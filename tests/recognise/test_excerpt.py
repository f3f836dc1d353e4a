"""What of a log is sent to the browser and what of it is open: every telling line, each line once, in order."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashlib.failures import excerpt as module
from dashlib.failures.excerpt import Excerpt, Piece, excerpt
from dashlib.failures.gap import NO_GAP, gap, told


def lines_of(shown: Excerpt) -> dict[int, str]:
    return {piece.first + place: text for piece in shown.pieces for place, text in enumerate(piece.lines)}


def test_a_small_log_is_sent_whole_and_open_around_its_marks() -> None:
    text = "\n".join(f"line {number}" for number in range(1, 101)) + "\n"
    shown = excerpt(text, [50, 7])
    assert shown.pieces == (Piece(1, tuple(f"line {number}" for number in range(1, 101))),)
    assert (shown.marks, shown.open, shown.total) == ((50, 7), ((1, 11), (44, 54)), 100)


def test_without_a_telling_line_its_end_is_open() -> None:
    assert excerpt("\n".join("x" * 100), []).open == ((61, 100),)
    assert excerpt("only", []).open == ((1, 1),)
    assert excerpt("", []) == Excerpt((), (), (), 0)


def test_marks_outside_the_log_are_dropped() -> None:
    assert excerpt("a\nb", [9, 2, 0]).marks == (2,)


def test_of_a_long_log_what_stands_around_the_marks_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("WHOLE_LINES", 50), ("AROUND", 3), ("FIRST", 2), ("LAST", 4)):
        monkeypatch.setattr(module, name, value)
    shown = excerpt("\n".join(map(str, range(1, 101))), [30, 32, 98])
    assert [(piece.first, piece.lines[-1]) for piece in shown.pieces] == [(1, "2"), (27, "35"), (95, "100")]


def test_lines_as_a_person_reads_them() -> None:
    log = (
        "section_start:1700000000:build\r\x1b[0Kstart\r\n"
        "2026-03-10T01:00:00.000000Z 01O \x1b[31mred\x1b[0m words\rover\n" + "y" * 5000
    )
    found = lines_of(excerpt(log, []))
    assert found[2] == "start" and found[3] == "red words" and found[4] == "over"
    assert found[5] == "y" * 2000


@given(
    text=st.text(alphabet=st.sampled_from("ab\r\n\x1b[m0"), max_size=300),
    marks=st.lists(st.integers(-2, 60), max_size=5),
    whole=st.booleans(),
)
def test_each_line_once_in_order_and_every_mark_open(text: str, marks: list[int], whole: bool) -> None:
    with pytest.MonkeyPatch.context() as patched:
        if not whole:
            for name, value in (("WHOLE_LINES", 3), ("AROUND", 2), ("FIRST", 1), ("LAST", 1)):
                patched.setattr(module, name, value)
        shown = excerpt(text, marks)
    ends = re.split(r"\r\n|\n|\r", text)
    total = len(ends) - (ends[-1] == "")
    found = lines_of(shown)
    assert shown.total == total
    assert list(found) == sorted(set(found)) and all(1 <= number <= total for number in found)
    assert len(found) == total or not whole
    assert set(shown.marks) == {number for number in marks if 1 <= number <= total}
    for number in shown.marks:
        assert number in found
        assert any(first <= number <= last for first, last in shown.open)


def test_behind_the_middle_that_is_left_out_lines_keep_their_numbers() -> None:
    text = f"a\nb\n{told(700, 90)}\ny\nz\n"
    left_out = gap(text, 700, 90)
    shown = excerpt(text, [94, 50, 2], left_out)
    assert shown.pieces == (Piece(1, ("a", "b", told(700, 90))), Piece(93, ("y", "z")))
    assert (shown.marks, shown.open, shown.total) == ((94, 2), ((1, 94),), 94)
    assert gap("a\nb\n", 700, 90) == gap(text, 0, 0) == NO_GAP
