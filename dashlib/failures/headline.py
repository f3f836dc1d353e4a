"""The words for what was found: one line for people to read, one signature for equal failures to gather under."""

from __future__ import annotations

import re

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
_DIRECTORY = re.compile(r"^/(?:\S+/)?")
# A rule below this gives a verdict, no reason; and what holds no name of anything is said by many.
_VERDICT = 60
_NAME = re.compile(r"[A-Za-z$][\w$]*[._:/-][\w$]|[a-z][A-Z]|\w_\w|['\"`‘][^'\"`’]+['\"`’]|[A-Za-z]\d")


def headline(finding: Finding, lines: tuple[TellingLine, ...]) -> str:
    """The most telling line as one line, with what it lacks alone.

    What a test says ("expect(received).toBe(expected)") needs the test's name before it; a line that ends in a colon
    needs the next.
    """
    said = one_line(lines[0].text)
    if said.endswith(":") and len(lines) > 1 and 0 < lines[1].number - lines[0].number <= 2:
        said = f"{said} {one_line(lines[1].text)}"[:LONGEST_LINE]
    rule = finding.rule
    if rule.category != "test_failure" or rule.lead != "follow" or not finding.followed:
        return said
    name = _DIRECTORY.sub("", one_line(" ".join(_named(finding)))).rstrip(" -")
    said = _OF_PYTEST.sub("", said)
    return said if not name or name in said else f"{name}: {said}"[:LONGEST_LINE]


def signature(finding: Finding, category: str, lines: tuple[TellingLine, ...]) -> str:
    """Category and template of what the rule says tells failures apart; equal for equal failures everywhere.

    Where that is said by many failures in the same words, the command that was running, or the next telling line,
    tells them apart.
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
    said = [template(part.strip()) for part in parts]
    command = template(mask(text_of(finding.command)))[:_LONGEST_COMMAND]
    if category in _SAID_BY_MANY and command:
        said.append(command)
    elif rule.rank < _VERDICT or not any(_NAME.search(part) for part in said):
        more = next((other for other in (template(line.text) for line in lines[1:]) if other not in said), command)
        said.extend([more] if more else [])
    return f"{category}: {' | '.join(said)}"


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
