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
    "isn't", "not allowed", "not appear", "not available", "not permitted", "no longer", "did not", "didn't",
    "required",
)  # fmt: skip
"""Words of lines that may tell something though no rule knows them."""

# Kinds of words, as bits.
OF_RULES, MARK, TELLING = 1, 2, 4
# After so many lines with the same words it pays to make one pattern of all rules that may want such lines.
_OFTEN = 48
# Hostile logs have lines of any number of kinds, and a pattern costs memory.
_MOST_KINDS, _MOST_GATES = 4_096, 160


class Kind:
    """Lines that hold the same words: what these are, which rules may match, and what has been learnt about them.

    ``gate`` matches wherever one of the rules does; ``ahead`` is the place of the rule that took such lines so far,
    and a pattern that matches wherever one of the weightier ones does. They only save time: what is found is the same.
    """

    __slots__ = ("ahead", "bits", "gate", "rules", "seen", "taken_by", "wins")

    def __init__(self, bits: int, rules: tuple[int, ...]) -> None:
        self.bits, self.rules = bits, rules
        self.seen = self.wins = 0
        self.taken_by = -1
        self.gate: Pattern | None = None
        self.ahead: tuple[int, Pattern] | None = None


@dataclass
class Lexicon:
    """The automaton's words by their number: what kinds each is, and which rules want it."""

    rules: tuple[Rule, ...]
    automaton: BytesAhoCorasick
    of_rules: dict[int, tuple[int, ...]]
    bits: tuple[int, ...]
    _kinds: dict[frozenset[int], Kind] = field(default_factory=dict)
    _gates: int = 0

    def kind(self, words: set[int]) -> Kind:
        """The kind of a line that holds these words."""
        key = frozenset(words)
        kind = self._kinds.get(key)
        if kind is None:
            if len(self._kinds) >= _MOST_KINDS:
                self._kinds.clear()
            bits, rules = 0, set[int]()
            for word in words:
                bits |= self.bits[word]
                rules.update(self.of_rules.get(word, ()))
            kind = self._kinds[key] = Kind(bits, tuple(sorted(rules)))
        return kind

    def candidates(self, kind: Kind, core: bytes, shown: bytes) -> Iterator[int]:
        """The rules that may match a line of this kind; each once, the weightiest first."""
        kind.seen += 1
        rules = kind.rules
        if len(rules) > 1:
            if kind.gate is None and kind.seen > _OFTEN:
                kind.gate = self._gate(rules)
            if kind.gate is not None and not matches(kind.gate, core, shown):
                return
            if kind.ahead is not None and not matches(kind.ahead[1], core, shown):
                rules = rules[kind.ahead[0] :]
        lowered = shown.lower()
        for index in rules:
            if _has_all(lowered, self.rules[index].others):
                yield index

    def took(self, kind: Kind, index: int) -> None:
        """A rule took a line of this kind."""
        if index != kind.taken_by:
            kind.taken_by, kind.wins, kind.ahead = index, 0, None
            return
        kind.wins += 1
        if kind.wins == _OFTEN:
            place = kind.rules.index(index)
            before = self._gate(kind.rules[:place]) if place > 1 else None
            kind.ahead = (place, before) if before is not None else None

    def _gate(self, indexes: tuple[int, ...]) -> Pattern | None:
        if self._gates >= _MOST_GATES:
            return None
        self._gates += 1
        return compiled("|".join(f"(?:{self.rules[index].match})" for index in indexes))


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
