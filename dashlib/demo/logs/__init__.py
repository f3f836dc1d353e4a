"""Job logs as GitLab Runner 18 writes them, made from the job when somebody asks: the same bytes every time."""

from __future__ import annotations

import functools

from dashlib.demo.logs import golang, java, javascript, julia, python, trouble
from dashlib.demo.logs.frame import framed, stamped
from dashlib.demo.logs.scene import Script, scene
from dashlib.demo.model import Job

_MODULES = (python, java, javascript, golang, julia, trouble)
PASSED: dict[str, Script] = {tool: each for module in _MODULES for tool, each in module.PASSED.items()}
FAILED: dict[str, Script] = {cause: each for module in _MODULES for cause, each in module.FAILED.items()}
_HUGE_LINES = 110_000
_UNSTAMPED = 3


def render_log(job: Job) -> bytes:
    """The log of a job: nothing before it starts, no last line while it runs.

    `job.trace` makes it odd: `empty`, `huge` (over 4 MB), `bad_utf8` (Latin-1 and lone bytes), `cut_utf8` (ends in the
    middle of a character), `plain` (no time stamps, sections without the leading ESC[0K, as scripts print them).
    """
    if job.started_at is None or job.trace == "empty" or job.bridge:
        return b""
    about = scene(job)
    early = trouble.EARLY.get(job.cause or "")
    script = early or FAILED.get(job.cause or "") or PASSED[about.tool]
    lines = framed(about, script(about), trouble.verdict(about) if job.finished_at else None, early=early is not None)
    if job.trace == "huge":
        middle = len(lines) // 2
        lines[middle:middle] = [_filler()]
    if job.trace == "plain":
        lines[-4:-4] = [
            "section_start:1760000000:report[collapsed=true]\rReport",
            "42 rows",
            "section_end:1760000000:report\r",
        ]
    if job.trace not in {"plain", "huge"} and (job.runner or 0) % 4 != _UNSTAMPED:
        lines = list(stamped(lines, job.started_at, job.finished_at or job.started_at))
    if job.trace == "bad_utf8":
        lines[-4:-4] = ["Hafen L\udcfcbeck: \udcff\udcfe unreadable name"]
    whole = "\n".join(lines).encode("utf-8", "surrogateescape")
    return whole.rstrip(b"\n") + " — tide: ≈".encode()[:-1] if job.trace == "cut_utf8" else whole


@functools.cache
def _filler() -> str:
    """What a huge log has in its middle: it is asked for often."""
    return "\n".join(
        f"DEBUG {number:07d} reading level {number % 97} of station {number % 41}" for number in range(_HUGE_LINES)
    )
