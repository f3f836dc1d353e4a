"""Webhooks on the page Sources: what came, what failed, what was lost, how a sender is set up, and the button."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dashlib import runtime
from dashlib.demo.gitlab import READ_TOKEN, WRITE_TOKEN
from dashlib.model import Put, Upsert
from dashlib.receive.setup import BY_TITLE, GUIDES
from dashlib.receive.tables import DELIVERIES
from dashlib.sources.tables import PROJECTS
from dashlib.store import bookkeeping, open_store
from dashlib.widgets import webhooks
from tests.pages.conftest import HOSTILE, Open
from tests.queries.build import Builder, row
from tests.sync.world import running_gitlab

SECRET = "canary-very-secret"
HOOK_SECRETS = ("DASH_GITLAB_WEBHOOK_TOKEN", "DASH_GITHUB_WEBHOOK_SECRET", "DASH_HOOK_TOKEN")


@pytest.fixture
def now() -> datetime:
    """Each test's own: when the file is read may be an hour before it runs."""
    return datetime.now(UTC).replace(tzinfo=None, microsecond=0)


def delivery(number: int, now: datetime, **values: Any) -> dict[str, Any]:
    half_an_hour_ago = now - timedelta(minutes=30)
    known = dict.fromkeys(DELIVERIES.columns) | {
        "id": number, "source": "gitlab", "kind": "pipeline", "received_at": half_an_hour_ago, "bytes": 1000,
        "dedup_key": str(number), "headers": "{}", "body": "{}", "status": "shaped", "rows": 1,
        "shaped_at": half_an_hour_ago,
    }  # fmt: skip
    return known | values


@pytest.fixture
def hooked(opener: Callable[[Path], Open], tmp_path: Path, now: datetime) -> Open:
    """Two repositories; four pipelines of the first, of which webhooks told two, one of the other, and more."""
    path = tmp_path / "hooked.duckdb"
    with open_store(path) as store:
        built = Builder(store)
        built.project(1, "acme/core/engine")
        built.project(2, "acme/web/site")
        told = []
        for minutes in (40, 35, 20, 15):
            told.append(built.pipeline(now - timedelta(minutes=minutes), by_api=True, source="push"))
        built.pipeline(now - timedelta(minutes=20), project_id=2, by_api=True, source="push")
        store.write(
            Upsert(
                DELIVERIES,
                [
                    delivery(1, now, project_id=1, subject=f"pipeline:{told[0]}",
                             received_at=now - timedelta(minutes=40),
                             happened_at=now - timedelta(minutes=40, seconds=4)),
                    delivery(2, now, project_id=1, subject=f"pipeline:{told[1]}",
                             received_at=now - timedelta(minutes=35) + timedelta(milliseconds=460),
                             happened_at=now - timedelta(minutes=35)),
                    delivery(3, now, status="failed", error=f"no project in it {HOSTILE}", rows=0),
                    delivery(4, now, status="kept", kind="wiki_page", rows=0),
                    delivery(5, now, status="ignored", project_id=2, rows=0),
                    delivery(6, now, status="received", source="github", kind="push", shaped_at=None, rows=None),
                ],
            )
        )  # fmt: skip
    return opener(path)


def table(app: AppTest, column: str) -> list[dict[str, Any]]:
    """The rows of the table that has this column."""
    [found] = [one.value for one in app.dataframe if column in one.value]
    return [{str(name): value for name, value in row.items()} for row in found.to_dict("records")]


def captions(app: AppTest) -> str:
    return " ".join(caption.value for caption in app.caption)


def test_deliveries_by_sender_and_kind(hooked: Open) -> None:
    app = hooked("sources")
    numbers = {metric.label: metric.value for metric in app.metric}
    assert {name: numbers[name] for name in ("Deliveries", "In the tables", "Failed", "Waiting", "Not used")} == {
        "Deliveries": "6", "In the tables": "2", "Failed": "1", "Waiting": "1", "Not used": "2"
    }  # fmt: skip
    names = ("source", "kind", "deliveries", "shaped", "failed", "waiting", "unused", "why_unused", "bytes")
    assert [tuple(row[name] for name in names) for row in table(app, "unused")] == [
        ("github", "push", 1, 0, 0, 1, 0, "", 1000),
        ("gitlab", "pipeline", 4, 2, 1, 0, 1, "repository not chosen", 4000),
        ("gitlab", "wiki_page", 1, 0, 0, 0, 1, "nothing in it, or no table for it", 1000),
    ]
    said = r"The last one came 3\d minutes ago\. Kept for 30 days \(`DASH_HOOK_DAYS`\): 6\.0 kB as they came"
    assert re.search(said, captions(app))


def test_what_was_refused_since_the_start(hooked: Open) -> None:
    """Nothing of it is stored: the page alone tells whoever sets a sender up why nothing comes."""
    app = hooked("sources")
    assert "Refused" not in " ".join(one.value for one in app.markdown)
    refusals = runtime.runtime().receiver.metrics.refusals
    for _ in range(9):
        refusals.refused("github", 401)
    refusals.refused("alertmanager", 415)
    refusals.taken("alertmanager")
    refusals.refused("gitlab", 413)
    refusals.taken("gitlab")
    refusals.refused("gitlab", 401)
    [told] = [one.value for one in app.run().markdown if one.value.startswith("- ") and "refused with" in one.value]
    github, gitlab, alerts = told.splitlines()
    assert alerts.startswith("- Alertmanager: 1 refused with 415"), "what is over stands last"
    assert github.startswith("- GitHub: 9 refused with 401, the last ")
    assert github.endswith("ago: no secret is set, so the route is closed \\(DASH\\_GITHUB\\_WEBHOOK\\_SECRET\\)")
    assert gitlab.startswith("- GitLab: 1 refused with 401, the last ") and "; 1 refused with 413, the last " in gitlab
    assert gitlab.endswith(" ago (others were taken after them): the body was larger than 25 MB")


def test_what_failed_with_its_error_and_what_waits(hooked: Open) -> None:
    app = hooked("sources")
    [failed] = [row for row in table(app, "error") if row["id"] == 3]
    assert failed["error"] == f"no project in it {HOSTILE}" and failed["kind"] == "pipeline" and failed["rows"] == 0
    assert "python -m dashlib replay" in captions(app)
    [waiting] = [one.value for one in app.dataframe if list(one.value) == ["source", "kind", "deliveries", "since"]]
    assert waiting[["source", "kind", "deliveries"]].values.tolist() == [["github", "push", 1]]
    assert "1 delivery waits for " in captions(app)
    assert "1 delivery waits for its rows for " in captions(hooked("overview")), "on any page"


def test_the_ledger_counts_what_no_webhook_told(hooked: Open, now: datetime) -> None:
    """Tenths of seconds, as in the sentence above them; a repository that never sent is shown, and in no sum."""
    app = hooked("sources")
    row, silent = table(app, "lost")
    names = ("path_with_namespace", "kind", "things", "lost", "delay_p50", "last_hook")
    assert {name: row[name] for name in names} == {
        "path_with_namespace": "acme/core/engine", "kind": "pipeline", "things": 4, "lost": 2, "delay_p50": 2.2,
        "last_hook": f"{now - timedelta(minutes=35):%Y-%m-%d %H:%M}",
    }  # fmt: skip
    assert row["lost_share"] == pytest.approx(100 / 2)  # per cent, as the table shows it
    assert (silent["path_with_namespace"], silent["lost_share"], silent["last_hook"]) == ("acme/web/site", 100, "never")
    said = "4 pipelines, jobs and pushes since the first webhook of their kind; 2 without one (50.0 %); delay 2.2 s"
    assert said in captions(app)
    assert "From 1 repository a kind never came that others send: “never” below." in captions(app)


def test_the_settings_say_which_secrets_are_set_and_never_what_they_are(
    filled: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in HOOK_SECRETS:
        monkeypatch.setenv(name, SECRET)
    monkeypatch.setenv("DASH_REPORT_URL", "https://dash.example/")
    monkeypatch.setenv("DASH_HOOK_DAYS", "12")
    runtime.close()
    app = filled("sources")
    shown = str(app.table[0].value)
    held = dict(zip(app.table[0].value.index, app.table[0].value.iloc[:, 0], strict=True))
    assert SECRET not in shown
    assert {name: held[name] for name in (*HOOK_SECRETS, "DASH_GITLAB_SIGNING_TOKEN", "DASH_HOOK_DAYS")} == {
        **dict.fromkeys(HOOK_SECRETS, "set"), "DASH_GITLAB_SIGNING_TOKEN": "not set", "DASH_HOOK_DAYS": "12",
    }  # fmt: skip
    assert held["DASH_REPORT_URL"].replace("\\", "") == "https://dash.example/"


def test_without_any_delivery_it_says_what_to_do(filled: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    told = [info.value for info in filled("sources").info]
    assert len(told) == 1 and "no secret is set" in told[0]
    monkeypatch.setenv("DASH_HOOK_TOKEN", SECRET)
    runtime.close()
    assert "nothing was posted yet" in filled("sources").info[0].value


@pytest.mark.parametrize("guide", GUIDES, ids=[guide.title for guide in GUIDES])
def test_each_sender_gets_address_secret_and_command_and_no_secret_is_shown(
    filled: Open, monkeypatch: pytest.MonkeyPatch, guide: Any
) -> None:
    for name in HOOK_SECRETS:
        monkeypatch.setenv(name, SECRET)
    monkeypatch.setenv("DASH_REPORT_URL", "https://dash.example/")
    app = filled("sources", sender=guide.title)
    codes = [code.value for code in app.code]
    assert f"https://dash.example{guide.source.path}" in codes
    assert guide.curl("https://dash.example") in codes
    assert any(f"`{guide.settings[0]}` :green-badge" in markdown.value for markdown in app.markdown)
    assert "401" not in captions(app)
    assert SECRET not in " ".join(str(element) for element in app.main)


def test_a_closed_route_is_told(filled: Open) -> None:
    app = filled("sources", sender="GitHub")
    assert "answers 401 until `DASH_GITHUB_WEBHOOK_SECRET` is set" in captions(app)
    assert "This address means this machine only" in captions(app)


def browser_at(monkeypatch: pytest.MonkeyPatch, address: str | None) -> None:
    """Where the browser is; None is this machine."""
    context = type("Context", (), {"ip_address": address, "headers": {}, "url": None})()
    monkeypatch.setattr("dashlib.widgets.freshness.st.context", context)


@pytest.fixture
def connected(opener: Callable[[Path], Open], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The page over a simulated GitLab, for the token of this name."""
    with running_gitlab(repos=3, days=2) as gitlab:
        project = gitlab.world.projects[0]
        path = tmp_path / "connected.duckdb"
        with open_store(path) as store:
            Builder(store).project(project.id, project.path)
        browser_at(monkeypatch, None)
        monkeypatch.setenv("GITLAB_URL", gitlab.url)
        monkeypatch.setenv("DASH_REPORT_URL", "https://dash.example")
        monkeypatch.setenv("DASH_GITLAB_WEBHOOK_TOKEN", SECRET)

        def visit(token: str) -> AppTest:
            monkeypatch.setenv("GITLAB_ACCESS_TOKEN", token)
            return opener(path)("sources", sender="GitLab")

        yield visit, gitlab, project


def test_the_button_makes_one_webhook(connected: Any) -> None:
    visit, gitlab, project = connected
    app = visit(WRITE_TOKEN)
    app.button(key="make_hook").click().run()
    assert "has a webhook that posts here" in app.success[0].value
    app.button(key="make_hook").click().run()
    assert "already" in app.success[0].value
    [hook] = gitlab.world.web_hooks.of(project_id=project.id)
    assert (hook.url, hook.token) == ("https://dash.example/gitlab/events", SECRET)
    assert SECRET not in " ".join(str(element) for element in app.main)


def test_the_button_with_a_token_that_may_only_read_leads_to_gitlabs_form(connected: Any) -> None:
    visit, gitlab, project = connected
    app = visit(READ_TOKEN)
    app.button(key="make_hook").click().run()
    assert "scope api" in app.error[0].value
    [link] = app.get("link_button")
    assert link.proto.url == f"{gitlab.url}/{project.path}/-/hooks"
    assert gitlab.world.web_hooks.of(project_id=project.id) == []


def test_the_button_is_for_this_machine_only(connected: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    visit, gitlab, project = connected
    browser_at(monkeypatch, "203.0.113.9")
    app = visit(WRITE_TOKEN)
    assert app.button(key="make_hook").disabled
    assert "may make webhooks" in captions(app)
    # Who speaks to the server without a browser can press it all the same.
    webhooks._make(BY_TITLE["GitLab"], "projects", project.path, "https://dash.example")
    assert gitlab.world.web_hooks.of(project_id=project.id) == []


def test_a_repository_that_is_gone_is_marked_and_nothing_else_changes(hooked: Open, now: datetime) -> None:
    hooked("sources")
    read = {"source": "gitlab", "resource": "pipelines", "variant": "", "completed_at": now}
    runtime.runtime().store.write(
        Upsert(PROJECTS, [row(PROJECTS, ["end"], id=2, deleted_at=now)]),
        Put(bookkeeping.PASSES, [read | {"project_id": project} for project in (1, 2)]),
    )
    [listed] = [table.value for table in hooked("sources").dataframe if "gone_since" in table.value.columns]
    assert dict(zip(listed["path_with_namespace"], listed["gone_since"].notna(), strict=True)) == {
        "acme/core/engine": False, "acme/web/site": True
    }  # fmt: skip
    app = hooked("signals", repo="acme/web/site")
    [choice] = [one for one in app.multiselect if one.key == "repo"]
    assert choice.options == ["acme/core/engine", "acme/web/site (gone)"]
    assert choice.value == ["acme/web/site"] and app.query_params["repo"] == "acme/web/site"
