"""Issues that carry marks and were linked by nobody: what the next sync makes of them, over rows by hand."""

from __future__ import annotations

from datetime import timedelta

from dashlib.failures import decisions
from dashlib.failures.acts import undo
from dashlib.failures.adopt import adopt
from dashlib.failures.decisions import Failure, Issue
from dashlib.failures.issue_draft import form_url, mark_of, written
from dashlib.failures.marks import issue_of
from dashlib.failures.match import match
from dashlib.model import Upsert
from dashlib.queries.issue_facts import facts_of_many
from dashlib.sources.tables import ISSUES
from tests.act.failures import failed, links
from tests.queries.build import MIDNIGHT, Builder, row

DAY = timedelta(days=1)


def issue(built: Builder, iid: int, description: str, project: int = 2) -> None:
    known = row(ISSUES, [*ISSUES.groups], project_id=project, iid=iid, title="by form", updated_at=MIDNIGHT,
                state="opened", author_username="ada", description=description,
                created_at=MIDNIGHT + iid * DAY)  # fmt: skip
    built.store.write(Upsert(ISSUES, [known]))


def linked(built: Builder, which: Failure) -> tuple[int | None, str | None]:
    _, iid, _, by = links(built)[which.job_id]
    return iid, by


def test_a_failed_job_without_a_signature_is_attached_and_only_that_one(built: Builder) -> None:
    one, other = failed(built, None), failed(built, None)
    issue(built, 9, f"text\n\nFingerprint: {mark_of(None, one.project_id, one.job_id)}\n")
    with built.store.reader() as reader:
        assert issue_of(reader, one) == Issue(2, 9) and issue_of(reader, other) is None
    assert adopt(built.store) == 1 and adopt(built.store) == 0
    assert (linked(built, one), linked(built, other)) == ((9, "hand"), (None, None))
    [action] = {change["action"] for change in built.rows("select action from link_changes")}
    undo(built.store, "grace", action)
    assert adopt(built.store) == 0 and linked(built, one) == (None, None), "what was taken back stays so"


def test_one_form_for_several_failures_links_them_all(built: Builder) -> None:
    picked = [failed(built, "crash: one", at=MIDNIGHT + DAY), failed(built, "crash: two", 2), failed(built, None)]
    like_first, like_second = failed(built, "crash: one"), failed(built, "crash: two")
    with built.store.reader() as reader:
        known = facts_of_many(reader, [(one.project_id, one.job_id) for one in picked])
    assert known is not None and known.count == 3 and known.since == MIDNIGHT
    draft = written(known)
    for one in picked:
        assert f"/-/jobs/{one.job_id}" in draft.description
    assert str(like_first.job_id) not in draft.description
    assert len(form_url("https://gitlab.example/acme/engine", known)) < 8_000
    issue(built, 4, draft.description)
    adopt(built.store)
    match(built.store)
    assert [linked(built, one) for one in picked] == [(4, "hand")] * 3
    assert (linked(built, like_first), linked(built, like_second)) == ((4, "rule"), (None, None))


def test_the_issue_of_a_merged_signature_is_its_issue(built: Builder) -> None:
    one, other = failed(built, "crash: a"), failed(built, "crash: b")
    issue(built, 5, f"<!-- dash:{mark_of('crash: b', 0, 0)} -->")
    decisions.judge(built.store, "ada", "crash: a", "crash: b", "same")
    with built.store.reader() as reader:
        assert issue_of(reader, one) == issue_of(reader, other) == Issue(2, 5)
    decisions.link_signature(built.store, "ada", one, Issue(1, 1))
    assert adopt(built.store) == 0, "the two have an issue already"


def test_of_two_issues_with_one_mark_the_older_counts(built: Builder) -> None:
    one = failed(built, "crash: a")
    for iid in (8, 7):
        issue(built, iid, written_mark("crash: a"), project=1 + iid % 2)
    adopt(built.store)
    match(built.store)
    assert linked(built, one) == (7, "rule")


def written_mark(signature: str) -> str:
    return f"> quoted\n\nFingerprint: {mark_of(signature, 0, 0)}\n\n<!-- dash:{mark_of(signature, 0, 0)} -->"
