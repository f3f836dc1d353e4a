"""What webhooks leave in doubt is asked of GitLab, a simulated one: at once, or by the next sync."""

from __future__ import annotations

import itertools
import json
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
import uvicorn
from starlette.applications import Starlette

from dashlib import runtime
from dashlib.demo.graph import log
from dashlib.demo.hooks import Hooks
from dashlib.demo.model import Pipeline, Project
from dashlib.model import Change, Delete, Upsert
from dashlib.receive import receiver
from dashlib.receive.shaping import Delivery, Shaper
from dashlib.routes import MIDDLEWARE, ROUTES
from dashlib.settings import Settings
from dashlib.sources.tables import COMMITS, PIPELINES
from dashlib.store import Store, open_store
from dashlib.sync import doubts as asking
from dashlib.sync.run import Request, sync
from tests.receive.conftest import eventually, free_port
from tests.sync.world import SINCE, GitLab, running_gitlab, settings_for


@pytest.fixture(scope="module")
def gitlab() -> Iterator[GitLab]:
    with running_gitlab(repos=4, days=8) as running:
        yield running


@dataclass
class Synced:
    """A database that was synced, and what webhooks tell it."""

    gitlab: GitLab
    settings: Settings
    store: Store

    def __post_init__(self) -> None:
        self.hooks = Hooks(self.gitlab.url)
        self.told = 0
        self.calls = itertools.count()
        self._shaper = Shaper(self.settings, self.store, self._count)

    def _count(self) -> None:
        self.told += 1

    def hear(self, body: dict[str, Any], at: datetime | None = None) -> None:
        """A delivery that arrives ``at`` (now)."""
        at = at or datetime.now(UTC).replace(tzinfo=None)
        text = json.dumps(body)
        self._shaper.write([Delivery(next(self.calls) + 1, "gitlab", body["object_kind"], at, "{}", text)])

    def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        return self.store.reader().execute(statement, list(values)).fetchall()

    def standing(self) -> list[tuple[str, str, str]]:
        return [(kind, ref, why) for kind, ref, why in self.rows("select kind, ref, why from bookkeeping.doubts")]

    def ask(self, **more: Any) -> tuple[int, bool]:
        now = datetime.now(UTC).replace(tzinfo=None) + timedelta(minutes=1)
        return asking.ask_now(self.settings, self.store, threading.Event(), **({"left": None, "now": now} | more))

    def ended(self) -> Pipeline:
        """A pipeline of the window that has ended, with jobs."""
        return next(
            one
            for project in self.gitlab.world.projects
            for one in reversed(project.pipelines)
            if one.status in ("success", "failed") and one.jobs and one.finished_at
        )


@pytest.fixture(scope="module")
def after_a_sync(gitlab: GitLab, tmp_path_factory: pytest.TempPathFactory) -> Path:
    told = settings_for(gitlab, tmp_path_factory.mktemp("synced") / "x.duckdb")
    with open_store(told.database) as store:
        sync(told, store, Request(since=SINCE))
    return told.database


@pytest.fixture
def synced(gitlab: GitLab, after_a_sync: Path, tmp_path: Path) -> Iterator[Synced]:
    told = settings_for(gitlab, tmp_path / "x.duckdb")
    shutil.copyfile(after_a_sync, told.database)
    with open_store(told.database) as store:
        gitlab.calls.clear()
        yield Synced(gitlab, told, store)


def runs_again(hooks: Hooks, pipeline: Pipeline) -> dict[str, Any]:
    """A hook that says a pipeline runs, a minute after its end."""
    body: dict[str, Any] = json.loads(json.dumps(hooks.pipeline(pipeline)))
    body["object_attributes"] |= {"status": "running", "finished_at": None}
    assert pipeline.finished_at is not None
    body["builds"][-1] |= {
        "status": "running", "finished_at": None,
        "started_at": f"{pipeline.finished_at + timedelta(minutes=1):%Y-%m-%d %H:%M:%S} UTC",
    }  # fmt: skip
    return body


def state_of(synced: Synced, pipeline: Pipeline) -> tuple[Any, ...]:
    key = (pipeline.project.id, pipeline.id)
    [found] = synced.rows("select status, duration, finished_at from pipelines where (project_id, id) = ($1, $2)", *key)
    return found


def truth(pipeline: Pipeline) -> tuple[Any, ...]:
    assert pipeline.finished_at is not None
    ended = pipeline.finished_at.astimezone(UTC).replace(tzinfo=None)
    return pipeline.status, pipeline.duration, ended.replace(microsecond=ended.microsecond // 1000 * 1000)


@pytest.mark.parametrize("by", ["at once", "sync"])
def test_a_pipeline_that_runs_after_its_end_is_asked(synced: Synced, by: str) -> None:
    """The end of the retry got lost, or there was none: what GitLab says is stored, at two calls."""
    pipeline = synced.ended()
    assert state_of(synced, pipeline)[0] == pipeline.status
    synced.hear(runs_again(synced.hooks, pipeline))
    assert state_of(synced, pipeline)[0] == "running"
    assert synced.standing() == [("pipeline", str(pipeline.id), "ran again")]
    if by == "sync":
        assert sync(synced.settings, synced.store).errors == []
    else:
        assert synced.ask() == (1, False)
        path = f"/projects/{pipeline.project.id}/pipelines/{pipeline.id}"
        assert [call.path for call in synced.gitlab.calls] == [path, f"{path}/jobs"]
    assert state_of(synced, pipeline) == truth(pipeline)
    assert synced.standing() == []


def test_a_pipeline_known_by_its_jobs_alone_is_asked(synced: Synced) -> None:
    """Where its own hook comes meanwhile nothing is asked."""
    pipeline = synced.ended()
    key = {"project_id": pipeline.project.id, "id": pipeline.id}
    before = synced.rows("select * from pipelines where (project_id, id) = ($1, $2)", *key.values())
    for heard in (True, False):
        synced.store.write(Delete(PIPELINES, [key]))
        synced.hear(synced.hooks.job(pipeline.jobs[0]))
        assert synced.standing() == [("pipeline", str(pipeline.id), "only a job")]
        if heard:
            synced.hear(synced.hooks.pipeline(pipeline))
        assert synced.ask() == (0 if heard else 1, False)
        assert synced.standing() == []
    assert len(synced.gitlab.calls) == 2
    after = synced.rows("select * from pipelines where (project_id, id) = ($1, $2)", *key.values())
    columns = list(PIPELINES.columns)
    told = ("status", "sha", "ref", "created_at", "duration", "username", "source", "web_url")
    assert [[row[columns.index(name)] for name in told] for row in after] == [
        [row[columns.index(name)] for name in told] for row in before
    ]


def busy(synced: Synced) -> Project:
    held = {one for (one,) in synced.rows("select project_id from commits group by 1 having count(*) > 30")}
    return next(one for one in synced.gitlab.world.projects if one.id in held and one.default_branch)


def test_a_push_of_more_commits_than_it_shows_is_asked(synced: Synced) -> None:
    """Thirty old commits pushed late: the hook shows twenty, and no list since yesterday would bring the others."""
    project = busy(synced)
    assert project.default_branch is not None
    tip = project.branches[project.default_branch].head
    shown = list(reversed(log(project.commits, [tip])[:30]))
    whole = synced.rows("select * from commits where project_id = $1 order by id", project.id)
    synced.store.write(Delete(COMMITS, [{"project_id": project.id, "id": one.id} for one in shown]))
    user = next(iter(synced.gitlab.world.users.values()))
    push = synced.hooks.push(
        project, user, f"refs/heads/{project.default_branch}", before=None, after=tip, commits=shown
    )
    assert (len(push["commits"]), push["total_commits_count"]) == (20, 30)
    synced.hear(push)
    assert synced.standing() == [("push", tip, "commits left out")]
    assert synced.ask() == (1, False)
    assert synced.standing() == []
    assert synced.rows("select * from commits where project_id = $1 order by id", project.id) == whole


def test_old_commits_are_asked_once(synced: Synced) -> None:
    """Of commits that the API has told of there is no doubt, however old they are."""
    project = busy(synced)
    assert project.default_branch is not None
    tip = project.branches[project.default_branch].head
    user = next(iter(synced.gitlab.world.users.values()))
    push = synced.hooks.push(
        project, user, f"refs/heads/{project.default_branch}", before=None, after=tip, commits=[project.commits[tip]]
    )
    synced.hear(push, datetime(2026, 12, 24))
    assert synced.standing() == []
    synced.store.write(Delete(COMMITS, [{"project_id": project.id, "id": tip}]))
    synced.hear(push, datetime(2026, 12, 24))
    assert synced.standing() == [("push", tip, "old commits")]
    synced.hear(synced.hooks.push(project, user, "refs/heads/x", before=tip, after=None), datetime(2026, 12, 24))
    assert len(synced.standing()) == 1, "a branch that went brings nothing"


def test_nothing_is_asked_where_it_may_not_be(synced: Synced) -> None:
    """A budget nearly spent leaves it to the sync, a young doubt may be settled by the next delivery."""
    pipeline = synced.ended()
    synced.hear(runs_again(synced.hooks, pipeline))
    assert synced.ask(left=asking.LEAST_BUDGET - 1) == (0, False)
    assert synced.ask(now=datetime.now(UTC).replace(tzinfo=None)) == (0, True)
    assert synced.gitlab.calls == []
    rule = synced.gitlab.faults.add("forbidden", path=rf"/projects/{pipeline.project.id}/pipelines/{pipeline.id}")
    try:
        assert synced.ask() == (1, False)
    finally:
        synced.gitlab.faults.remove(rule)
    assert synced.standing() == [], "what the token may not see has no answer"
    assert state_of(synced, pipeline)[0] == "running"


def test_a_gitlab_that_does_not_answer_leaves_the_doubt_to_the_sync(synced: Synced) -> None:
    synced.hear(runs_again(synced.hooks, synced.ended()))
    synced.settings = replace(synced.settings, gitlab_url="http://127.0.0.1:9", timeout_seconds=0.5)
    assert synced.ask() == (0, False)
    assert len(synced.standing()) == 1


def test_projects_that_the_token_does_not_show_are_forgotten_after_a_day(synced: Synced) -> None:
    body = json.loads(json.dumps(synced.hooks.job(synced.ended().jobs[0])))
    body |= {"project_id": 99, "project": body["project"] | {"id": 99, "path_with_namespace": "somewhere/else"}}
    for days, left in ((0, 1), (2, 0)):
        synced.hear(body, datetime.now(UTC).replace(tzinfo=None) - timedelta(days=days))
        sync(synced.settings, synced.store)
        assert len(synced.standing()) == left


def test_without_a_token_nothing_is_in_doubt(synced: Synced) -> None:
    synced.settings = replace(synced.settings, gitlab_token=None)
    synced.__post_init__()
    synced.hear(runs_again(synced.hooks, synced.ended()))
    assert (synced.standing(), synced.told) == ([], 0)


def test_what_is_raised_anew_while_it_is_asked_stays(synced: Synced, monkeypatch: pytest.MonkeyPatch) -> None:
    pipeline = synced.ended()
    synced.hear(runs_again(synced.hooks, pipeline))
    asked = asking._pipeline

    def meanwhile(*words: Any) -> list[Change]:
        found = asked(*words)
        body = runs_again(synced.hooks, pipeline)
        body["builds"][-1]["started_at"] = "2026-12-01 00:00:00 UTC"
        synced.store.write(Upsert(PIPELINES, found[0].rows))
        synced.hear(body)
        return found

    monkeypatch.setattr(asking, "_pipeline", meanwhile)
    assert synced.ask() == (1, False)
    assert len(synced.standing()) == 1


def test_the_running_app_asks_by_itself(gitlab: GitLab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the webhook over HTTP to the answer of the API in the tables, no sync in between."""
    monkeypatch.chdir(tmp_path)
    told = settings_for(gitlab, tmp_path / "x.duckdb")
    environment = {
        "GITLAB_URL": gitlab.url, "GITLAB_ACCESS_TOKEN": str(told.gitlab_token), "DASH_PROJECTS": "*",
        "DASH_DATABASE": str(told.database), "DASH_SYNC_MINUTES": "600", "DASH_GITLAB_WEBHOOK_TOKEN": "s",
        "DASH_GREEN_LOGS": "0", "DASH_WINDOW_DAYS": "400",
    }  # fmt: skip
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(receiver, "_DOUBT_SECONDS", 0.05)
    monkeypatch.setattr(asking, "GRACE", timedelta())
    runtime.close()
    port = free_port()
    app = Starlette(routes=ROUTES, middleware=MIDDLEWARE, lifespan=runtime.lifespan(f"http://127.0.0.1:{port}"))
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        eventually(lambda: server.started)
        opened = runtime.runtime()
        synced = Synced(gitlab, opened.settings, opened.store)
        eventually(lambda: synced.rows("select complete from loads") == [(True,)] and not opened.sync.state().running)
        pipeline = synced.ended()
        url, secret = f"http://127.0.0.1:{port}/gitlab/events", {"X-Gitlab-Token": "s"}
        answer = requests.post(url, json=runs_again(synced.hooks, pipeline), headers=secret, timeout=30)
        assert answer.status_code == 200
        eventually(lambda: synced.rows("select status from deliveries") == [("shaped",)])
        eventually(lambda: synced.standing() == [])
        assert state_of(synced, pipeline) == truth(pipeline)
        assert synced.rows("select count(*) from loads") == [(1,)]
    finally:
        server.should_exit = True
        thread.join(60)
