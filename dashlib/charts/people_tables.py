"""The tables and top-line numbers of the page people, declared."""

from __future__ import annotations

from dashlib.charts.tables import Column, Tile

SUMS = (
    Tile("persons", "Persons", "Whoever wrote, co-wrote or committed a commit, or has an account."),
    Tile("robots", "Robots", "Access tokens, known services, and whoever was marked as one."),
    Tile("identities", "Identities", "Names with their addresses, as commits have them."),
    Tile("accounts", "Accounts", "Accounts of GitLab and the other forges."),
)
PEOPLE = (
    Column("label", "Person", width=190),
    Column(
        "commits",
        "Commits",
        "number",
        80,
        help="Those they are the author of, merges too, of all that is stored. The page Commits counts its period.",
    ),
    Column("co_written", "Co-wrote", "number", 75, help="Somebody else is the author, and names them as co-author."),
    Column("identities", "Identities", "number", 80, help="Names with their addresses, as commits have them."),
    Column("accounts", "Accounts", width=120),
    Column("teams", "Teams", width=150),
    Column("is_bot", "Robot", "flag", 65),
    Column("first", "First", "day", 95, help="The first commit that is stored, in any role."),
    Column("last", "Last", "day", 95, help="The last commit, in any role."),
)
EVIDENCE = {"authored": "wrote", "co_authored": "co-wrote", "committed": "committed"}
"""What an identity did, by column."""
TEAMS = (
    Column("team", "Team", width=220),
    Column("persons", "Persons", "number", 80),
    Column(
        "origins", "From", width=110, help="gitlab: its group. file: DASH_TEAMS. csv: imported here. hand: chosen here."
    ),
    Column("members", "Members", "wrapped", 600),
)

CSV_HEADINGS = {"label": "person", "is_bot": "robot", "first": "first commit", "last": "last commit"}
