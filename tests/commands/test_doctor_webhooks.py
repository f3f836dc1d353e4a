"""``doctor`` on webhooks: closed routes, what came, what failed, what got lost, who sends none."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dashlib.commands.doctor_app import Running
from dashlib.commands.doctor_webhooks import Finding, findings
from dashlib.model import Put, Upsert
from dashlib.receive.refusals import Refusal
from dashlib.receive.tables import DEFECT, DELIVERIES, UNWRITTEN
from dashlib.settings import Settings
from dashlib.sources.gitlab.hook_parts import project_columns
from dashlib.sources.gitlab.pipelines import pipeline_row
from dashlib.sources.tables import PIPELINES, PROJECTS
from dashlib.store import Store, open_store
from tests.commands.shell import CANARY, Shell
from tests.commands.test_doctor import wrong


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "x.duckdb") as opened:
        yield opened


def now() -> datetime:
    """Asked anew by each test: the whole run may take longer than the half hour that some of them allow."""
    return datetime.now(UTC).replace(tzinfo=None, microsecond=0)


def told(store: Store, **more: Any) -> list[Finding]:
    """What it finds in the database as it stands, the app not running."""
    path = store.path
    store.close()
    app = more.pop("app", None)
    return list(findings(Settings(database=path, **{"gitlab_webhook_token": CANARY} | more), app))


def app(*is_open: str, refused: tuple[Refusal, ...] = ()) -> Running:
    return Running("http://127.0.0.1:8501", "https://gitlab.example", True, frozenset(is_open), refused)


def delivery(ident: int, **more: Any) -> dict[str, Any]:
    known = {
        "id": ident,
        "source": "gitlab",
        "kind": "pipeline",
        "received_at": now() - timedelta(minutes=90),
        "turn": 0,
    }
    known |= {"bytes": 5, "dedup_key": str(ident), "headers": "{}", "body": "{}", "status": "shaped", "rows": 1}
    return dict.fromkeys(DELIVERIES.columns) | known | {"project_id": 1, "subject": f"pipeline:{ident}"} | more


def ran(project: int, *idents: int) -> Upsert:
    at = f"{now() - timedelta(minutes=80)}Z"
    return Upsert(PIPELINES, [pipeline_row(project, {"id": n, "created_at": at, "updated_at": at}) for n in idents])


def repositories(*paths: str) -> Upsert:
    return Upsert(PROJECTS, [project_columns(n, path, None, None, now()) for n, path in enumerate(paths, start=1)])


def test_no_secret(store: Store) -> None:
    [(good, text)] = told(store, gitlab_webhook_token=None)
    assert good and "every route is closed" in text


def test_open_and_nothing_came(store: Store) -> None:
    assert told(store, hook_token=CANARY) == [
        (
            True,
            f"webhooks of {name}: the route is open, nothing came yet; Sources → Set up webhooks shows how to try it",
        )
        for name in ("GitLab", "Alertmanager", "CloudEvents", "Kubernetes")
    ]


def test_the_routes_are_those_of_the_running_dashboard(store: Store) -> None:
    """A secret that is set in this shell alone opens nothing; one that it alone has does."""
    github, alerts = told(store, gitlab_webhook_token=None, github_webhook_secret=CANARY, app=app("alertmanager"))
    assert github == (
        False, "webhooks of GitHub: DASH_GITHUB_WEBHOOK_SECRET is set here, and was not when the dashboard at "
        "http://127.0.0.1:8501 began: its route is closed; start it again",
    )  # fmt: skip
    assert alerts[0] is True and alerts[1].startswith("webhooks of Alertmanager: the route is open, nothing came yet")


def test_what_the_running_dashboard_refused(store: Store) -> None:
    """Nothing of it is stored; it is wrong until something of that sender was taken."""
    at = datetime.now(UTC).replace(tzinfo=None) - timedelta(seconds=90)
    refused = (
        Refusal("alertmanager", 415, 2, at, lasts=False), Refusal("github", 401, 9, at, lasts=True),
        Refusal("gitlab", 413, 1, at, lasts=False), Refusal("gitlab", 401, 1200, at, lasts=True),
    )  # fmt: skip
    found = told(store, app=app("gitlab", refused=refused))
    assert found[:3] == [
        (False, "webhooks of GitHub: 9 refused with 401, the last 1 minute ago: no secret is set, so the route is "
         "closed (DASH_GITHUB_WEBHOOK_SECRET)"),
        (False, "webhooks of GitLab: 1,200 refused with 401, the last 1 minute ago: the secret is missing or differs "
         "from DASH_GITLAB_WEBHOOK_TOKEN or DASH_GITLAB_SIGNING_TOKEN; 1 refused with 413, the last 1 minute ago "
         "(others were taken after them): the body was larger than 25 MB"),
        (True, "webhooks of Alertmanager: 2 refused with 415, the last 1 minute ago (others were taken after them): "
         "the content type is none that the route takes"),
    ]  # fmt: skip
    assert len(found) == 4
    [only] = told(store, gitlab_webhook_token=None, app=app(refused=refused[1:2]))
    assert only == found[0]


def test_what_came_and_what_failed(store: Store) -> None:
    """What a sender left out is nobody's to mend here: a note, and not wrong."""
    failed = delivery(2, status="failed", error="the job has no id\x1b[31m.", project_id=None)
    store.write(Put(DELIVERIES, [delivery(1), failed, delivery(3, status="kept"), delivery(4, status="ignored")]))
    store.write(Put(DELIVERIES, [delivery(5, source="github", received_at=now())]))
    found = told(store)
    assert found[0] == (True, "webhooks of GitLab: 4 deliveries, the last 1 hour ago, 2 kept unused")
    assert found[1][0] is None and "\x1b" not in found[1][1]
    assert found[1][1].startswith(
        "webhooks of GitLab: 1 could not be read in full (see Sources), the last: the job has no id"
    )
    assert found[2] == (
        False, "webhooks of GitHub: they came once, and DASH_GITHUB_WEBHOOK_SECRET is not set any more"
    )  # fmt: skip
    assert len(found) == 3


@pytest.mark.parametrize("error", [f"{DEFECT}: KeyError.", f"{UNWRITTEN}: Conversion Error: too big."])
def test_what_failed_by_our_own_fault_is_wrong(store: Store, error: str) -> None:
    failed = {"status": "failed", "project_id": None}
    rows = [delivery(1, **failed, error=error), delivery(2, **failed, error="the job has no id"), delivery(3)]
    store.write(Put(DELIVERIES, rows))
    _, unreadable, ours = told(store)
    assert unreadable == (
        None, "webhooks of GitLab: 1 could not be read in full (see Sources), the last: the job has no id",
    )  # fmt: skip
    assert ours == (
        False, f"webhooks of GitLab: 1 failed by a fault of the dashboard, the last: {error[:-1]}; a newer version may "
        "take them: `python -m dashlib replay` tries again",
    )  # fmt: skip


def test_repositories_that_never_send_are_no_lost_webhooks(store: Store) -> None:
    store.write(repositories("a/b", "a/c"), ran(1, *range(1, 11)), ran(2, *range(11, 31)))
    store.write(Put(DELIVERIES, [delivery(n) for n in range(1, 11)]))
    _, share, silent = told(store)
    assert share == (True, "webhooks of GitLab: 0 of 10 pipelines, jobs and pushes came without one (0% lost)")
    assert silent[0] is True and "none from a/c" in silent[1]


@pytest.mark.parametrize(("by_hook", "good"), [(10, True), (9, True), (8, True), (7, False)])
def test_the_share_that_got_lost(store: Store, by_hook: int, good: bool) -> None:
    store.write(repositories("a/b"), ran(1, *range(1, 11)))
    store.write(Put(DELIVERIES, [delivery(n) for n in range(1, by_hook + 1)]))
    [_, share] = told(store)
    lost = 10 - by_hook
    assert share[0] is good
    assert f"{lost} of 10 pipelines, jobs and pushes came without one ({lost * 10}% lost)" in share[1]
    assert ("switched off" in share[1]) is not good


def test_repositories_that_send_none(store: Store) -> None:
    """Only where something happened since the first delivery, and four of them are named by three."""
    store.write(repositories("a/b", "a/c", "a/d", "a/e", "a/f", "a/quiet"), *(ran(n, n) for n in range(1, 6)))
    store.write(Put(DELIVERIES, [delivery(1)]))
    [_, silent] = told(store)
    assert silent == (
        True, "webhooks of GitLab: none from a/c, a/d, a/e and 1 more, where something happened; the sync reads them "
        "all the same",
    )  # fmt: skip


def test_the_command_says_it(connected: Shell) -> None:
    said = connected("doctor", DASH_GITLAB_WEBHOOK_TOKEN="canary-hook-secret")
    assert (said.code, wrong(said.out)) == (0, [])
    assert "webhooks of GitLab: the route is open, nothing came yet" in said.out
    assert "canary-hook-secret" not in said.out + said.err
    assert not list((connected.folder / "data").glob("*"))
    connected("sync")
    assert connected("doctor", DASH_GITLAB_WEBHOOK_TOKEN="canary-hook-secret").code == 0
