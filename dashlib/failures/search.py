"""Reads a log once and keeps what may tell why the job failed: lines that rules match, lines with telling words."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from dashlib.failures.blocks import Block, blocks
from dashlib.failures.lexicon import MARK, OF_RULES, TELLING, Kind, lexicon, matches
from dashlib.failures.lines import LONGEST_READ, Line, as_line
from dashlib.failures.place import Place
from dashlib.failures.rulebook import Rule, rulebook

_KEPT_OF_A_RULE = 5  # in one command
_KEPT_OF_A_RULE_IN_ALL = 60
_KEPT_WORDS = 100  # at each end
_KEPT_ENDINGS = 6
_LINES_OF_AN_ENDING = 30
_HEAD_WITHIN = 300
_STACK_WITHIN, _UNDER_WITHIN = 120, 200
# Once so many lines in a row that hold the same words were taken by the same rule, one in sixteen is looked at.
_STREAK, _ONE_IN = 1_000, 16


@dataclass(frozen=True)
class Finding:
    """A rule's match: the line, the lines that go with it, and where in the job it stands.

    ``frame`` is the line of the stack where it happened, ``under`` the line above that names what it is about.
    """

    rule: Rule
    line: Line
    followed: tuple[Line, ...]
    segment: int
    phase: str | None
    afterwards: bool
    command: bytes
    captured: bool = False
    frame: Line | None = None
    under: Line | None = None


class Word(NamedTuple):
    """A line with a telling word that is kept for the general scorer."""

    number: int
    raw: bytes
    segment: int
    afterwards: bool


@dataclass
class Findings:
    """What one log brought."""

    place: Place = field(default_factory=Place)
    of_rules: dict[int, list[Finding]] = field(default_factory=dict)
    last_of_rule: dict[tuple[int, int], int] = field(default_factory=dict)
    words_first: dict[int, Word] = field(default_factory=dict)
    words_last: deque[Word] = field(default_factory=lambda: deque(maxlen=_KEPT_WORDS))
    endings: deque[tuple[int, tuple[Line, ...]]] = field(default_factory=lambda: deque(maxlen=_KEPT_ENDINGS))
    last_number: int = 1


class Search:
    """Reads blocks and collects `Findings`."""

    def __init__(self, rules: tuple[Rule, ...]) -> None:
        self.lexicon = lexicon(rules)
        self.rules = self.lexicon.rules
        self.found = Findings()
        self._counts: dict[tuple[int, int], int] = {}
        self._streaks: dict[Kind, list[int]] = {}

    def read(self, block: Block) -> None:
        """Search one block."""
        number, counted = block.first_number, block.start
        for start, end, words in self._lines_with_words(block):
            number += block.lines_between(counted, start)
            counted = start
            self._line(block, number, start, end, words)
        self.found.last_number = block.first_number + block.lines_between(block.start, block.stop)

    def _lines_with_words(self, block: Block) -> Iterator[tuple[int, int, set[int]]]:
        """Where lines begin and end that hold words of the lexicon, and which."""
        text = block.text
        # With the line end before it, so that a word can be looked for where lines begin.
        lowered = (text[block.start - 1 : block.stop] if block.start else b"\n" + text[: block.stop]).lower()
        start, end, words = -1, -1, set[int]()
        for word, found, _ in self.lexicon.automaton.find_matches_as_indexes(lowered, overlapping=True):
            # Such a word has the line end before it with it.
            at = found + block.start - (lowered[found : found + 1] != b"\n")
            if at >= end:
                if words:
                    yield start, end, words
                start, end, words = text.rfind(b"\n", 0, at) + 1, text.find(b"\n", at), set()
                end = len(text) if end < 0 else end
            words.add(word)
        if words:
            yield start, end, words

    def finish(self, block: Block) -> None:
        """The log's end is an ending, too."""
        self._ending(block, self.found.last_number, block.stop)

    def _line(self, block: Block, number: int, start: int, end: int, words: set[int]) -> None:
        kind = self.lexicon.kind(words)
        bits, place = kind.bits, self.found.place
        raw = block.text[start : min(end, start + LONGEST_READ)]
        if bits & MARK and place.see(raw):
            self._ending(block, number, start)
        if bits & TELLING:
            self._word(Word(number, raw, place.segment, place.is_afterwards))
        if not bits & OF_RULES or self._is_one_of_many(kind, number):
            return
        line = as_line(number, raw)
        for index in self.lexicon.candidates(kind, line.core, line.shown):
            # A line belongs to the weightiest rule that takes it.
            if self._match(self.rules[index], index, line, block, end):
                self.lexicon.took(kind, index)
                self._took(kind, index)
                return
        self._streaks.pop(kind, None)

    def _is_one_of_many(self, kind: Kind, number: int) -> bool:
        """Whether a line is passed over: a rule that keeps its first lines has taken a thousand like it."""
        streak = self._streaks.get(kind)
        if streak is None or streak[1] < _STREAK:
            return False
        index, segment = streak[0], self.found.place.segment
        streak[1] += 1
        if not streak[1] % _ONE_IN or self._counts.get((index, segment), 0) < _KEPT_OF_A_RULE:
            return False
        self.found.last_of_rule[index, segment] = number
        return True

    def _took(self, kind: Kind, index: int) -> None:
        streak = self._streaks.get(kind)
        if streak is not None and streak[0] == index:
            streak[1] += 1
        elif self.rules[index].pick == "first" and len(self._streaks) < _KEPT_OF_A_RULE_IN_ALL * 100:
            self._streaks[kind] = [index, 1]
        else:
            self._streaks.pop(kind, None)

    def _match(self, rule: Rule, index: int, line: Line, block: Block, end: int) -> bool:
        """Whether the rule takes the line; the first few, or the last few, are kept."""
        if not matches(rule.regexp, line.core, line.shown) or (rule.veto and rule.veto.search(line.shown)):
            return False
        place, kept = self.found.place, self.found.of_rules.setdefault(index, [])
        count = self._counts.get((index, place.segment), 0)
        if rule.pick == "first" and count >= _KEPT_OF_A_RULE:
            self.found.last_of_rule[index, place.segment] = line.number
            return True
        followed = self._followed(rule, line.number, block, end)
        if rule.head and not followed:
            followed = self._said_before(rule, line, block, end)
        if rule.needs_follow and not followed:
            return False
        frame = self._frame(rule, line.number, block, end, followed)
        under = self._under(rule, line.number, block, end)
        kept.append(Finding(rule, line, followed, place.segment, place.phase, place.is_afterwards, place.command,
                            place.captured, frame, under))  # fmt: skip
        self._counts[index, place.segment] = count + 1
        self.found.last_of_rule[index, place.segment] = line.number
        if rule.pick == "last" and count >= _KEPT_OF_A_RULE:
            del kept[-_KEPT_OF_A_RULE - 1]
        elif len(kept) > _KEPT_OF_A_RULE_IN_ALL:
            del kept[_KEPT_OF_A_RULE_IN_ALL // 4]
        if len(self._counts) > _KEPT_OF_A_RULE_IN_ALL * 1_000:
            self._counts.clear()
            self.found.last_of_rule.clear()
        return True

    def _followed(self, rule: Rule, number: int, block: Block, end: int) -> tuple[Line, ...]:
        """For each pattern of ``follow`` the first line that matches it, before the rule matches again."""
        if not rule.follow:
            return ()
        found: dict[int, Line] = {}
        for line in following(block, number, end, rule.within):
            if rule.regexp.search(line.core):
                break
            for place, pattern in enumerate(rule.followers):
                if place not in found and pattern.search(line.core):
                    found[place] = line
                    break
            if len(found) == len(rule.followers):
                break
        return tuple(found[place] for place in sorted(found))

    def _frame(self, rule: Rule, number: int, block: Block, end: int, followed: tuple[Line, ...]) -> Line | None:
        """The innermost line of the stack below that is the program's own."""
        if rule.frames is None:
            return None
        found = None
        until = followed[0].number if followed and rule.innermost == "last" else None
        for line in following(block, number, end, _STACK_WITHIN):
            if line.number == until or rule.regexp.search(line.core):
                break
            if rule.frames.search(line.core) and not (rule.not_own and rule.not_own.search(line.core)):
                found = line
                if rule.innermost == "first":
                    break
        return found

    def _under(self, rule: Rule, number: int, block: Block, end: int) -> Line | None:
        """The nearest line above that names what the match is about."""
        if rule.above is None:
            return None
        stop = block.text.rfind(b"\n", 0, end) + 1
        for _ in range(_UNDER_WITHIN):
            if stop <= 0:
                break
            begins = block.text.rfind(b"\n", 0, stop - 1) + 1
            number -= block.lines_between(begins, stop)
            line = as_line(number, block.text[begins : min(stop, begins + LONGEST_READ)])
            if rule.above.search(line.core):
                return line
            stop = begins
        return None

    def _said_before(self, rule: Rule, line: Line, block: Block, end: int) -> tuple[Line, ...]:
        """What ``follow`` looks for under the nearest line above that is the head of what the match names."""
        matched = rule.groups.search(line.core)
        named = matched.groups()[0] if matched and matched.groups() else None
        head, under, number = str(rule.head).encode(), list[Line](), line.number
        stop = block.text.rfind(b"\n", 0, end) + 1
        for _ in range(_HEAD_WITHIN if named else 0):
            if stop <= 0:
                break
            begins = block.text.rfind(b"\n", 0, stop - 1) + 1
            number -= block.lines_between(begins, stop)
            above = as_line(number, block.text[begins : min(stop, begins + LONGEST_READ)])
            stop = begins
            if not above.core.startswith(head):
                under.append(above)
            else:
                if above.core.split()[-1:] == [named] and (said := _first_of_each(rule, under[::-1])):
                    return said
                under.clear()
        return ()

    def _word(self, word: Word) -> None:
        if len(self.found.words_first) < _KEPT_WORDS:
            self.found.words_first[word.number] = word
        self.found.words_last.append(word)

    def _ending(self, block: Block, number: int, at: int) -> None:
        """Keep the last lines before a place where the work ended badly."""
        lines: list[Line] = []
        stop = at
        for _ in range(4 * _LINES_OF_AN_ENDING):
            if stop <= 0 or len(lines) >= _LINES_OF_AN_ENDING:
                break
            begins = block.text.rfind(b"\n", 0, stop - 1) + 1
            number -= block.lines_between(begins, stop)
            line = as_line(number, block.text[begins : min(stop, begins + LONGEST_READ)])
            if line.core.strip():
                lines.append(line)
            stop = begins
        self.found.endings.append((self.found.place.segment, tuple(lines)))


def _first_of_each(rule: Rule, lines: list[Line]) -> tuple[Line, ...]:
    found = (next((line for line in lines if pattern.search(line.core)), None) for pattern in rule.followers)
    return tuple(line for line in found if line is not None)[:1]


def following(block: Block, number: int, end: int, within: int) -> Iterable[Line]:
    """Up to ``within`` lines that are not empty, after the line that ends at ``end``, in the same section."""
    given = 0
    for _ in range(4 * within):
        begins = end + 1
        if given >= within or begins > len(block.text):
            return
        number += block.lines_between(end, begins)
        end = block.text.find(b"\n", begins)
        end = len(block.text) if end < 0 else end
        if block.text.startswith((b"section_", b"##[error]Process completed"), begins):
            return
        line = as_line(number, block.text[begins : min(end, begins + LONGEST_READ)])
        if line.core.strip():
            given += 1
            yield line


def search(log: Iterable[bytes], rules: tuple[Rule, ...] | None = None) -> Findings:
    """Everything in a log that may tell why the job failed; memory bounded whatever the log's size."""
    reading = Search(rulebook() if rules is None else rules)
    block = None
    for block in blocks(log):
        reading.read(block)
    if block is not None:
        reading.finish(block)
    return reading.found
