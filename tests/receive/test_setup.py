"""How senders are set up: every source has a guide, its curl works over HTTP, and no secret stands in it."""

from __future__ import annotations

import os
import subprocess

import pytest

from dashlib.receive.setup import (
    BY_TITLE,
    GITLAB_GROUP_TRIGGERS,
    GITLAB_TRIGGERS,
    GUIDES,
    SETTING_NAMES,
    Guide,
    is_loopback,
)
from dashlib.receive.sources import SOURCES
from dashlib.settings import SECRETS, load
from dashlib.sources.gitlab import hooks
from tests.receive.conftest import SECRETS as CANARIES
from tests.receive.conftest import Dashboard

by_title = pytest.mark.parametrize("guide", GUIDES, ids=list(BY_TITLE))


def tried(guide: Guide, url: str, **secrets: str) -> subprocess.CompletedProcess[str]:
    """The command as a person runs it."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DASH_")}
    environment |= {"no_proxy": "*"} | secrets
    return subprocess.run(
        ["sh", "-c", guide.curl(url)], env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def test_every_source_has_a_guide() -> None:
    assert [guide.source for guide in GUIDES] == list(SOURCES)
    assert set(SETTING_NAMES.values()) <= set(SECRETS)
    for guide in GUIDES:
        assert all(load({name: "whsec_AAAA"}).__dict__[field] for field, name in SETTING_NAMES.items())
        assert guide.settings and guide.where and guide.triggers


@by_title
def test_the_command_posts_a_delivery_that_is_kept(dashboard: Dashboard, guide: Guide) -> None:
    done = tried(guide, dashboard.url, **CANARIES)
    assert (done.returncode, done.stdout) == (0, "{}"), done.stderr
    [delivery] = dashboard.settled(1)
    assert (delivery["source"], delivery["status"]) == (guide.source.name, "kept")


@by_title
def test_the_command_fails_with_another_secret(dashboard: Dashboard, guide: Guide) -> None:
    done = tried(guide, dashboard.url, **dict.fromkeys(CANARIES, "another"))
    assert done.returncode != 0 and "401" in done.stderr
    assert dashboard.settled() == []


@by_title
def test_curl_gets_the_secret_where_no_other_user_can_read_it(guide: Guide) -> None:
    command = guide.curl("https://dash.example")
    [*_, post, address] = command.splitlines()
    assert "curl" in post and "DASH_" not in post + address
    # Whatever else gets its value is built into the shell.
    assert all(line.startswith("printf ") for line in command.splitlines() if f"${guide.settings[0]}" in line)
    assert address.endswith(f"'https://dash.example{guide.source.path}'")


def test_configurations_hold_the_address() -> None:
    filled = {guide.title: guide.filled("https://dash.example/") for guide in GUIDES if guide.example}
    assert sorted(filled) == ["Alertmanager", "Kubernetes"]
    for title, text in filled.items():
        assert f"https://dash.example{BY_TITLE[title].source.path}\n" in text


def test_confidential_things_are_not_asked_for() -> None:
    assert not [name for name in GITLAB_TRIGGERS if "confidential" in name]


DOCUMENTED = {
    "push_events", "tag_push_events", "issues_events", "confidential_issues_events", "merge_requests_events",
    "note_events", "confidential_note_events", "job_events", "pipeline_events", "wiki_page_events",
    "deployment_events", "feature_flag_events", "releases_events", "milestone_events", "emoji_events",
    "resource_access_token_events", "vulnerability_events", "repository_update_events",
}  # fmt: skip
"""docs.gitlab.com/api/project_webhooks."""
DOCUMENTED_OF_GROUPS = {"member_events", "project_events", "subgroup_events"}
"""docs.gitlab.com/api/group_webhooks, besides."""
BROUGHT = {
    "push_events": {"push"}, "tag_push_events": {"tag_push"}, "issues_events": {"issue", "work_item"},
    "merge_requests_events": {"merge_request"}, "note_events": {"note"}, "job_events": {"build", "job"},
    "pipeline_events": {"pipeline"}, "project_events": {"project_create", "project_destroy"},
    "subgroup_events": {"subgroup_destroy"},
    "member_events": {
        "user_add_to_group", "user_update_for_group", "user_remove_from_group", "user_access_request_to_group",
        "user_access_request_revoked_for_group", "user_access_request_denied_for_group",
    },
}  # fmt: skip
"""The kinds that each trigger brings (docs.gitlab.com/user/project/integrations/webhook_events)."""
SYSTEM = {
    "project_rename", "project_transfer", "project_update", "group_rename", "group_destroy", "user_create",
    "user_rename", "user_destroy", "user_failed_login", "user_add_to_team", "user_update_for_team",
    "user_remove_from_team", "user_access_request_to_project", "user_access_request_revoked_for_project",
    "user_access_request_denied_for_project",
}  # fmt: skip
"""What system hooks alone bring (docs.gitlab.com/administration/system_hooks)."""


def test_the_triggers_are_gitlab_s_own_and_bring_all_that_is_made_rows_of() -> None:
    assert set(GITLAB_TRIGGERS) <= DOCUMENTED
    assert set(GITLAB_GROUP_TRIGGERS) <= DOCUMENTED_OF_GROUPS
    asked = {*GITLAB_TRIGGERS, *GITLAB_GROUP_TRIGGERS}
    assert asked == set(BROUGHT)
    assert set().union(*BROUGHT.values()) | SYSTEM == set(hooks._SHAPES)
    shown = set(BY_TITLE["GitLab"].triggers)
    assert shown == {*GITLAB_TRIGGERS.values(), *(f"{name} (of a group)" for name in GITLAB_GROUP_TRIGGERS.values())}


@pytest.mark.parametrize(
    ("address", "own"),
    [
        ("http://127.0.0.1:8501", True), ("http://localhost:8501", True), ("http://[::1]:1", True),
        ("https://dash.example", False), ("http://10.0.0.7:8501", False),
    ],
)  # fmt: skip
def test_an_address_of_this_machine_alone_is_recognised(address: str, own: bool) -> None:
    assert is_loopback(address) is own
