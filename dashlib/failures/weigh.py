"""From everything that may tell to the one reason: rank, place, novelty; the first cause before its echoes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from dashlib.failures.green import Green
from dashlib.failures.headline import headline, one_line, signature, text_of
from dashlib.failures.linear import compiled
from dashlib.failures.lines import Line
from dashlib.failures.mask import mask
from dashlib.failures.reason import LONGEST_LINE, MOST_LINES, NOTHING_SAID, UNKNOWN, Reason, TellingLine
from dashlib.failures.rulebook import rulebook
from dashlib.failures.scorer import ECHO, guess, is_noise, is_text, last_words, likeliest, of_command, points
from dashlib.failures.search import Finding, Findings
from dashlib.failures.signature import template

# What a line's place adds to its rule's rank.
_FAILED, _SUCCEEDED, _LATER, _AFTERWARDS, _CAPTURED = 8.0, -25.0, -15.0, -45.0, -15.0
# Where nobody says how commands ended, the last one is only the likeliest: scripts go on after failures, too.
_LAST, _EARLIER = 3.0, -9.0
_IN_ITS_PHASE = 8.0
# A line that the last green log held, too: between rules it decides where they are close.
_KNOWN_WHEN_GREEN = -20.0
# What follows a line: a tool that gives up says so near the end; tests and compilers go on for a while.
_FADES = {"test_failure": 2.0, "compile_error": 2.0, "lint": 3.0}
_FADES_ELSE, _FADES_AT_MOST, _NEAR = 7.0, 20.0, 30
# A rule below this is no more than an echo; the general scorer may know better. Up to the other one a rule knows that a
# line looks like an error message and no more: the scorer compares it with all other lines.
_ECHO, _VAGUE = 25, 40
# A vague rule's line that only says that something failed is an echo, too.
_ECHOED = compiled(ECHO)
# What a program dies of is the category, even when a test or a compiler noticed it first.
_EXHAUSTED = frozenset({"oom", "disk_full"})
_SURE = 80
# The most that the general scorer is sure of: by a line's words, and by its standing last alone.
_SURE_OF_A_GUESS, _SURE_OF_LAST_WORDS, _SURER_OF_NEW = 0.4, 0.1, 0.1
# Points of the general scorer for a line that may fill a place beside the rules' lines; and what its words alone must
# be worth beside a rule that is sure: five lines are the most, not the aim.
_WORTH_A_LINE, _WORTH_ITS_WORDS = 6, 7
# And for a new line whose words beat a rule whose line the green log held, too.
_PLAINLY_AN_ERROR = 9

# failure_reason (GITLAB.md 3) of jobs whose log cannot tell.
_OF_GITLAB = {
    "job_execution_timeout": "timeout", "job_execution_server_timeout": "timeout", "server_timeout_running": "timeout",
    "server_timeout_canceling": "timeout", "stuck_or_timeout_failure": "timeout", "no_updates_running": "timeout",
    "no_updates_canceling": "timeout", "runner_system_failure": "runner_system", "runner_unsupported": "runner_system",
    "stuck_pending_with_matching_runners": "runner_system", "stuck_pending_no_matching_runners": "runner_system",
    "scheduler_failure": "runner_system", "runner_interrupted": "runner_system", "data_integrity_failure":
    "runner_system", "api_failure": "runner_system", "runner_configuration_error": "runner_system",
    "runner_external_dependency_failure": "network", "image_pull_failure": "docker_registry",
    "missing_dependency_failure": "dependency", "job_token_expired": "auth", "user_blocked": "auth",
    "secrets_manager_access_denied": "auth", "canceled": "canceled",
}  # fmt: skip


@dataclass(frozen=True)
class _Weighed:
    score: float
    finding: Finding
    index: int

    @property
    def lines(self) -> tuple[Line, ...]:
        """The finding's lines, most telling first."""
        finding = self.finding
        own, followed = (finding.line,), finding.followed
        if finding.under and finding.rule.category == "test_failure" and finding.rule.lead == "follow":
            # The test's name tells more than what else it said.
            return (*followed[:1], finding.under, *own, *followed[1:])
        if finding.under and finding.rule.lead == "under":
            return (finding.under, *own, *followed)
        return (*followed, *own) if finding.rule.lead == "follow" and followed else (*own, *followed)


def weigh(found: Findings, failure_reason: str | None, green: Green | None) -> Reason:
    """The reason in what a search found."""
    said, first = _weigh(found, failure_reason, green)
    if green is None or first is None:
        return said
    if known := green.holds(first.shown):
        # Nothing new speaks: then the green log tells nothing.
        said, first = _weigh(found, failure_reason, None)
        known = first is None or green.holds(first.shown)
    if known and said.rule is None:
        return replace(said, in_green_log=True, confidence=min(said.confidence, _SURE_OF_LAST_WORDS))
    return replace(said, in_green_log=known)


def _weigh(found: Findings, failure_reason: str | None, green: Green | None) -> tuple[Reason, Line | None]:
    """The reason and the line that tells it."""
    weighed = sorted(
        _causes_first([*_weighed(found, failure_reason, green)]),
        key=lambda one: (-one.score, one.finding.rule.order, one.index),
    )
    best = weighed[0] if weighed and weighed[0].score > _ECHO else None
    known = green is not None and best is not None and best.finding.rule.rank < _SURE and _held(best.finding, green)
    if best is None or best.finding.rule.rank <= _VAGUE or known:
        guessed = _guesses(found, green)
        if best is not None and best.finding.rule.rank > _VAGUE:
            guessed = [pair for pair in guessed if points(pair[1].core) >= _PLAINLY_AN_ERROR]
        if guessed and (best is None or guessed[0][1].number != best.finding.line.number):
            said = _guessed(guessed, weighed, failure_reason, found.place.command, green)
            return said, guessed[0][1]
        if not weighed:
            return _without_lines(failure_reason), None
        best = weighed[0]
    lines, telling = _chosen(best, weighed, found, green)
    category = _exhausted(best, weighed) or best.finding.rule.category_in(best.finding.phase)
    said = Reason(
        category,
        headline(best.finding, lines),
        lines,
        signature(best.finding, category, lines[:telling]),
        best.finding.rule.id,
        round(max(0.05, min(0.98, best.score / 100)), 2),
    )
    return said, next((line for line in best.lines if line.number == lines[0].number), best.finding.line)


def _weighed(found: Findings, failure_reason: str | None, green: Green | None) -> Iterator[_Weighed]:
    place, failing = found.place, found.place.failing()
    last = max(failing, default=0)
    of_gitlab = _OF_GITLAB.get(failure_reason or "")
    ends = sorted({lines[0].number for _, lines in found.endings if lines} | {found.last_number})
    for rule_index, findings in found.of_rules.items():
        ordered = findings if not findings or findings[0].rule.pick == "first" else findings[::-1]
        for index, finding in enumerate(one for one in ordered if not _is_binary(one)):
            rule = finding.rule
            score = float(rule.rank)
            if rule.rank <= _VAGUE and _ECHOED.search(finding.line.core):
                score = min(score, _ECHO - _FAILED - 1)
            if rule.phase and rule.phase == finding.phase:
                score += _IN_ITS_PHASE
            elif finding.captured and rule.category not in _EXHAUSTED:
                score += _CAPTURED
            elif finding.afterwards and rule.phase != "afterwards":
                score += _AFTERWARDS
            elif finding.segment in failing or rule.phase == "afterwards":
                score += _FAILED if place.failed else _LAST
            elif finding.segment in place.succeeded:
                score += _SUCCEEDED
            elif finding.segment < last:
                score += _EARLIER
            else:
                score += _LATER
            if of_gitlab == rule.category and of_gitlab in ("timeout", "runner_system", "docker_registry"):
                score += 15
            said_last = found.last_of_rule.get((rule_index, finding.segment), finding.line.number)
            distance = next((end for end in ends if end >= said_last), said_last) - said_last
            score -= min(_FADES_AT_MOST, _FADES.get(rule.category, _FADES_ELSE) * math.log10(1 + distance / _NEAR))
            if green and _held(finding, green):
                score += _KNOWN_WHEN_GREEN
            yield _Weighed(score, finding, index)


def _is_binary(finding: Finding) -> bool:
    """Whether a rule found its words by chance; text in another encoding is broken, too, but holds no controls."""
    said = text_of(finding.line.core)
    return not is_text(said) and (finding.rule.rank <= _VAGUE or any(char < " " and char != "\t" for char in said))


def _held(finding: Finding, green: Green) -> bool:
    return all(green.holds(line.shown) for line in (finding.line, *finding.followed))


def _causes_first(weighed: list[_Weighed]) -> Iterator[_Weighed]:
    """Where a rule names its cause and that was said before it in the same command, the two change places."""
    effects = [one for one in weighed if one.finding.rule.because]
    causes = {name for one in effects for name in one.finding.rule.because}
    known = [one for one in weighed if one.finding.rule.id in causes]
    scores = {id(one): one.score for one in (*effects, *known)}
    for effect in effects:
        for cause in known:
            before, after = cause.finding, effect.finding
            if before.rule.id not in after.rule.because or before.segment != after.segment:
                continue
            if before.line.number < after.line.number:
                scores[id(cause)] = max(scores[id(cause)], effect.score)
                scores[id(effect)] = min(scores[id(effect)], cause.score - 1)
    for one in weighed:
        yield _Weighed(scores.get(id(one), one.score), one.finding, one.index)


def _guesses(found: Findings, green: Green | None) -> list[tuple[float, Line]]:
    """The general scorer's lines, best first: by their words, or said last. Where some are new, those alone."""
    told = likeliest(found)
    known = {line.number for _, line in told}
    told += [(score, line) for score, line in last_words(found, green) if line.number not in known]
    said = [pair for pair in told if is_text(text_of(pair[1].core)) and not is_noise(pair[1].core)]
    new = [pair for pair in said if not green.holds(pair[1].shown)] if green else []
    return sorted(new or said, key=lambda pair: -pair[0])


def _chosen(
    best: _Weighed, weighed: list[_Weighed], found: Findings, green: Green | None
) -> tuple[tuple[TellingLine, ...], int]:
    """At most five lines: the best finding's, then further ones of its rule and the best of other rules in turn.

    Beside them how many of them are telling by themselves; the others only stood last.
    """
    kin = [one for one in weighed if one.finding.rule is best.finding.rule and one is not best]
    kin.sort(key=lambda one: one.index)
    others: list[_Weighed] = []
    for one in weighed:
        if one.score > max(_ECHO, best.score - 40) and all(
            one.finding.rule is not o.finding.rule for o in (best, *others)
        ):
            others.append(one)
    queue: list[Line] = list(best.lines[:3])
    for place in range(MOST_LINES):
        if place < len(others):
            queue.extend(others[place].lines[:1])
        if place < len(kin):
            queue.extend(kin[place].lines[:1])
    queue = [line for place, line in enumerate(queue) if not place or not is_noise(line.core)]
    lines = _telling(queue)
    sure = best.score >= _SURE
    if len(lines) < MOST_LINES:
        queue.extend(
            line
            for score, line in likeliest(found)[:MOST_LINES]
            if score > _WORTH_A_LINE
            and not is_noise(line.core)
            and (not sure or points(line.core) >= _WORTH_ITS_WORDS)
            and not (green and green.holds(line.shown))
        )
        lines = _telling(queue)
    telling = len(lines)
    if telling < MOST_LINES and not sure:
        queue.extend(
            line for score, line in last_words(found, green) if score > _WORTH_A_LINE and not is_noise(line.core)
        )
        lines = _telling(queue)
    return lines, telling


def _telling(queue: list[Line]) -> tuple[TellingLine, ...]:
    seen: set[bytes] = set()
    lines: list[TellingLine] = []
    for line in queue:
        said = line.core.strip()
        if said and said not in seen and len(lines) < MOST_LINES and (not lines or is_text(text_of(said))):
            seen.add(said)
            lines.append(TellingLine(line.number, mask(text_of(line.shown.strip()))[:LONGEST_LINE]))
    return tuple(lines)


def _guessed(
    guessed: list[tuple[float, Line]],
    weighed: list[_Weighed],
    failure_reason: str | None,
    command: bytes,
    green: Green | None,
) -> Reason:
    """No rule spoke, or only echoes: the general scorer's lines."""
    score, first = guessed[0]
    said = [line for place, (_, line) in enumerate(guessed[:MOST_LINES]) if not place or not is_noise(line.core)]
    beside = [one for one in weighed[:1] if not (green and _held(one.finding, green))]
    lines = _telling([*said, *(one.finding.line for one in beside)])
    vaguely = beside[0].finding.rule if beside and beside[0].score > _ECHO else None
    category = _OF_GITLAB.get(failure_reason or "") or next(
        (said for said in (guess(line.core) for _, line in guessed[:3]) if said != UNKNOWN),
        vaguely.category if vaguely else of_command(command, spoken=points(first.core) > 0),
    )
    gathered = f"{category}: {template(mask(text_of(first.core.strip())))}"
    most = _SURE_OF_A_GUESS if points(first.core) > 0 else _SURE_OF_LAST_WORDS
    most += _SURER_OF_NEW if green else 0
    sure = round(min(most, max(0.05, score / 60)), 2)
    return Reason(category, one_line(lines[0].text), lines, gathered, None, sure)


def _without_lines(failure_reason: str | None) -> Reason:
    category = _OF_GITLAB.get(failure_reason or "")
    return Reason(category, None, (), None, None, 0.3) if category else NOTHING_SAID


def _exhausted(best: _Weighed, weighed: list[_Weighed]) -> str | None:
    """``oom`` or ``disk_full`` when the quoted lines say that something ran out, whoever said it."""
    quoted = {line.core for line in best.lines}
    near = {number + step for number in (line.number for line in best.lines) for step in (0, 1, 2)}
    for one in weighed:
        rule = one.finding.rule
        if rule.category in _EXHAUSTED and rule.rank >= _SURE:
            line = one.finding.line
            if line.number in near or line.core in quoted:
                return rule.category
    for rule in rulebook():
        if rule.category in _EXHAUSTED and rule.rank >= _SURE and any(rule.regexp.search(core) for core in quoted):
            return rule.category
    return None
