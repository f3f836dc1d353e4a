"""The tables and top-line numbers of webhooks on the page Sources, declared."""

from __future__ import annotations

from dashlib.charts.tables import Column, Tile

SUMS = (
    Tile("last_received_at", "Last delivery", kind="age"),
    Tile("deliveries", "Deliveries", "Stored ones; each was answered 200 after it was on disk."),
    Tile("shaped", "In the tables", "Their rows are made."),
    Tile("failed", "Failed", "No rows could be made of them: kept with their error for a replay.", "less"),
    Tile("waiting", "Waiting", "Stored, not in the tables yet.", "less"),
    Tile("unused", "Not used", "Of kinds that no table is made for, or of repositories that are not chosen."),
)
KINDS = (
    Column("source", "From", width=110),
    Column("kind", "Kind", width=150),
    Column("deliveries", "Deliveries", "number", 95),
    Column("shaped", "In tables", "number", 85),
    Column("failed", "Failed", "number", 70),
    Column("waiting", "Waiting", "number", 75),
    Column("kept", "No table", "number", 80, help="Nothing is made of this kind yet; it is kept."),
    Column("ignored", "Not chosen", "number", 95, help="DASH_GROUPS and DASH_PROJECTS leave the repository out."),
    Column("bytes", "Bytes", "number", 95, help="The bodies as they came."),
    Column("last_received", "Last", "moment", 140),
)
FAILED = (
    Column("received", "When", "moment", 135),
    Column("source", "From", width=95),
    Column("kind", "Kind", width=105),
    Column("error", "Why", "wrapped", 330),
    Column("path_with_namespace", "Repository", width=160),
    Column("bytes", "Bytes", "number", 80),
    Column("id", "Delivery", "number", 85, help="Its id in the table deliveries, where its body is."),
)
WAITING = (
    Column("source", "From", width=110),
    Column("kind", "Kind", width=150),
    Column("deliveries", "Deliveries", "number", 95),
    Column("since", "Since", "moment", 140),
)
LEDGER = (
    Column("path_with_namespace", "Repository", width="medium"),
    Column("kind", "What", width=85),
    Column("things", "Seen", "number", 70, help="By webhook or API, since the first webhook of that kind."),
    Column(
        "lost", "Lost", "number", 65,
        help="The API tells of it, no webhook did. Empty where the API does not tell of it: pushes of GitHub.",
    ),
    Column("lost_share", "Share lost", "share", 100, help="Of all that the API tells of."),
    Column("unread", "Hook only", "number", 90, help="A webhook told of it, the API did not yet."),
    Column("delay_p50", "Delay, s", "number", 80, help="Seconds from what happened to the webhook's arrival: median."),
    Column("delay_p95", "95 %, s", "number", 80, help="Of a hundred webhooks 95 came within so many seconds."),
    Column(
        "last_hook", "Last webhook", width=140,
        help="never: others of this sender send this kind, this repository none that is still kept.",
    ),
    Column("since", "Since", "moment", 135),
)  # fmt: skip
