"""How senders are set up: every source has a guide, its curl works over HTTP, and no secret stands in it."""

from __future__ import annotations

import os
import subprocess

import pytest

from dashlib.receive.setup import BY_TITLE, GITLAB_TRIGGERS, GUIDES, SETTING_NAMES, Guide, is_loopback
from dashlib.receive.sources import SOURCES
from dashlib.settings import SECRETS, load
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


def test_members_are_told_by_a_group_s_webhook() -> None:
    assert "Member events (of a group)" in BY_TITLE["GitLab"].triggers


@pytest.mark.parametrize(
    ("address", "own"),
    [
        ("http://127.0.0.1:8501", True), ("http://localhost:8501", True), ("http://[::1]:1", True),
        ("https://dash.example", False), ("http://10.0.0.7:8501", False),
    ],
)  # fmt: skip
def test_an_address_of_this_machine_alone_is_recognised(address: str, own: bool) -> None:
    assert is_loopback(address) is own
