"""What an issue is written with."""

from __future__ import annotations

from dashlib.failures.issue_draft import written
from dashlib.queries import what_changed
from dashlib.queries.issue_facts import facts
from tests.queries.build import MIDNIGHT, Builder
from tests.queries.test_what_changed import DAY, SHA, asked, commit, history


def test_its_commits_are_those_of_the_page_and_none_made_in_that_time_beside_them(built: Builder) -> None:
    jobs = history(built)
    # A child of the first failing commit, made before that ran.
    commit(built, "9" * 40, MIDNIGHT + 1.8 * DAY, SHA[2])
    built.failure(jobs[2], "test_failure: it broke", category="test_failure", reason="it broke")
    with built.store.reader() as reader:
        known = facts(reader, 1, jobs[2])
    assert known is not None
    [between] = asked(built, what_changed.between, jobs[2]).to_dict("records")
    assert [sha for sha, _ in known.commits] == list(asked(built, what_changed.commits, jobs[2])["sha"])
    assert "9" * 8 not in [sha for sha, _ in known.commits] and known.commits
    assert known.compare_url == between["compare_url"]
    assert known.passed_at is not None and known.passed_at >= MIDNIGHT + DAY
    said = written(known).description
    assert "Category: test failure; 1 failed job since 20" in said and " UTC" in said and "utc" not in said
