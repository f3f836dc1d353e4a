"""A list read page by page: rows and checkpoint together, resumed without holes, forgiving where GitLab is old."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from dashlib.model import Change, Upsert
from dashlib.settings import Settings
from dashlib.sources.gitlab import stamps
from dashlib.sources.tables import TRACES
from dashlib.store import open_store
from dashlib.sync.client import Client
from dashlib.sync.context import Context
from dashlib.sync.listing import Items, Listing, Whole
from dashlib.sync.loop import Loop
from dashlib.sync.passes import Pass, Passes
from tests.store.rows import trace
from tests.sync.unit.clock import Clock, budget
from tests.sync.unit.small_server import Answer, Asked, Respond, Small, small_server

SINCE, NOW = datetime(2026, 2, 1), datetime(2026, 3, 11)
DATE = {"Date": "Wed, 11 Mar 2026 02:00:00 GMT"}


def paged(*pages: Sequence[int], gone: bool = False) -> Respond:
    """Offset pages of items that know when they moved."""

    def respond(asked: Asked) -> Answer:
        number = int(asked.query.get("page", ["1"])[0])
        if gone and number > 1:
            return Answer({"message": "no"}, 403)
        items = [{"id": ident, "updated_at": f"2026-03-0{ident}T00:00:00Z"} for ident in pages[number - 1]]
        return Answer(items, headers=DATE | {"X-Next-Page": str(number + 1) if number < len(pages) else ""})

    return respond


@contextmanager
def reading(tmp_path: Path, respond: Respond) -> Iterator[tuple[Context, Small]]:
    with open_store(tmp_path / "dashboard.duckdb") as store, small_server(respond) as server:
        client = Client(server.url, "canary", budget(Clock()), timeout=5, tries=1)
        context = Context(Settings(), store, client, Loop(1, _unset), Passes(store.reader()), SINCE, NOW)
        context.loop.failed = context.failed
        yield context, server


def _unset(*_: Any) -> None:
    raise AssertionError


def listing(context: Context, **other: Any) -> Listing:
    def changes(items: Items, _: datetime) -> Sequence[Change]:
        return [Upsert(TRACES, [trace(item["id"]) for item in items])]

    settings: dict[str, Any] = {
        "since": SINCE,
        "project_id": 1,
        "newest": lambda item: stamps.utc(item["updated_at"]),
    } | other
    return Listing(context, 1.0, "things", "/projects/1/things", {"sort": "desc"}, changes, **settings)


def run(context: Context, one: Listing | Whole) -> None:
    context.loop.add([one.task()])
    context.loop.run()


def stored(context: Context) -> list[int]:
    context.store.write()
    return [ident for (ident,) in context.query("select job_id from traces order by 1")]


def checkpoint(context: Context, resource: str = "things") -> Pass:
    """As a later sync reads it."""
    context.store.write()
    return Passes(context.store.reader()).get(1, resource)


def test_all_pages_and_a_pass(tmp_path: Path) -> None:
    with reading(tmp_path, paged([5, 4], [], [3], [1])) as (context, server):
        run(context, listing(context))
        assert stored(context) == [1, 3, 4, 5]
        assert checkpoint(context) == Pass(
            1, "things", "", SINCE, datetime(2026, 3, 5), None, None, datetime(2026, 3, 11, 2)
        )
        assert [one.query.get("page") for one in server.asked] == [None, ["2"], ["3"], ["4"]]
        assert context.problems == []


def test_a_pass_cut_off_is_resumed_one_page_back(tmp_path: Path) -> None:
    with reading(tmp_path, paged([5, 4], [3], [1], gone=True)) as (context, server):
        run(context, listing(context, extra={"until": "x"}))
        assert [problem.message[:25] for problem in context.problems] == ["things: forbidden (HTTP 40"[:25]]
        cut = checkpoint(context)
        assert cut.completed_at is None
        assert cut.position is not None
        assert (cut.position["query"]["page"], cut.position["extra"]) == ("2", {"until": "x"})
        assert stored(context) == [4, 5]

        server.respond = paged([6, 5], [4, 3], [1])
        context.passes = Passes(context.store.reader())
        resumed = listing(context).resume()
        assert resumed.extra == {"until": "x"}
        run(context, resumed)
        assert stored(context) == [1, 3, 4, 5, 6]
        whole = checkpoint(context)
        assert (whole.position, whole.watermark) == (None, datetime(2026, 3, 6))


def test_the_watermark_is_not_newer_than_the_first_page(tmp_path: Path) -> None:
    """What moves while a list is paged may be missed: the next sync looks from the first answer on."""
    late = Answer([{"id": 1, "updated_at": "2026-12-24T00:00:00Z"}], headers=DATE)
    with reading(tmp_path, lambda _: late) as (context, _):
        run(context, listing(context))
        assert checkpoint(context).watermark == datetime(2026, 3, 11, 2)


def test_a_list_that_may_not_be_there(tmp_path: Path) -> None:
    with reading(tmp_path, lambda _: Answer({"message": "404 Repository Not Found"}, 404)) as (context, _):
        run(context, listing(context, optional=frozenset({404})))
        assert context.problems == []
        assert checkpoint(context).completed_at is not None


def test_an_older_server_without_keyset(tmp_path: Path) -> None:
    def respond(asked: Asked) -> Answer:
        return Answer({"error": "405"}, 405) if "pagination" in asked.query else paged([2], [1])(asked)

    with reading(tmp_path, respond) as (context, _):
        one = listing(context)
        one._query["pagination"] = "keyset"
        run(context, one)
        assert stored(context) == [1, 2]


def test_it_ends_early_when_told(tmp_path: Path) -> None:
    with reading(tmp_path, paged([5, 4], [3], [2], [1])) as (context, server):
        run(context, listing(context, reaches_end=lambda items: items[-1]["id"] <= 3))
        assert stored(context) == [3, 4, 5]
        assert len(server.asked) == 2


def test_rows_that_cannot_be_stored_are_told(tmp_path: Path) -> None:
    with reading(tmp_path, lambda _: Answer([{"id": 2**70, "updated_at": None}])) as (context, _):
        run(context, listing(context))
        assert any("could not be stored" in problem.message for problem in context.problems)
        assert checkpoint(context).completed_at is None


def test_no_checkpoint_comes_behind_a_page_that_could_not_be_stored(tmp_path: Path) -> None:
    pages = [[9], [8], [7], [6], [5], [4], [3], [2], [1]]

    def changes(items: Items, _: datetime) -> Sequence[Change]:
        return [Upsert(TRACES, [trace(item["id"], **({"bytes": "many"} if item["id"] == 7 else {})) for item in items])]

    with reading(tmp_path, paged(*pages)) as (context, server):
        one = listing(context)
        one.changes = changes
        run(context, one)
        assert stored(context) == [8, 9]
        cut = checkpoint(context)
        assert cut.completed_at is None
        assert cut.position is not None
        assert cut.position["query"]["page"] == "3"
        assert len(server.asked) < len(pages), "it does not read on for ever"
        assert any(problem.message.startswith("things: ") for problem in context.problems)


def test_only_a_few_pages_are_ahead_of_the_disk(tmp_path: Path) -> None:
    with reading(tmp_path, paged(*[[number] for number in range(9, 0, -1)])) as (context, server):
        go = threading.Event()
        asked: list[int] = []
        busy = context.store._writer.run(lambda _: go.wait(30))
        hurry = context.hurry

        def let_go() -> None:
            asked.append(len(server.asked))
            go.set()
            hurry()

        context.loop.hurry = let_go
        run(context, listing(context))
        assert busy.result(30)
        assert asked[0] == 5
        assert stored(context) == list(range(1, 10))


def test_a_whole_list_is_stored_at_its_end_only(tmp_path: Path) -> None:
    respond = paged([5, 4], [3])
    pages = threading.Event()

    def watched(asked: Asked) -> Answer:
        if "page" in asked.query:
            pages.set()
            assert stored(context) == []
        return respond(asked)

    with reading(tmp_path, watched) as (context, _):
        one = Whole(
            context,
            1.0,
            "things",
            "/projects/1/things",
            {},
            lambda items, _: [Upsert(TRACES, [trace(i["id"]) for i in items])],
            1,
        )
        run(context, one)
        assert pages.is_set()
        assert stored(context) == [3, 4, 5]


def test_a_problem_is_taken_off_the_list_when_it_is_over(tmp_path: Path) -> None:
    def problems() -> list[tuple[Any, ...]]:
        context.store.write()
        return context.query("select project_id, resource from bookkeeping.problems")

    with reading(tmp_path, lambda _: Answer({"message": "403 Forbidden"}, 403)) as (context, server):
        run(context, listing(context))
        assert problems() == [(1, "things")]
        server.respond = paged([1])
        run(context, listing(context))
        assert problems() == []


@pytest.mark.parametrize(
    ("since", "completed", "covered"),
    [
        (SINCE, NOW, True),
        (NOW, NOW, False),
        (None, NOW, False),
        (SINCE, None, False),
        (datetime(2026, 1, 1), NOW, True),
    ],
)
def test_covers(since: datetime | None, completed: datetime | None, covered: bool) -> None:
    assert Pass(1, "things", since=since, completed_at=completed).covers(SINCE) is covered
