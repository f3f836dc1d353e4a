"""Where it comes from that two addresses are one person's: a repository's .mailmap, and what webhooks show."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from pathlib import Path

from dashlib.demo.company import WITH_MAILMAP
from dashlib.people.tables import ACCOUNT_EMAILS
from dashlib.sources.gitlab.hooks_work import push
from dashlib.sources.hook import Hook
from dashlib.store import open_store
from tests.queries.build import MIDNIGHT, Builder
from tests.sync.world import rows, running_gitlab, synced, unexpected


def asked(calls: list[object]) -> int:
    return sum(".mailmap" in str(one) for one in calls)


def test_a_mailmap_is_read_when_the_default_branch_moved_and_not_again(tmp_path: Path) -> None:
    database = tmp_path / "d.duckdb"
    with running_gitlab(repos=3, days=10) as gitlab:
        assert unexpected(gitlab, synced(gitlab, database, concluded=True)) == []
        first = asked(gitlab.calls)
        held = rows(
            database,
            "select p.path_with_namespace, m.text is not null from mailmaps m join projects p on p.id = m.project_id"
            " order by all",
        )
        assert Counter(is_there for _, is_there in held) == {True: 2, False: 1} and first == 3
        assert [path for path, is_there in held if is_there] == sorted(WITH_MAILMAP)
        # The company's and the private address are one person's by it, and so is the account with that number.
        [(persons,)] = rows(
            database, "select count(distinct person) from identities where contains(handle, 'ivarnsdot')"
        )
        assert persons == 1
        assert rows(
            database,
            "select a.person = i.person from accounts a, (select any_value(person) as person from identities"
            " where contains(handle, '<ivarnsdot@')) i where a.username = 'ivarnsdot'",
        ) == [(True,)]
        synced(gitlab, database)
        assert asked(gitlab.calls) == first


def test_an_address_that_a_push_shows_is_the_account_s(tmp_path: Path) -> None:
    body = {
        "object_kind": "push", "event_name": "push", "project_id": 1, "ref": "refs/heads/main", "before": "a" * 40,
        "after": "b" * 40, "user_id": 5, "user_name": "Ada", "user_username": "ada", "user_email": "Ada@One.example",
        "project": {"id": 1, "path_with_namespace": "acme/core/engine", "web_url": "https://gitlab.example/acme/core/engine"},
        "commits": [], "total_commits_count": 0,
    }  # fmt: skip
    with open_store(tmp_path / "d.duckdb") as store:
        built = Builder(store)
        built.project()
        built.commit("c1", ("A. Lovelace", "ada@one.example"))
        store.write(*push(Hook(body, {}, MIDNIGHT + timedelta(hours=1))).changes)
        assert built.rows("select person, username from accounts") == [{"person": "ada@one.example", "username": "ada"}]
        assert built.rows("select because from account_persons") == [
            {"because": "a webhook showed the address ada@one.example"}
        ]
        for hidden in ("", "[REDACTED]", None):
            shaped = push(Hook(body | {"user_email": hidden}, {}, MIDNIGHT))
            assert [change for change in shaped.changes if change.table is ACCOUNT_EMAILS] == []
