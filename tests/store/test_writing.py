"""What handing changes to the store does: whole commits, bad batches alone, a version that tells the truth."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from dashlib.model import Change, Delete, Put, Replace, Row, Upsert
from dashlib.sources.tables import COMMITS, JOBS, MEMBERS, PIPELINES, SCHEDULES, TRACES
from dashlib.store import Store, open_store
from dashlib.store.bookkeeping import ASKED, PASSES
from dashlib.store.writer import NotStored
from tests.store.rows import AT, job, pipeline, trace


@pytest.fixture
def store(empty_database: Path, tmp_path: Path) -> Iterator[Store]:
    """A database that holds nothing yet, copied: here nobody looks at how it is made."""
    path = tmp_path / "dashboard.duckdb"
    shutil.copyfile(empty_database, path)
    with open_store(path) as opened:
        yield opened


def ask(store: Store, statement: str, *values: Any) -> list[tuple[Any, ...]]:
    reader = store.reader()
    try:
        return reader.execute(statement, values).fetchall()
    finally:
        reader.close()


@contextmanager
def held(store: Store) -> Iterator[None]:
    """The writer is kept busy, so that what is handed over meanwhile waits together."""
    busy, go = threading.Event(), threading.Event()

    def wait(_: Any) -> None:
        busy.set()
        go.wait(30)

    store._writer.run(wait)
    assert busy.wait(30)
    try:
        yield
    finally:
        go.set()


def test_what_waits_together_is_committed_together(store: Store) -> None:
    with held(store):
        waiting = [store.submit([Upsert(TRACES, [trace(number)])]) for number in range(10)]
    assert [future.result(30) for future in waiting] == [1] * 10
    assert store.data_version == 1
    assert ask(store, "select count(*) from traces") == [(10,)]


@pytest.mark.parametrize(
    "bad",
    [
        trace(9, bytes=2**63),
        trace(9, bytes="many"),
        trace(9, text=b"\xff"),
        trace(9, complete="perhaps"),
        {"project_id": 1, "job_id": 9},
        trace(9) | {"colour": "red"},
    ],
    ids=["too large", "not a number", "bytes", "not a truth", "no group", "unknown column"],
)
def test_a_bad_batch_fails_alone(store: Store, bad: Row) -> None:
    with held(store):
        before = store.submit([Upsert(TRACES, [trace(1)])])
        wrong = store.submit([Upsert(TRACES, [trace(2), bad])])
        behind = store.submit([Upsert(TRACES, [trace(3)]), Put(ASKED, [{"source": "s", "project_id": 1, "ref": "3"}])])
    assert before.result(30) == 1
    assert behind.result(30) == 2
    with pytest.raises(Exception, match=r"\w"):
        wrong.result(30)
    assert ask(store, "select job_id from traces order by 1") == [(1,), (3,)]
    assert ask(store, "select ref from bookkeeping.asked") == [("3",)]
    assert store.write(Upsert(TRACES, [trace(4)])) == 1


def test_a_batch_is_whole_or_nothing(store: Store) -> None:
    with pytest.raises(Exception, match=r"\w"):
        store.write(Upsert(TRACES, [trace(1)]), Put(ASKED, [{"source": "s", "project_id": "none"}]))
    assert ask(store, "select count(*) from traces") == [(0,)]
    assert store.data_version == 0


def test_whoever_stops_waiting_does_not_stop_the_writer(store: Store) -> None:
    """A route whose client hung up cancels its future; everybody else's rows must still be written."""
    with held(store):
        store.submit([Upsert(TRACES, [trace(1)])]).cancel()
        other = store.submit([Upsert(TRACES, [trace(2)])])
    assert other.result(5) == 1
    assert store.submit([Upsert(TRACES, [trace(3)])]).result(5) == 1


def test_who_is_patient_waits_for_company_and_for_nobody_who_is_not(store: Store) -> None:
    patient = [store.submit([Upsert(TRACES, [trace(number)])], patience=60) for number in range(3)]
    assert not patient[0].done()
    assert store.write(Upsert(TRACES, [trace(9)])) == 1
    assert [future.result(0) for future in patient] == [1] * 3, "committed with whom it waited for"
    assert store.data_version == 1
    assert store.submit([Upsert(TRACES, [trace(10)])], patience=0.01).result(30) == 1, "alone, after its patience"
    waiting = store.submit([Upsert(TRACES, [trace(11)])], patience=60)
    assert store._writer.run(lambda connection: connection.execute("from traces").fetchall()).result(30)
    assert waiting.result(0) == 1, "a task comes after what was handed over before it"


def test_who_is_urgent_goes_before_what_waits(store: Store) -> None:
    """In commits of their own, in their order: a webhook's rows do not wait for a sync's thousands."""
    told: list[str] = []

    def said(name: str, _: object) -> None:
        told.append(f"{name} {store.data_version}")

    with held(store):
        for name, number, urgent in (("sync", 1, False), ("hook", 2, True), ("more", 3, False), ("next", 2, True)):
            future = store.submit([Upsert(TRACES, [trace(number)])], urgent=urgent)
            future.add_done_callback(partial(said, name))
    store.write()
    assert told == ["hook 1", "next 1", "sync 2", "more 2"]


@pytest.mark.parametrize("kept", ["their listing", "my state", "after"])
def test_who_is_urgent_does_not_pass_what_it_must_follow(store: Store, kept: str) -> None:
    """Listings and states count in the order of their arrival, and so does what comes after something."""
    member = {"project_id": 1, "user_id": 9}
    told: list[str] = []
    with held(store):
        listed = Upsert(TRACES, [trace(1)]) if kept == "after" else Replace(MEMBERS, {"project_id": 1}, [])
        first = store.submit([listed])
        first.add_done_callback(lambda _: told.append("sync"))
        rows: list[Row] = [dict.fromkeys(MEMBERS.columns) | member]
        changes: dict[str, Change] = {"their listing": Upsert(MEMBERS, rows), "my state": Put(MEMBERS, rows)}
        change = changes.get(kept, Upsert(TRACES, [trace(2)]))
        hook = store.submit([change], urgent=True, after=first if kept == "after" else None)
        hook.add_done_callback(lambda _: told.append("hook"))
    store.write()
    assert told == ["sync", "hook"]
    assert ask(store, "select count(*) from members") == [(1 if kept == "my state" else 0,)]


def test_what_is_large_does_not_wait_for_company(store: Store) -> None:
    small = store.submit([Upsert(TRACES, [trace(1)])], patience=60)
    large = store.submit([Upsert(TRACES, [trace(2)])], patience=60, size=17 * 1024 * 1024)
    assert (small.result(30), large.result(30)) == (1, 1)


def test_why_a_commit_failed_is_told(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A commit that the disk has no room for ends the transaction itself: there is nothing to roll back."""
    connection = store._writer._connection

    class Full:
        def execute(self, statement: str, *values: Any) -> Any:
            if statement == "commit":
                connection.execute("rollback")
                raise OSError("No space left on device")
            return connection.execute(statement, *values)

        def __getattr__(self, name: str) -> Any:
            return getattr(connection, name)

    monkeypatch.setattr(store._writer, "_connection", Full())
    with pytest.raises(OSError, match="No space left"):
        store.write(Upsert(TRACES, [trace(1)]))
    monkeypatch.undo()
    assert store.write(Upsert(TRACES, [trace(1)])) == 1


def test_the_patient_are_written_before_the_end(tmp_path: Path) -> None:
    path = tmp_path / "dashboard.duckdb"
    with open_store(path) as store:
        waiting = store.submit([Upsert(TRACES, [trace(1)])], patience=60)
    assert waiting.result(0) == 1
    with open_store(path) as again:
        assert ask(again, "select count(*) from traces") == [(1,)]


@pytest.mark.parametrize("together", [True, False])
def test_what_comes_after_a_bad_batch_is_not_stored_either(store: Store, together: bool) -> None:
    """A checkpoint must not come behind a hole."""
    with held(store) if together else nullcontext():
        bad = store.submit([Upsert(TRACES, [trace(1) | {"colour": "red"}])])
        if not together:
            assert bad.exception(30)
        after = store.submit([Upsert(TRACES, [trace(2)])], after=bad)
        later = store.submit([Upsert(TRACES, [trace(3)])], after=after)
        other = store.submit([Upsert(TRACES, [trace(4)])])
    assert bad.exception(30)
    for orphan in (after, later):
        with pytest.raises(NotStored, match="before it"):
            orphan.result(30)
    assert other.result(30) == 1
    assert ask(store, "select job_id from traces") == [(4,)]
    good = store.submit([Upsert(TRACES, [trace(5)])])
    assert store.submit([Upsert(TRACES, [trace(6)])], after=good).result(30) == 1


def test_a_task_runs_between_commits(store: Store) -> None:
    with held(store):
        store.submit([Upsert(TRACES, [trace(1)])])
        counted = store._writer.run(lambda connection: connection.execute("select count(*) from traces").fetchall())
        store.submit([Upsert(TRACES, [trace(2)])])
    assert counted.result(30) == [(1,)]


def test_close_writes_what_is_queued_and_refuses_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "dashboard.duckdb"
    store = open_store(path)
    futures = [store.submit([Upsert(TRACES, [trace(number)])]) for number in range(50)]
    store.close()
    assert all(future.done() for future in futures)
    with pytest.raises(RuntimeError, match="closed"):
        store.submit([Upsert(TRACES, [trace(99)])])
    with open_store(path) as again:
        assert ask(again, "select count(*) from traces") == [(50,)]


# data_version: the key of every cache


def test_data_version_moves_with_real_change_only(store: Store) -> None:
    def moved(*changes: Any) -> int:
        before = store.data_version
        store.write(*changes)
        return store.data_version - before

    assert moved(Upsert(TRACES, [trace(1, "newer")])) == 1
    assert moved(Upsert(TRACES, [trace(1, "newer")])) == 0
    assert moved(Upsert(TRACES, [trace(1, "old")])) == 0
    assert moved(Upsert(TRACES, [])) == 0
    assert moved() == 0
    assert moved(Put(PASSES, [{"source": "gitlab", "project_id": 1, "resource": "jobs", "variant": ""}])) == 0
    member = {"project_id": 1, "user_id": 7, "username": "ida"}
    assert moved(Replace(MEMBERS, {"project_id": 1}, [member])) == 1
    assert moved(Replace(MEMBERS, {"project_id": 1}, [member])) == 0
    assert moved(Replace(MEMBERS, {"project_id": 1}, [])) == 1


def test_a_checkpoint_beside_known_rows_is_no_change_of_data(store: Store) -> None:
    """Every page of a sync brings its checkpoint along: a sync that learns nothing must not empty the caches."""
    store.write(Upsert(TRACES, [trace(1)]))
    before = store.data_version
    checkpoint = {"source": "gitlab", "project_id": 1, "resource": "jobs", "variant": "", "completed_at": AT}
    store.write(Upsert(TRACES, [trace(1)]), Put(PASSES, [checkpoint]))
    assert store.data_version == before


def test_readers_see_commits_and_keep_their_transaction(store: Store) -> None:
    steady, free = store.reader(), store.reader()
    store.write(Upsert(TRACES, [trace(1)]))
    steady.execute("begin transaction")
    assert steady.execute("select count(*) from traces").fetchall() == [(1,)]
    store.write(Upsert(TRACES, [trace(2)]))
    assert free.execute("select count(*) from traces").fetchall() == [(2,)]
    assert steady.execute("select count(*) from traces").fetchall() == [(1,)]
    steady.execute("commit")
    assert steady.execute("select count(*) from traces").fetchall() == [(2,)]


def test_time_zone_of_readers_is_utc(store: Store) -> None:
    assert ask(store, "select current_setting('TimeZone')") == [("UTC",)]


# Replace, Put, Delete


def _member(user: int, **other: Any) -> dict[str, Any]:
    return dict.fromkeys(MEMBERS.columns) | {"project_id": 1, "user_id": user, "access_level": 30} | other


def test_replace_deletes_what_is_not_listed_in_its_scope_only(store: Store) -> None:
    store.write(
        Replace(MEMBERS, {"project_id": 1}, [_member(1), _member(2)]),
        Replace(MEMBERS, {"project_id": 2}, [_member(1, project_id=2)]),
    )
    store.write(Replace(MEMBERS, {"project_id": 1}, [_member(2, access_level=40), _member(3)]))
    found = ask(store, "select project_id, user_id, access_level from members order by all")
    assert found == [(1, 2, 40), (1, 3, 30), (2, 1, 30)]
    store.write(Replace(MEMBERS, {"project_id": 1}, []))
    assert ask(store, "select project_id, user_id from members") == [(2, 1)]


def test_replace_marks_what_is_gone_and_takes_the_mark_back(store: Store) -> None:
    def schedule(ident: int) -> dict[str, Any]:
        columns = dict.fromkeys(name for name in SCHEDULES.columns if name != "deleted")
        return columns | {"project_id": 1, "id": ident, "description": f"nightly {ident}"}

    def marks() -> list[tuple[Any, ...]]:
        return ask(store, "select id, deleted, description from schedules order by id")

    store.write(Replace(SCHEDULES, {"project_id": 1}, [schedule(1), schedule(2)]))
    store.write(Replace(SCHEDULES, {"project_id": 1}, [schedule(2)]))
    assert marks() == [(1, True, "nightly 1"), (2, False, "nightly 2")]
    store.write(Replace(SCHEDULES, {"project_id": 1}, [schedule(1)]))
    assert marks() == [(1, False, "nightly 1"), (2, True, "nightly 2")]


def test_the_last_put_wins_and_order_is_kept(store: Store) -> None:
    key = {"source": "gitlab", "project_id": 1, "resource": "logs", "ref": "5"}

    def outcomes() -> list[tuple[Any, ...]]:
        return ask(store, "select outcome, tries from bookkeeping.asked")

    store.write(
        Put(ASKED, [key | {"outcome": "a", "tries": 9}, key | {"outcome": "b"}]), Put(ASKED, [key | {"outcome": "c"}])
    )
    assert outcomes() == [("c", None)]
    store.write(Put(ASKED, [key | {"outcome": "d"}]), Delete(ASKED, [key]))
    assert outcomes() == []
    store.write(Delete(ASKED, [key]), Put(ASKED, [key | {"outcome": "e"}]), Delete(ASKED, [key | {"ref": "6"}]))
    assert outcomes() == [("e", None)]
    with held(store):
        store.submit([Delete(ASKED, [key])])
        last = store.submit([Put(ASKED, [key | {"outcome": "f"}])])
    last.result(30)
    assert outcomes() == [("f", None)]


# Staging


def test_hostile_text_is_stored(store: Store) -> None:
    commit = dict.fromkeys(COMMITS.columns) | {
        "project_id": 1, "id": "abc", "title": "half a pair \ud83d, NUL \x00, '; drop table commits; --",
        "parent_ids": ["\udfff", "ok"], "co_authors": [{"name": "Ida \ud800", "email": "ida@example.com"}],
    }  # fmt: skip
    store.write(Upsert(COMMITS, [commit]))
    found = ask(store, "select title, parent_ids, co_authors from commits")
    assert found == [
        (
            "half a pair ?, NUL \x00, '; drop table commits; --",
            ["?", "ok"],
            [{"name": "Ida ?", "email": "ida@example.com"}],
        )
    ]


def test_the_ends_of_the_number_range(store: Store) -> None:
    store.write(Upsert(TRACES, [trace(2**63 - 1, bytes=-(2**63)), trace(-(2**63), bytes=2**63 - 1)]))
    assert ask(store, "select job_id, bytes from traces order by 1") == [(-(2**63), 2**63 - 1), (2**63 - 1, -(2**63))]


# Derived columns follow, whichever side comes later


def test_retried_and_times_follow_in_the_same_commit(store: Store) -> None:
    start, middle, end = AT.replace(minute=1), AT.replace(minute=2), AT.replace(minute=4)
    store.write(
        Upsert(JOBS, [job(1, status="failed", started_at=start, finished_at=middle, user_id=3, username="ida")])
    )
    assert ask(store, "select retried from jobs") == [(False,)]
    store.write(Upsert(PIPELINES, [pipeline(1, status="running")]))
    assert ask(store, "select started_at, finished_at, duration, username from pipelines") == [
        (start, None, None, "ida")
    ]
    store.write(
        Upsert(JOBS, [job(2, status="success", started_at=middle, finished_at=end, user_id=4, username="ole")]),
        Upsert(PIPELINES, [pipeline(1, updated_at=end)]),
    )
    assert ask(store, "select id, retried from jobs order by 1") == [(1, True), (2, False)]
    found = ask(store, "select started_at, finished_at, duration, username from pipelines")
    assert found == [(start, end, 120.0, "ida")]


def test_overlapping_jobs_count_once(store: Store) -> None:
    spans = [(0, 30), (10, 20), (20, 50), (100, 110)]

    def at(second: int) -> datetime:
        return AT.replace(minute=second // 60, second=second % 60)

    rows = [job(n, name=f"job {n}", started_at=at(a), finished_at=at(b)) for n, (a, b) in enumerate(spans)]
    store.write(Upsert(PIPELINES, [pipeline(1)]), Upsert(JOBS, rows))
    assert ask(store, "select duration from pipelines") == [(60.0,)]
