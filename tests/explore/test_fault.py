"""What is told of a wrong query points at the place."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashlib.explore.fault import QueryError, drawn, refused
from tests.explore.conftest import Ask

WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=80)


@settings(deadline=None)
@given(st.lists(WORDS, max_size=6), st.lists(WORDS, max_size=3), WORDS)
def test_the_pointer_stands_under_the_place(before: list[str], after: list[str], lead: str) -> None:
    query = "\n".join([*before, lead + "¶" + "".join(after[:1]), *after[1:]])
    if query.count("¶") != 1:
        return
    said = str(drawn("Binder", "no such thing", query, query.encode().index("¶".encode())))
    shown, pointer = said.split("\n")[-2:]
    assert shown[pointer.index("^")] == "¶"
    assert f"Line {len(before) + 1}, column {len(lead) + 1}:" in said
    assert said.startswith("Binder Error: no such thing\n")


@pytest.mark.parametrize("position", [0, 5, 10_000])
def test_a_place_at_the_end_or_beyond_is_one(position: int) -> None:
    assert "^" in str(drawn("Parser", "syntax error at end of input", "selec", position))


@pytest.mark.parametrize(
    ("query", "line", "column", "at"),
    [
        ("select id\nfrom numbers", 1, 8, "id"),
        ("select 'ø', '😀',\n  n,\n  'ø' || nothing\nfrom numbers", 3, 10, "nothing"),
        ("select *\nfrom numbers where\n\tn = = 3", 3, 6, "= 3"),
        ("select " + "n, " * 200 + "nothing, " + "n, " * 200 + "n from numbers", 1, 608, "nothing"),
        ("select n from nowhere", 1, 15, "nowhere"),
    ],
)
def test_the_place_that_duckdb_means(ask: Ask, query: str, line: int, column: int, at: str) -> None:
    with pytest.raises(QueryError) as told:
        ask(query)
    said = str(told.value)
    assert f"Line {line}, column {column}:" in said
    shown, pointer = said.split("\n")[-2:]
    assert shown[pointer.index("^") :].startswith(at)


def test_what_is_no_reading_is_named(ask: Ask) -> None:
    assert "not INSERT." in str(refused(["INSERT"]))
    assert "not 2 statements." in str(refused(["SELECT", "SELECT"]))
    assert "no statement" in str(refused([]))
    with pytest.raises(QueryError, match="EXPLAIN a SELECT, not a statement that changes something"):
        ask("explain delete from numbers")


def test_a_pivot_finds_its_values_itself(ask: Ask) -> None:
    assert ask("pivot (select n % 2 as odd from range(5) t(n)) on odd using count(*)") == [{"0": 3, "1": 2}]
