"""What people decide about failures: link them by a rule, attach them by hand, give them to somebody, merge signatures.

Each function writes through ``acts.act`` and gives the action's id, by which it can be undone ("" where nothing
changed). ``who`` is the name of the person who decides.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

from dashlib.failures.act_tables import ASSIGNMENTS, ATTACHMENTS, MERGES, RULES
from dashlib.failures.acts import ACTING, About, Edit, act
from dashlib.failures.rule_pattern import PatternError, checked
from dashlib.model import Row
from dashlib.store import Store

VERDICTS = ("same", "different")


@dataclass(frozen=True)
class Issue:
    """An issue of GitLab's: the project's id and the issue's number in it."""

    project_id: int
    iid: int

    def __str__(self) -> str:
        return f"#{self.iid}"


@dataclass(frozen=True)
class Failure:
    """What a decision needs to know of the failed job it is made at."""

    project_id: int
    job_id: int
    signature: str | None = None
    category: str | None = None

    @property
    def about(self) -> About:
        """For the history."""
        return About(self.signature, self.project_id, self.job_id)


@dataclass(frozen=True)
class OnGitlab:
    """Whom an issue was given to on GitLab before a decision, and after it; the same where GitLab was not told."""

    issue: Issue
    had: str | None
    has: str | None


NOTHING_SAID: Mapping[Failure, OnGitlab] = {}


@dataclass(frozen=True)
class Missing:
    """A nightly that does not run: its schedule, and the first of the nights on which it did not."""

    project_id: int
    schedule_id: int
    since: date


@dataclass(frozen=True)
class Rule:
    """A rule as it is written down; ``kind`` is one of ``rule_pattern.KINDS`` where there is a pattern."""

    pattern: str | None = None
    kind: str = "like"
    signature: str | None = None
    category: str | None = None
    project_glob: str | None = None
    job_glob: str | None = None
    issue: Issue | None = None
    assignee: str | None = None

    @property
    def aims(self) -> bool:
        """Whether it links to anything: an issue or a person."""
        return self.issue is not None or bool((self.assignee or "").strip())

    def searched(self) -> Rule:
        """With empty fields as None. Raises PatternError for what cannot be searched for."""
        words: dict[str, Any] = {
            name: (getattr(self, name) or "").strip() or None
            for name in ("pattern", "signature", "category", "project_glob", "job_glob", "assignee")
        }
        rule = replace(self, **words)
        if rule.pattern is not None:
            rule = replace(rule, pattern=checked(rule.kind, rule.pattern))
        elif rule.signature is None:
            raise PatternError("A rule needs a pattern, or the signature it is for.")
        return rule

    def cleaned(self) -> Rule:
        """As ``searched``; raises PatternError as well for a rule that links to nothing."""
        if not self.aims:
            raise PatternError("A rule links to an issue or to a person: choose one.")
        return self.searched()

    def row(self) -> dict[str, Any]:
        """Its columns of ``link_rules``, without who, when and where it was made."""
        return {
            "pattern": self.pattern,
            "kind": self.kind if self.pattern else None,
            "signature": self.signature,
            "category": self.category,
            "project_glob": self.project_glob,
            "job_glob": self.job_glob,
            "issue_project_id": self.issue.project_id if self.issue else None,
            "issue_iid": self.issue.iid if self.issue else None,
            "assignee": self.assignee,
        }


def link_by_rule(store: Store, who: str, rule: Rule, made_at: Failure | None = None) -> str:
    """Add a rule; one that says the same already is not added twice. Raises PatternError."""
    rule = rule.cleaned()
    with ACTING:
        if _exists(store, rule):
            return ""
        row = {"id": uuid.uuid4().hex} | rule.row() | _made(who)
        row |= {
            "from_project_id": made_at.project_id if made_at else None,
            "from_job_id": made_at.job_id if made_at else None,
        }
        about = made_at.about if made_at else About(rule.signature)
        return act(store, who, f"added a rule: {told(rule)}", [Edit(RULES, {"id": row["id"]}, row, about)])


def link_signature(store: Store, who: str, failure: Failure, issue: Issue) -> str:
    """Link all failures of a failure's signature, those to come as well, to an issue; without one just this failure.

    A rule for exactly this signature that links another issue gives way.
    """
    if failure.signature is None:
        return attach(store, who, [failure], issue)
    with ACTING:
        edits = [
            Edit(RULES, {"id": old}, None, failure.about)
            for old, project_id, iid in _exact_rules(store, failure.signature)
            if (project_id, iid) != (issue.project_id, issue.iid)
        ]
        rule = Rule(signature=failure.signature, issue=issue)
        if not _exists(store, rule):
            row = {"id": uuid.uuid4().hex} | rule.row() | _made(who)
            row |= {"from_project_id": failure.project_id, "from_job_id": failure.job_id}
            edits.append(Edit(RULES, {"id": row["id"]}, row, failure.about))
        return act(store, who, f"linked this signature to {issue}", edits)


def remove_rule(store: Store, who: str, rule_id: str, about: About | None = None) -> str:
    """Take a rule away; what it linked is linked no more."""
    return act(store, who, "removed a rule", [Edit(RULES, {"id": rule_id}, None, about or About())])


def attach(store: Store, who: str, failures: Sequence[Failure], issue: Issue | None) -> str:
    """Attach single failed jobs to an issue, whatever the rules say; None takes them out of every issue."""
    says = f"attached {_many(failures)} to {issue}" if issue else f"took {_many(failures)} out of their issue"
    edits = [
        Edit(
            ATTACHMENTS,
            key := {"project_id": failure.project_id, "job_id": failure.job_id},
            {
                **key,
                "issue_project_id": issue.project_id if issue else None,
                "issue_iid": issue.iid if issue else None,
                **_made(who),
            },
            failure.about,
        )
        for failure in failures
    ]
    return act(store, who, says, edits)


def assign(
    store: Store,
    who: str,
    failures: Sequence[Failure],
    username: str | None,
    said: Mapping[Failure, OnGitlab] = NOTHING_SAID,
) -> str:
    """Give the signatures of failures to a person, single failures where they have none; None takes it from whoever had
    it. ``said`` tells what GitLab says of their issues: who is given an issue there later has the failure, too."""
    edits: dict[tuple[str, str], Edit] = {}
    for failure in failures:
        key = (
            {"scope": "signature", "subject": failure.signature}
            if failure.signature
            else {"scope": "job", "subject": f"{failure.project_id}-{failure.job_id}"}
        )
        told = said.get(failure)
        # Nobody has it, whatever the issue says: that is a row, too.
        is_told = bool(username) or (told is not None and bool(told.had or told.has))
        after: Row | None = {**key, "assignee": username, **_of_issue(told), **_made(who)} if is_told else None
        edits[key["scope"], str(key["subject"])] = Edit(ASSIGNMENTS, key, after, failure.about)
    says = f"gave it to {username}" if username else "took it from whoever had it"
    return act(store, who, says, list(edits.values()))


def claim(store: Store, who: str, nightly: Missing, username: str | None) -> str:
    """Give a nightly that does not run to a person, until it runs again; None takes it from whoever had it."""
    key = {"scope": "nightly", "subject": f"{nightly.project_id}-{nightly.schedule_id}-{nightly.since:%Y-%m-%d}"}
    after: Row | None = {**key, "assignee": username, **_of_issue(None), **_made(who)} if username else None
    says = f"gave a nightly that does not run to {username}" if username else "took a nightly from whoever had it"
    return act(store, who, says, [Edit(ASSIGNMENTS, key, after, About(project_id=nightly.project_id))])


def judge(store: Store, who: str, signature: str, other: str, verdict: str) -> str:
    """Say that two signatures are the same failure, or different ones."""
    if verdict not in VERDICTS:
        raise ValueError(f"a verdict is one of {', '.join(VERDICTS)}")
    one, two = sorted((signature, other))
    key = {"signature": one, "other": two}
    says = "said that two signatures are " + ("the same" if verdict == "same" else "different failures")
    return act(store, who, says, [Edit(MERGES, key, {**key, "verdict": verdict, **_made(who)}, About(signature))])


def told(rule: Rule) -> str:
    """A rule in words, without a full stop."""
    parts = []
    if rule.pattern:
        parts.append(f"lines {'like' if rule.kind == 'like' else 'matching'} “{rule.pattern}”")
    if rule.signature:
        parts.append("this signature")
    if rule.category:
        parts.append(f"category {rule.category}")
    if rule.project_glob:
        parts.append(f"repositories {rule.project_glob}")
    if rule.job_glob:
        parts.append(f"jobs {rule.job_glob}")
    goals = [str(rule.issue)] if rule.issue else []
    if rule.assignee:
        goals.append(rule.assignee)
    return f"{', '.join(parts)} → {' and '.join(goals)}"


def _of_issue(told: OnGitlab | None) -> dict[str, Any]:
    return {
        "issue_project_id": told.issue.project_id if told else None,
        "issue_iid": told.issue.iid if told else None,
        "issue_had": told.had if told else None,
        "issue_has": told.has if told else None,
    }


def _made(who: str) -> dict[str, Any]:
    return {"created_by": who, "created_at": datetime.now(UTC).replace(tzinfo=None)}


def _exists(store: Store, rule: Rule) -> bool:
    said = rule.row()
    same = " and ".join(f"{name} is not distinct from ${name}" for name in said)
    with store.reader() as reader:
        found = reader.execute(f"select count(*) from link_rules where {same}", said).fetchone()
    return bool(found and found[0])


def _exact_rules(store: Store, signature: str) -> list[tuple[str, int | None, int | None]]:
    """(id, project, issue) of the rules for exactly this signature, without further conditions."""
    with store.reader() as reader:
        found: list[tuple[str, int | None, int | None]] = reader.execute(
            """
            select id, issue_project_id, issue_iid from link_rules
            where signature = $signature and issue_iid is not null
              and pattern is null and category is null and project_glob is null and job_glob is null
            """,
            {"signature": signature},
        ).fetchall()
    return found


def _many(failures: Sequence[Failure]) -> str:
    return "this failed job" if len(failures) == 1 else f"{len(failures)} failed jobs"
