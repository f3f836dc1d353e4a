"""Failed jobs get their rows: what is new, what changed, all of it when the rules changed; in any order one state."""

from __future__ import annotations

import logging
import re
import shutil
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashlib.commands.explain import as_json
from dashlib.failures import analyse as module
from dashlib.failures import row as one_row
from dashlib.failures.analyse import Ahead, Progress, analyse
from dashlib.failures.explain import explain_text
from dashlib.failures.issue_draft import form_url, written
from dashlib.failures.mask import MASKED
from dashlib.failures.reason import Reason, TellingLine
from dashlib.failures.rulebook import RULES_VERSION
from dashlib.model import Filters, Upsert
from dashlib.queries.issue_facts import facts
from dashlib.queries.log_search import search
from dashlib.sources.gitlab import traces
from dashlib.sources.tables import JOBS, TRACES
from dashlib.store import Store, open_store
from tests.queries.build import MIDNIGHT, Builder
from tests.recognise.logs import PYTEST

SECRET = "glpat-abcdefghijklmnopqrst"
STATE = "project_id, job_id, state, category, reason, signature, rule, rule_line, confidence, lines, rules_version"


def say(text: str, **known: Any) -> Reason:
    """Rules for tests: the first line is the reason, its first word the category; nothing is for the real ones."""
    first = text.partition("\n")[0]
    if not first:
        return explain_text(text, **known)
    rule = None if first.startswith("unsure") else f"rule.{first.split()[0]}"
    return Reason(first.split()[0], first, (TellingLine(1, first),), f"signature of {first}", rule, 0.8)


def failed(built: Builder, text: str | None = None, **values: Any) -> int:
    job = built.job(built.pipeline(status="failed"), status="failed", **values)
    if text is not None:
        built.trace(job, text)
    return job


def test_a_row_holds_what_the_engine_says_and_where_from(built: Builder) -> None:
    job = failed(built, PYTEST)
    found = explain_text(PYTEST, failure_reason="script_failure")
    assert found.rule is not None and found.lines
    assert analyse(built.store).jobs == 1
    [row] = built.rows("select * from failures")
    assert row == {
        "project_id": 1,
        "job_id": job,
        "state": "explained",
        "category": found.category,
        "reason": found.reason,
        "signature": found.signature,
        "rule": found.rule,
        "rule_line": found.lines[0].number,
        "confidence": found.confidence,
        "lines": [{"number": line.number, "text": line.text} for line in found.lines],
        "rules_version": RULES_VERSION,
        "log_bytes": len(PYTEST),
        "log_complete": True,
        "failure_reason": "script_failure",
        "green_job_id": None,
        "in_green_log": None,
    }


@pytest.mark.parametrize(
    ("text", "failure_reason", "state", "rule"),
    [
        ("network is down", "script_failure", "explained", "rule.network"),
        ("unsure what it was", "script_failure", "unsure", None),
        ("\n", "script_failure", "no_rule", None),
        (None, "script_failure", "no_log", None),
        (None, "unknown_failure", "no_log", None),
        (None, None, "no_log", None),
        (None, "job_execution_timeout", "explained", "gitlab.job_execution_timeout"),
        (None, "quantum_decoherence_failure", "no_log", "gitlab.quantum_decoherence_failure"),
    ],
)
def test_the_states(
    built: Builder,
    monkeypatch: pytest.MonkeyPatch,
    text: str | None,
    failure_reason: str | None,
    state: str,
    rule: str | None,
) -> None:
    monkeypatch.setattr(one_row, "explain_text", say)
    failed(built, text, failure_reason=failure_reason)
    analyse(built.store)
    assert [(row["state"], row["rule"]) for row in built.rows("select state, rule from failures")] == [(state, rule)]


def test_gitlabs_own_reason_without_a_log_is_a_category_and_a_signature(built: Builder) -> None:
    for _ in range(2):
        failed(built, failure_reason="job_execution_timeout")
    analyse(built.store)
    found = built.rows("select distinct category, reason, signature, confidence, lines from failures")
    words = "GitLab says: job execution timeout"
    assert found == [{"category": "timeout", "reason": words, "signature": words, "confidence": 1.0, "lines": []}]


def test_only_failed_jobs_have_rows_and_a_second_run_has_nothing_to_do(built: Builder) -> None:
    job = failed(built, PYTEST)
    built.job(built.pipeline(), status="success")
    built.job(built.pipeline(), status="canceled")
    assert analyse(built.store).jobs == 1
    version = built.store.data_version
    assert analyse(built.store).jobs == 0
    assert built.store.data_version == version
    assert [row["job_id"] for row in built.rows("select job_id from failures")] == [job]


def test_a_log_that_grew_is_gone_through_again_and_no_other(built: Builder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(one_row, "explain_text", say)
    quiet, growing = failed(built, "network is down"), failed(built, "unsure still", name="other")
    analyse(built.store)
    built.trace(growing, "network is down, too\n")
    assert analyse(built.store).jobs == 1
    rows = {row["job_id"]: row["reason"] for row in built.rows("select job_id, reason from failures")}
    assert rows == {quiet: "network is down", growing: "network is down, too"}


def test_a_log_that_came_late_and_a_reason_that_changed(built: Builder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(one_row, "explain_text", say)
    job = failed(built)
    analyse(built.store)
    assert built.rows("select state from failures") == [{"state": "no_log"}]
    built.trace(job, "network is down")
    analyse(built.store)
    assert built.rows("select state, log_bytes from failures") == [{"state": "explained", "log_bytes": 15}]


def test_other_rules_go_through_everything_again_and_tell_how_far_they_are(
    built: Builder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BATCH_JOBS", 2)
    for _ in range(5):
        failed(built, "network is down")
    analyse(built.store, rules_version="old")
    before = built.rows("select reason from failures")
    told: list[Progress] = []
    monkeypatch.setattr(one_row, "explain_text", lambda text, **_: say(text.replace("network", "dns")))
    assert analyse(built.store, rules_version="new", on_progress=told.append).jobs == 5
    assert told == [Progress(2, 5, 5), Progress(4, 5, 5), Progress(5, 5, 5)]
    assert built.rows("select distinct reason, rules_version from failures") == [
        {"reason": "dns is down", "rules_version": "new"}
    ]
    assert before != built.rows("select reason from failures")
    assert built.rows("select signature from signatures") == [{"signature": "signature of dns is down"}]
    said = built.rows("select value from bookkeeping.settings where name = 'rules_version'")
    assert said == [{"value": "new"}]


def test_cut_off_it_goes_on_where_it_was(built: Builder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BATCH_JOBS", 2)
    for _ in range(5):
        failed(built, PYTEST)
    stop = threading.Event()
    first = analyse(built.store, stop=stop, on_progress=lambda _: stop.set())
    assert (first.jobs, first.complete) == (2, False)
    assert built.rows("select count(*) as n from failures") == [{"n": 2}]
    second = analyse(built.store)
    assert (second.jobs, second.complete) == (3, True)
    assert built.rows("select count(*) as n from signatures") == [{"n": 1}]


def test_the_newest_failures_come_first(built: Builder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BATCH_JOBS", 1)
    old = failed(built, PYTEST, at=MIDNIGHT.replace(day=1), finished_at=MIDNIGHT.replace(day=1))
    new = failed(built, PYTEST, at=MIDNIGHT, finished_at=MIDNIGHT)
    stop = threading.Event()
    analyse(built.store, stop=stop, on_progress=lambda _: stop.set())
    assert [row["job_id"] for row in built.rows("select job_id from failures")] == [new]
    assert old != new


def test_a_batch_holds_no_more_than_its_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BATCH_BYTES", 10)
    due = [(1, number, size, False) for number, size in enumerate([4, 6, 1, 30, 9, 1])]
    assert [[size for _, _, size, _ in batch] for batch in module._batches(due)] == [[4, 6], [1], [30], [9, 1]]


def test_secrets_are_not_stored(built: Builder) -> None:
    failed(built, f"$ curl\nfatal: Authentication failed for 'https://ci:{SECRET}@gitlab.example/a.git/'\n")
    analyse(built.store)
    assert built.rows("select count(*) as n from failures where reason is not null") == [{"n": 1}]
    assert SECRET not in repr(built.rows("select * from failures")) + repr(built.rows("select * from signatures"))


def test_a_defect_of_the_engine_costs_one_job_its_reason_and_is_logged(
    built: Builder, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(text: str, **more: Any) -> Reason:
        if "boom" in text:
            raise RecursionError
        return say(text, **more)

    monkeypatch.setattr(one_row, "explain_text", broken)
    bad, good = failed(built, "boom"), failed(built, "network is down")
    with caplog.at_level(logging.ERROR):
        analyse(built.store)
    assert f"the log of job {bad} in project 1" in caplog.text
    states = {row["job_id"]: row["state"] for row in built.rows("select job_id, state from failures")}
    assert states == {bad: "no_rule", good: "explained"}


def test_ahead_only_new_logs_are_read(built: Builder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(one_row, "explain_text", say)
    known = failed(built, "network is down")
    analyse(built.store)
    failed(built)
    stop = threading.Event()
    stop.set()
    fresh = failed(built, "dns is down")
    ahead = Ahead(built.store)
    ahead.look(stop)
    assert built.rows("select job_id from failures") == [{"job_id": known}], "stopped before the first"
    monkeypatch.setattr(one_row, "explain_text", lambda text, **_: say(f"again {text}"))
    ahead = Ahead(built.store)
    ahead.look(threading.Event())
    ahead.look(threading.Event())
    ahead.finish()
    assert built.rows("select job_id, category from failures order by job_id") == [
        {"job_id": known, "category": "network"},
        {"job_id": fresh, "category": "again"},
    ]


def test_a_job_that_is_not_failed_any_more_loses_its_row(built: Builder) -> None:
    job = failed(built, PYTEST)
    analyse(built.store)
    [row] = built.rows(f"select {', '.join(['project_id', 'id', *JOBS.groups['state'].columns])} from jobs")
    later = {"status": "success", "changed_at": MIDNIGHT.replace(year=2027)}
    built.store.write(Upsert(JOBS, [row | later]))
    analyse(built.store)
    assert row["id"] == job
    assert built.rows("select * from failures") == built.rows("select * from signatures") == []


@dataclass(frozen=True)
class Said:
    """A failed job as the law draws it: its number says when it failed."""

    job: int
    text: str | None
    failure_reason: str | None


_TEXTS = ("network is down", "network is down again", "dns is down", "unsure what", "\n", None)
_JOBS = st.lists(
    st.builds(
        Said,
        job=st.integers(1, 6),
        text=st.sampled_from(_TEXTS),
        failure_reason=st.sampled_from(("script_failure", "job_execution_timeout", None)),
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda said: said.job,
)


def write(built: Builder, said: Said, pipeline: int) -> None:
    at = MIDNIGHT.replace(day=said.job)
    values: dict[str, Any] = {"failure_reason": said.failure_reason, "finished_at": at, "id": said.job}
    built.job(pipeline, f"job {said.job % 2}", "failed", at, **values)
    if said.text is not None:
        built.trace(said.job, said.text)


def state(store: Store) -> list[list[Any]]:
    with store.reader() as reader:
        return [
            reader.execute(f"select {STATE} from failures order by all").fetchall(),
            reader.execute("select * from signatures order by all").fetchall(),
            reader.execute("select * from similar_signatures order by all").fetchall(),
        ]


def ended_in(
    template: Path, steps: Sequence[Sequence[Said]], versions: Sequence[str], ahead: bool = False
) -> list[list[Any]]:
    """The state after writing each step and analysing it under each version's rules, its logs ``ahead`` or not."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "dashboard.duckdb"
        shutil.copyfile(template, path)
        with open_store(path) as store:
            built = Builder(store)
            pipeline = built.pipeline(status="failed")
            for step, version in zip(steps, versions, strict=True):
                for said in step:
                    write(built, said, pipeline)
                if ahead:
                    early = Ahead(store, version)
                    early.look(threading.Event())
                    early.finish()
                analyse(store, rules_version=version)
            return state(store)


@settings(max_examples=6, deadline=None, derandomize=True)
@given(jobs=_JOBS, data=st.data())
def test_any_order_and_batching_ends_in_one_state(template: Path, jobs: list[Said], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(jobs))
    cut = data.draw(st.integers(0, len(shuffled)))
    size = data.draw(st.integers(1, 3))
    other_rules_first, ahead = data.draw(st.booleans()), data.draw(st.booleans())
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(one_row, "explain_text", say)
        once = ended_in(template, [jobs], ["new"])
        patched.setattr(module, "BATCH_JOBS", size)
        versions = ["old" if other_rules_first else "new", "new"]
        assert ended_in(template, [shuffled[:cut], shuffled[cut:]], versions, ahead) == once
    assert [row[1] for row in once[0]] == sorted(said.job for said in jobs)


def test_a_planted_secret_reaches_nothing_that_is_stored_or_shown(built: Builder) -> None:
    """Neither the reason nor the signature, the log, the search, the issue's draft; nor a log of an earlier version."""
    planted = "hunter2Canary9"
    said = f"ERROR: login to redis://:{planted}@cache:6379 failed, password={planted}"
    log = f"$ deploy --password {planted}\n{said}\nERROR: Job failed: exit code 1\n"
    job = failed(built, log)
    analyse(built.store)
    for table in ("failures", "traces", "signatures"):
        assert planted not in str(built.rows(f"select * from {table}")), table
    [row] = built.rows("select lines, reason, signature from failures")
    assert MASKED in str(row["lines"]) and MASKED in str(row["signature"])
    with built.store.reader() as reader:
        known = facts(reader, 1, job)
        hits = search(reader, Filters(), text="login to redis")
    assert known is not None and len(hits) == 1
    draft = written(replace(known, commits=(("0a1b2c3d", f"use password={planted}"),)))
    shown = (draft.title, draft.description, form_url("https://g.example/a/b", known), hits.to_csv())
    assert planted not in " ".join(shown)
    assert as_json("log", explain_text(log)).count(planted) == 0


def test_lines_behind_the_left_out_middle_of_a_huge_log_have_their_numbers_in_the_whole_log(
    built: Builder, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("WHOLE", 4_000), ("HEAD", 1_000), ("TAIL", 3_000)):
        monkeypatch.setattr(traces, name, value)
    log = [*("ok\rok" if n % 3 else "fine" for n in range(4_000)), *PYTEST.splitlines()]
    row = traces.trace_row(1, job := failed(built), traces.collect(["\n".join(log).encode()]))
    assert row is not None and row["omitted_lines"] > 3_000
    built.store.write(Upsert(TRACES, [row]))
    analyse(built.store)
    whole = re.split(r"\r\n|\n|\r", "\n".join(log))
    [found] = built.rows("select lines, rule_line from failures")
    assert found["lines"][0]["number"] == found["rule_line"] > 4_000
    for line in found["lines"]:
        assert whole[line["number"] - 1].strip() == line["text"]
    with built.store.reader() as reader:
        hits = search(reader, Filters(), text=found["lines"][0]["text"])
    assert int(hits["number"].iloc[0]) == found["rule_line"]
    assert int(hits["job_id"].iloc[0]) == job
