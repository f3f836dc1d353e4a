"""Live makes things happen: deterministic by tick, shown by REST at once, sent as hooks."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from dashlib.demo import READ_TOKEN, Live, World, create_app
from dashlib.demo.hooks import Hooks
from dashlib.demo.sender import HookSender, delivery, signature

from .conftest import END


class Inbox:
    """A server that keeps the hooks it gets."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], dict[str, Any]]] = []
        inbox = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                inbox.got.append((dict(self.headers), json.loads(body)))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                """Says nothing."""

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/gitlab/events"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    made = Inbox()
    yield made
    made.server.shutdown()
    made.server.server_close()


def _lived(ticks: int) -> tuple[World, list[str]]:
    world = World(4, END, 12, 14)
    live = Live(world)
    return world, [live.tick(END + timedelta(seconds=5 * number)) for number in range(1, ticks + 1)]


def test_the_same_ticks_do_the_same() -> None:
    (one, did), (two, again) = _lived(60), _lived(60)
    assert did == again
    assert {"push", "comment", "retry"} <= set(did)
    assert {"close", "reopen"} & set(did)

    def shape(world: World) -> list[tuple[int, str, str]]:
        return [(job.id, job.name, job.status) for job in world.jobs()]

    assert shape(one) == shape(two)


def test_a_push_becomes_a_pipeline_that_ends() -> None:
    world, did = _lived(80)
    fresh = [each for each in world.pipelines() if each.created_at > END]
    assert len(fresh) == did.count("push")
    ended = [each for each in fresh if each.status in {"success", "failed"}]
    assert len(ended) > len(fresh) / 2
    assert "failed" in {job.status for pipeline in ended for job in pipeline.jobs}
    for pipeline in ended:
        assert pipeline.finished_at
        assert pipeline.duration is not None
        assert all(job.status in {"success", "failed", "skipped", "manual"} for job in pipeline.jobs)
    for job in world.jobs():
        assert (job.failure_reason is None) == (job.status != "failed")


def test_rest_shows_it_at_once() -> None:
    world = World(4, END, 12, 14)
    client = TestClient(create_app(world), headers={"PRIVATE-TOKEN": READ_TOKEN})
    live, now = Live(world), END
    done = ""
    while done != "push":
        now += timedelta(hours=2)
        done = live.tick(now)
    event = client.get("/api/v4/events", params={"scope": "all", "per_page": 1}).json()[0]
    base = f"/api/v4/projects/{event['project_id']}"
    project = client.get(base).json()
    assert project["last_activity_at"] == event["created_at"] == now.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    newest = client.get(f"{base}/pipelines").json()[0]
    assert newest["sha"] == event["push_data"]["commit_to"]
    assert newest["status"] == "pending"
    assert client.get(f"{base}/repository/commits").json()[0]["id"] == newest["sha"]
    live.tick(now + timedelta(seconds=5))
    after = client.get(f"{base}/pipelines/{newest['id']}").json()
    assert after["status"] == "running"
    assert after["updated_at"] > newest["updated_at"]


def test_live_finishes_what_was_under_way_at_the_end() -> None:
    world = World(2, END.replace(hour=1, minute=10), 22, 14)
    running = [each for each in world.pipelines() if each.status in {"running", "pending"}]
    assert running
    live = Live(world)
    for number in range(1, 60):
        live.tick(world.end + timedelta(seconds=30 * number))
    assert {each.status for each in running} <= {"success", "failed"}


def test_hooks_arrive_with_gitlabs_headers(inbox: Inbox) -> None:
    world = World(4, END, 12, 14)
    sender = HookSender(inbox.url, "s3cret", base_url="http://gitlab.test")
    live = Live(world, sender)
    for number in range(1, 41):
        live.tick(END + timedelta(seconds=5 * number))
    sender.flush()
    sender.close()
    assert sender.failed == sender.dropped == 0
    assert sender.sent == len(inbox.got)
    kinds = {(headers["X-Gitlab-Event"], body["object_kind"]) for headers, body in inbox.got}
    assert kinds >= {("Push Hook", "push"), ("Pipeline Hook", "pipeline"), ("Job Hook", "build"), ("Note Hook", "note")}
    headers = inbox.got[0][0]
    assert headers["X-Gitlab-Token"] == "s3cret"
    assert headers["X-Gitlab-Instance"] == "http://gitlab.test"
    assert headers["User-Agent"].startswith("GitLab/")
    assert len({headers["Idempotency-Key"] for headers, _ in inbox.got}) == len(inbox.got)


def test_a_sender_survives_a_deaf_receiver() -> None:
    world = World(4, END, 8, 14)
    sender = HookSender("http://127.0.0.1:9/none", timeout=0.5, room=5)
    body = sender.hooks.pipeline(world.projects[0].pipelines[0])
    for _ in range(50):
        sender.send(body)
    sender.flush()
    assert sender.sent == 0
    assert sender.failed + sender.dropped == 50
    sender.close()


def test_the_thread_ticks_by_itself() -> None:
    world = World(4, END, 8, 14)
    live = Live(world)
    before = len(world.events) + sum(len(project.pipelines) for project in world.projects)
    live.start(0.01)
    deadline = threading.Event()
    deadline.wait(0.3)
    live.stop()
    assert len(world.events) + sum(len(project.pipelines) for project in world.projects) > before


def test_push_hooks_send_the_newest_twenty_commits(world: World) -> None:
    project = world.projects[0]
    commits = list(project.commits.values())[:40]
    body = Hooks("http://gitlab.test").push(
        project, project.team[0], "refs/heads/main", before=commits[0].id, after=commits[-1].id, commits=commits
    )
    assert body["total_commits_count"] == 40
    assert [each["id"] for each in body["commits"]] == [commit.id for commit in commits[-20:]]
    assert body["object_kind"] == body["event_name"] == "push"
    gone = Hooks("http://gitlab.test").push(project, project.team[0], "refs/heads/x", before=commits[0].id, after=None)
    assert gone["after"] == "0" * 40
    assert gone["checkout_sha"] is None
    tag = Hooks("http://gitlab.test").push(project, project.team[0], "refs/tags/v1", before=None, after=commits[0].id)
    assert tag["object_kind"] == "tag_push"
    assert tag["before"] == "0" * 40


def test_both_styles_of_dates_and_redacted_mails(world: World) -> None:
    pipeline = next(each for each in world.projects[0].pipelines if each.status == "failed")
    real, test = Hooks("http://g"), Hooks("http://g", "test")
    assert real.pipeline(pipeline)["object_attributes"]["created_at"].endswith(" UTC")
    assert test.pipeline(pipeline)["object_attributes"]["created_at"].endswith("Z")
    mails = {each["email"] for each in (real.user(user) for user in world.users.values())}
    assert "[REDACTED]" in mails
    assert len(mails) > 1


def test_pipeline_hooks_leave_out_retried_jobs(world: World) -> None:
    job = next(job for job in world.jobs() if job.retried)
    body = Hooks("http://g").pipeline(job.pipeline)
    assert job.id not in {build["id"] for build in body["builds"]}
    reasons = {build["failure_reason"] for build in body["builds"] if build["status"] != "failed"}
    assert reasons <= {None}
    assert "started_at" not in body["object_attributes"]
    assert body["object_attributes"]["url"].endswith(f"/-/pipelines/{job.pipeline.id}")


def test_job_hooks_say_unknown_failure_even_when_nothing_failed(world: World) -> None:
    job = next(job for job in world.jobs() if job.status == "success")
    body = Hooks("http://g").job(job)
    assert body["build_failure_reason"] == "unknown_failure"
    assert body["commit"]["id"] == job.pipeline.id
    assert " / " in body["project_name"]
    assert "object_attributes" not in body


def test_issue_request_and_note_hooks(world: World) -> None:
    project = world.project("ostrelune/platform/tide-store")
    hooks, issue, request = Hooks("http://g"), project.issues[-1], project.merge_requests[0]
    body = hooks.issue(issue, project, issue.author, "close")
    assert body["object_attributes"]["action"] == "close"
    issue.confidential, kept = True, issue.confidential
    secret = delivery(hooks.issue(issue, project, issue.author, "update"))
    issue.confidential = kept
    assert secret.headers["X-Gitlab-Event"] == "Confidential Issue Hook"
    merged = hooks.merge_request(request, project, request.author, "merge")
    assert merged["object_attributes"]["source_branch"] == request.source_branch
    note = next(note for each in world.projects for issue in each.issues for note in issue.notes)
    assert hooks.note(note, project)["object_attributes"]["noteable_type"] == "Issue"


def test_a_resend_keeps_its_key() -> None:
    body = {"object_kind": "push"}
    assert delivery(body, key="k").headers["Idempotency-Key"] == delivery(body, key="k").headers["Idempotency-Key"]
    assert delivery(body).headers["Idempotency-Key"] != delivery(body).headers["Idempotency-Key"]
    assert "X-Gitlab-Token" not in delivery(body).headers


@pytest.mark.parametrize(
    ("token", "key", "at", "raw", "wanted"),
    [
        (
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1614265330,
            b'{"test": 2432232314}',
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        ),
        (
            "whsec_dGVzdHRlc3R0ZXN0dGVzdHRlc3R0ZXN0dGVzdHRlc3Q=",
            "f5e5f430-f57b-4e6e-9fac-d9128cd7232f",
            1767225600,
            b'{"object_kind":"push"}',
            "v1,Z+TZ/7ZajOTsy7bHM+h4i59G6v4kjL/E1dgnWOBRNfw=",
        ),
    ],
)
def test_signatures_match_the_known_vectors(token: str, key: str, at: int, raw: bytes, wanted: str) -> None:
    assert signature(token, key, at, raw) == wanted


def test_signed_and_old_deliveries() -> None:
    body = {"object_kind": "build"}
    signed = delivery(body, key="k", at=5, signing_token="whsec_dGVzdA==")
    assert signed.headers["webhook-id"] == "k"
    assert signed.headers["webhook-signature"] == signature("whsec_dGVzdA==", "k", 5, signed.body)
    old = delivery(body, old=True)
    assert old.headers["X-Gitlab-Event"] == "Build Hook"
    assert not {"Idempotency-Key", "X-Gitlab-Webhook-UUID", "webhook-id"} & set(old.headers)
