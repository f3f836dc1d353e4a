"""What a log's reading brings: a reason, the lines that tell it, a category and a signature."""

from __future__ import annotations

from dataclasses import dataclass

UNKNOWN = "unknown"
CATEGORIES = (
    "test_failure",
    "compile_error",
    "lint",
    "dependency",
    "network",
    "docker_registry",
    "auth",
    "timeout",
    "oom",
    "disk_full",
    "crash",
    "git_checkout",
    "runner_system",
    "canceled",
    "script_error",
)
# A line is cut here; five lines are what a person reads at a glance.
LONGEST_LINE = 2_000
MOST_LINES = 5


@dataclass(frozen=True)
class TellingLine:
    """One line of a log that tells why the job failed.

    ``number`` counts physical lines from 1; a line ends at ``\\r\\n``, ``\\n`` or a lone ``\\r``. ``text`` is the line
    verbatim, without colours and time stamps, its secrets masked, cut at 2,000 characters.
    """

    number: int
    text: str


@dataclass(frozen=True)
class Reason:
    """Why a job failed, as far as its log says.

    ``category`` is one of `CATEGORIES` or ``unknown``; ``reason`` the most telling line as one line, with the name of
    the test that said it (`headline`), None where there is none; ``lines`` at most five, most telling first;
    ``signature`` what equal failures have in common, None where there are no lines; ``rule`` the rule that spoke, None
    where none did (lines may still be there: the general scorer's guess, with a low ``confidence``, which lies between
    0 and 1); ``in_green_log`` whether a green log of the job held the first line, too, None where there was none to
    compare with.
    """

    category: str
    reason: str | None
    lines: tuple[TellingLine, ...]
    signature: str | None
    rule: str | None
    confidence: float
    in_green_log: bool | None = None


NOTHING_SAID = Reason(UNKNOWN, None, (), None, None, 0.0)
