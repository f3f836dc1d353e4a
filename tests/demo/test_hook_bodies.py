"""What webhooks say, and how their deliveries are signed and headed."""

from __future__ import annotations

import pytest

from dashlib.demo import World
from dashlib.demo.hooks import Hooks
from dashlib.demo.sender import delivery, signature


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
