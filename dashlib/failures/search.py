"""Reads a log once and keeps what may tell why the job failed: lines that rules match, lines with telling words."""

from __future__ import annotations

from bisect import insort
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from dashlib.failures.around import followed_by, frame_of, line_above, said_before
from dashlib.failures.blocks import Block, Numbers, blocks
from dashlib.failures.lexicon import MARK, OF_RULES, TELLING, Kind, lexicon
from dashlib.failures.lines import LONGEST_READ, Line, as_line, parted
from dashlib.failures.place import Place, Where
from dashlib.failures.rulebook import Rule, rulebook

_KEPT_OF_A_RULE = 5  # in one command
_KEPT_OF_A_RULE_IN_ALL = 60
_KEPT_WORDS = 100  # at each end
_KEPT_ENDINGS = 6
_LINES_OF_AN_ENDING = 30
# Once so many lines in a row that hold the same words were taken by rules that had taken such lines before, one in
# sixteen is looked at, and the last ones.
_STREAK, _ONE_IN, _LOOKED_BACK_AT = 1_000, 16, 16
# Where in a block's text a line begins and ends, and where in the job that is.
_Seen = tuple[int, int, Where]


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
    captured: bool
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


class _Streak:
    """How many lines of a kind in a row were taken by rules that had taken such lines before, and these rules."""

    __slots__ = ("rules", "size")

    def __init__(self, index: int) -> None:
        self.rules, self.size = {index}, 1


class Search:
    """Reads blocks and collects `Findings`."""

    def __init__(self, rules: tuple[Rule, ...]) -> None:
        self.lexicon = lexicon(rules)
        self.rules = self.lexicon.rules
        self.found = Findings()
        self._where = self.found.place.here()
        self._counts: dict[tuple[int, int], int] = {}
        self._streaks: dict[Kind, _Streak] = {}
        # Of the block that is read: its lines with telling words, and the last ones of each kind that were passed over.
        self._telling: list[_Seen] = []
        self._passed_over: dict[Kind, deque[_Seen]] = {}

    def read(self, block: Block) -> None:
        """Search one block."""
        self._numbers = Numbers(block)
        for start, end, words in self._lines_with_words(block):
            kind = self.lexicon.kind(words)
            bits = kind.bits
            if bits & MARK:
                self._mark(block, start, end)
            if bits & TELLING:
                self._telling.append((start, end, self._where))
            if bits & OF_RULES and not self._is_one_of_many(kind, start, end):
                self._look(kind, block, start, end, self._where)
        self._look_back(block)
        self._keep_telling(block)
        self.found.last_number = self._numbers.of(block.stop)

    def _lines_with_words(self, block: Block) -> Iterator[tuple[int, int, set[int]]]:
        """Where lines begin and end that hold words of the lexicon, and which."""
        text, shifts = block.text, self.lexicon.shifts
        # With the line end before it, so that a word can be looked for where lines begin.
        lowered = (text[block.start - 1 : block.stop] if block.start else b"\n" + text[: block.stop]).lower()
        start, end = -1, -1
        words: set[int] = set()
        for word, found, _ in self.lexicon.automaton.find_matches_as_indexes(lowered, overlapping=True):
            at = found + block.start - shifts[word]
            if at >= end:
                if words:
                    yield start, end, words
                start, end, words = text.rfind(b"\n", 0, at) + 1, text.find(b"\n", at), {word}
                end = len(text) if end < 0 else end
            else:
                words.add(word)
        if words:
            yield start, end, words

    def finish(self, block: Block) -> None:
        """The log's end is an ending, too."""
        self._ending(block, self.found.last_number, block.stop)

    def _mark(self, block: Block, start: int, end: int) -> None:
        """A line that tells where in the job the next ones stand."""
        place = self.found.place
        segment = place.segment
        if place.see(block.text[start : min(end, start + LONGEST_READ)]):
            self._ending(block, self._numbers.of(start), start)
        self._where = place.here()
        if place.segment != segment:
            self._look_back(block)

    def _is_one_of_many(self, kind: Kind, start: int, end: int) -> bool:
        """Whether a line is passed over for now: a thousand like it brought nothing that was not known."""
        streak = self._streaks.get(kind)
        if streak is None or streak.size < _STREAK:
            return False
        streak.size += 1
        if not streak.size % _ONE_IN or not all(map(self._has_its_first, streak.rules)):
            return False
        passed_over = self._passed_over.get(kind)
        if passed_over is None:
            passed_over = self._passed_over[kind] = deque(maxlen=_LOOKED_BACK_AT)
        passed_over.append((start, end, self._where))
        return True

    def _has_its_first(self, index: int) -> bool:
        """Whether a rule that keeps its first lines has them in this command; the last ones are looked back at."""
        first = self.rules[index].pick == "first"
        return not first or self._counts.get((index, self._where.segment), 0) >= _KEPT_OF_A_RULE

    def _look_back(self, block: Block) -> None:
        """Look at the last lines that were passed over: what was said last in a command or block is not lost."""
        for kind, seen in self._passed_over.items():
            for start, end, where in seen:
                self._look(kind, block, start, end, where)
        self._passed_over.clear()

    def _look(self, kind: Kind, block: Block, start: int, end: int, where: Where) -> None:
        """A line belongs to the weightiest rule that takes it."""
        shown, core = parted(block.text[start : end if end - start < LONGEST_READ else start + LONGEST_READ])
        for index in self.lexicon.matching(kind, core, shown):
            if self._take(self.rules[index], index, Line(self._numbers.of(start), shown, core), block, end, where):
                self._took(kind, index)
                return
        self._streaks.pop(kind, None)

    def _took(self, kind: Kind, index: int) -> None:
        streak = self._streaks.get(kind)
        if streak is None:
            if len(self._streaks) < _KEPT_OF_A_RULE_IN_ALL * 100:
                self._streaks[kind] = _Streak(index)
        elif index in streak.rules:
            streak.size += 1
        else:
            streak.rules.add(index)
            streak.size = 1

    def _take(self, rule: Rule, index: int, line: Line, block: Block, end: int, where: Where) -> bool:
        """Whether the rule, which matches the line, takes it; the first few, or the last few, are kept."""
        if rule.veto and rule.veto.search(line.shown):
            return False
        key, kept = (index, where.segment), self.found.of_rules.setdefault(index, [])
        count = self._counts.get(key, 0)
        if rule.pick == "first" and count >= _KEPT_OF_A_RULE:
            self._said(key, line.number)
            return True
        followed = followed_by(rule, line.number, block, end)
        if rule.head and not followed:
            followed = said_before(rule, line, block, end)
        if rule.needs_follow and not followed:
            return False
        frame = frame_of(rule, line.number, block, end, followed)
        above = line_above(rule, line.number, block, end)
        # In order, though lines that were passed over come later.
        insort(kept, Finding(rule, line, followed, *where, frame, above), key=_number)
        self._counts[key] = count + 1
        self._said(key, line.number)
        if rule.pick == "last" and count >= _KEPT_OF_A_RULE:
            del kept[-_KEPT_OF_A_RULE - 1]
        elif len(kept) > _KEPT_OF_A_RULE_IN_ALL:
            del kept[_KEPT_OF_A_RULE_IN_ALL // 4]
        if len(self._counts) > _KEPT_OF_A_RULE_IN_ALL * 1_000:
            self._counts.clear()
            self.found.last_of_rule.clear()
        return True

    def _said(self, key: tuple[int, int], number: int) -> None:
        self.found.last_of_rule[key] = max(number, self.found.last_of_rule.get(key, 0))

    def _keep_telling(self, block: Block) -> None:
        """The first and the last lines with telling words."""
        missing = max(0, _KEPT_WORDS - len(self.found.words_first))
        for seen in self._telling[:missing]:
            word = self._word(block, seen)
            self.found.words_first[word.number] = word
        self.found.words_last.extend([self._word(block, seen) for seen in self._telling[-_KEPT_WORDS:]])
        self._telling.clear()

    def _word(self, block: Block, seen: _Seen) -> Word:
        start, end, where = seen
        raw = block.text[start : min(end, start + LONGEST_READ)]
        return Word(self._numbers.of(start), raw, where.segment, where.afterwards)

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


def _number(finding: Finding) -> int:
    return finding.line.number


def search(log: Iterable[bytes], rules: tuple[Rule, ...] | None = None) -> Findings:
    """Everything in a log that may tell why the job failed; memory bounded whatever the log's size."""
    reading = Search(rulebook() if rules is None else rules)
    block = None
    for block in blocks(log):
        reading.read(block)
    if block is not None:
        reading.finish(block)
    return reading.found
