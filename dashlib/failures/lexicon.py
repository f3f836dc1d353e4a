"""Which rules may want a line: the words of all rules in one automaton, and gates that turn most lines away at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from ahocorasick_rs import BytesAhoCorasick, MatchKind

from dashlib.failures.linear import Pattern, compiled
from dashlib.failures.literals import Words, is_common
from dashlib.failures.place import MARKS
from dashlib.failures.rulebook import Rule

WORDS = (
    "error", "fail", "fatal", "exception", "cannot", "can't", "could not", "couldn't", "unable to", "denied",
    "not found", "no such", "invalid", "missing", "panic", "abort", "killed", "undefined", "unexpected", "refused",
    "timed out", "timeout", "unknown", "unrecognized", "expected", "assert", "critical", "sorry", "illegal",
    "unsupported", "not supported", "does not exist", "doesn't exist", "already exists", "must be", "too many",
    "unsatisf", "conflict", "mismatch", "incompatible", "not installed", "forbidden", "unauthorized", "usage:",
)  # fmt: skip
"""Words of lines that may tell something though no rule knows them."""

_NOBODY: tuple[tuple[int, ...], tuple[int, ...]] = ((), ())
_GENERIC = 40
# So many rules with one word in common share a gate.
_CROWD = 3


# Kinds of words, as bits.
OF_RULES, MARK, TELLING = 1, 2, 4


@dataclass
class Lexicon:
    """The automaton's words by their number: what kinds each is, and which rules want it."""

    rules: tuple[Rule, ...]
    automaton: BytesAhoCorasick
    of_rules: dict[int, tuple[tuple[int, ...], tuple[int, ...]]]
    kinds: tuple[int, ...]
    _gates: dict[int, Pattern] = field(default_factory=dict)

    def candidates(self, words: set[int], core: bytes, shown: bytes) -> Iterator[int]:
        """The rules that may match a line which holds these words; each once, the weightiest first."""
        found: set[int] = set()
        for word in words:
            indexes, crowd = self.of_rules.get(word, _NOBODY)
            found.update(indexes)
            if crowd and matches(self._gate(word, crowd), core, shown):
                found.update(crowd)
        if found:
            lowered = shown.lower()
            for index in sorted(found):
                if _has_all(lowered, self.rules[index].others):
                    yield index

    def _gate(self, word: int, indexes: tuple[int, ...]) -> Pattern:
        gate = self._gates.get(word)
        if gate is None:
            gate = self._gates[word] = compiled("|".join(f"(?:{self.rules[index].match})" for index in indexes))
        return gate


@lru_cache(maxsize=4)
def lexicon(rules: tuple[Rule, ...]) -> Lexicon:
    """The words of these rules; rules are numbered by their weight."""
    rules = tuple(sorted(rules, key=lambda rule: (-rule.rank, rule.order)))
    wanted: dict[str, list[int]] = {}
    for index, rule in enumerate(rules):
        for word in _looked_for(rule.words[0]):
            wanted.setdefault(word, []).append(index)
    numbers = {word: number for number, word in enumerate(dict.fromkeys([*wanted, *MARKS, *WORDS]))}
    return Lexicon(
        rules,
        BytesAhoCorasick([word.encode() for word in numbers], matchkind=MatchKind.Standard),
        {numbers[word]: _divided(rules, indexes) for word, indexes in wanted.items()},
        tuple(OF_RULES * (word in wanted) + MARK * (word in MARKS) + TELLING * (word in WORDS) for word in numbers),
    )


def _divided(rules: tuple[Rule, ...], indexes: list[int]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The rules that are asked one by one, and those behind a gate: what nearly any line matches would hold it open."""
    crowd = tuple(index for index in indexes if rules[index].rank >= _GENERIC)
    if len(crowd) < _CROWD:
        return tuple(indexes), ()
    return tuple(index for index in indexes if index not in crowd), crowd


def matches(pattern: Pattern, core: bytes, shown: bytes) -> bool:
    """Whether a pattern matches a line, without or with what other tools put before it."""
    return bool(pattern.search(core) or (core is not shown and pattern.search(shown)))


def _looked_for(words: Words) -> Iterator[str]:
    """A common word that a pattern begins with is only looked for where lines, or another tool's lines, begin."""
    for literal in words.literals:
        if words.begins and is_common(literal):
            yield from ("\n" + literal, " " + literal, "]" + literal)
        else:
            yield literal


def _has_all(lowered: bytes, sets: tuple[tuple[bytes, ...], ...]) -> bool:
    for words in sets:
        for word in words:
            if word in lowered:
                break
        else:
            return False
    return True
