"""The law: any order, repetition or batching of the same rows ends in one state; a stale row never wins."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashlib.model import Row, Table, Upsert, table
from dashlib.sources.tables import COMMITS, EVENTS, ISSUES, JOBS, PIPELINES, PROJECTS, SIGNALS, TRACES, USERS
from dashlib.store import merge, open_store, schema
from dashlib.store.database import TABLES
from tests.store.generated import rows_of

FINISHED = ("success", "failed", "canceled", "skipped")
Arrangement = list[list[Upsert]]


@pytest.fixture(scope="module", params=[1, merge._WORTH_A_LOOK], autouse=True, ids=["looked at first", "merged"])
def ways_in(request: pytest.FixtureRequest) -> Iterator[None]:
    """Rows that are all new go in by another statement: the law holds for both."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(merge, "_WORTH_A_LOOK", request.param)
        yield


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """One in-memory database for all examples: each example is rolled back."""
    opened = duckdb.connect()
    opened.execute("set TimeZone = 'UTC'")
    schema.migrate(opened, TABLES, ())
    yield opened
    opened.close()


def state(connection: duckdb.DuckDBPyConnection, tables: Sequence[Table]) -> dict[str, list[dict[str, Any]]]:
    """All rows of the tables by name, in the order of their keys."""
    found = {}
    for one in tables:
        names = list(one.columns)
        answer = connection.execute(f"select {', '.join(names)} from {one.qualified} order by {', '.join(one.key)}")
        found[one.name] = [dict(zip(names, row, strict=True)) for row in answer.fetchall()]
    return found


def after(connection: duckdb.DuckDBPyConnection, arrangement: Arrangement, tables: Sequence[Table]) -> Any:
    """The state that an arrangement of changes leads to, from empty tables."""
    connection.execute("begin transaction")
    try:
        for batch in arrangement:
            merge.apply(connection, batch)
        return state(connection, tables)
    finally:
        connection.execute("rollback")


def arrangements(changes: list[tuple[Table, Row]], dice: random.Random) -> list[Arrangement]:
    """The same rows at once; one by one in another order; with repetitions in batches of any size."""
    shuffled = dice.sample(changes, len(changes))
    repeated = dice.sample(changes * 2, 2 * len(changes))
    cut = dice.randrange(len(repeated) + 1)
    return [
        [[Upsert(one, [row]) for one, row in changes]],
        [[Upsert(one, [row])] for one, row in shuffled],
        [
            part
            for part in ([Upsert(one, [row]) for one, row in half] for half in (repeated[:cut], repeated[cut:]))
            if part
        ],
    ]


def same_everywhere(connection: duckdb.DuckDBPyConnection, changes: list[tuple[Table, Row]], seed: int) -> Any:
    """The one state all arrangements end in."""
    tables = list({one.name: one for one, _ in changes}.values())
    first, *others = [after(connection, way, tables) for way in arrangements(changes, random.Random(seed))]
    for other in others:
        assert repr(other) == repr(first)  # repr: a not-a-number equals itself there
    return first


def version(row: Row, columns: Sequence[str]) -> tuple[tuple[bool, Any], ...]:
    """A row's version; None is smaller than everything."""
    return tuple((row[column] is not None, 0 if row[column] is None else _stored(row[column])) for column in columns)


def _stored(value: Any) -> Any:
    """Half a surrogate pair is stored as a question mark."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def newest_wins(stored: list[dict[str, Any]], declared: Table, rows: list[Row]) -> None:
    """Every stored group has the greatest version that was said of it, and is one of the rows that said so."""
    for group in declared.groups.values():
        said = [row for row in rows if group.columns[0] in row]
        for have in stored:
            mine = [row for row in said if all(row[key] == have[key] for key in declared.key)]
            if mine and group.version:
                told = [version(row, group.version) for row in mine]
                known = [one for one in told if all(there for there, _ in one)]
                winner = min(known or told) if group.earliest else max(told)
                assert version(have, group.version) == winner
            if not mine:
                assert all(have[column] is None for column in group.columns)


LAWFUL = [EVENTS, ISSUES, PROJECTS, TRACES, COMMITS, USERS, SIGNALS]


@pytest.mark.parametrize("declared", LAWFUL, ids=lambda one: one.name)
@settings(max_examples=8, deadline=None, derandomize=True)
@given(data=st.data(), seed=st.integers(0, 2**20))
def test_one_state(connection: duckdb.DuckDBPyConnection, declared: Table, data: st.DataObject, seed: int) -> None:
    rows = data.draw(rows_of(declared))
    found = same_everywhere(connection, [(declared, row) for row in rows], seed)
    stored = found[declared.name]
    assert len(stored) == len({tuple(row[key] for key in declared.key) for row in rows})
    newest_wins(stored, declared, rows)


# A job belongs to one pipeline and is of one kind for ever; everything else about it may be said in any way.
_NAMES = st.sampled_from(("test", "build", None))
_JOB_IDS = st.sampled_from((1, 2, 3, 4, 5))
_STATUS = st.sampled_from(("running", "success", "failed", None))


def _settled(row: Row) -> Row:
    return dict(row) | (
        {"pipeline_id": 1 + row["id"] % 2, "kind": "bridge" if row["id"] == 5 else "build"} if "kind" in row else {}
    )


jobs = rows_of(JOBS, {"id": _JOB_IDS, "project_id": st.just(1), "name": _NAMES, "status": _STATUS}).map(
    lambda rows: [_settled(row) for row in rows]
)
pipelines = rows_of(PIPELINES, {"id": st.sampled_from((1, 2)), "project_id": st.just(1), "status": _STATUS}, max_size=4)


@settings(max_examples=12, deadline=None, derandomize=True)
@given(jobs=jobs, pipelines=pipelines, seed=st.integers(0, 2**20))
def test_jobs_and_pipelines(
    connection: duckdb.DuckDBPyConnection, jobs: list[Row], pipelines: list[Row], seed: int
) -> None:
    changes = [(JOBS, row) for row in jobs] + [(PIPELINES, row) for row in pipelines]
    found = same_everywhere(connection, changes, seed)
    newest_wins(found["jobs"], JOBS, jobs)
    newest_wins(found["pipelines"], PIPELINES, pipelines)
    retried_as_counted(found["jobs"])
    times_as_counted(found["jobs"], found["pipelines"])


def test_undated_details_do_not_meet_derived_times(connection: duckdb.DuckDBPyConnection) -> None:
    """Two details without a version, a job whose times lie between theirs: what the job says must not order them."""
    names = PIPELINES.groups["run"].columns + PIPELINES.groups["detail"].columns
    detail = dict.fromkeys(names) | {"project_id": 1, "id": 1, "tag": False}
    early = detail | {"detail_started_at": datetime(2026, 3, 1, 1), "queued_duration": 1.0}
    late = detail | {"detail_started_at": datetime(2026, 3, 1, 3), "queued_duration": 2.0}
    job = dict.fromkeys(JOBS.groups["state"].columns) | {
        "project_id": 1, "id": 1, "pipeline_id": 1, "kind": "build", "started_at": datetime(2026, 3, 1, 4),
    }  # fmt: skip
    ways = [[early, late], [late, early]]
    states = [
        after(connection, [[Upsert(JOBS, [job])], *([Upsert(PIPELINES, [row])] for row in way)], [PIPELINES])
        for way in ways
    ]
    assert states[0] == states[1]


def retried_as_counted(stored: list[dict[str, Any]]) -> None:
    """An attempt is retried when a later job of that pipeline, kind and name is known: by its count, then its id."""
    attempts: dict[tuple[Any, ...], list[tuple[int, int]]] = defaultdict(list)
    for job in stored:
        attempts[job["pipeline_id"], job["kind"], job["name"]].append(_attempt(job))
    for job in stored:
        if job["pipeline_id"] is not None:
            assert job["retried"] == (_attempt(job) < max(attempts[job["pipeline_id"], job["kind"], job["name"]]))


def _attempt(job: dict[str, Any]) -> tuple[int, int]:
    return job["run_attempt"] or 0, job["id"]


def times_as_counted(jobs: list[dict[str, Any]], pipelines: list[dict[str, Any]]) -> None:
    """A detail as new as the state has the last word, else the jobs: counted here with plain sets of seconds."""
    for pipeline in pipelines:
        mine = [job for job in jobs if job["pipeline_id"] == pipeline["id"] and job["kind"] == "build"]
        started = min((job["started_at"] for job in mine if job["started_at"]), default=None)
        ended = max((job["finished_at"] for job in mine if job["finished_at"]), default=None)
        ran = set[int]()
        for job in mine:
            if not job["retried"] and job["started_at"] and job["finished_at"]:
                ran |= set(range(int(job["started_at"].timestamp()), int(job["finished_at"].timestamp())))
        told = {name: pipeline[f"detail_{name}"] for name in ("started_at", "finished_at", "duration")}
        found = {name: pipeline[name] for name in told}
        counted = {"started_at": started, "finished_at": ended, "duration": float(len(ran)) if ran else None}
        wanted = {name: told[name] if value is None else value for name, value in counted.items()}
        if pipeline["status"] not in FINISHED:
            wanted |= {"finished_at": None, "duration": None}
        if at_least(pipeline, ("detail_at",), ("updated_at",)):
            wanted["started_at"] = told["started_at"]
        if at_least(pipeline, ("run_at", "run_rank"), ("changed_at", "state_rank")):
            wanted |= {"finished_at": told["finished_at"], "duration": told["duration"]}
        assert repr(found) == repr(wanted)
        with_user = [job for job in sorted(mine, key=lambda job: job["id"]) if job["user_id"] is not None]
        first = with_user[0]["user_id"] if with_user else None
        assert pipeline["user_id"] == (first if pipeline["detail_user_id"] is None else pipeline["detail_user_id"])


def at_least(pipeline: dict[str, Any], told: tuple[str, ...], moved: tuple[str, ...]) -> bool:
    """Whether one version is as new as the other; a part that nobody said proves nothing."""
    for ours, theirs in zip(told, moved, strict=True):
        if pipeline[ours] is None or pipeline[theirs] is None:
            return False
        if pipeline[ours] != pipeline[theirs]:
            return bool(pipeline[ours] > pipeline[theirs])
    return True


def test_the_law_through_commits_and_threads(tmp_path: Path) -> None:
    """The same through the real store: several threads hand over shuffled, repeated rows in any batches."""
    dice = random.Random(7)
    base = datetime(2026, 3, 1)
    rows: list[Row] = [
        {"project_id": 1, "job_id": job, "bytes": size, "complete": size > 3, "omitted_bytes": 0, "omitted_lines": 0}
        | {"text": f"{base} {job} {size} {said}"}
        for job in range(5)
        for size in range(5)
        for said in range(3)
    ]
    states = []
    for attempt in range(2):
        with open_store(tmp_path / f"{attempt}.duckdb") as store, ThreadPoolExecutor(4) as pool:
            parts = dice.sample(rows * 2, 2 * len(rows))
            batches = [parts[start : start + 7] for start in range(0, len(parts), 7)]
            list(pool.map(lambda batch, store=store: store.write(Upsert(TRACES, batch)), batches))
            states.append(state(store.reader(), [TRACES])["traces"])
    assert states[0] == states[1]
    assert [row["bytes"] for row in states[0]] == [4] * 5


def test_groups_do_not_touch_each_other(connection: duckdb.DuckDBPyConnection) -> None:
    """A list without durations does not undo a detail, a detail does not undo a newer state."""
    key = {"project_id": 1, "id": 1}
    none = key | dict.fromkeys(PIPELINES.groups["run"].columns)
    detail = none | {"detail_duration": 61.0, "run_at": datetime(2026, 3, 1), "run_rank": 8}
    newer = key | dict.fromkeys(PIPELINES.groups["state"].columns) | {
        "status": "success", "updated_at": datetime(2026, 3, 2), "changed_at": datetime(2026, 3, 2), "state_rank": 10,
    }  # fmt: skip
    older = newer | {"status": "running", "changed_at": datetime(2026, 3, 1), "state_rank": 8}
    found = after(connection, [[Upsert(PIPELINES, [newer])], [Upsert(PIPELINES, [detail | older])]], [PIPELINES])
    assert (found["pipelines"][0]["status"], found["pipelines"][0]["duration"]) == ("success", 61.0)


def test_none_is_said_and_absent_is_unknown(connection: duckdb.DuckDBPyConnection) -> None:
    issue = {"project_id": 1, "iid": 1} | dict.fromkeys(ISSUES.groups["issue"].columns)
    closed = issue | {"title": "M1", "updated_at": datetime(2026, 3, 1)}
    freed = issue | {"title": None, "updated_at": datetime(2026, 3, 2)}
    for order in ([closed, freed], [freed, closed]):
        found = after(connection, [[Upsert(ISSUES, [row])] for row in order], [ISSUES])
        assert found["issues"][0]["title"] is None


def test_keys_that_are_stored_alike_are_one_row(connection: duckdb.DuckDBPyConnection) -> None:
    """Two halves of different pairs are two keys in JSON, one in the database."""
    rows = [
        {"project_id": 1, "id": half} | dict.fromkeys(COMMITS.groups["commit"].columns) for half in ("\ud800", "\udfff")
    ]
    for arrangement in ([[Upsert(COMMITS, rows)]], [[Upsert(COMMITS, [row])] for row in rows]):
        assert [row["id"] for row in after(connection, arrangement, [COMMITS])["commits"]] == ["?"]


def test_rows_that_break_their_declaration(connection: duckdb.DuckDBPyConnection) -> None:
    whole: dict[str, Any] = {"project_id": 1, "job_id": 1} | dict.fromkeys(TRACES.groups["trace"].columns)
    for wrong, told in (
        ({"project_id": 1, "job_id": 1}, "carries no group"),
        ({name: value for name, value in whole.items() if name != "text"}, "without text"),
        (whole | {"sise": 1}, "no such column: sise"),
    ):
        with pytest.raises(ValueError, match=told):
            merge.apply(connection, [Upsert(TRACES, [wrong])])


def test_a_table_accounts_for_every_column() -> None:
    with pytest.raises(ValueError, match="things: every column belongs"):
        table("things", "One row per thing.", ["id"], {"id": "BIGINT", "a": "VARCHAR"}, {"row": ((), ())})
