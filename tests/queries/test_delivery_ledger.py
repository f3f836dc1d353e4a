"""The ledger of deliveries: a law over random webhooks and API answers, whole rows, and GitHub's jobs and pushes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashlib.model import Filters, Put, Upsert
from dashlib.queries import deliveries
from dashlib.receive.tables import DELIVERIES
from dashlib.sources.github.rows import job_row
from dashlib.sources.hook import foreign_id
from dashlib.sources.tables import EVENTS, JOBS, PIPELINES, PROJECTS
from dashlib.store import Store
from tests.queries.build import Builder, row

NOW = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
LEDGER = """
select project_id, kind, things, by_both, unread, lost, lost_share, delay_p50, last_hook_at from delivery_ledger
order by kind, project_id
"""


@dataclass(frozen=True)
class Thing:
    """A pipeline: when it began, how long its webhook took (None: none came), whether the API told of it."""

    project: int
    minutes: int
    delay: int | None
    by_api: bool

    @property
    def began(self) -> datetime:
        return NOW - timedelta(minutes=self.minutes)

    @property
    def heard(self) -> datetime | None:
        return None if self.delay is None else self.began + timedelta(seconds=self.delay)


def delivery(ident: int, project: int, subject: str, at: datetime, **values: Any) -> dict[str, Any]:
    known = dict.fromkeys(DELIVERIES.columns) | {"id": ident, "source": "gitlab", "kind": "x", "received_at": at}
    known |= {"bytes": 1, "dedup_key": str(ident), "headers": "{}", "body": "{}", "status": "shaped", "rows": 1}
    return known | {"project_id": project, "subject": subject, "turn": 0} | values


def told(store: Store, things: list[Thing]) -> None:
    """Nothing else is stored than these."""

    def empty(connection: Any) -> None:
        for name in ("deliveries", "pipelines"):
            connection.execute(f"delete from {name}")

    store._writer.run(empty).result()
    seen = [(n, one) for n, one in enumerate(things, 1) if one.by_api or one.delay is not None]
    rows = [
        row(PIPELINES, ["identity", "state"], project_id=one.project, id=n, created_at=one.began, by_api=one.by_api)
        for n, one in seen
    ]
    posted = [
        delivery(n, one.project, f"pipeline:{n}", one.heard, happened_at=one.began) for n, one in seen if one.heard
    ]
    store.write(Upsert(PIPELINES, rows))
    store.write(Put(DELIVERIES, posted))


def expected(things: list[Thing]) -> dict[int, tuple[int, int, int, int]]:
    """By repository: things, told by both, by a webhook alone, lost."""
    heard = [(one.project, one.heard) for one in things if one.heard]
    if not heard:
        return {}
    first = {project: min(at for of, at in heard if of == project) for project, _ in heard}
    anywhere = min(first.values())
    found: dict[int, tuple[int, int, int, int]] = {}
    for project in {one.project for one in things}:
        since = first.get(project, anywhere)
        mine = [(one.by_api, bool(one.heard)) for one in things
                if one.project == project and one.began >= since and (one.by_api or one.heard)]  # fmt: skip
        if mine:
            found[project] = (len(mine), mine.count((True, True)), mine.count((False, True)), mine.count((True, False)))
    return found


THINGS = st.builds(
    Thing, st.integers(1, 3), st.integers(11, 60), st.none() | st.integers(0, 200), st.booleans()
)  # fmt: skip


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(THINGS, max_size=12))
def test_law_only_what_a_webhook_could_have_told_counts(built: Builder, things: list[Thing]) -> None:
    for project in (1, 2, 3):
        built.project(project, f"acme/core/p{project}")
    told(built.store, things)
    found = {
        one["project_id"]: (one["things"], one["by_both"], one["unread"] or 0, one["lost"] or 0)
        for one in built.rows(LEDGER)
    }
    assert found == expected(things)


def test_what_began_before_the_first_webhook_is_not_lost(built: Builder) -> None:
    """Four pipelines within a minute around the first webhook, which tells of the second; the last one is lost."""
    told(
        built.store, [Thing(1, 30, None, True), Thing(1, 30, 20, True), Thing(1, 29, 2, True), Thing(1, 28, None, True)]
    )
    [found] = built.rows(LEDGER)
    assert found == {
        "project_id": 1, "kind": "pipeline", "things": 2, "by_both": 1, "unread": 0, "lost": 1, "lost_share": 0.5,
        "delay_p50": 2.0, "last_hook_at": NOW - timedelta(minutes=29) + timedelta(seconds=2),
    }  # fmt: skip


def test_a_repository_that_never_sends_where_others_do_is_shown(built: Builder) -> None:
    """Of GitHub no repository sends: nothing is said of it."""
    built.project(2, "acme/core/silent")
    built.project(3, "octo/other", source="github")
    things = [Thing(1, 40, 1, True), Thing(1, 30, 1, True), Thing(2, 50, None, True), Thing(2, 20, None, True)]
    told(built.store, [*things, Thing(3, 20, None, True)])
    with built.store.reader() as connection:
        shown = deliveries.ledger(connection, Filters())
        sums = deliveries.ledger_sums(connection, Filters()).iloc[0]
    columns = ["path_with_namespace", "kind", "things", "lost", "lost_share", "delay_p50", "last_hook"]
    stamp = f"{NOW - timedelta(minutes=30) + timedelta(seconds=1):%Y-%m-%d %H:%M}"
    assert shown[columns].astype(object).where(shown[columns].notna(), None).values.tolist() == [
        ["acme/core/silent", "pipeline", 1, 1, 1.0, None, "never"],
        ["acme/core/engine", "pipeline", 1, 0, 0.0, 1.0, stamp],
    ]
    assert (sums["things"], sums["lost"], sums["lost_share"], sums["silent"]) == (1, 0, 0.0, 1)


def github_job(ident: int, **values: Any) -> dict[str, Any]:
    at = f"{NOW - timedelta(minutes=20):%Y-%m-%dT%H:%M:%SZ}"
    said = {"id": ident, "run_id": 1, "status": "completed", "conclusion": "success", "labels": ["ubuntu-latest"]}
    return dict(job_row(1, said | {"created_at": at, "started_at": at, "completed_at": at}, None, None, **values))


def test_a_job_of_github_that_only_a_webhook_told(built: Builder) -> None:
    """Its labels are known from the webhook: that is no word of the API's. In any order the API's word stays."""
    built.project(1, "octo/tide", source="github")
    built.store.write(Upsert(JOBS, [github_job(n, by_api=False) for n in (1, 2)]))
    built.store.write(Upsert(JOBS, [github_job(n) for n in (2, 3, 4)]))
    built.store.write(Upsert(JOBS, [github_job(n, by_api=False) for n in (2, 3)]))
    ids = {foreign_id("github", n): n for n in (1, 2, 3, 4)}
    known = [
        delivery(n, 1, f"job:{ident}", NOW - timedelta(minutes=19), source="github")
        for ident, n in ids.items()
        if n < 4
    ]
    built.store.write(Put(DELIVERIES, known))
    found = {ids[one["id"]]: (one["by_hook"], one["by_api"]) for one in built.rows("from told_by where kind = 'job'")}
    assert found == {1: (True, False), 2: (True, True), 3: (True, True), 4: (False, True)}


def test_a_job_that_its_pipeline_s_webhook_showed_came_by_webhook(built: Builder) -> None:
    """Where no hook of its own did. One that came before the job was made cannot have shown it; and of lost hooks only
    the job's own count: they are another trigger."""
    built.project(1, "acme/core/engine")
    at = [NOW - timedelta(minutes=40 - n) for n in range(4)]
    groups = ["state", "told"]
    jobs = [
        row(JOBS, groups, project_id=1, id=n, pipeline_id=pipeline, kind="build", name="x", status="success",
            created_at=began, started_at=began, by_api=by_api)
        for n, pipeline, began, by_api in [
            (1, 7, at[1], False), (2, 7, at[1], True), (3, 7, at[3], True), (4, 7, at[1], True), (5, 8, at[1], True),
        ]
    ]  # fmt: skip
    built.store.write(Upsert(JOBS, jobs))
    told = [("pipeline:7", at[0]), ("pipeline:7", at[2]), ("job:4", at[0])]
    built.store.write(Put(DELIVERIES, [delivery(n, 1, *one) for n, one in enumerate(told, 1)]))
    names = ("by_hook", "own_hook", "by_api")
    found = {one["id"]: tuple(one[name] for name in names) for one in built.rows("from told_by where kind = 'job'")}
    assert found == {
        1: (True, False, False), 2: (True, False, True), 3: (False, False, True), 4: (True, True, True),
        5: (False, False, True),
    }  # fmt: skip
    [ledger] = [one for one in built.rows(LEDGER) if one["kind"] == "job"]
    assert (ledger["things"], ledger["by_both"], ledger["lost"], ledger["unread"]) == (5, 1, 3, 0)
    built.store.write(Upsert(PROJECTS, [row(PROJECTS, ["path", "name"], id=1, source="github", changed_at=NOW)]))
    hooks = [delivery(n, 1, *one, source="github") for n, one in enumerate(told, 1)]
    built.store.write(Put(DELIVERIES, hooks))
    shown = {one["id"] for one in built.rows("from told_by where kind = 'job' and by_hook")}
    assert shown == {4}, "GitHub's runs do not show their jobs"


def test_pushes_to_github_are_not_said_to_be_lost(built: Builder) -> None:
    """Its API is not asked for pushes: nobody knows how many webhooks got lost."""
    built.project(1, "octo/tide", source="github")
    at = [NOW - timedelta(minutes=30 - n) for n in range(3)]
    pushes = [
        row(EVENTS, ["event"], source="github", id=n, project_id=1, created_at=at[n], push_action="pushed",
            ref_type="branch", ref="main", commit_from="a", commit_to=f"b{n}", by_hook=True)
        for n in range(3)
    ]  # fmt: skip
    built.store.write(Upsert(EVENTS, pushes))
    hooks = [delivery(n + 1, 1, f"push:branch:main:a:b{n}", at[n], source="github") for n in range(3)]
    built.store.write(Put(DELIVERIES, hooks))
    assert {one["by_api"] for one in built.rows("from told_by")} == {None}
    [found] = built.rows(LEDGER)
    assert found == {
        "project_id": 1, "kind": "push", "things": 3, "by_both": 0, "unread": None, "lost": None, "lost_share": None,
        "delay_p50": None, "last_hook_at": at[2],
    }  # fmt: skip
    with built.store.reader() as connection:
        sums = deliveries.ledger_sums(connection, Filters()).iloc[0]
    assert (sums["things"], sums["lost"], sums["silent"]) == (0, 0, 0)
