"""The judgement calls of persons, accounts, commits_by_author and activity_events."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.queries.build import MIDNIGHT, Builder

ADA = ("Ada Lovelace", "ada@example.com")
BOB = ("Bob", "bob@example.com")


def credited(built: Builder) -> list[tuple[str, str, str]]:
    found = built.rows("select commit_id, person, role from commits_by_author order by all")
    return [(one["commit_id"], one["person"], one["role"]) for one in found]


def test_a_whole_commit(built: Builder) -> None:
    built.commit("c1", ADA)
    assert built.rows("select * from commits_by_author") == [
        {
            "project_id": 1,
            "path_with_namespace": "acme/core/engine",
            "namespace": "acme/core",
            "commit_id": "c1",
            "person": "ada@example.com",
            "person_name": "Ada Lovelace",
            "person_label": "Ada Lovelace",
            "role": "author",
            "committed_at": MIDNIGHT,
            "authored_at": MIDNIGHT,
            "is_merge": False,
            "is_bot": False,
            "additions": 3,
            "deletions": 1,
            "title": "Change c1",
            "web_url": "https://gitlab.example/acme/core/engine/-/commit/c1",
            "author_name": "Ada Lovelace",
            "author_email": "ada@example.com",
        }
    ]


def test_an_author_who_is_co_author_too_counts_once(built: Builder) -> None:
    built.commit("c1", ADA, co_authors=[("A. Lovelace", "ADA@example.com "), BOB, ("Bobby", "Bob@Example.com")])
    assert credited(built) == [("c1", "ada@example.com", "author"), ("c1", "bob@example.com", "co_author")]


def test_case_of_an_address_does_not_split_a_person(built: Builder) -> None:
    built.commit("c1", ("Ada", "Ada@Example.COM"))
    built.commit("c2", ("Ada", "ada@example.com"))
    assert {person for _, person, _ in credited(built)} == {"ada@example.com"}


def test_one_name_with_two_addresses_stays_two_people(built: Builder) -> None:
    built.commit("c1", ("Kim", "kim@one.example"))
    built.commit("c2", ("Kim", "kim@two.example"))
    built.commit("c3", ("Kim", "kim@two.example"))
    assert built.rows("select id, name, label from persons order by id") == [
        {"id": "kim@one.example", "name": "Kim", "label": "Kim (kim@one.example)"},
        {"id": "kim@two.example", "name": "Kim", "label": "Kim (kim@two.example)"},
    ]


@pytest.mark.parametrize(
    ("address", "person"),
    [
        ("12345-ada@users.noreply.gitlab.example", "12345@users.noreply.gitlab.example"),
        ("12345-renamed.later@users.noreply.gitlab.example", "12345@users.noreply.gitlab.example"),
        ("12345+Ada@users.noreply.github.com", "12345@users.noreply.github.com"),
        ("ada@users.noreply.github.com", "ada@users.noreply.github.com"),
        ("12345-ada@example.com", "12345-ada@example.com"),
    ],
)
def test_private_addresses_of_forges(built: Builder, address: str, person: str) -> None:
    built.commit("c1", ("Ada", address))
    assert credited(built) == [("c1", person, "author")]


@pytest.mark.parametrize("address", ["", "   ", None])
def test_without_an_address_the_name_is_the_person(built: Builder, address: str) -> None:
    built.commit("c1", ("Ada", address))
    built.commit("c2", ("", address))
    assert {person for _, person, _ in credited(built)} == {"name:Ada", "name:(no name)"}


def test_the_most_frequent_spelling_then_the_latest_names_a_person(built: Builder) -> None:
    for number, (name, days) in enumerate([("ada", 0), ("Ada L.", 1), ("Ada L.", 2), ("Ada Lovelace", 3)]):
        built.commit(f"c{number}", (name, "ada@example.com"), MIDNIGHT + timedelta(days=days))
    assert built.rows("select name from persons") == [{"name": "Ada L."}]
    built.commit("c9", ("Ada Lovelace", "ada@example.com"), MIDNIGHT + timedelta(days=4))
    assert built.rows("select name from persons") == [{"name": "Ada Lovelace"}]


@pytest.mark.parametrize(
    ("name", "address", "is_bot"),
    [
        ("renovate[bot]", "29139614+renovate[bot]@users.noreply.github.com", True),
        ("Renovate Bot", "renovate@example.com", True),
        ("dependabot", "support@example.com", True),
        ("release token", "project_12_bot_ab12@noreply.gitlab.example", True),
        ("x", "group_3_bot@noreply.gitlab.example", True),
        ("Deploy", "deploy-bot@example.com", True),
        ("Pieter Bot", "pieter.bot@example.com", False),
        ("Abbot Smith", "abbot@example.com", False),
    ],
)
def test_robots_say_so(built: Builder, name: str, address: str, is_bot: bool) -> None:
    built.commit("c1", (name, address))
    assert built.rows("select is_bot from commits_by_author") == [{"is_bot": is_bot}]


def test_an_account_marked_as_bot_is_one(built: Builder) -> None:
    built.user(5, "builder", "Builder", bot=True, public_email="build@example.com")
    built.commit("c1", ("Builder", "build@example.com"))
    assert built.rows("select is_bot from commits_by_author") == [{"is_bot": True}]


def test_accounts_belong_to_public_address_then_private_number_then_themselves(built: Builder) -> None:
    built.user(1, "ada", "Ada", public_email="ADA@example.com")
    built.user(2, "bob", "Bob")
    built.user(3, "cyd", "Cyd")
    built.commit("c1", ("Bob", "2-bob@users.noreply.gitlab.example"))
    built.commit("c2", ("Ada L.", "Ada@Example.com"))
    found = built.rows("select username, person from accounts order by id")
    assert [tuple(one.values()) for one in found] == [
        ("ada", "ada@example.com"),
        ("bob", "2@users.noreply.gitlab.example"),
        ("cyd", "gitlab:3"),
    ]


def test_merges_by_parents_not_by_title(built: Builder) -> None:
    built.commit("c1", title="Merge branch 'x'")
    built.commit("c2", parents=2)
    built.commit("c3", parents=8)
    built.commit("c4", parents=0)
    found = built.rows("select commit_id, is_merge from commits_by_author order by 1")
    assert [one["is_merge"] for one in found] == [False, True, True, False]


@pytest.mark.parametrize(
    ("event", "action", "target"),
    [
        ({"action": "pushed to", "ref": "main", "ref_type": "branch"}, "pushed", "branch"),
        ({"action": "pushed new", "ref": "v1", "ref_type": "tag"}, "pushed", "tag"),
        ({"action": "pushed", "ref": "main"}, "pushed", "branch"),
        ({"action": "deleted", "ref": "old", "ref_type": "branch"}, "deleted", "branch"),
        ({"action": "opened", "target_type": "Issue"}, "opened", "issue"),
        ({"action": "opened", "target_type": "Issue", "asked": "created"}, "opened", "issue"),
        ({"action": "opened", "target_type": "Issue", "asked": "reopened"}, "reopened", "issue"),
        ({"action": "opened", "target_type": "WikiPage::Meta", "asked": "updated"}, "updated", "wiki page"),
        ({"action": "closed", "target_type": "Milestone"}, "closed", "milestone"),
        ({"action": "accepted", "target_type": "MergeRequest"}, "merged", "merge request"),
        ({"action": "approved", "target_type": "MergeRequest"}, "approved", "merge request"),
        ({"action": "commented on", "target_type": "DiffNote"}, "commented", "comment"),
        ({"action": "commented on", "target_type": "Note"}, "commented", "comment"),
        ({"action": "joined"}, "joined", "project"),
        ({"action": "removed due to membership expiration from"}, "expired", "project"),
        ({"action": "transmogrified", "target_type": "Toaster"}, "transmogrified", "toaster"),
    ],
)
def test_events_in_plain_words(built: Builder, event: dict[str, str], action: str, target: str) -> None:
    built.event(**event)  # type: ignore[arg-type]
    assert built.rows("select action, target from activity_events") == [{"action": action, "target": target}]


def test_events_link_to_what_they_are_about(built: Builder) -> None:
    base = "https://gitlab.example/acme/core/engine/-"
    built.event("opened", target_type="Issue", target_iid=4)
    built.event("accepted", target_type="MergeRequest", target_iid=5)
    built.event("commented on", target_type="Note", noteable_type="MergeRequest", noteable_iid=5, note_id=9)
    built.event("pushed to", ref="main", commit_count=1, commit_from="a" * 40, commit_to="b" * 40)
    built.event("pushed to", ref="main", commit_count=3, commit_from="a" * 40, commit_to="b" * 40)
    built.event("opened", target_type="Issue", target_iid=4, project_id=99)
    assert [one["web_url"] for one in built.rows("select web_url from activity_events order by id")] == [
        f"{base}/issues/4",
        f"{base}/merge_requests/5",
        f"{base}/merge_requests/5#note_9",
        f"{base}/commit/{'b' * 40}",
        f"{base}/compare/{'a' * 40}...{'b' * 40}",
        None,
    ]


def test_an_event_of_a_stranger_keeps_its_name(built: Builder) -> None:
    built.event("joined", author_id=77, author_username="zoe", author_name="Zoë")
    built.event("joined", author_id=None, author_username=None, author_name=None)
    found = built.rows("select person, person_name from activity_events order by id")
    assert [tuple(one.values()) for one in found] == [("gitlab:77", "Zoë"), ("gitlab:?", "(unknown)")]
