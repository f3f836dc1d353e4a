"""A sync of CodeArts over real HTTP: every push once, whatever the pages are like, and its errors in clear words."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dashlib.demo import codearts
from dashlib.sources.codearts import event_row, project_id
from dashlib.sync.run import Request
from tests.sync.forges.world import SINCE, Arts, synced
from tests.sync.world import everything, rows

START = datetime(SINCE.year, SINCE.month, SINCE.day)


def truth(arts: Arts, repositories: tuple[int, ...]) -> set[int]:
    """The ids of all pushes of the window."""
    found = [
        event_row(ident, one) for ident in repositories for one in arts.server.pushes(arts.world.project_by_id[ident])
    ]
    return {row["id"] for row in found if row["created_at"] >= START}


@pytest.mark.parametrize("short_pages", [True, False])
@pytest.mark.parametrize("counts", [True, False])
@pytest.mark.parametrize("newest_first", [True, False])
def test_every_push_once(
    arts: Arts, tmp_path: Path, monkeypatch: Any, short_pages: bool, counts: bool, newest_first: bool
) -> None:
    """Pages of seven: short ones in the middle, with or without a count, in either order."""
    monkeypatch.setattr("dashlib.sync.codearts.client.LIMIT", 7)
    arts.server.short_pages, arts.server.counts, arts.server.newest_first = short_pages, counts, newest_first
    settings = arts.settings(tmp_path / "pushes.duckdb")
    report = synced(settings)
    assert report.errors == []
    told = rows(settings.database, "select id from events")
    assert len(told) == len({ident for (ident,) in told})
    assert {ident for (ident,) in told} == truth(arts, settings.codearts_repositories)
    assert len(arts.server.asked) > 2 * len(settings.codearts_repositories)


def test_what_stands_in_the_tables(arts: Arts, tmp_path: Path) -> None:
    settings = arts.settings(tmp_path / "tables.duckdb")
    synced(settings)
    projects = [arts.world.project_by_id[ident] for ident in settings.codearts_repositories]
    named = dict(rows(settings.database, "select id, path_with_namespace from projects"))
    for project in projects:
        path = f"{project.path.partition('/')[0]}/{project.slug}" if arts.server.pushes(project) else str(project.id)
        assert named[project_id(project.id)] == path
    assert rows(settings.database, "select distinct source, native_id is not null from projects") == [
        ("codearts", True)
    ]
    assert rows(settings.database, "select distinct source, by_hook from events") == [("codearts", False)]
    shown = "select action, target, count(*) from activity_events where source = 'codearts' group by all"
    assert {action for action, *_ in rows(settings.database, shown)} <= {"pushed", "deleted"}
    assert rows(settings.database, "select count(*) from users where source = 'codearts'")[0][0] > 0


def test_before_and_after_are_never_sent(arts: Arts, tmp_path: Path) -> None:
    """There they are the start and the end: whoever means GitLab's words asks for nothing."""
    settings = arts.settings(tmp_path / "words.duckdb")
    synced(settings)
    assert arts.server.asked
    assert not [asked.query for asked in arts.server.asked if {"before", "after"} & set(asked.query)]
    assert {asked.headers["x-auth-token"] for asked in arts.server.asked} == {codearts.TOKEN}
    assert min(rows(settings.database, "select min(created_at) from events")[0]) >= START


def test_a_second_sync_asks_one_page_of_each(arts: Arts, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("dashlib.sync.codearts.client.LIMIT", 7)
    settings = arts.settings(tmp_path / "again.duckdb")
    first = synced(settings)
    before = everything(settings.database)
    second = synced(settings, Request())
    assert everything(settings.database) == before
    assert second.calls <= 1 + len(settings.codearts_repositories) < first.calls
    project = arts.world.project_by_id[settings.codearts_repositories[0]]
    newest = max((one for one in project.events if one.push is not None), key=lambda one: one.created_at)
    later = replace(newest, created_at=arts.world.end + timedelta(minutes=1))
    project.events.append(later)
    synced(settings, Request())
    at = later.created_at.astimezone(UTC).replace(tzinfo=None, microsecond=0)
    assert rows(settings.database, "select max(created_at) from events") == [(at,)]
    assert len(everything(settings.database)["events"]) == len(before["events"]) + 1


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ("forbidden", "HTTP 403: CH.00401008: Insufficient permissions. Apply for the required permissions"),
        ("missing", "HTTP 404: CH.00402000: The repository does not exist. Check and try again;"),
    ],
)  # fmt: skip
def test_one_repository_that_refuses_stops_no_other(arts: Arts, tmp_path: Path, how: str, told: str) -> None:
    settings = arts.settings(tmp_path / "refused.duckdb")
    bad = settings.codearts_repositories[1] if how == "forbidden" else 999_999
    arts.server.forbidden = frozenset({bad})
    settings = replace(settings, codearts_repositories=(bad, *settings.codearts_repositories))
    report = synced(settings)
    assert {error.source for error in report.errors} == {"codearts"}
    assert told in report.errors[0].message
    mended = {"forbidden": "codeartsrepo:repository:getRepository", "missing": "DASH_CODEARTS_REPOSITORIES"}[how]
    assert mended in report.errors[0].message
    good = tuple(ident for ident in settings.codearts_repositories if ident != bad)
    assert {ident for (ident,) in rows(settings.database, "select id from events")} == truth(arts, good)


def test_a_token_of_yesterday(arts: Arts, tmp_path: Path) -> None:
    settings = replace(arts.settings(tmp_path / "token.duckdb"), codearts_token="of-yesterday")
    [error] = synced(settings).errors
    assert (error.source, error.project) == ("codearts", None)
    told = "CH.00000001: User authentication info not found; get a new DASH_CODEARTS_TOKEN: a token of IAM lives for"
    assert told in error.message, "one sentence: the answer's full stop does not stand in the middle"
    assert len(arts.server.asked) == 1, "nobody asks for each repository with a token that is refused"
    assert rows(settings.database, "select complete from loads") == [(False,)]


def test_throttling_is_waited_for(arts: Arts, tmp_path: Path) -> None:
    settings = arts.settings(tmp_path / "slow.duckdb")
    arts.server.limits += [codearts.throttled(1), codearts.throttled(1)]
    assert synced(settings).errors == []
    assert rows(settings.database, "select waited_seconds >= 1 from loads") == [(True,)]


@pytest.mark.parametrize("kind", ["reset", "cut_short", "bad_gateway", "broken_json", "server_error"])
def test_faults_cost_time_not_rows(arts: Arts, tmp_path: Path, kind: Any) -> None:
    rule = arts.server.faults.add(kind, every=2, times=3)
    settings = arts.settings(tmp_path / "stormy.duckdb")
    assert synced(settings).errors == []
    assert rule.hits >= 2
    told = {ident for (ident,) in rows(settings.database, "select id from events")}
    assert told == truth(arts, settings.codearts_repositories)


def test_the_token_is_nowhere(arts: Arts, tmp_path: Path) -> None:
    settings = arts.settings(tmp_path / "secret.duckdb")
    report = synced(settings)
    assert codearts.TOKEN not in report.as_json() + repr(settings)
    assert codearts.TOKEN.encode() not in settings.database.read_bytes()
    assert not any(codearts.TOKEN in asked.path + str(asked.query) for asked in arts.server.asked)
