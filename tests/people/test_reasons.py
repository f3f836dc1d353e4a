"""Why somebody belongs to a person, in words that are taken apart again where they are shown."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dashlib.people.reasons import Reason, worded

TEXTS = st.text(st.sampled_from("a; .\n"), min_size=1, max_size=6).filter(lambda text: text.strip("; "))


@given(st.lists(st.tuples(TEXTS, st.booleans()), min_size=1, max_size=4))
def test_each_reason_is_one_whatever_stands_in_a_name(said: list[tuple[str, bool]]) -> None:
    reasons = {Reason(text, "line 1 of a; b" if by_line else "") for text, by_line in said}
    assert len(worded(reasons).split("; ")) == len(reasons)


def test_the_words_stay() -> None:
    assert worded([Reason("x; y@one.example is ada@one.example", "line 3")]) == (
        "line 3 says that x;\N{NO-BREAK SPACE}y@one.example is ada@one.example"
    )
