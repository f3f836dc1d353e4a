"""Laws: links do not depend on who came first, what is undone was never there, a restart changes nothing."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashlib.failures import decisions
from dashlib.failures.act_tables import DECISIONS, RULES
from dashlib.failures.acts import Edit, act, undo
from dashlib.failures.decisions import Failure, Issue, Rule
from dashlib.failures.match import match, matched
from dashlib.failures.tables import FAILURES
from dashlib.model import Put
from dashlib.store import open_store
from tests.act.failures import links
from tests.queries.build import MIDNIGHT, Builder, row

SIGNATURES = ["crash: boom in a.c line <n>", "crash: boom in b.c line <n>", "network: no route to <host>"]
PATTERNS = ["boom in % line %", "no route to %", "%a.c%", r"%\%%"]
slow = settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

failures = st.lists(
    st.tuples(st.sampled_from([1, 2]), st.sampled_from(["unit", "lint"]), st.sampled_from(SIGNATURES)),
    min_size=1, max_size=5,
)  # fmt: skip
issues = st.builds(Issue, st.sampled_from([1, 2]), st.integers(1, 3))
rules = st.builds(
    Rule,
    pattern=st.sampled_from(PATTERNS),
    kind=st.just("like"),
    signature=st.one_of(st.none(), st.sampled_from(SIGNATURES)),
    category=st.one_of(st.none(), st.sampled_from(["crash", "network"])),
    project_glob=st.one_of(st.none(), st.sampled_from(["acme/core/*", "*"])),
    job_glob=st.one_of(st.none(), st.sampled_from(["un*", "lint"])),
    issue=issues,
    assignee=st.one_of(st.none(), st.sampled_from(["ada", "grace"])),
)


@contextmanager
def database(template: Path) -> Iterator[Builder]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "dashboard.duckdb"
        shutil.copyfile(template, path)
        with open_store(path) as store:
            yield Builder(store)


def job(built: Builder, number: int, project: int, name: str) -> None:
    run = built.pipeline(MIDNIGHT, "failed", project, schedule_id=6 + project)
    built.job(run, name, "failed", MIDNIGHT, project, id=100_000 + number)


def failure_row(number: int, project: int, signature: str) -> dict[str, Any]:
    category, _, said = signature.partition(": ")
    line = said.replace("<n>", "12").replace("<host>", "ci.example")
    known: dict[str, Any] = {"state": "explained", "category": category, "reason": line, "signature": signature}
    known |= {"lines": [{"number": 3, "text": line}]}
    return row(FAILURES, ["row"], project_id=project, job_id=100_000 + number, **known)


def rule_row(number: int, rule: Rule) -> dict[str, Any]:
    return {"id": f"r{number}", **rule.row(), "created_by": "ada", "created_at": MIDNIGHT, "from_project_id": None,
            "from_job_id": None}  # fmt: skip


@slow
@given(failures, st.lists(rules, min_size=1, max_size=4), st.data())
def test_links_do_not_depend_on_the_order_of_failures_and_rules(
    two_repositories: Path, jobs: list[tuple[int, str, str]], wanted: list[Rule], data: st.DataObject
) -> None:
    puts = [Put(FAILURES, [failure_row(n, project, said)]) for n, (project, _, said) in enumerate(jobs)]
    puts += [Put(RULES, [rule_row(n, rule)]) for n, rule in enumerate(wanted)]
    seen = []
    for order in (puts, data.draw(st.permutations(puts))):
        with database(two_repositories) as built:
            for number, (project, name, _) in enumerate(jobs):
                job(built, number, project, name)
            for put in order:
                built.store.write(put)
                match(built.store)
            seen.append((links(built), built.rows("select * from rule_matches order by all")))
    assert seen[0] == seen[1]


@slow
@given(failures, st.lists(st.tuples(rules, st.booleans(), st.integers(0, 4)), min_size=1, max_size=5), st.booleans())
def test_rules_matched_at_once_match_what_each_matches_alone(
    two_repositories: Path, jobs: list[tuple[int, str, str]], wanted: list[tuple[Rule, bool, int]], merged: bool
) -> None:
    rows = []
    for number, (rule, exact, made_at) in enumerate(wanted):
        said = replace(rule, pattern=None, signature=rule.signature or SIGNATURES[0]) if exact else rule
        project, _, _ = jobs[made_at % len(jobs)]
        rows.append(rule_row(number, said) | {"from_project_id": project, "from_job_id": 100_000 + made_at % len(jobs)})
    with database(two_repositories) as built:
        for number, (project, name, _) in enumerate(jobs):
            job(built, number, project, name)
        built.store.write(Put(FAILURES, [failure_row(n, project, said) for n, (project, _, said) in enumerate(jobs)]))
        if merged:
            decisions.judge(built.store, "ada", SIGNATURES[0], SIGNATURES[1], "same")
        built.store.write(Put(RULES, rows))
        match(built.store)
        with built.store.reader() as reader:
            alone = {(rule["id"], *found[:2]) for rule in rows for found in matched(reader, rule)}
        at_once = {
            (row["rule_id"], row["project_id"], row["job_id"]) for row in built.rows("select * from rule_matches")
        }
        assert at_once == alone


def state(built: Builder) -> dict[str, list[dict[str, Any]]]:
    tables = [*(table.name for table in DECISIONS), "rule_matches"]
    return {name: built.rows(f"select * from {name} order by all") for name in tables}


def perform(built: Builder, step: tuple[str, Any, Any], jobs: Sequence[Failure]) -> str:
    kind, first, second = step
    which = jobs[first % len(jobs)]
    if kind == "link":
        return decisions.link_signature(built.store, "ada", which, second)
    if kind == "attach":
        return decisions.attach(built.store, "ada", [which, jobs[0]], second)
    if kind == "take out":
        return decisions.attach(built.store, "ada", [which], None)
    if kind == "assign":
        return decisions.assign(built.store, "ada", jobs, "ada" if first % 2 else None)
    if kind == "judge":
        return decisions.judge(built.store, "ada", SIGNATURES[0], SIGNATURES[1], "same" if first % 2 else "different")
    return decisions.link_by_rule(built.store, "ada", Rule(pattern=PATTERNS[first % 3], issue=second), which)


steps = st.lists(
    st.tuples(
        st.sampled_from(["link", "attach", "take out", "assign", "judge", "rule"]), st.integers(0, 5), issues
    ),
    min_size=1, max_size=5,
)  # fmt: skip


@slow
@given(failures, steps)
def test_undoing_in_turn_leads_back_step_by_step(
    two_repositories: Path, jobs: list[tuple[int, str, str]], wanted: list[tuple[str, Any, Any]]
) -> None:
    with database(two_repositories) as built:
        known = []
        for number, (project, name, said) in enumerate(jobs):
            job(built, number, project, name)
            built.store.write(Put(FAILURES, [failure_row(number, project, said)]))
            known.append(Failure(project, 100_000 + number, said))
        before, done = [], []
        for step in wanted:
            was = state(built)
            action = perform(built, step, known)
            assert bool(action) == ({k: v for k, v in state(built).items() if k != "rule_matches"}
                                    != {k: v for k, v in was.items() if k != "rule_matches"})  # fmt: skip
            if action:
                before.append(was)
                done.append(action)
        after = state(built)
        undone = []
        for action, was in zip(reversed(done), reversed(before), strict=True):
            undone.append(undo(built.store, "grace", action))
            assert state(built) == was
        for action in reversed(undone):
            undo(built.store, "ada", action)
        assert state(built) == after


@slow
@given(failures, steps)
def test_a_restart_changes_nothing(
    two_repositories: Path, jobs: list[tuple[int, str, str]], wanted: list[tuple[str, Any, Any]]
) -> None:
    with database(two_repositories) as built:
        known = []
        for number, (project, name, said) in enumerate(jobs):
            job(built, number, project, name)
            built.store.write(Put(FAILURES, [failure_row(number, project, said)]))
            known.append(Failure(project, 100_000 + number, said))
        done = [action for step in wanted if (action := perform(built, step, known))]
        held, shown = state(built), links(built)
        history = built.rows("select * from link_changes order by all")
        path = built.store.path
        built.store.close()
        with open_store(path) as store:
            again = Builder(store)
            match(store)
            assert (state(again), links(again)) == (held, shown)
            assert again.rows("select * from link_changes order by all") == history
            if done:
                undo(store, "ada", done[-1])
                assert again.rows("select count(*) as n from link_changes")[0]["n"] > len(history)


def test_an_edit_that_changes_nothing_is_no_action(built: Builder) -> None:
    assert act(built.store, "ada", "nothing", [Edit(RULES, {"id": "x"}, None)]) == ""
    assert built.rows("select * from link_changes") == []
