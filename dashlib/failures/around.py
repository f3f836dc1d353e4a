"""What goes with a rule's match: lines after it, its stack's frame, the line above that names what it is about."""

from __future__ import annotations

from collections.abc import Iterable

from dashlib.failures.blocks import Block
from dashlib.failures.lines import LONGEST_READ, Line, as_line
from dashlib.failures.rulebook import Rule

_HEAD_WITHIN = 300
_STACK_WITHIN, _UNDER_WITHIN = 120, 200


def followed_by(rule: Rule, number: int, block: Block, end: int) -> tuple[Line, ...]:
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


def frame_of(rule: Rule, number: int, block: Block, end: int, followed: tuple[Line, ...]) -> Line | None:
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


def line_above(rule: Rule, number: int, block: Block, end: int) -> Line | None:
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


def said_before(rule: Rule, line: Line, block: Block, end: int) -> tuple[Line, ...]:
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
