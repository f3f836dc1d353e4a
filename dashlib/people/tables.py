"""What is kept of people: identities as found, who each is, the decisions of people, and what the source was.

What is worked out, and since when, depends on when it was read: bookkeeping. Views of the same names show it.
"""

from __future__ import annotations

from dashlib.model import table

IDENTITIES = table(
    "identities",
    grain="One row per identity: a name and an e-mail address exactly as commits have them (author, committer, "
    "co-author), or as a .mailmap calls them; either may be null. id is both as JSON, handle both trimmed, the address "
    "in lower case. person is the persons.id; because says why the identity belongs there; since when it is known.",
    key=["id"],
    columns={
        "id": "VARCHAR",
        "name": "VARCHAR",
        "email": "VARCHAR",
        "handle": "VARCHAR",
        "address": "VARCHAR",
        "person": "VARCHAR",
        "because": "VARCHAR",
        "known_at": "TIMESTAMP",
    },
    schema="bookkeeping",
    shown=True,
)

IDENTITIES_HERE = table(
    "identities_here",
    grain="One row per repository and identity that a mailmap speaks of there: the name and address that git shows in "
    "its place, the person (persons.id) whose address that is, and the line. In other repositories the identity may be "
    "somebody else: see identities.",
    key=["project_id", "id"],
    columns={
        "project_id": "BIGINT",
        "id": "VARCHAR",
        "name": "VARCHAR",
        "email": "VARCHAR",
        "mapped_name": "VARCHAR",
        "mapped_email": "VARCHAR",
        "person": "VARCHAR",
        "because": "VARCHAR",
    },
    schema="bookkeeping",
    shown=True,
)

ACCOUNT_PERSONS = table(
    "account_persons",
    grain="One row per account of a forge: the person (persons.id) it belongs to, whether it is a robot's, and why.",
    key=["source", "id"],
    columns={
        "source": "VARCHAR",
        "id": "BIGINT",
        "person": "VARCHAR",
        "is_bot": "BOOLEAN",
        "because": "VARCHAR",
        "known_at": "TIMESTAMP",
    },
    schema="bookkeeping",
    shown=True,
)

PERSON_FACTS = table(
    "person_facts",
    grain="One row per person with an identity or an account: see the view persons.",
    key=["id"],
    columns={
        "id": "VARCHAR",
        "name": "VARCHAR",
        "label": "VARCHAR",
        "email": "VARCHAR",
        "is_bot": "BOOLEAN",
        "bot_because": "VARCHAR",
        "usernames": "VARCHAR[]",
        "names": "VARCHAR[]",
        "identities": "STRUCT(name VARCHAR, email VARCHAR)[]",
        "commits": "BIGINT",
        "first_at": "TIMESTAMP",
        "last_at": "TIMESTAMP",
    },
    schema="bookkeeping",
    shown=True,
)

TEAM_MEMBERS = table(
    "team_members",
    grain="One row per person and team that a file names or somebody chose (origin file, csv or hand).",
    key=["person", "team"],
    columns={"person": "VARCHAR", "team": "VARCHAR", "origin": "VARCHAR"},
)

PROPOSALS = table(
    "person_proposals",
    grain="One row per pair of persons who are likely one: the evidence in words, how sure (0 to 1), and said_by, the "
    ".mailmap that says so, if one does. Worked out anew when identities move; what somebody confirmed or rejected is "
    "not in it.",
    key=["person", "other"],
    columns={"person": "VARCHAR", "other": "VARCHAR", "evidence": "VARCHAR", "score": "DOUBLE", "said_by": "VARCHAR"},
    schema="bookkeeping",
    shown=True,
)

DECISIONS = table(
    "person_decisions",
    grain="One row per decision about people, in their order (number); none is ever changed. kind: merge (members are "
    "one person), split (members are a person of their own), reject (two members are not one person), bot, person "
    "(not a bot), team_add, team_remove (value: the team), teams (value: lines of a CSV as JSON), undo (undoes: the "
    "number taken back, which may be an undo). members are handles of identities, or source:id of accounts.",
    key=["number"],
    columns={
        "number": "BIGINT",
        "kind": "VARCHAR",
        "members": "VARCHAR[]",
        "value": "VARCHAR",
        "says": "VARCHAR",
        "done_by": "VARCHAR",
        "done_at": "TIMESTAMP",
        "undoes": "BIGINT",
    },
)

ACCOUNT_EMAILS = table(
    "account_emails",
    grain="One row per account and e-mail address that its forge showed as the account's (shown_by: hook or api).",
    key=["source", "id", "email"],
    columns={"source": "VARCHAR", "id": "BIGINT", "email": "VARCHAR", "shown_by": "VARCHAR"},
)

MAILMAPS = table(
    "mailmaps",
    grain="One row per mailmap that is known: of a repository's default branch (origin project, project_id; commit_id "
    "is the tip it was read at, text null where there was none), or read by the command mailmap (origin file, "
    "project_id 0, name says which file).",
    key=["origin", "project_id", "name"],
    columns={
        "origin": "VARCHAR",
        "project_id": "BIGINT",
        "name": "VARCHAR",
        "text": "VARCHAR",
        "commit_id": "VARCHAR",
        "read_at": "TIMESTAMP",
    },
    schema="bookkeeping",
    shown=True,
)

OVERRULED_LINES = table(
    "overruled_lines",
    grain="One row per line of a mailmap that is not followed where somebody decided otherwise: what people call the "
    "file, the line's number, what it says, and the decision (person_decisions.number; of several the first).",
    key=["file", "says"],
    columns={"file": "VARCHAR", "line": "BIGINT", "says": "VARCHAR", "decision": "BIGINT"},
    schema="bookkeeping",
)

IDENTITIES_FOUND = table(
    "identities_found",
    grain="One row per repository and identity in its commits: in how many it is author, committer or co-author, and "
    "when the first and the last of those were committed.",
    key=["project_id", "id"],
    columns={
        "project_id": "BIGINT",
        "id": "VARCHAR",
        "name": "VARCHAR",
        "email": "VARCHAR",
        "authored": "BIGINT",
        "committed": "BIGINT",
        "co_authored": "BIGINT",
        "first_at": "TIMESTAMP",
        "last_at": "TIMESTAMP",
    },
    scope=("project_id",),
    schema="bookkeeping",
)

COMMITS_MOVED = table(
    "commits_moved",
    grain="One row per batch of commits that was stored and whose identities are not counted yet.",
    key=["project_id", "mark"],
    columns={"project_id": "BIGINT", "mark": "BIGINT"},
    schema="bookkeeping",
)

TABLES = (
    IDENTITIES, IDENTITIES_HERE, ACCOUNT_PERSONS, PERSON_FACTS, TEAM_MEMBERS, PROPOSALS, DECISIONS, ACCOUNT_EMAILS,
    MAILMAPS, OVERRULED_LINES, IDENTITIES_FOUND, COMMITS_MOVED,
)  # fmt: skip
