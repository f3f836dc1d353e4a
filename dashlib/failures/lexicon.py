"""Which rules may want a line: the words of all rules in one automaton, then their patterns at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from ahocorasick_rs import BytesAhoCorasick, MatchKind

from dashlib.failures.linear import Pattern, Several
from dashlib.failures.literals import Words, is_common
from dashlib.failures.place import MARKS
from dashlib.failures.rulebook import Rule

WORDS = (
    "error", "fail", "fatal", "exception", "cannot", "can't", "could not", "couldn't", "unable to", "denied",
    "not found", "no such", "invalid", "missing", "panic", "abort", "killed", "undefined", "unexpected", "refused",
    "timed out", "timeout", "unknown", "unrecognized", "expected", "assert", "critical", "sorry", "illegal",
    "unsupported", "not supported", "does not exist", "doesn't exist", "already exists", "must be", "too many",
    "unsatisf", "conflict", "mismatch", "incompatible", "not installed", "forbidden", "unauthorized", "usage:",
    "isn't", "not allowed", "not appear", "not available", "not permitted", "no longer", "did not", "didn't",
    "required",
)  # fmt: skip
"""Words of lines that may tell something though no rule knows them."""

# Kinds of words, as bits.
OF_RULES, MARK, TELLING = 1, 2, 4
# After so many lines with the same words it pays to look for all rules that may want such lines at once.
_OFTEN = 48
# Hostile logs have lines of any number of kinds, and patterns cost memory.
_MOST_KINDS, _MOST_AT_ONCE = 4_096, 160


class Kind:
    """Lines that hold the same words: what these are, and which rules may match.

    ``at_once`` are these rules' patterns, made where such lines are many: that saves time and finds the same.
    """

    __slots__ = ("at_once", "bits", "rules", "seen")

    def __init__(self, bits: int, rules: tuple[int, ...]) -> None:
        self.bits, self.rules = bits, rules
        self.seen = 0
        self.at_once: Several | None = None


@dataclass
class Lexicon:
    """The automaton's words by their number: what kinds each is, and which rules want it.

    ``shifts`` says 0 for words that have the line end before them with them, 1 for all others.
    """

    rules: tuple[Rule, ...]
    automaton: BytesAhoCorasick
    of_rules: dict[int, tuple[int, ...]]
    bits: tuple[int, ...]
    shifts: tuple[int, ...]
    _kinds: dict[frozenset[int], Kind] = field(default_factory=dict)
    _made: int = 0

    def kind(self, words: set[int]) -> Kind:
        """The kind of a line that holds these words."""
        key = frozenset(words)
        kind = self._kinds.get(key)
        if kind is None:
            if len(self._kinds) >= _MOST_KINDS:
                self._kinds.clear()
                self._made = 0
            bits, rules = 0, set[int]()
            for word in words:
                bits |= self.bits[word]
                rules.update(self.of_rules.get(word, ()))
            kind = self._kinds[key] = Kind(bits, tuple(sorted(rules)))
        return kind

    def matching(self, kind: Kind, core: bytes, shown: bytes) -> Iterable[int]:
        """The rules that match a line of this kind; each once, the weightiest first."""
        kind.seen += 1
        if kind.seen > _OFTEN and kind.at_once is None and len(kind.rules) > 1 and self._made < _MOST_AT_ONCE:
            self._made += 1
            kind.at_once = Several(self.rules[index].match for index in kind.rules)
        if kind.at_once is not None:
            found = kind.at_once.matching(core)
            if found is not None and core is not shown:
                of_shown = kind.at_once.matching(shown)
                found = None if of_shown is None else [*{*found, *of_shown}]
            if found is not None:
                return [kind.rules[place] for place in sorted(found)] if found else ()
        return self._one_by_one(kind.rules, core, shown)

    def _one_by_one(self, rules: tuple[int, ...], core: bytes, shown: bytes) -> Iterator[int]:
        lowered = shown.lower()
        for index in rules:
            rule = self.rules[index]
            if _has_all(lowered, rule.others) and matches(rule.regexp, core, shown):
                yield index


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
        {numbers[word]: tuple(indexes) for word, indexes in wanted.items()},
        tuple(OF_RULES * (word in wanted) + MARK * (word in MARKS) + TELLING * (word in WORDS) for word in numbers),
        tuple(int(not word.startswith("\n")) for word in numbers),
    )


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
