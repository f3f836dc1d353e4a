"""The ``.mailmap`` of repositories on GitHub: read with the commits, again after a push, and followed."""

from __future__ import annotations

from pathlib import Path

from tests.sync.forges.world import Hub, synced
from tests.sync.world import rows

MAILMAPS = "select project_id, text, commit_id is not null from mailmaps order by 1"


def test_it_is_read_where_something_was_pushed(hub: Hub, tmp_path: Path) -> None:
    database = tmp_path / "dash.duckdb"
    written = next(commit for project in hub.world.projects for commit in project.commits.values()).author_email
    hub.server.files[".mailmap"] = f"Another Name <another@example.com> <{written}>\n"
    assert synced(hub.settings(database), concluded=True).errors == []
    found = rows(database, MAILMAPS)
    assert found and {(text, has_tip) for _, text, has_tip in found} == {(hub.server.files[".mailmap"], True)}
    assert len(found) == rows(database, "select count(distinct project_id) from commits")[0][0]
    mapped = "select distinct mapped_email from identities_here where mapped_name = 'Another Name'"
    assert rows(database, mapped) == [("another@example.com",)]
    hub.server.asked.clear()
    assert synced(hub.settings(database)).errors == []
    assert not [asked for asked in hub.server.asked if b"query Mailmap" in asked.body], "nothing was pushed"


def test_a_token_that_may_not_graphql_reads_none(hub: Hub, tmp_path: Path) -> None:
    database = tmp_path / "dash.duckdb"
    hub.server.hidden_graph = True
    report = synced(hub.settings(database))
    assert not [error for error in report.errors if error.message.startswith("mailmap")]
    assert rows(database, MAILMAPS) == []
