"""A failure's person here and on GitLab: who somebody is there, giving an issue to them, and taking that back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from dashlib.errors import Explained
from dashlib.failures import acts, decisions
from dashlib.failures.act_tables import ASSIGNMENTS
from dashlib.failures.decisions import Failure, Issue, OnGitlab
from dashlib.failures.tracker import Tracker
from dashlib.store import Store

# A person's account of another forge leads to their account of GitLab's. Several persons with one name are nobody.
_ACCOUNT = """
select g.username, g.id
from accounts a
join accounts g on g.person = a.person and g.source = 'gitlab' and coalesce(g.state, 'active') = 'active'
where a.username = $username
order by a.source = 'gitlab' desc, g.username = a.username desc, g.id
limit 1
"""
_ME = """
with named as (
    select a.person from accounts a where lower($name) in (lower(a.username), lower(a.name))
    union
    select i.person from identities i where i.person is not null and lower(i.email) in (lower($email), lower($name))
)
select g.username
from accounts g
where g.source = 'gitlab' and coalesce(g.state, 'active') = 'active' and not coalesce(g.is_bot, false)
  and g.person = (select any_value(person) from named having count(distinct person) = 1)
order by lower($name) in (lower(g.username), lower(g.name)) desc, g.id
limit 1
"""
_ISSUES = """
select l.project_id, l.job_id, i.project_id, i.iid, i.assignee_usernames[1]
from failure_links l
join issues i on i.project_id = l.issue_project_id and i.iid = l.issue_iid
where (l.project_id, l.job_id) in (
    select (unnest($projects::bigint[]), unnest($jobs::bigint[]))
)
"""
_OF_ACTION = "select before, after from link_changes where action = $action and table_name = 'assignments'"
# Open issues that an action linked: its undo unlinks them, and does not close what others may have read.
_UNLINKED = """
select distinct coalesce(p.path_with_namespace, i.project_id::varchar) || '#' || i.iid as name
from link_changes c
join issues i
    on i.project_id = (c.after ->> 'issue_project_id')::bigint and i.iid = (c.after ->> 'issue_iid')::bigint
left join projects p on p.id = i.project_id
where c.action = $action and c.table_name in ('link_rules', 'attachments') and i.state = 'opened'
order by name
"""
# How many undos deep an action is: 0 for what somebody did, 1 for its undo, 2 for the undo of that.
_DEPTH = """
with recursive chain as (
    select $action::varchar as action, 0 as depth
    union all
    select c.undoes, h.depth + 1
    from chain h
    join (select distinct action, undoes from link_changes) c on c.action = h.action and c.undoes is not null
)
select max(depth) from chain
"""
_HAS = "select assignee_usernames[1] from issues where project_id = $project and iid = $iid"


@dataclass(frozen=True)
class Given:
    """What came of giving failures to somebody: the action's id, and ``told``, what else there is to say."""

    action: str
    told: str


def account(reader: duckdb.DuckDBPyConnection, username: str) -> tuple[str, int] | None:
    """(name, number) of the GitLab account of whoever has this account of any forge; None where none is known."""
    row = reader.execute(_ACCOUNT, {"username": username}).fetchone()
    return None if row is None else (str(row[0]), int(row[1]))


def me(reader: duckdb.DuckDBPyConnection, name: str, email: str = "") -> str | None:
    """The GitLab account of whoever goes by this name (or user name, or address); None where that is not one person."""
    row = reader.execute(_ME, {"name": name.strip(), "email": email.strip()}).fetchone() if name.strip() else None
    return None if row is None else str(row[0])


def give(store: Store, tracker: Tracker, who: str, failures: Sequence[Failure], username: str | None) -> Given:
    """Give failures to a person, or to nobody: here, and on GitLab where they have an issue and the token may.

    What GitLab refuses stands here all the same; ``told`` says so then.
    """
    with store.reader() as reader:
        of = _issues(reader, failures)
        there = account(reader, username) if username else None
    had: dict[Issue, str | None] = dict(of.values())
    has, refused = dict(had), ""
    if had:
        refused = _why_not(tracker, username, there)
    wanted = there[0] if there else None
    for issue in [issue for issue, name in had.items() if name != wanted] if not refused else ():
        try:
            names = tracker.assign(issue, there[1] if there else None)
        except Explained as error:
            refused = str(error)
            break
        has[issue] = names[0] if names else None
        if has[issue] != wanted:
            refused = f"GitLab did not take {username or 'nobody'} for {issue}: the account may not see it"
    said = {failure: OnGitlab(issue, had[issue], has[issue]) for failure, (issue, _) in of.items()}
    action = decisions.assign(store, who, failures, username, said)
    if not had:
        return Given(action, "")
    return Given(action, f"Only this dashboard knows: {refused}." if refused else "On GitLab, too.")


def given_with_issue(store: Store, who: str, failures: Sequence[Failure], issue: Issue, username: str) -> str:
    """Give failures to the person that their new issue was made for; gives what else there is to say."""
    with store.reader() as reader:
        found = reader.execute(_HAS, {"project": issue.project_id, "iid": issue.iid}).fetchone()
        there = account(reader, username)
    has = found[0] if found else None
    decisions.assign(store, who, failures, username, dict.fromkeys(failures, OnGitlab(issue, None, has)))
    if there is None:
        return f"{username} has no account on GitLab that is known here: only this dashboard knows who has it."
    return "" if has == there[0] else f"GitLab did not take {username}: only this dashboard knows who has it."


def undo(store: Store, tracker: Tracker, who: str, action: str) -> Given:
    """``acts.undo``, and what it said on GitLab taken back there, where nobody has changed it there since."""
    with store.reader() as reader:
        rows = reader.execute(_OF_ACTION, {"action": action}).fetchall()
        depth = reader.execute(_DEPTH, {"action": action}).fetchone()
        unlinked = [name for (name,) in reader.execute(_UNLINKED, {"action": action}).fetchall()]
    undone = acts.undo(store, who, action)
    refused = ""
    for pair in rows:
        before, after = (acts.row_of(ASSIGNMENTS, said) for said in pair)
        # What an undo took back said the contrary: GitLab had then what it has now.
        is_back = bool(depth and depth[0] % 2)
        row, had, has = (before, "issue_has", "issue_had") if is_back else (after, "issue_had", "issue_has")
        if row is not None and row["issue_iid"] is not None:
            issue = Issue(row["issue_project_id"], row["issue_iid"])
            refused = _back(store, tracker, issue, row[has], row[had]) or refused
    told = [f"{name} stays open on GitLab." for name in unlinked]
    told += [f"On GitLab it stands as it was: {refused}."] if refused else []
    return Given(undone, " ".join(told))


def _back(store: Store, tracker: Tracker, issue: Issue, expected: str | None, wanted: str | None) -> str:
    """Give an issue on GitLab back to whoever had it, if it still stands as ``expected``; gives why that is not so."""
    with store.reader() as reader:
        found = reader.execute(_HAS, {"project": issue.project_id, "iid": issue.iid}).fetchone()
        there = account(reader, wanted) if wanted else None
    if found is None or found[0] != expected or expected == wanted:
        return ""
    if why := _why_not(tracker, wanted, there):
        return why
    try:
        tracker.assign(issue, there[1] if there else None)
    except Explained as error:
        return str(error)
    return ""


def _why_not(tracker: Tracker, username: str | None, there: tuple[str, int] | None) -> str:
    """Why GitLab cannot be told who has an issue; empty where it can."""
    if username and there is None:
        return f"{username} has no account on GitLab that is known here"
    if not tracker.may_write():
        return "the token may only read"
    return ""


def _issues(reader: duckdb.DuckDBPyConnection, failures: Sequence[Failure]) -> dict[Failure, tuple[Issue, str | None]]:
    """Failure → its stored issue and whom GitLab names for it."""
    asked = {"projects": [one.project_id for one in failures], "jobs": [one.job_id for one in failures]}
    found = {row[:2]: (Issue(row[2], row[3]), row[4]) for row in reader.execute(_ISSUES, asked).fetchall()}
    return {one: found[one.project_id, one.job_id] for one in failures if (one.project_id, one.job_id) in found}
