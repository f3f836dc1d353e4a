"""The webhook that the dashboard makes on GitLab: where the token may, and never twice; over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from dashlib.demo.gitlab import READ_TOKEN, WRITE_TOKEN
from dashlib.demo.model import Project
from dashlib.demo.webhooks import WebHook
from dashlib.receive.gitlab_hook import Hook, HookError, Kind, create, form
from dashlib.receive.setup import GITLAB_GROUP_TRIGGERS, GITLAB_TRIGGERS
from dashlib.settings import Settings
from tests.sync.world import GitLab, running_gitlab

URL = "https://dash.example/gitlab/events"
SECRET = "canary-gitlab-secret"


@pytest.fixture(scope="module")
def gitlab() -> Iterator[GitLab]:
    with running_gitlab(repos=4, days=3) as gitlab:
        yield gitlab


@pytest.fixture
def project(gitlab: GitLab) -> Iterator[Project]:
    """A repository without webhooks."""
    yield gitlab.world.projects[0]
    for hook in [*of(gitlab, gitlab.world.projects[0]), *gitlab.world.web_hooks.of(group="ostrelune")]:
        gitlab.world.web_hooks.remove(hook)


def of(gitlab: GitLab, project: Project) -> list[WebHook]:
    return gitlab.world.web_hooks.of(project_id=project.id)


def settings(gitlab: GitLab, token: str | None = WRITE_TOKEN) -> Settings:
    return Settings(gitlab_url=gitlab.url, gitlab_token=token, gitlab_webhook_token=SECRET)


def test_a_repository_gets_a_webhook_with_the_secret_and_the_triggers(gitlab: GitLab, project: Project) -> None:
    made = create(settings(gitlab), "projects", project.path, URL)
    [hook] = of(gitlab, project)
    assert made == Hook(hook.id, new=True, sends=True)
    assert (hook.url, hook.token, hook.flags) == (URL, SECRET, frozenset(GITLAB_TRIGGERS))


def test_a_group_gets_one_that_tells_of_members_too(gitlab: GitLab, project: Project) -> None:
    assert create(settings(gitlab), "groups", "ostrelune", URL).new
    [hook] = gitlab.world.web_hooks.of(group="ostrelune")
    assert (hook.url, hook.flags) == (URL, frozenset({*GITLAB_TRIGGERS, *GITLAB_GROUP_TRIGGERS}))
    assert of(gitlab, project) == []


def test_never_a_second_one_for_the_same_address(gitlab: GitLab, project: Project) -> None:
    for number in range(130):
        gitlab.world.web_hooks.add(f"https://other.example/{number}", "", frozenset(), gitlab.world.now,
                                   project_id=project.id)  # fmt: skip
    with ThreadPoolExecutor(4) as clicks:
        found = list(clicks.map(lambda _: create(settings(gitlab), "projects", project.path, URL), range(4)))
    assert sorted(hook.new for hook in found) == [False, False, False, True]
    assert create(settings(gitlab), "projects", project.path, f"{URL}/").new is False
    assert len([hook for hook in of(gitlab, project) if hook.url == URL]) == 1


def test_one_that_gitlab_switched_off_is_told(gitlab: GitLab, project: Project) -> None:
    create(settings(gitlab), "projects", project.path, URL)
    for _ in range(40):
        gitlab.world.web_hooks.answered(of(gitlab, project)[0], good=False)
    assert create(settings(gitlab), "projects", project.path, URL) == Hook(of(gitlab, project)[0].id, False, False)


@pytest.mark.parametrize(("kind", "role"), [("projects", "Maintainer"), ("groups", "Owner")])
def test_a_token_that_may_only_read_is_told_what_to_do(gitlab: GitLab, project: Project, kind: Kind, role: str) -> None:
    path = project.path if kind == "projects" else "ostrelune"
    with pytest.raises(HookError, match=f"scope api.*{role}.*form"):
        create(settings(gitlab, READ_TOKEN), kind, path, URL)
    assert of(gitlab, project) == []


def test_what_gitlab_does_not_know(gitlab: GitLab) -> None:
    with pytest.raises(HookError, match=r"no/such.*Premium"):
        create(settings(gitlab), "groups", "no/such", URL)


def test_an_address_that_gitlab_refuses(gitlab: GitLab, project: Project) -> None:
    with pytest.raises(HookError, match="Invalid url given"):
        create(settings(gitlab), "projects", project.path, "ftp://dash.example/gitlab/events")


def test_a_gitlab_that_is_not_there() -> None:
    nowhere = Settings(gitlab_url="http://127.0.0.1:9", gitlab_token="glpat-x", gitlab_webhook_token=SECRET)
    with pytest.raises(HookError, match="cannot be asked"):
        create(nowhere, "projects", "acme/site", URL)


def test_without_a_secret_or_a_token_nothing_is_asked(gitlab: GitLab, project: Project) -> None:
    calls = len(gitlab.calls)
    for held, name in (
        (replace(settings(gitlab), gitlab_webhook_token=None), "DASH_GITLAB_WEBHOOK_TOKEN"),
        (settings(gitlab, None), "GITLAB_ACCESS_TOKEN"),
    ):
        with pytest.raises(HookError, match=name):
            create(held, "projects", project.path, URL)
    assert len(gitlab.calls) == calls


def test_the_form_on_gitlab() -> None:
    held = Settings(gitlab_url="https://gitlab.example")
    assert form(held, "projects", "acme/core/engine") == "https://gitlab.example/acme/core/engine/-/hooks"
    assert form(held, "groups", "acme/core") == "https://gitlab.example/groups/acme/core/-/hooks"
