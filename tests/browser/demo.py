"""The demo's company in a database: read by the real loader from the simulated GitLab, with what its machines told.

Its last night is over, whatever the hour, and no later night was looked for: what a page shows does not depend on when
a test runs. One repository beside the company's has nothing but hostile names.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from dashlib import conclusions
from dashlib.demo import World
from dashlib.demo.decided import decide
from dashlib.demo.faults import Faults
from dashlib.demo.gitlab import READ_TOKEN, create_app
from dashlib.demo.serve import serving
from dashlib.demo.signals import history
from dashlib.demo.signals_wire import ALERTS, CLOUD, KUBERNETES, Alert, Told
from dashlib.model import Put
from dashlib.settings import Settings
from dashlib.sources import alertmanager, cloudevents, kubernetes
from dashlib.sources.hook import Hook
from dashlib.store import Store, bookkeeping, open_store
from dashlib.store.remember import remember
from dashlib.sync.run import Request, sync
from tests.pages.conftest import HOSTILE
from tests.queries.build import Builder

REPOSITORIES, DAYS = 12, 14
"""As few as have all stories."""
MORNING = 10
"""UTC: the last nightly of the simulated company starts before 8, and some take an hour."""
HOSTILE_PROJECT = 900_001
_READ_TOO = """
insert into bookkeeping.passes
select * replace ($project as project_id) from (from bookkeeping.passes where resource = 'pipelines' limit 1)
"""
_SHAPES = {ALERTS: alertmanager, CLOUD: cloudevents, KUBERNETES: kubernetes}


def last_morning() -> datetime:
    """The last time that it was ten in the morning, UTC."""
    now = datetime.now(UTC)
    morning = now.replace(hour=MORNING, minute=0, second=0, microsecond=0)
    return morning - timedelta(days=morning > now)


def make(database: Path) -> tuple[World, int]:
    """Fill a new database; the company in it, and the hostile repository's failed job of the last night."""
    world = World(7, last_morning(), repos=REPOSITORIES, days=DAYS)
    with serving(create_app(world, faults=Faults())) as url, open_store(database) as store:
        settings = Settings(
            gitlab_url=url, gitlab_token=READ_TOKEN, database=database, projects=("*",), window_days=DAYS
        )
        remember(store, settings)
        sync(settings, store, Request())
        night = world.end.replace(hour=2)
        said = Alert(HOSTILE, "critical", HOSTILE, HOSTILE, night, labels={"namespace": HOSTILE, "node": HOSTILE})
        _signals(store, [*history(world), *said.told()])
        job = _hostile(Builder(store), night.replace(tzinfo=None))
        conclusions.draw(store, settings)
        assert decide(store)
    with duckdb.connect(str(database)) as connection:
        connection.execute(_READ_TOO, {"project": HOSTILE_PROJECT})
        connection.execute("update bookkeeping.passes set completed_at = $at", {"at": world.end.replace(tzinfo=None)})
    return world, job


def _signals(store: Store, all_told: Iterable[Told]) -> None:
    for told in all_told:
        source, headers = _SHAPES[told.route], {"content-type": told.content_type}
        kind = source.kind_of(told.body, headers)
        assert kind is not None
        shaped = source.shape(kind, Hook(told.body, headers, told.at.replace(tzinfo=None)))
        assert shaped is not None
        store.write(*shaped.changes)


def _hostile(built: Builder, night: datetime) -> int:
    """A repository of which everything has a name that would like to run: a nightly that failed by chance, then for
    good, its log, a person with two addresses, an event, and something that could not be read."""
    here: dict[str, Any] = {"project_id": HOSTILE_PROJECT}
    job: dict[str, Any] = {"stage": HOSTILE, "runner_description": HOSTILE} | here
    before = night - timedelta(days=1)
    built.project(HOSTILE_PROJECT, f"evil/{HOSTILE}")
    built.schedule(HOSTILE_PROJECT, description=HOSTILE, cron="0 2 * * *", created_at=before, **here)
    run = built.pipeline(before, "success", schedule_id=HOSTILE_PROJECT, username=HOSTILE, **here)
    built.job(run, HOSTILE, "failed", before, retried=True, **job)
    built.job(run, HOSTILE, "success", before + timedelta(minutes=9), retried=False, **job)
    run = built.pipeline(night, "failed", schedule_id=HOSTILE_PROJECT, username=HOSTILE, **here)
    failed = built.job(run, HOSTILE, "failed", night, retried=False, **job)
    built.trace(failed, f"line\nERROR: {HOSTILE}\nERROR: Job failed: exit code 1\n", **here)
    for address in ("evil@one.example", "evil@two.example"):
        built.commit(address, (HOSTILE, address), night, title=HOSTILE, **here)
    built.event("pushed to", night, ref=HOSTILE, commit_count=1, commit_title=HOSTILE, author_name=HOSTILE, **here)
    problem = {"source": "gitlab", "resource": "jobs", "project": f"evil/{HOSTILE}", "message": HOSTILE} | here
    built.write()
    built.store.write(Put(bookkeeping.PROBLEMS, [problem | {"first_at": night, "last_at": night}]))
    return failed
