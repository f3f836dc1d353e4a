"""The copy of the nights, renewed by the repositories that moved, holds what a new copy holds."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from types import ModuleType

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashlib.failures.act_tables import ATTACHMENTS
from dashlib.failures.decisions import Missing, claim
from dashlib.model import Put
from dashlib.queries import commits_held, nights_held, nights_renewed
from dashlib.queries.nights_held import HeldNights, held
from dashlib.queries.nights_renewed import PARTS, WHOLES
from dashlib.store import open_store
from dashlib.store.database import TABLES
from tests.nightlies.rows import expect
from tests.queries.build import MIDNIGHT, Builder, row

DAY = timedelta(days=1)
PROJECTS = (1, 2, 3)


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Builder, HeldNights]]:
    # However slow the machine: what needs a whole copy gets it here, not behind the test's back.
    with pytest.MonkeyPatch.context() as patch, open_store(tmp_path_factory.mktemp("renewed") / "d.duckdb") as store:
        patch.setattr(nights_held, "_QUICK", float("inf"))
        built = Builder(store)
        for number in PROJECTS:
            built.project(number, f"acme/core/p{number}")
            built.schedule(6 + number, project_id=number, owner_username="ada")
        built.user(1, "ada", "Ada Lovelace", public_email="ada@example.com")
        expect(built, *(MIDNIGHT + place * DAY for place in range(6)))
        yield built, HeldNights(store)


def night(built: Builder, project: int, day: int) -> None:
    built.night(MIDNIGHT + day * DAY, failed=["lint"] if day % 2 else [], project_id=project, schedule_id=6 + project)


def reason(built: Builder, project: int, day: int) -> None:
    job = built.job(
        built.pipeline(MIDNIGHT + day * DAY, "failed", project, schedule_id=6 + project), "unit", "failed",
        project_id=project,
    )  # fmt: skip
    built.failure(job, f"signature {day % 2}", project_id=project)


def attached(built: Builder, project: int, day: int) -> None:
    """A failed job attached to an issue of another repository."""
    found = built.rows(f"select max(id) as id from jobs where project_id = {project} and status = 'failed'")[0]["id"]
    if found is not None:
        link = {"issue_project_id": 1 + project % 3, "issue_iid": day + 1, "created_by": "Ada", "created_at": MIDNIGHT}
        change = row(ATTACHMENTS, list(ATTACHMENTS.groups), project_id=project, job_id=found)
        built.store.write(Put(ATTACHMENTS, [change | link]))


def trigger(built: Builder, project: int, day: int) -> None:
    """A trigger job that failed because of a job in another repository."""
    other = 1 + project % 3
    below = built.pipeline(MIDNIGHT + day * DAY, "failed", other, "pipeline", None)
    built.job(below, "below", "failed", project_id=other)
    above = built.pipeline(MIDNIGHT + day * DAY, "failed", project, schedule_id=6 + project)
    built.job(
        above, "start", "failed", project_id=project, kind="bridge", downstream_project_id=other,
        downstream_pipeline_id=below,
    )  # fmt: skip


def claimed(built: Builder, project: int, day: int) -> None:
    """A nightly of which no run came, given to a person."""
    missing = Missing(project, 6 + project, MIDNIGHT.date() + day * DAY)
    claim(built.store, "Ada", missing, f"u{day}")


MOVES: dict[str, Callable[[Builder, int, int], None]] = {
    "night": night,
    "reason": reason,
    "attached": attached,
    "claimed": claimed,
    "trigger": trigger,
}


def rows(connection: duckdb.DuckDBPyConnection, name: str) -> list[str]:
    """The rows in no order; so are the words to search in (``words``)."""
    found = connection.execute(f"select * from {name}").df()
    if "words" in found:
        found["words"] = [sorted(str(words).split()) for words in found["words"]]
    return sorted(str(list(one)) for one in found.itertuples(index=False))


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(sorted(MOVES)), st.sampled_from(PROJECTS), st.integers(0, 5)), max_size=4))
def test_a_renewed_copy_is_a_new_copy(company: tuple[Builder, HeldNights], moves: list[tuple[str, int, int]]) -> None:
    built, copies = company
    before = copies.newest()
    for move, project, day in moves:
        MOVES[move](built, project, day)
    after = copies.newest()
    assert after.version == built.store.data_version
    assert after.connection is before.connection, "all of it was made anew, where a part is enough"
    with built.store.reader() as reader:
        fresh = held(reader)
    for name in (*PARTS, *WHOLES, "nightly_history"):
        assert rows(after.connection, name) == rows(fresh, name), name


def test_what_no_repository_owns_makes_a_new_copy(company: tuple[Builder, HeldNights]) -> None:
    built, copies = company
    before = copies.newest()
    built.user(2, "bob", "Bob Byron")
    assert copies.newest().connection is not before.connection


def test_a_repository_that_is_gone_is_gone_from_the_copy(company: tuple[Builder, HeldNights]) -> None:
    built, copies = company
    built.project(9, "acme/gone/soon")
    assert any("acme/gone/soon" in one for one in rows(copies.newest().connection, "projects"))
    built.store._writer.run(lambda connection: connection.execute("delete from projects where id = 9")).result()
    built.store._moved()
    assert not any("acme/gone/soon" in one for one in rows(copies.newest().connection, "projects"))


def test_everything_that_the_views_read_is_looked_at() -> None:
    names = {(f"{table.schema}.{table.name}" if table.schema != "main" else table.name) for table in TABLES}
    given = set(nights_renewed._GIVEN)
    read = set().union(
        *(
            set(re.findall(r"[\w.]+", re.sub(r"--.*", "", step.body)))
            for step in nights_renewed._steps()
            if step.name not in given
        )
    )
    looked_at = {*nights_renewed._SOURCES, *nights_renewed._SHARED, *WHOLES}
    assert read & names and read & names <= looked_at


def test_the_first_copy_is_made_before_anybody_asks(company: tuple[Builder, HeldNights]) -> None:
    built, _ = company
    ahead = HeldNights(built.store)
    ahead.make_ahead()
    for thread in [each for each in threading.enumerate() if each.name == "nights-held"]:
        thread.join()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nights_held, "held", lambda _: pytest.fail("it is made a second time"))
        assert ahead.newest().version == built.store.data_version


@pytest.mark.parametrize("module", [nights_held, commits_held])
def test_a_copy_that_cannot_be_made_is_closed(
    built: Builder, monkeypatch: pytest.MonkeyPatch, module: ModuleType
) -> None:
    made: list[duckdb.DuckDBPyConnection] = []

    def broken(*_: object) -> None:
        raise duckdb.InterruptException("stopped")

    def kept() -> duckdb.DuckDBPyConnection:
        made.append(nights_renewed.memory())
        return made[-1]

    monkeypatch.setattr(module, "memory", kept)
    monkeypatch.setattr(module, "keep", broken)
    with built.store.reader() as reader, pytest.raises(duckdb.InterruptException):
        module.held(reader)
    with pytest.raises(duckdb.ConnectionException):
        made[0].execute("select 1")
