"""Where in a job a line stands: the runner's phase, the command that was running, and which of them failed.

GitLab marks phases with sections and echoes each command (``$ make``); a script stops at its first failing command, so
that a line before the last echo belongs to a command that succeeded. Travis says how each command exited, GitHub ends a
failed step with ``##[error]``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple

# doc/ci/jobs/job_logs.md and gitlab-runner common/build.go: the stages that the runner itself opens.
WORKING = {
    "prepare_executor", "prepare_script", "get_sources", "restore_cache", "download_artifacts", "step_script",
    "build_script", "upload_artifacts_on_success", "step_release", "step_run",
}  # fmt: skip
AFTERWARDS = {
    "after_script", "archive_cache", "archive_cache_on_failure", "upload_artifacts_on_failure",
    "cleanup_file_variables", "clear_persistent_workspace", "clear_worktree",
}  # fmt: skip

MARKS = ("section_start:", "section_end:", "\n$ ", "##[group]run ", "exited with ", "##[error]process completed",
         "post job cleanup.", "\nstep ", "- captured ", "\n====", "\n____")  # fmt: skip
"""Lower-case literals, one of which stands in every line that `Place.see` wants."""

_SECTION = re.compile(rb"section_(start|end):\d{1,20}:([\w.\-]{1,255})")
_EXITED = re.compile(rb'^The command ".{0,4000}" (?:failed and )?exited with (\d{1,3})\b')
_COMMAND = re.compile(rb"^(?:\$ \S|##\[group\]Run |Step \d{1,3}/\d{1,3} : )")
# Only so many commands are remembered one by one: a hostile log has millions.
_REMEMBERED = 10_000
_LONGEST_COMMAND = 400


class Where(NamedTuple):
    """Where in the job a line stands: ``segment`` counts commands and phases; ``command`` is the one that ran."""

    segment: int
    phase: str | None
    afterwards: bool
    command: bytes
    captured: bool


@dataclass
class Place:
    """Reads the marks of a log in order."""

    phase: str | None = None
    segment: int = 0
    died_in: str | None = None
    died_at: int | None = None
    failed: set[int] = field(default_factory=set)
    succeeded: set[int] = field(default_factory=set)
    over: bool = False
    captured: bool = False
    command: bytes = b""

    def see(self, line: bytes) -> bool:
        """Take a line in; True when a command or the work as a whole ended badly before this line."""
        # pytest shows what a test wrote below what it failed of.
        if line.startswith((b"====", b"____", b"---")):
            self.captured = line.startswith(b"---") and b"- Captured " in line
            return False
        self.captured = False
        if b"section_" in line:
            ended = [self._section(found) for found in _SECTION.finditer(line)]
            return any(ended)
        if exited := _EXITED.match(line):
            bad = exited[1] != b"0"
            if len(self.failed) + len(self.succeeded) < _REMEMBERED:
                (self.failed if bad else self.succeeded).add(self.segment)
            self.segment += 1
            return bad
        if line.startswith(b"##[error]Process completed"):
            if not self.failed:
                self.failed.add(self.segment)
            self.segment += 1
            return True
        if line.startswith(b"Post job cleanup."):
            self.over = True
            self.segment += 1
        elif _COMMAND.match(line):
            self.segment += 1
            if line.startswith(b"$ ") and not self.is_afterwards:
                self.command = line[:_LONGEST_COMMAND]
        return False

    def _section(self, found: re.Match[bytes]) -> bool:
        name = found[2].decode("ascii", "replace")
        if found[1] == b"end":
            return False
        if name in WORKING:
            self.phase, self.segment, self.died_at = name, self.segment + 1, None
            self.died_in = name
        elif name in AFTERWARDS:
            ended = self.phase in WORKING
            if ended:
                self.died_at = self.segment
            self.phase, self.segment = name, self.segment + 1
            return ended
        return False

    def here(self) -> Where:
        """Where lines stand until the next mark."""
        return Where(self.segment, self.phase, self.is_afterwards, self.command, self.captured)

    @property
    def is_afterwards(self) -> bool:
        """Whether the work is over and only tidying up is left."""
        return self.over or self.phase in AFTERWARDS

    def failing(self) -> set[int]:
        """The segments that failed, as far as can be told: those said to have failed, else the last one at work."""
        if self.failed:
            return self.failed
        return {self.segment if self.died_at is None else self.died_at}
