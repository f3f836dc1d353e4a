"""Exit codes and one clear line: bad words, bad settings, nothing there yet; secrets nowhere."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.commands.conftest import answer
from tests.commands.shell import CANARY, Shell
from tests.sync.unit.small_server import Answer, Asked, Small


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DASH_TIMEZONE", "Mars/Olympus"),
        ("GITLAB_URL", "gitlab"),
        ("DASH_WINDOW_DAYS", "inf"),
        ("GITLAB_URL", "http://["),
    ],
)
def test_bad_settings(shell: Shell, name: str, value: str) -> None:
    said = shell("status", GITLAB_ACCESS_TOKEN=CANARY, **{name: value})
    assert (said.code, said.out) == (2, "")
    assert name in said.error()


def test_bad_words(shell: Shell) -> None:
    for words in ([], ["sync", "--since", "yesterday"], ["serve", "--port", "70000"]):
        said = shell(*words)
        assert (said.code, said.out) == (2, "")
        assert said.err


def test_help(shell: Shell) -> None:
    said = shell("--help")
    assert said.code == 0
    for command in ("demo", "serve", "sync", "status", "sql", "doctor"):
        assert f"    {command} " in said.out


def test_sync_without_a_token(shell: Shell) -> None:
    said = shell("sync")
    assert (said.code, said.out) == (2, "")
    assert "GITLAB_ACCESS_TOKEN is not set" in said.error()
    assert list(shell.folder.iterdir()) == [], "nothing was made"


def test_sync_since_tomorrow(connected: Shell) -> None:
    said = connected("sync", "--since", "2999-01-01")
    assert said.code == 2
    assert "lies in the future" in said.error()


def test_status_and_sql_before_there_is_anything(shell: Shell) -> None:
    for words in (["status"], ["status", "--json"], ["sql", "select 1"]):
        said = shell(*words)
        assert (said.code, said.out) == (1, "")
        assert "There is no database at data/dashboard.duckdb yet" in said.error()
    assert list(shell.folder.iterdir()) == []


def test_a_file_that_is_no_database(shell: Shell) -> None:
    (shell.folder / "notes.txt").write_text("not a database\n" * 1000)
    for words in (["status"], ["sql", "select 1"]):
        said = shell(*words, DASH_DATABASE="notes.txt")
        assert said.code == 1
        assert "is no DuckDB database" in said.error()
    assert (shell.folder / "notes.txt").read_text() == "not a database\n" * 1000


def test_sync_then_status(connected: Shell, gitlab: Small) -> None:
    said = connected("sync", "--json", DASH_TIMEZONE="Europe/Oslo", DASH_NIGHTLY="ref:main")
    assert (said.code, said.err) == (0, "")
    report = json.loads(said.out)
    assert set(report) == {"calls", "seconds", "rows", "errors"}
    assert (report["errors"], report["rows"]["projects"], report["calls"]) == ([], 1, len(gitlab.asked))
    status = json.loads(connected("status", "--json").out)
    assert [source["source"] for source in status["sources"]] == ["gitlab"]
    assert (status["tables"]["projects"], status["sources"][0]["last_error"]) == (1, None)
    assert status["sources"][0]["calls"] == report["calls"]
    assert connected("status").code == 0
    assert connected.files_with(CANARY) == []


def test_the_shape_of_status(connected: Shell) -> None:
    """Scripts read it: what stands here stays; tables may come."""
    connected("sync")
    said = connected("status", "--json")
    assert (said.code, said.err, said.out.count("\n")) == (0, "", 1)
    status = json.loads(said.out)
    assert list(status) == ["sources", "tables", "disk_bytes"]
    [source] = status["sources"]
    stamp = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
    for name in ("last_finished_at", "last_success_at"):
        assert stamp.fullmatch(source.pop(name))
    kinds = {name: type(value) for name, value in source.items()}
    nothing = type(None)
    assert kinds == {
        "source": str, "calls": int, "rows": int, "last_error": nothing, "unfinished_since": nothing,
        "lag_seconds": float,
    }  # fmt: skip
    named = {"projects", "members", "users", "schedules", "pipelines", "jobs", "traces", "commits", "issues", "events"}
    assert named <= set(status["tables"])
    assert {type(rows) for rows in status["tables"].values()} == {int}
    assert status["disk_bytes"] > 0


def test_what_views_depend_on_is_written_with_the_data(connected: Shell) -> None:
    """DASH_TIMEZONE and DASH_NIGHTLY decide what a night is: the views read them from the database."""
    connected("sync", DASH_TIMEZONE="Europe/Oslo", DASH_NIGHTLY="ref:main")
    zone = connected("sql", "select team_zone() as zone", "--format", "csv")
    assert zone.out.split() == ["zone", "Europe/Oslo"]
    nightly = connected("sql", "select field, pattern from bookkeeping.nightly", "--format", "csv")
    assert nightly.out.split() == ["field,pattern", "ref,main"]


def test_a_sync_of_nobody_names_the_address_and_the_cause(shell: Shell) -> None:
    said = shell("sync", GITLAB_ACCESS_TOKEN=CANARY)
    assert said.code == 1
    assert "http://127.0.0.1:9 cannot be reached: the connection was refused" in said.error()
    status = json.loads(shell("status", "--json").out)
    assert status["sources"][0]["lag_seconds"] is None, "a source that was never read is not fresh"
    assert "127.0.0.1:9 cannot be reached" in " ".join(shell("status").out.split())


def test_a_sync_with_errors_names_them(connected: Shell, gitlab: Small) -> None:
    def forbidden(asked: Asked) -> Answer:
        return Answer({"message": "403 Forbidden"}, 403) if asked.path.endswith("/pipelines") else answer(asked)

    gitlab.respond = forbidden
    said = connected("sync")
    assert said.code == 1
    assert "gitlab fjordlys/beacon: pipelines: forbidden" in said.error()
    report = json.loads(connected("sync", "--json").out)
    assert [(error["source"], error["project"]) for error in report["errors"]] == [("gitlab", "fjordlys/beacon")]
    assert connected("status").code == 1


def test_a_token_that_is_not_accepted(connected: Shell) -> None:
    said = connected("sync", GITLAB_ACCESS_TOKEN=f"{CANARY}-revoked")
    assert said.code == 1
    assert "the token was not accepted" in said.error()
    assert connected.files_with(CANARY) == []


def test_a_server_that_echoes_the_token_does_not_make_us_tell_it(connected: Shell, gitlab: Small) -> None:
    """A proxy's diagnosis with the request's headers in it."""
    gitlab.respond = lambda asked: Answer(
        {"message": f"bad header PRIVATE-TOKEN: {asked.headers['PRIVATE-TOKEN']}"}, 403
    )
    assert connected("sync").code == 1
    assert connected("doctor").code == 1
    assert connected.files_with(CANARY) == []


def test_settings_from_files(connected: Shell) -> None:
    files: Path = connected.folder
    (files / ".env").write_text(f"GITLAB_ACCESS_TOKEN={CANARY}\n")
    del connected.environment["GITLAB_ACCESS_TOKEN"]
    assert connected("sync").code == 0
