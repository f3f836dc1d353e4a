"""The tables and top-line numbers of webhooks on the page Sources, declared."""

from __future__ import annotations

from dashlib.charts.tables import Column, Tile

SUMS = (
    Tile("deliveries", "Deliveries", "Stored ones; each was answered 200 after it was on disk."),
    Tile("shaped", "In the tables", "Their rows are made."),
    Tile("failed", "Failed", "Not all of them became rows: kept with their error for a replay.", "less"),
    Tile("waiting", "Waiting", "Stored, not in the tables yet.", "less"),
    Tile("unused", "Not used", "No table is for their kind, nothing is in them, or their repository is not chosen."),
)
KINDS = (
    Column("source", "From", width=95),
    Column("kind", "Kind", width=235),
    Column("last_received", "Last", "moment", 130),
    Column("deliveries", "Deliveries", "number", 80),
    Column("shaped", "In the tables", "number", 98),
    Column("failed", "Failed", "number", 60),
    Column("waiting", "Waiting", "number", 66),
    Column("unused", "Not used", "number", 74, help="Kept, and no rows are made of them."),
    Column("why_unused", "Why not", width=230),
    Column("bytes", "Bytes", "number", 80, help="The bodies as they came."),
)
FAILED = (
    Column("received", "When", "moment", 135),
    Column("error", "Why", "wrapped", 390, lines=2),
    Column("source", "From", width=95),
    Column("kind", "Kind", width=190),
    Column("rows", "Rows", "number", 55, help="Made of the rest of it."),
    Column("path_with_namespace", "Repository", width=130),
    Column("id", "Delivery", "number", 70, help="Its id in the table deliveries, where its body is."),
    Column("bytes", "Bytes", "number", 80),
)
WAITING = (
    Column("source", "From", width=110),
    Column("kind", "Kind", "wrapped", 240),
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
