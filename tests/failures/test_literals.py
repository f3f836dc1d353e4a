"""The words that let most lines pass unlooked at: whatever a rule matches, its words find it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashlib.failures.lexicon import lexicon, matches
from dashlib.failures.linear import compiled
from dashlib.failures.lines import as_line
from dashlib.failures.literals import NoLiteral, required
from dashlib.failures.rulebook import rulebook
from tests.failures.excerpts import excerpts


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        (r"undefined reference to .+", {"undefined reference to "}),
        (r"^(?:FAIL|ERROR): (\w+)", {"fail: ", "error: "}),
        (r"npm (?:ERR!|error) code", {"npm err! code", "npm error code"}),
        (r"[Kk]illed by (?:signal )?9", {"killed by 9", "killed by signal 9"}),
        (r"foo(?:bar)*baz", {"foo"}),
        (r"segfault\d+x", {"segfault"}),
        (r"(?i)No Space Left", {"no space left"}),
        (r"\[ERROR\] .*", {"[error] "}),
        (r"x{2,3}linker", {"linker"}),
        (r"● \S", {"● "}),
        (r"tab\tstop", {"tab\tstop"}),
        (r"quote\x27s", {"quote's"}),
    ],
)
def test_words_of_a_pattern(pattern: str, words: set[str]) -> None:
    assert set(required(pattern)[0].literals) == words


def test_every_other_word_must_be_there_too() -> None:
    assert [set(words.literals) for words in required(r"(\S+\.go):\d+ .*undeclared (?:name|type): ")] == [
        {"undeclared name: ", "undeclared type: "}, {".go"}
    ]  # fmt: skip


@pytest.mark.parametrize("pattern", [r"\d+", r".*", r"(?:error)?", r"a|error", r"^E\s", r"[a-z]+ \w"])
def test_a_pattern_without_words_is_refused(pattern: str) -> None:
    with pytest.raises(NoLiteral):
        required(pattern)


LINES = sorted({line for excerpt in excerpts() for line in excerpt.log.splitlines() if line.strip()})


@pytest.mark.parametrize("rule", rulebook(), ids=lambda rule: rule.id)
def test_no_line_that_a_rule_matches_is_passed_over(rule) -> None:
    """Every rule against every excerpt's line by brute force: the automaton leads to the same lines."""
    words = lexicon((rule,))
    for raw in LINES:
        line = as_line(1, raw.encode())
        if rule.regexp.search(line.core) or rule.regexp.search(line.shown):
            hits = words.automaton.find_matches_as_indexes(b"\n" + raw.encode().lower(), overlapping=True)
            assert hits, raw
            assert 0 in words.matching(words.kind({word for word, *_ in hits}), line.core, line.shown), raw


def test_what_was_learnt_of_many_lines_changes_nothing() -> None:
    """The same rules match a line for the sixtieth time as did the first time."""
    words = lexicon(rulebook())
    told = 0
    for raw in LINES[::3]:
        line = as_line(1, raw.encode())
        hits = words.automaton.find_matches_as_indexes(b"\n" + raw.encode().lower(), overlapping=True)
        kind = words.kind({word for word, *_ in hits})
        expected = [i for i in kind.rules if matches(words.rules[i].regexp, line.core, line.shown)]
        for _ in range(60):
            assert [*words.matching(kind, line.core, line.shown)] == expected, raw
        told += len(expected)
    assert told > 200


ATOMS = st.sampled_from(
    ["error", "FAIL", "x", " ", r"\d+", r"\s", ".*", "[Aa]b", r"\.", "(?:one|two)", "(?:se(?:ven|al))?", "z+"]
)
TEXTS = st.sampled_from(
    ["error", "FAIL", "x", " ", "12", "abc", "Ab", ".", "one", "two", "seven", "seal", "zz", "fail"]
)


@settings(derandomize=True, max_examples=400)
@given(st.lists(ATOMS, min_size=1, max_size=6).map("".join), st.lists(TEXTS, max_size=10).map("".join))
def test_what_matches_holds_a_word_of_every_set(pattern: str, text: str) -> None:
    try:
        sets = required(pattern)
    except NoLiteral:
        return
    if compiled(pattern).search(text.encode()):
        for words in sets:
            assert any(word in text.lower() for word in words.literals), words
