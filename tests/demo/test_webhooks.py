"""Webhooks of the simulated GitLab: who hears what, and when a hook that nobody answers is switched off."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import gitlab
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from dashlib.commands.demo import _environment, add_hooks
from dashlib.demo import READ_TOKEN, WRITE_TOKEN, Live, World, create_app, serving
from dashlib.demo.sender import HookSender, header_of
from dashlib.demo.webhooks import FLAGS, WebHook, WebHooks
from dashlib.settings import Settings

from .conftest import END
from .inbox import Inbox

AT = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
EVERYTHING = frozenset(FLAGS.values())
SECRET = "s3cret-canary"


class Clock:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.now = AT

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    made = Inbox()
    yield made
    made.close()


# Switching off


@given(st.lists(st.booleans(), max_size=60))
def test_a_hook_pauses_from_its_fourth_failure_in_a_row(answers: list[bool]) -> None:
    """Whatever came before: only the failures since the last success count."""
    hook = WebHook(1, "http://x", "", EVERYTHING, AT)
    for good in answers:
        hook.answered(good=good, now=AT)
    failures = len(answers) - max((place for place, good in enumerate(answers, 1) if good), default=0)
    pause = min(timedelta(minutes=2 ** max(failures - 4, 0)), timedelta(days=1))
    if failures >= 40:
        assert hook.alert_status(AT + timedelta(days=900)) == "disabled"
    elif failures >= 4:
        assert hook.alert_status(AT + pause) == "temporarily_disabled"
        assert hook.alert_status(AT + pause + timedelta(seconds=1)) == "executable"
    else:
        assert (hook.alert_status(AT), hook.disabled_until) == ("executable", None)


def test_a_receiver_that_has_no_such_route_is_left_alone(inbox: Inbox) -> None:
    """As the dashboard before it has one: four deliveries, then one after a minute, two, four …; then all of them."""
    clock = Clock()
    world = World(4, END, 8, 14)
    world.web_hooks = WebHooks(clock)
    hook = world.web_hooks.add(inbox.url, SECRET, EVERYTHING, END, group="ostrelune")
    sender = HookSender(world.web_hooks, base_url="http://gitlab.test")
    inbox.status = 405
    body = sender.hooks.pipeline(world.projects[0].pipelines[0])

    def arrived(times: int = 20) -> int:
        before = len(inbox.got)
        for _ in range(times):
            sender.send(body)
        sender.flush()
        return len(inbox.got) - before

    assert arrived() == 4
    assert arrived() == 0
    for minutes in (1, 2, 4):
        clock.now += timedelta(minutes=minutes)
        assert arrived() == 0, "not yet"
        clock.now += timedelta(seconds=1)
        assert arrived() == 1
    assert (hook.alert_status(clock.now), sender.sent, sender.failed) == ("temporarily_disabled", 0, 7)
    inbox.status = 200
    clock.now += timedelta(minutes=9)
    assert arrived() == 20
    assert (hook.alert_status(clock.now), hook.recent_failures, sender.sent) == ("executable", 0, 20)
    sender.close()


def test_a_sender_survives_a_deaf_receiver() -> None:
    web_hooks = WebHooks(Clock())
    web_hooks.add("http://127.0.0.1:9/none", "", EVERYTHING, END, group="ostrelune")
    world = World(4, END, 8, 14)
    sender = HookSender(web_hooks, timeout=0.5, room=5)
    body = sender.hooks.pipeline(world.projects[0].pipelines[0])
    for _ in range(50):
        sender.send(body)
    sender.flush()
    assert (sender.sent, sender.failed) == (0, 4)
    sender.close()


def test_a_redirect_is_an_answer_and_is_not_followed(inbox: Inbox, world: World) -> None:
    web_hooks = WebHooks(Clock())
    hook = web_hooks.add(inbox.url, "", EVERYTHING, END, group="ostrelune")
    inbox.status = 302
    sender = HookSender(web_hooks)
    for _ in range(5):
        sender.send(sender.hooks.pipeline(world.projects[0].pipelines[0]))
    sender.flush()
    sender.close()
    assert (len(inbox.got), sender.sent, hook.recent_failures) == (5, 5, 0)


# Who hears what


def test_hooks_arrive_with_gitlabs_headers(inbox: Inbox) -> None:
    world = World(4, END, 12, 14)
    world.web_hooks.add(inbox.url, SECRET, EVERYTHING, END, group="ostrelune")
    sender = HookSender(world.web_hooks, base_url="http://gitlab.test")
    live = Live(world, sender)
    for number in range(1, 41):
        live.tick(END + timedelta(seconds=5 * number))
    sender.flush()
    sender.close()
    assert sender.failed == sender.dropped == sender.skipped == 0
    assert sender.sent == len(inbox.got)
    kinds = {(headers["X-Gitlab-Event"], body["object_kind"]) for headers, body in inbox.got}
    assert kinds >= {("Push Hook", "push"), ("Pipeline Hook", "pipeline"), ("Job Hook", "build"), ("Note Hook", "note")}
    headers = inbox.got[0][0]
    assert headers["X-Gitlab-Token"] == SECRET
    assert headers["X-Gitlab-Instance"] == "http://gitlab.test"
    assert headers["User-Agent"].startswith("GitLab/")
    assert len({headers["Idempotency-Key"] for headers, _ in inbox.got}) == len(inbox.got)


def test_a_hook_hears_its_own_project_or_group_and_the_events_it_asks_for(world: World) -> None:
    ours, other = {"id": 7, "path_with_namespace": "team/a/x"}, {"id": 8, "path_with_namespace": "team-two/y"}
    web_hooks = WebHooks(Clock())
    of_project = web_hooks.add("http://p", "", frozenset({"push_events"}), END, project_id=7)
    of_group = web_hooks.add("http://g", "", EVERYTHING, END, group="team")
    assert web_hooks.that_hear("Push Hook", ours) == [of_project, of_group]
    assert web_hooks.that_hear("Job Hook", ours) == [of_group]
    assert web_hooks.that_hear("Push Hook", other) == []
    web_hooks.remove(of_group)
    assert web_hooks.that_hear("Job Hook", ours) == []
    assert not web_hooks.executable(of_group)


def test_what_is_confidential_is_another_event(world: World) -> None:
    sender = HookSender(WebHooks())
    project, issue = next((each, issue) for each in world.projects for issue in each.issues if issue.notes)
    note, kept = issue.notes[0], issue.confidential
    issue.confidential = True
    bodies = [
        sender.hooks.issue(issue, project, issue.author, "update"), sender.hooks.note(note, project, issue)
    ]  # fmt: skip
    issue.confidential = kept
    sender.close()
    assert [header_of(body) for body in bodies] == ["Confidential Issue Hook", "Confidential Note Hook"]
    assert {header_of(body) for body in bodies} <= set(FLAGS)


# The API and the pages


@pytest.fixture
def own() -> World:
    return World(4, END, 8, 14)


@pytest.fixture
def client(own: World) -> TestClient:
    return TestClient(create_app(own), headers={"PRIVATE-TOKEN": WRITE_TOKEN})


@pytest.mark.parametrize("kind", ["projects", "groups"])
def test_a_hook_from_its_making_to_its_end(client: TestClient, own: World, kind: str) -> None:
    owner = {"projects": own.projects[0].id, "groups": "ostrelune"}[kind]
    base = f"/api/v4/{kind}/{owner}/hooks"
    assert client.get(base).json() == []
    made = client.post(base, json={"url": "http://127.0.0.1:9/x", "token": SECRET, "job_events": True, "name": "n"})
    assert made.status_code == 201
    row = made.json()
    assert (row["push_events"], row["job_events"], row["pipeline_events"]) == (True, True, False)
    assert (row["alert_status"], row["disabled_until"], row["name"]) == ("executable", None, "n")
    assert row["project_id" if kind == "projects" else "group_id"]
    assert client.get(base).json() == [row] == [client.get(f"{base}/{row['id']}").json()]
    changed = client.put(f"{base}/{row['id']}", json={"url": "http://127.0.0.1:9/y", "push_events": False}).json()
    assert changed == row | {"url": "http://127.0.0.1:9/y", "push_events": False}
    texts = [client.get(base).text, made.text, client.get(f"/{own.projects[0].path}/-/hooks").text]
    assert not [text for text in texts if SECRET in text], "the token is never told"
    gone = client.delete(f"{base}/{row['id']}")
    assert (gone.status_code, gone.content) == (204, b"")
    assert client.get(f"{base}/{row['id']}").status_code == 404


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [({}, 400, "url is missing"), ({"url": "ftp://x"}, 422, "Invalid url given"), ({"url": "x"}, 422, "Invalid url")],
)
def test_a_hook_without_a_good_url(client: TestClient, body: dict[str, str], status: int, told: str) -> None:
    answer = client.post("/api/v4/groups/ostrelune/hooks", json=body)
    assert answer.status_code == status
    assert told in answer.json()["error"]


def test_who_may_only_read_sees_no_hooks(client: TestClient, own: World) -> None:
    client.headers["PRIVATE-TOKEN"] = READ_TOKEN
    base = f"/api/v4/projects/{own.projects[0].id}/hooks"
    assert client.get(base).status_code == 403
    answer = client.post(base, json={"url": "http://127.0.0.1:9"})
    assert (answer.status_code, answer.json()["error"]) == (403, "insufficient_scope")
    assert client.get("/api/v4/groups/nobody/hooks").status_code == 404


def test_a_hook_that_is_switched_off_says_so(client: TestClient, own: World) -> None:
    clock = Clock()
    own.web_hooks = WebHooks(clock)
    hook = own.web_hooks.add("http://127.0.0.1:9/<x>", SECRET, EVERYTHING, END, group="ostrelune")

    def told() -> tuple[Any, Any, str]:
        [row] = client.get("/api/v4/groups/ostrelune/hooks").json()
        return row["alert_status"], row["disabled_until"], client.get("/groups/ostrelune/-/hooks").text

    assert told()[:2] == ("executable", None)
    for _ in range(4):
        own.web_hooks.answered(hook, good=False)
    status, until, page = told()
    assert (status, until) == ("temporarily_disabled", "2026-11-21T09:01:00.000Z")
    assert "Temporarily disabled" in page
    assert "http://127.0.0.1:9/&lt;x&gt;" in page
    clock.now += timedelta(minutes=2)
    assert told()[:2] == ("executable", None)
    for _ in range(36):
        own.web_hooks.answered(hook, good=False)
    clock.now += timedelta(days=30)
    assert told()[:2] == ("disabled", None)
    there = client.get(f"/{own.projects[0].path}/-/hooks").text
    assert "There are none." in there
    assert "/groups/ostrelune/-/hooks" in there


def test_python_gitlab_makes_one(own: World) -> None:
    with serving(create_app(own)) as url:
        writer = gitlab.Gitlab(url, private_token=WRITE_TOKEN, timeout=10)
        made = writer.groups.get("ostrelune").hooks.create({"url": "http://127.0.0.1:9/x", "pipeline_events": True})
        assert [hook.id for hook in writer.groups.get("ostrelune").hooks.list(get_all=True)] == [made.id]
        made.delete()
    assert own.web_hooks.of(group="ostrelune") == []


# The commands


def test_the_demo_makes_the_dashboards_hook_by_the_api(own: World, inbox: Inbox) -> None:
    with serving(create_app(own)) as url:
        add_hooks(url, inbox.url, SECRET)
        [hook] = own.web_hooks.of(group="ostrelune")
        assert (hook.url, hook.token, hook.flags) == (inbox.url, SECRET, EVERYTHING)
        sender = HookSender(own.web_hooks, base_url=url)
        Live(own, sender).tick(END + timedelta(seconds=5))
        sender.flush()
        sender.close()
    assert inbox.got
    assert {headers["X-Gitlab-Token"] for headers, _ in inbox.got} == {SECRET}


def test_the_simulated_gitlab_alone_sends_to_the_hook_it_is_given(inbox: Inbox) -> None:
    args = [sys.executable, "-m", "dashlib.demo", "--port", "0", "--repos", "8", "--days", "14", "--live", "0.05",
            "--hook-url", inbox.url, "--hook-token", SECRET]  # fmt: skip
    with subprocess.Popen(args, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            assert inbox.arrived.wait(30)
        finally:
            process.terminate()
            _, err = process.communicate(timeout=60)
    assert err == ""
    headers, _ = inbox.got[0]
    assert (headers["X-Gitlab-Token"], headers["X-Gitlab-Instance"]) == (SECRET, url)


def test_the_demo_s_dashboard_has_every_secret_of_webhooks_that_was_set() -> None:
    """Whoever wants to post to it himself sets them; what was not set stays closed, but for the demo's own two."""
    names = ("DASH_GITLAB_SIGNING_TOKEN", "DASH_GITHUB_WEBHOOK_SECRET", "DASH_GITLAB_WEBHOOK_TOKEN", "DASH_HOOK_TOKEN")
    mine = Settings(gitlab_signing_token="whsec_c2VjcmV0", github_webhook_secret=SECRET)
    told = _environment(mine, "theirs", "bearer")
    assert [told[name] for name in names] == ["whsec_c2VjcmV0", SECRET, "theirs", "bearer"]
    bare = _environment(Settings(), "theirs", "bearer")
    assert [bare.get(name) for name in names] == [None, None, "theirs", "bearer"]
