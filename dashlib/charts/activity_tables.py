"""The tables and top-line numbers of the page Activity, declared."""

from __future__ import annotations

from dashlib.charts.tables import Column, Tile

SUMS = (
    Tile("events", "Events"),
    Tile("people", "People"),
    Tile("repositories", "Repositories"),
    Tile("pushes", "Pushes"),
    Tile("merges", "Merges"),
    Tile("comments", "Comments"),
)
_NUMBERS = (
    Column("events", "Events", "number", 70),
    Column("share", "Share", "share", 95),
    Column("commits_pushed", "Commits", "number", 80, help="Pushed, merges and other people's commits included."),
)
_LAST = Column("last_event", "Last", "moment", 130)
RANKING = {
    "person": (
        Column("label", "Person", width=190),
        *_NUMBERS,
        Column("others", "Repositories", "number", 95),
        _LAST,
    ),
    "repository": (
        Column("label", "Repository", width=190),
        *_NUMBERS,
        Column("others", "People", "number", 70),
        _LAST,
    ),
}
EVENTS = (
    Column("happened", "When", "moment", 135),
    Column("person_label", "Who", width=150),
    Column("action", "Did", width=90),
    Column("target", "To a", width=100),
    Column("title", "What", width=270),
    Column("web_url", "Link", "link", 60, text="open"),
    Column("path_with_namespace", "Repository", width="medium"),
    Column("commit_count", "Commits", "number", 80, help="Commits in a push."),
    Column("source", "Source", width=80),
)
