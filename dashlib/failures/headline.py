"""The words for what was found: one line for people to read, one signature for equal failures to gather under."""

from __future__ import annotations

import re

from dashlib.failures.linear import Pattern
from dashlib.failures.lines import Line, as_line
from dashlib.failures.mask import mask
from dashlib.failures.reason import LONGEST_LINE, TellingLine
from dashlib.failures.scorer import is_noise
from dashlib.failures.search import Finding
from dashlib.failures.signature import template

# Failures that say the same in every repository: what was running tells them apart.
_SAID_BY_MANY = frozenset({
    "timeout", "oom", "disk_full", "canceled", "network", "runner_system", "docker_registry", "auth", "git_checkout",
})  # fmt: skip
_LONGEST_COMMAND = 120
# What pytest puts before what a test said.
_OF_PYTEST = re.compile(r"^E (?=\S)")
# Where a test's file lies on the runner.
_DIRECTORY = re.compile(r"(?<!\S)/(?:\S+/)?")
# A program keeps its name, wherever it lies: "$ ./build/run" is not "$ ./build/stop".
# One with a dot would be taken for a host's; as a file it keeps it anyway.
_PROGRAM = re.compile(r"^\$ (?:[\w.~-]{0,80}/){1,20}(?=[\w-]{0,80}[A-Za-z][\w-]{0,80}(?:\s|$))")
# What testthat and others draw behind a title, and the number before one.
_RULE_DRAWN = re.compile(r" *[-─━═=_*]{4,}$")
_TITLE = re.compile(r"^\d{1,5}\) (?=\S)")
# A rule below this gives a verdict, no reason; and what holds no name of anything is said by many.
_VERDICT = 60
_NAME = re.compile(r"[A-Za-z$][\w$]*[._:/-][\w$]|[a-z][A-Z]|\w_\w|['\"`‘][^'\"`’]+['\"`’]|[A-Za-z]\d")


def headline(finding: Finding, lines: tuple[TellingLine, ...]) -> str:
    """The most telling line as one line, without what other tools put before it, and with what it lacks alone.

    What a test says ("expect(received).toBe(expected)") needs the test's name before it; a test's title what it said;
    a line that ends in a colon the next.
    """
    said = _plain(lines[0].text)
    own = {line.number for line in (finding.line, *finding.followed)}
    if finding.rule.category == "test_failure" and _TITLE.match(said) and len(lines) > 1 and lines[1].number in own:
        return f"{_TITLE.sub('', said)}: {_plain(lines[1].text)}"[:LONGEST_LINE]
    if said.endswith(":") and len(lines) > 1 and 0 < lines[1].number - lines[0].number <= 2:
        said = f"{said} {_plain(lines[1].text)}"[:LONGEST_LINE]
    rule = finding.rule
    if rule.category != "test_failure" or rule.lead != "follow" or not finding.followed:
        return said
    name = _DIRECTORY.sub("", one_line(" ".join(_named(finding)))).rstrip(" -")
    if rule.above and finding.under:
        name = one_line(_grouped(rule.above, finding.under))
    said = _OF_PYTEST.sub("", said)
    return said if not name or name in said else f"{name}: {said}"[:LONGEST_LINE]


def signature(finding: Finding, category: str, lines: tuple[TellingLine, ...]) -> str:
    """Category and template of what the rule says tells failures apart; equal for equal failures everywhere.

    Where that is said by many failures in the same words, the place in the program, the command that was running, or
    the next telling line, tells them apart.
    """
    parts, rule = [], finding.rule
    if rule.says != "follow" or not finding.followed:
        named = _named(finding)
        parts.append(
            " ".join([*named, *([rule.adds] if rule.adds else [])]) if named else mask(text_of(finding.line.core))
        )
    if rule.says != "match":
        parts.extend(
            mask(text_of(line.core))
            for line in finding.followed[: 1 if rule.says == "both" else 2]
            if not is_noise(line.core)
        )
    if finding.under and finding.rule.above and (about := _grouped(finding.rule.above, finding.under)):
        parts[:1] = [f"{about}: {part}" for part in parts[:1]]
    said = [template(part.strip()) for part in parts]
    if finding.frame and finding.rule.frames and (where := template(_grouped(finding.rule.frames, finding.frame))):
        return f"{category}: {' | '.join([*said, where])}"
    command = template(_PROGRAM.sub("$ ", mask(text_of(finding.command))))[:_LONGEST_COMMAND]
    if category in _SAID_BY_MANY and command:
        said.append(command)
    elif rule.rank < _VERDICT or not any(_NAME.search(part) for part in said):
        others = [other for other in (template(line.text) for line in lines[1:]) if other not in said]
        if command:
            # An exit code, which the runner says last, names nothing either.
            others = [other for other in others if rule.rank < _VERDICT or _NAME.search(other)] + [command]
        said.extend(others[:1])
    return f"{category}: {' | '.join(said)}"


def _plain(text: str) -> str:
    """A line without time stamps, BuildKit's step and what is drawn behind it; whole where nothing else is in it."""
    core = text_of(as_line(0, text.encode("utf-8", "replace")).core)
    said = one_line(text)
    return _RULE_DRAWN.sub("", one_line(core)) or said


def _grouped(pattern: Pattern, line: Line) -> str:
    """What the groups of a pattern hold in a line, secrets masked."""
    matched = pattern.search(mask(text_of(line.core)).encode())
    return " ".join(text_of(group) for group in matched.groups() if group) if matched else ""


def _named(finding: Finding) -> list[str]:
    """What the groups of the rule's match hold."""
    # Masked before it is taken apart: a secret is known by what stands before it.
    core, shown = (mask(text_of(text)) for text in (finding.line.core, finding.line.shown))
    groups = finding.rule.groups
    matched = groups.search(core.encode()) or groups.search(shown.encode())
    return [text_of(group) for group in matched.groups() if group] if matched else []


def text_of(raw: bytes) -> str:
    """Bytes of a log as text."""
    return raw.decode("utf-8", "replace").replace("\x00", "\ufffd")


def one_line(text: str) -> str:
    """Text with single blanks and no line breaks."""
    return " ".join(text.split())
