"""One failed job and its log to its row in ``failures``. Pure but for the log of defects."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from dashlib.failures.explain import explain_text
from dashlib.failures.gap import gap
from dashlib.failures.green import Green
from dashlib.failures.mask import mask
from dashlib.failures.reason import NOTHING_SAID, UNKNOWN, Reason
from dashlib.failures.rulebook import RuleError
from dashlib.failures.signature import template

_LOG = logging.getLogger(__name__)

SAYS_NOTHING = (None, "script_failure", "unknown_failure")
"""Values of GitLab's ``failure_reason`` (app/models/concerns/enums/ci/commit_status.rb) that tell no reason."""


@dataclass(frozen=True)
class Failed:
    """A failed job as it is stored; ``text`` is None, and so is what tells of it, where no log is.

    ``green_job_id`` is the last run of the job that passed before and whose log is known, ``green`` its lines as
    `green.packed` made them.
    """

    project_id: int
    job_id: int
    failure_reason: str | None
    log_bytes: int | None
    log_complete: bool | None
    text: str | None
    omitted_bytes: int | None = None
    omitted_lines: int | None = None
    green_job_id: int | None = None
    green: bytes | None = None


@dataclass(frozen=True)
class Explained:
    """Its row in ``failures``, without the rules' version; and its log, where ``mask`` found secrets in it."""

    row: dict[str, Any]
    masked: str | None


def explained(job: Failed) -> Explained:
    """What the rules say of a job. Raises RuleError when they cannot be read."""
    text = mask(job.text) if job.text else job.text
    found = _found(job, text or "")
    if text is None and found.rule is None and job.failure_reason not in SAYS_NOTHING:
        found = _said_by_gitlab(str(job.failure_reason), found.category)
    number = gap(text or "", job.omitted_bytes, job.omitted_lines).whole
    row = {
        "project_id": job.project_id,
        "job_id": job.job_id,
        "state": _state(found, has_log=text is not None),
        "category": found.category,
        "reason": found.reason,
        "signature": found.signature or (template(found.reason) if found.reason else None),
        "rule": found.rule,
        "rule_line": number(found.lines[0].number) if found.lines else None,
        "confidence": found.confidence,
        "lines": [{"number": number(line.number), "text": line.text} for line in found.lines],
        "log_bytes": job.log_bytes,
        "log_complete": job.log_complete,
        "failure_reason": job.failure_reason,
        "green_job_id": job.green_job_id,
        "in_green_log": found.in_green_log,
    }
    return Explained(row, text if text != job.text else None)


def _state(found: Reason, *, has_log: bool) -> str:
    """One of ``tables.STATES``."""
    # Of a word of GitLab's from which no category follows nobody learns why.
    if found.rule is not None and (has_log or found.category != UNKNOWN):
        return "explained"
    if not has_log:
        return "no_log"
    return "unsure" if found.lines else "no_rule"


def _found(job: Failed, text: str) -> Reason:
    """The engine's answer; a defect of it is logged and costs this one job its reason, not everybody theirs."""
    try:
        green = Green(job.green) if job.green is not None else None
        return explain_text(text, failure_reason=job.failure_reason, green=green)
    except RuleError:
        raise
    except Exception:  # noqa: BLE001 - logged with the job's number; the next rules go through it again
        _LOG.exception("the log of job %s in project %s could not be explained", job.job_id, job.project_id)
        return NOTHING_SAID


def _said_by_gitlab(failure_reason: str, category: str) -> Reason:
    """The reason of a job without a log, where GitLab itself knows more than that the script failed."""
    words = f"GitLab says: {failure_reason.replace('_', ' ')}"
    return Reason(category, words, (), words, f"gitlab.{failure_reason}", 1.0)
