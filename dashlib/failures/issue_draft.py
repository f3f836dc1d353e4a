"""An issue as it would be written for a failure: title, description, label, mark; and GitLab's form filled with it.

Pure: what is known of the failure comes in as ``Facts``. Nothing in a log or a job's name becomes markup, a mention or
a quick action of GitLab's: it stands in code. Secrets are masked once more: titles of commits have not been through it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from urllib.parse import urlencode

from dashlib.failures.mask import mask

LABEL = "failed-job"
LONGEST_TITLE = 250
"""GitLab's limit is 255 characters (app/models/concerns/issuable.rb, TITLE_LENGTH_MAX)."""
LONGEST_URL = 7_500
"""Servers answer 414 for longer ones: 8 kB is usual, the host and what a proxy adds need room, too."""
_LONGEST_TOLD = 2_000


_TOOK = re.compile(
    r"[ \t]{0,3}[(\[]?(?:took |in |after )?\d{1,9}(?:\.\d{1,9})? ?(?:ms|s|secs?|seconds|min|minutes)[)\]]?\s*$"
)
"""What a test took is another title every night."""
_ACCOUNT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}")


@dataclass(frozen=True)
class Facts:
    """What is known of a failure when its issue is written. Times are UTC.

    ``jobs`` are (job, repository, address or None, when it failed), newest first; ``commits`` are (short id, title),
    newest first, between the last pass and the first failure; ``count`` counts all failures of the signature.
    ``picked`` are (project, job) of failed jobs that shall belong to the issue whatever their signature; ``jobs`` are
    those then.
    """

    reason: str
    job_name: str
    path: str
    lines: tuple[str, ...] = ()
    category: str = "unknown"
    signature: str | None = None
    project_id: int = 0
    job_id: int = 0
    count: int = 1
    since: datetime | None = None
    jobs: tuple[tuple[str, str, str | None, datetime | None], ...] = ()
    compare_url: str | None = None
    commits: tuple[tuple[str, str], ...] = ()
    passed_at: datetime | None = None
    picked: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class Draft:
    """An issue before it is made; ``mark`` is in its description and tells of which failure it is."""

    title: str
    description: str
    labels: tuple[str, ...]
    mark: str


def mark_of(signature: str | None, project_id: int, job_id: int) -> str:
    """The word by which an issue is found again: of the signature, or of the one failed job that has none.

    One word of letters and digits: GitLab's search is PostgreSQL's full text search, which sees no HTML comments.
    """
    of = signature if signature is not None else f"job {project_id} {job_id}"
    return "dash" + hashlib.md5(of.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()[:12]


def written(facts: Facts, label: str = LABEL) -> Draft:
    """The issue for a failure."""
    title = mask(" ".join(f"{facts.job_name}: {_TOOK.sub('', facts.reason)}".split()))
    mark = mark_of(facts.signature, facts.project_id, facts.job_id)
    labels = tuple(word for part in label.split(",") if (word := part.strip()))
    return Draft(_cut(title), mask("\n\n".join([*_body(facts), _foot(mark, facts.picked)])), labels, mark)


def _cut(title: str) -> str:
    return title if len(title) <= LONGEST_TITLE else f"{title[: LONGEST_TITLE - 1].rstrip()}…"


def form_url(project_url: str, facts: Facts, label: str = LABEL, assignee: str | None = None) -> str:
    """GitLab's form for a new issue with all this filled in; shortened from the end until it is short enough.

    ``assignee`` is the user name of a GitLab account.

    Jobs that were picked are kept longest: their links are what the issue is for.
    """
    every = len(facts.jobs) if facts.picked else 10
    steps = ((every, 5, 10), (every if facts.picked else 5, 5, 5), (every if facts.picked else 3, 3, 0))
    for jobs, lines, commits in (*steps, (every if facts.picked else 1, 1, 0), (5, 1, 0), (1, 1, 0), (0, 0, 0)):
        shorter = replace(
            facts,
            jobs=facts.jobs[:jobs],
            lines=tuple(line[:400] for line in facts.lines[:lines]),
            commits=facts.commits[:commits],
            compare_url=facts.compare_url if commits else None,
            reason=facts.reason[:200],
        )
        draft = written(shorter, label)
        # The form takes labels by number only; these lines of the description are quick actions of GitLab's.
        action = "".join(f"\n\n/label ~{_quoted(name)}" for name in draft.labels)
        action += f"\n\n/assign @{assignee}" if assignee and _ACCOUNT.fullmatch(assignee) else ""
        query = urlencode({"issue[title]": draft.title, "issue[description]": draft.description + action})
        url = f"{project_url}/-/issues/new?{query}"
        if len(url) <= LONGEST_URL:
            return url
    return f"{project_url}/-/issues/new?{urlencode({'issue[description]': _foot(draft.mark, facts.picked[:50])})}"


def missing_form_url(project_url: str, schedule: str, path: str, since: date, why: str, owner: str) -> str:
    """GitLab's form for a new issue about a nightly that does not run, since which night, and the likely cause."""
    whose = f" Its owner is {_code(owner)}." if owner else ""
    told = f"{_code(schedule)} of {_code(path)} was to run and did not, since {since:%Y-%m-%d}: {why}.{whose}"
    title = _cut(mask(" ".join(f"{schedule}: has not run since {since:%Y-%m-%d}".split())))
    query = urlencode({"issue[title]": title, "issue[description]": mask(told)[:_LONGEST_TOLD]})
    return f"{project_url}/-/issues/new?{query}"


def _body(facts: Facts) -> list[str]:
    parts = [f"{_code(facts.job_name)} of {_code(facts.path)} failed: {_code(facts.reason)}"]
    since = f" since {facts.since:%Y-%m-%d %H:%M} UTC" if facts.since is not None else ""
    many = f"{facts.count} failed job{'' if facts.count == 1 else 's'}{since}"
    parts.append(f"Category: {facts.category.replace('_', ' ')}; {many}.")
    if facts.lines:
        parts.append(_block(facts.lines))
    if facts.jobs:
        rows = [
            f"- {f'{when:%Y-%m-%d %H:%M} UTC' if when else ''} {_code(name)} of {_code(path)}"
            + (f": {url}" if url else "")
            for name, path, url, when in facts.jobs
        ]
        more = [f"- and {left:,} more"] if (left := len(facts.picked) - len(facts.jobs)) > 0 else []
        parts.append("\n".join(["**Failed jobs, newest first**", "", *rows, *more]))
    if facts.compare_url or facts.commits:
        since = f" (passed last on {facts.passed_at:%Y-%m-%d %H:%M} UTC)" if facts.passed_at else ""
        rows = [f"- {_code(sha)} {_code(title)}" for sha, title in facts.commits]
        link = [f"Compare: {facts.compare_url}"] if facts.compare_url else []
        parts.append(
            "\n".join([f"**Commits between the last pass and the first failure**{since}", "", *link, "", *rows])
        )
    return parts


def _foot(mark: str, picked: Sequence[tuple[int, int]]) -> str:
    """What the next sync finds the issue by; each picked job has a mark of its own."""
    marks = dict.fromkeys([mark, *(mark_of(None, project_id, job_id) for project_id, job_id in picked)])
    return "\n".join([f"Fingerprint: {mark}", "", *(f"<!-- dash:{each} -->" for each in marks)])


def _code(text: str) -> str:
    """Text in a code span that nothing in it can end."""
    text = " ".join(text.split())
    fence = "`" * (max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    return f"{fence} {text} {fence}" if len(fence) > 1 else f"`{text}`"


def _block(lines: Sequence[str]) -> str:
    fence = "`" * max(3, max((len(run) + 1 for line in lines for run in re.findall("`+", line)), default=0))
    return "\n".join([f"{fence}text", *(" ".join(line.splitlines()) for line in lines), fence])


def _quoted(name: str) -> str:
    return '"' + re.sub(r'["\r\n]', "", name) + '"'
