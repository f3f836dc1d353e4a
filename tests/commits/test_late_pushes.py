"""Commits that come long after they were made, and that no event tells of: they are counted all the same."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from dashlib import conclusions
from dashlib.model import Filters
from dashlib.queries import commits
from dashlib.queries.commits_held import held
from dashlib.settings import Settings
from dashlib.store import open_store
from dashlib.sync.run import Request, sync
from tests.commits.git_server import DEFAULT, GitLab, Made, made
from tests.sync.unit.small_server import Answer, Asked, small_server

BOB = (b"Bob", b"bob@example.com")
DAY, HOUR, SECOND = 86_400, 3_600, timedelta(seconds=1)
NOW = int(datetime.now(UTC).timestamp())


def line(count: int, step: int) -> list[Made]:
    """Commits one after the other, the newest of this morning."""
    times = [NOW - (count - place) * step for place in range(count)]
    return [Made(committed=(at, 0), parents=(place - 1,) if place else ()) for place, at in enumerate(times)]


def on_top(before: list[Made]) -> list[Made]:
    """Three commits that are older than the last look, on the branch itself."""
    first = len(before)
    return [Made(BOB, committed=(NOW - 3 * DAY + place, 0), parents=(first + place - 1,)) for place in range(3)]


def merged(before: list[Made]) -> list[Made]:
    """A branch that had merged the default one: hundreds of known commits stand between two of its own."""
    first, at = len(before), [one.committed[0] for one in before]
    return [
        Made(BOB, committed=(at[100] + 60, 0), parents=(100,)),
        Made(BOB, committed=(at[600] + 60, 0), parents=(first, 600)),
        Made(BOB, committed=(at[610] + 60, 0), parents=(first + 1,)),
        Made(BOB, committed=(NOW - 60, 0), parents=(first - 1, first + 2)),
    ]


@pytest.mark.parametrize(("before", "grown"), [(line(20, 5 * HOUR), on_top), (line(700, HOUR), merged)])
def test_the_default_branch_is_counted_to_the_commit(tmp_path: Path, before: list[Made], grown: object) -> None:
    assert callable(grown)
    history = [*before, *grown(before)]
    repository = made(tmp_path / "late.git", history, {DEFAULT: len(before) - 1})
    gitlab = GitLab([repository], active_at=datetime.now(UTC).isoformat())
    with small_server(gitlab.respond) as server, open_store(tmp_path / "dash.duckdb") as store:
        gitlab.url = server.url
        chosen = Settings(
            gitlab_url=server.url, gitlab_token="glpat-x", database=tmp_path / "dash.duckdb", projects=("*",)
        )
        for place in (len(before) - 1, len(history) - 1):
            repository.git("update-ref", f"refs/heads/{DEFAULT}", f"refs/scratch/{place}")
            vars(repository).pop("stats", None)
            assert sync(chosen, store, Request(since=date(2000, 1, 1))).errors == []
            gitlab.active_at = (datetime.now(UTC) + timedelta(seconds=5)).isoformat()
        conclusions.draw(store, chosen)
        which = commits.Narrowed(merges="with", bots="with", branches="default")
        with store.reader() as reader, held(reader) as copy:
            assert commits.totals(copy, Filters(), which=which).iloc[0]["commits"] == len(history)


class Broken(GitLab):
    """One that refuses to list from some commits on."""

    refused: frozenset[str] = frozenset()

    def respond(self, asked: Asked) -> Answer:
        if set(asked.query.get("ref_name", [])) & self.refused:
            return Answer({"message": "403 Forbidden"}, 403)
        return super().respond(asked)


def test_what_a_sync_that_broke_off_did_not_follow_the_next_one_does(tmp_path: Path) -> None:
    before = line(700, HOUR)
    history = [*before, *merged(before)]
    repository = made(tmp_path / "late.git", history, {DEFAULT: len(before) - 1})
    old_work = repository.shas("-1", f"refs/scratch/{len(before)}")[0]
    gitlab = Broken([repository], active_at=datetime.now(UTC).isoformat())
    with small_server(gitlab.respond) as server, open_store(tmp_path / "dash.duckdb") as store:
        gitlab.url = server.url
        chosen = Settings(
            gitlab_url=server.url, gitlab_token="glpat-x", database=tmp_path / "dash.duckdb", projects=("*",)
        )
        assert sync(chosen, store, Request(since=date(2000, 1, 1))).errors == []
        repository.git("update-ref", f"refs/heads/{DEFAULT}", f"refs/scratch/{len(history) - 1}")
        vars(repository).pop("stats", None)
        stored = []
        for refused, later in (({old_work}, 5), (set[str](), 10)):
            gitlab.refused, gitlab.active_at = frozenset(refused), (datetime.now(UTC) + later * SECOND).isoformat()
            assert bool(sync(chosen, store, Request(since=date(2000, 1, 1))).errors) == bool(refused)
            with store.reader() as reader:
                stored += reader.execute("select count(*) from commits").fetchall()
        assert stored == [(len(history) - 1,), (len(history),)]
