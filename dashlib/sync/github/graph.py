"""What is asked in GraphQL, because REST would take a call for each: a commit's lines, the texts of files.

A page of a hundred commits costs one point of GraphQL's own five thousand an hour (docs.github.com, rate limits for the
GraphQL API), and REST's list of commits has neither lines nor the author's time zone.
"""

from __future__ import annotations

from typing import Any

from dashlib.sources.gitlab.shapes import text, thing, things

PREFIX = "graphql/"
COMMITS = "graphql/commits"
FILES = "graphql/files"
MAILMAP = "graphql/mailmap"
FEWEST = 5
"""Commits that are asked at least: GitHub gives a query ten seconds, and counts the lines of each commit in it."""

_COMMITS = """query Commits($owner: String!, $name: String!, $since: GitTimestamp, $first: Int!, $after: String) {
  repository(owner: $owner, name: $name) { defaultBranchRef { target { ... on Commit {
    history(since: $since, first: $first, after: $after) {
      pageInfo { hasNextPage endCursor }
      nodes {
        oid message url committedDate authoredDate additions deletions
        author { name email date user { databaseId login name avatarUrl url } }
        committer { name email }
        parents(first: 20) { nodes { oid } }
      }
    }
  } } } }
}"""
_FILES = """query Files($owner: String!, $name: String!) {
  repository(owner: $owner, name: $name) { object(expression: "HEAD:.github/workflows") { ... on Tree {
    entries { name object { ... on Blob { text isTruncated } } }
  } } }
}"""
_MAILMAP = """query Mailmap($owner: String!, $name: String!) {
  repository(owner: $owner, name: $name) {
    defaultBranchRef { target { oid } }
    object(expression: "HEAD:.mailmap") { ... on Blob { text isTruncated } }
  }
}"""
QUESTIONS: dict[str, tuple[str, tuple[str, ...]]] = {
    COMMITS: (_COMMITS, ("owner", "name", "since", "first", "after")),
    FILES: (_FILES, ("owner", "name")),
    MAILMAP: (_MAILMAP, ("owner", "name")),
}
"""By path: the query, and the names of its variables."""


def commits(data: Any) -> tuple[list[Any], str | None]:
    """The commits of an answer, newest first, and the cursor behind them: None at the end. Without commits none."""
    repository = thing(thing(data).get("repository"))
    history = thing(thing(thing(repository.get("defaultBranchRef")).get("target")).get("history"))
    page = thing(history.get("pageInfo"))
    return list(things(history.get("nodes"))), text(page.get("endCursor")) if page.get("hasNextPage") is True else None


def files(data: Any) -> dict[str, str]:
    """The texts of a repository's workflow files by name; without those that are too long or no text."""
    folder = thing(thing(thing(data).get("repository")).get("object"))
    found: dict[str, str] = {}
    for entry in things(folder.get("entries")):
        name, told = text(entry.get("name")), thing(entry.get("object"))
        content = text(told.get("text"))
        if name is not None and content is not None and told.get("isTruncated") is not True:
            found[name] = content
    return found


def mailmap(data: Any) -> tuple[str | None, str | None]:
    """The tip of the default branch, and the text of its ``.mailmap``: None where there is none, or one too long."""
    repository = thing(thing(data).get("repository"))
    told = thing(repository.get("object"))
    content = None if told.get("isTruncated") is True else text(told.get("text"))
    return text(thing(thing(repository.get("defaultBranchRef")).get("target")).get("oid")), content
