"""Commits and issues, whole rows at a time: what is in the payload, what is not, what it means."""

from __future__ import annotations

from datetime import date, datetime

from dashlib.sources.gitlab.commits import co_authors, commit_row, issue_row
from tests.sources.payloads import gitlab

SHA = "9f3c1d0e5b7a4c2d8e6f9f3c1d0e5b7a4c2d8e6f"


def test_commit() -> None:
    assert commit_row(4711, gitlab("commits")[0]) == {
        "project_id": 4711,
        "id": SHA,
        "title": "Count the beacons",
        "message": gitlab("commits")[0]["message"],
        "author_name": "Ida Lund",
        "author_email": "ida@fjordlys.example",
        "committed_at": datetime(2026, 3, 10, 20, 59, 59),
        "co_authors": [
            {"name": "Ole Vik", "email": "ole@fjordlys.example"},
            {"name": "Siri", "email": "siri@fjordlys.example"},
        ],
        "web_url": "https://gitlab.fjordlys.example/c/9f3c1d0e",
        "authored_at": datetime(2026, 3, 10, 23, 45),
        "author_utc_offset": -210,
        "committer_name": "GitLab",
        "committer_email": "noreply@fjordlys.example",
        "parent_ids": ["aa11", "bb22"],
        "additions": 12,
        "deletions": 3,
    }


def test_commit_without_stats() -> None:
    row = commit_row(4711, gitlab("commits")[1])
    assert (row["message"], row["committed_at"], row["authored_at"]) == (
        "Begin",
        datetime(2012, 9, 20, 11, 50, 22),
        None,
    )
    assert (row["additions"], row["deletions"], row["parent_ids"], row["co_authors"]) == (None, None, [], [])


def test_co_authors_with_windows_line_ends() -> None:
    message = "Title\r\n\r\nCo-authored-by: Ole Vik <ole@fjordlys.example>\r\n"
    assert co_authors(message) == [{"name": "Ole Vik", "email": "ole@fjordlys.example"}]


def test_issue() -> None:
    first, second = (issue_row(4711, json) for json in gitlab("issues"))
    assert first == {
        "project_id": 4711,
        "iid": 3,
        "id": 501,
        "title": "Beacon flickers",
        "description": "At night.",
        "state": "opened",
        "issue_type": "incident",
        "confidential": True,
        "labels": ["bug", "night"],
        "milestone": "2.4",
        "author_username": "ida.lund",
        "assignee_usernames": ["ole.vik"],
        "created_at": datetime(2026, 3, 1, 10),
        "updated_at": datetime(2026, 3, 2, 10),
        "closed_at": None,
        "due_date": date(2026, 3, 20),
        "web_url": "https://gitlab.fjordlys.example/i/3",
        "credited_at": datetime(2026, 3, 2, 10),
    }
    assert (second["labels"], second["author_username"], second["assignee_usernames"]) == (["bug"], None, [])
