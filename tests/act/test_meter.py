"""Green logs, the meter of a rule, and suggestions: over a synced simulated GitLab and by hand."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from dashlib.failures import decisions
from dashlib.failures.act_tables import GREEN_LOGS
from dashlib.failures.decisions import Issue, Rule
from dashlib.failures.meter import measured
from dashlib.failures.rule_pattern import PatternError, checked, of_signature
from dashlib.failures.signature import like_pattern, template
from dashlib.failures.suggest import suggested
from dashlib.model import Put, Upsert
from dashlib.sources.gitlab.traces import Trace
from dashlib.sources.tables import ISSUES, TRACES
from dashlib.sync.run import Request
from dashlib.sync.steps.green_logs import DUE, RESOURCE, green_row
from tests.act.failures import failed
from tests.queries.build import MIDNIGHT, Builder, row
from tests.sync.world import SINCE, rows, running_gitlab, synced

DAY = timedelta(days=1)
GREEN = "$ make\n\x1b[32mwarning: retrying 3 times\x1b[0m\nall 14 tests passed in /builds/a/b/run.log\nJob succeeded\n"


def green(built: Builder, text: str = GREEN, project: int = 1, name: str = "unit") -> None:
    stored = green_row(project, name, 5, Trace(text.encode(), b"", len(text.encode()), 0))
    assert stored is not None
    built.store.write(Put(GREEN_LOGS, [stored]))


def test_each_green_log_is_fetched_once_after_everything_else_and_at_most_three_in_a_hundred_calls(
    tmp_path: Path,
) -> None:
    database = tmp_path / "green.duckdb"
    with running_gitlab(repos=10, days=21) as gitlab:
        before = synced(gitlab, database, Request(since=SINCE), green_logs=50)
        assert rows(database, "select count(*) from bookkeeping.green_logs") == [(0,)], "the first sync is for the rest"
        gitlab.calls.clear()
        first = synced(gitlab, database, Request(), green_logs=50)
        held = rows(database, "select project_id, job_name, job_id, text from bookkeeping.green_logs")
        assert 0 < len(held) <= 0.03 * before.calls
        lines = rows(database, "select project_id, job_name, job_id from bookkeeping.green_lines")
        assert sorted(lines) == sorted((project, name, job) for project, name, job, _ in held)
        greens = [call for call in gitlab.calls if call.path.endswith(tuple(f"/jobs/{key[2]}/trace" for key in held))]
        assert gitlab.calls[-len(greens) :] == greens
        known = {job.id: job for job in gitlab.world.jobs()}
        for project_id, name, job_id, text in held:
            passed = known[job_id]
            assert (passed.project.id, passed.name, passed.status) == (project_id, name, "success")
            assert text
            later = [
                job
                for job in known.values()
                if job.name == name and job.project.id == project_id and job.status == "failed"
                and job.created_at > passed.created_at
            ]  # fmt: skip
            assert later
        asked = len(held)
        before = first
        for _ in range(3):
            again = synced(gitlab, database, Request(), green_logs=50)
            now = rows(database, "select count(*) from bookkeeping.green_logs")[0][0]
            assert now - asked <= max(1, 0.03 * before.calls)
            before, asked = again, now
        assert asked > len(held)
        gitlab.calls.clear()
        synced(gitlab, database, Request(), green_logs=0)
        assert not [call for call in gitlab.calls if call.path.endswith("/trace")]


@pytest.mark.parametrize(("nightly_failed", "wanted"), [((1, 2), "nightly"), ((0, 1, 2), "push"), ((), "push")])
def test_what_a_nightly_passed_with_is_wanted_before_what_a_push_did(
    built: Builder, nightly_failed: tuple[int, ...], wanted: str
) -> None:
    """A push passes each noon, so after the nightly turned red, too; the newest fails."""
    runs: dict[str, list[int]] = {"nightly": [], "push": []}
    for day in range(3, 0, -1):
        status = "failed" if 3 - day in nightly_failed else "success"
        at = MIDNIGHT - day * DAY
        runs["nightly"].append(built.job(built.pipeline(at, status), "unit", status, at))
        noon: dict[str, Any] = {"source": "push", "schedule_id": None}
        runs["push"].append(built.job(built.pipeline(at + DAY / 2, **noon), "unit", "success", at + DAY / 2))
        if day == 1:
            run = built.pipeline(at + DAY / 1.5, "failed", **noon)
            built.trace(built.job(run, "unit", "failed", at + DAY / 1.5), "red")
        if status == "failed":
            built.trace(runs["nightly"][-1], "red")
    asked = {"since": MIDNIGHT - 30 * DAY, "projects": [1], "source": "gitlab", "resource": RESOURCE, "most": 9}
    built.write()
    with built.store.reader() as reader:
        [(_, name, job)] = reader.execute(DUE, asked).fetchall()
    assert (name, job) == ("unit", runs["nightly"][0] if wanted == "nightly" else runs["push"][-1])


def trace(job: int, text: str, project: int) -> dict[str, object]:
    known = {"project_id": project, "job_id": job, "bytes": len(text), "complete": True, "text": text}
    return dict.fromkeys(TRACES.columns) | known


def test_a_rule_that_matches_green_logs_is_doubtful(built: Builder) -> None:
    green(built)
    failed(built, "x: warning: retrying <n> times", reason="warning: retrying 4 times", at=MIDNIGHT)
    last = failed(built, "x: warning: retrying <n> times", 2, reason="warning: retrying 4 times", at=MIDNIGHT + DAY)
    failed(built, "x: another failure")
    decisions.link_signature(built.store, "ada", last, Issue(1, 4))
    with built.store.reader() as reader:
        bad = measured(reader, Rule(pattern="warning: retrying % times", issue=Issue(1, 9)))
        assert (bad.red, bad.repositories, bad.last_at) == (2, 2, MIDNIGHT + DAY)
        assert [(path, job) for path, job, _ in bad.green] == [("acme/core/engine", "unit")]
        assert bad.is_doubtful and bad.green_logs == 1
        assert [(one.issue_iid, one.failures) for one in bad.others] == [(4, 2)]
        assert "retrying 3 times" in bad.green[0][2]
        assert measured(reader, Rule(signature=last.signature, issue=Issue(1, 9))).is_doubtful
        elsewhere = Rule(pattern="warning: retrying % times", project_glob="acme/web/*", issue=Issue(1, 9))
        assert not measured(reader, elsewhere).is_doubtful
        good = measured(reader, Rule(pattern="another failure", issue=Issue(1, 9)))
        assert (good.red, good.is_doubtful, good.others) == (1, False, ())
        # The template of a line leaves its directories out, as a signature does.
        elsewhere_built = like_pattern(template("all 20 tests passed in /home/ci/7/run.log"))
        paths = measured(reader, Rule(pattern=elsewhere_built, issue=Issue(1, 9)))
        assert (paths.red, paths.is_doubtful) == (0, True)
        assert (bad.red_lines, bad.red_logs) == (0, 0)
        built.store.write(Put(TRACES, [trace(last.job_id, "a\n\x1b[32mwarning: retrying\x1b[0m 9 times\nb", 2)]))
        whole = measured(reader, Rule(pattern="warning: retrying % times"))
        assert (whole.red, whole.red_lines, whole.red_logs, len(whole.green)) == (2, 1, 1, 1), "red as green: by lines"
        regex = measured(reader, Rule(pattern=r"retrying \d times", kind="regex", issue=Issue(1, 9)))
        assert (regex.red, regex.is_doubtful) == (2, True)


def test_the_pattern_of_a_signature_of_two_lines_is_measured_by_both_wherever_they_stand(built: Builder) -> None:
    """As the form proposes it: the two lines are in the log, with others between them."""
    green(built)
    both = failed(built, "x: warning: retrying <n> times | all <n> tests passed", reason="warning: retrying 4 times")
    one = failed(built, "x: warning: retrying <n> times | segmentation fault", 2, reason="warning: retrying 4 times")
    built.store.write(Put(TRACES, [trace(one.job_id, "warning: retrying 2 times\nx\nsegmentation fault (core)\n", 2)]))
    with built.store.reader() as reader:
        bad, good = (
            measured(reader, Rule(pattern=of_signature(which.signature or "", "x"), issue=Issue(1, 9)))
            for which in (both, one)
        )
    assert (bad.red, bad.lines, bad.red_lines, bad.is_doubtful) == (1, 2, 0, True)
    assert (good.red, good.lines, good.red_lines, good.is_doubtful) == (1, 2, 1, False)


def test_what_is_wrong_with_a_pattern_is_told_in_the_words_that_were_typed() -> None:
    with pytest.raises(PatternError) as told:
        checked("regex", "(abc")
    assert "(abc" in str(told.value) and "(?" not in str(told.value)


@pytest.mark.parametrize(
    "kind, pattern", [("regex", "("), ("regex", r"(a)\1"), ("like", "%"), ("regex", ".*"), ("like", " ")]
)
def test_a_pattern_that_cannot_be_used_is_refused(kind: str, pattern: str) -> None:
    with pytest.raises(PatternError):
        checked(kind, pattern)


def issue(iid: int, title: str, state: str = "opened", project: int = 1, description: str = "") -> dict[str, object]:
    return row(
        ISSUES, ["issue"], project_id=project, iid=iid, title=title, state=state, description=description,
        updated_at=MIDNIGHT,
    )  # fmt: skip


def test_suggestions_are_ranked_and_closed_ones_stand_apart(built: Builder) -> None:
    built.store.write(
        Upsert(
            ISSUES,
            [
                issue(1, "Make the docs nicer"),
                issue(2, "NullPointerException in StationLoader"),
                issue(3, "Something else", project=2, description="NullPointerException seen at StationLoader.java:12"),
                issue(4, "NullPointerException at StationLoader", "closed"),
            ],
        )
    )
    with built.store.reader() as reader:
        opened, closed = suggested(reader, "java.lang.NullPointerException at StationLoader.java:41", 1)
        assert [one.issue.iid for one in opened] == [2, 3]
        assert [one.issue.iid for one in closed] == [4]
        found, _ = suggested(reader, "nothing alike", 1, search="docs")
        assert [one.issue.iid for one in found] == [1]


def test_words_of_every_issue_suggest_none(built: Builder) -> None:
    """Shared generic words ("runner", "failed job") are no likeness, nor is what most issues say."""
    chatter = [issue(n, f"Runner of the harbour dashboard fails in night {n}") for n in range(10, 50)]
    built.store.write(
        Upsert(ISSUES, [*chatter, issue(1, "Buy a new runner"), issue(2, "Depth sounder reports Fathoms")])
    )
    with built.store.reader() as reader:
        runner = suggested(reader, "ERROR: Job failed (system failure): runner lost in harbour dashboard", 1)
        assert runner == ([], [])
        opened, _ = suggested(reader, "AssertionError: depth sounder said 12 fathoms", 1)
        assert [one.issue.iid for one in opened] == [2]
        assert suggested(reader, "", 1) == ([], [])


def test_an_issue_made_from_the_failure_is_offered_as_chosen(built: Builder) -> None:
    built.store.write(Upsert(ISSUES, [issue(1, "unit: KeyError: 'tide_table' in harbour.py total"), issue(2, "Other")]))
    with built.store.reader() as reader:
        opened, _ = suggested(
            reader, "KeyError: 'tide_table' script_error: KeyError: 'tide_table' | harbour.py total", 1
        )
        assert [(one.issue.iid, one.is_sure) for one in opened] == [(1, True)]


def test_each_issue_is_offered_once(built: Builder) -> None:
    said = "NullPointerException in StationLoader"
    built.store.write(Upsert(ISSUES, [issue(1, said, description=said), issue(2, said, "closed", description=said)]))
    with built.store.reader() as reader:
        opened, closed = suggested(reader, said, 1)
    assert [one.issue.iid for one in [*opened, *closed]] == [1, 2]
