"""The tables and top-line numbers of the pages, declared: what of an answer is shown, in which order, as what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "text", "wrapped", "number", "change", "share", "link", "date", "day", "moment", "clock", "seconds", "flag", "bars"
]


@dataclass(frozen=True)
class Column:
    """One column: its name in the answer, its title, and what kind of thing it is.

    ``link`` shows ``text`` instead of the address; ``date`` is a day of these weeks, ``day`` one of any year;
    ``moment`` is a day and a time, ``clock`` the time alone; ``bars`` are a list of numbers in the order of time.
    ``seconds`` are shown as hours:minutes:seconds, which need 80 pixels. ``wrapped`` is text over as many lines as it
    needs, but no more than ``lines``, in a column of so many pixels.
    """

    name: str
    title: str
    kind: Kind = "text"
    width: int | Literal["small", "medium", "large"] | None = None
    help: str | None = None
    text: str | None = None
    lines: int = 8


@dataclass(frozen=True)
class Tile:
    """One number of the top line; ``good`` says which direction of change is good news; ``known``: a dash if not.

    ``span`` is a number of seconds, told in the unit that fits.
    """

    name: str
    title: str
    help: str | None = None
    good: Literal["more", "less", "neither"] = "neither"
    kind: Literal["number", "age", "share", "known", "span"] = "number"


NIGHT = (
    Tile("failed", "Failed", "It failed, newly or still. Runs started by hand beside a nightly do not count.", "less"),
    Tile("newly_failed", "New", "Failed now, and not on the last night that had a verdict.", "less"),
    Tile("still_red", "Still red", "Failed now, and on the last night that had a verdict.", "less"),
    Tile("missing", "Never ran", "It should have run and did not, and it is too late to wait for it.", "less"),
    Tile("recovered", "Recovered", "Green now, and failed on the last night that had a verdict."),
    Tile("warned", "Warned", "Failed in nothing but jobs that are allowed to fail.", "less"),
    Tile("passed", "Passed", "All of it passed.", "more"),
    Tile("other", "Other", "Neither: canceled, still running or waiting, or late."),
)
SOURCE = (
    Tile("last_success_at", "Last success", kind="age"),
    Tile("last_calls", "Calls, last sync", "Requests sent to the source."),
    Tile("last_rows", "Rows, last sync", "Rows handed to the database, unchanged ones too."),
    Tile("projects_with_problems", "Troubled repositories", "Something of them could not be read."),
)

FAILED_JOBS = (
    Column("path_with_namespace", "Repository", width=170),
    Column("job_name", "Job", width=120),
    Column("red_for", "Red for", width=75, help="Nights in a row, this one included."),
    Column("red_since", "Red since", "date", 95),
    Column("reason", "Reason", width=260, help="The telling line of its log, else what GitLab says."),
    Column("failure_url", "Why", "link", 90, text="why it failed"),
    Column("assignee", "Who has it", width=90),
    Column("issue_title", "Issue", width=110),
    Column("job_web_url", "On GitLab", "link", 80, text="open job"),
    Column("category", "Kind", width=110),
    Column("runner_description", "Runner", width=130),
    Column("duration", "Took", "seconds", 90),
    Column("finished", "Ended", "clock", 70, help="The team's wall clock."),
    Column("allow_failure", "Allowed", "flag", 70, help="The job is allowed to fail."),
    Column("trigger_name", "Started by", width="small", help="The trigger job whose child pipeline holds the job."),
    Column("issue_url", "Issue on GitLab", "link", 110, text="open issue"),
)
AT_RISK = (
    Column("path_with_namespace", "Repository", width=185),
    Column("schedule", "Nightly", width=90),
    Column("why", "Why", width=170),
    Column("owner_username", "Owner", width=85),
    Column("stopped", "Stopped", "flag", 70, help="Its last expected night did not run."),
    Column("missing_since", "Missing since", "date", 100),
    Column("expires_at", "Membership ends", "date", 120),
    Column("last_run", "Last ran", "moment", 130),
    Column("next_expected", "To run next", "moment", 140),
    Column("url", "On GitLab", "link", 120, text="open schedules"),
)
NIGHTLY_HISTORY = (
    Column("path_with_namespace", "Repository", width="medium"),
    Column("schedule", "Nightly", width=130),
    Column("last_state", "Last", width=75, help="Its last verdict, however long ago."),
    Column("missing_since", "Not run since", "date", 105, help="Empty where it ran on its newest night."),
    Column("nights_missing", "Not run for", "number", 90, help="Nights in a row that never ran, up to its newest."),
    Column("nights_red", "Red for", "number", 75, help="Nights in a row, up to its last verdict."),
    Column("red_since", "Red since", "date", 105),
    Column("nights_green", "Green for", "number", 80, help="Nights in a row, up to its last verdict."),
    Column("reds_30", "Red nights", "number", 90, help="Of the last 30."),
    Column("missing_30", "Never ran", "number", 85, help="Nights of the last 30 on which it never ran."),
    Column("flips_30", "Flips", "number", 65, help="Changes between red and green in the last 30 nights."),
    Column("days_to_green", "Days to green", "number", 105, help="How long a failure lasts on average."),
    Column("first_red_night", "First red", "date", 105, help="The first failed night that is stored."),
    Column("failure_url", "Why", "link", 95, text="why it failed"),
    Column("newest_url", "Newest run", "link", 100, text="on GitLab"),
)
_AGAINST = "How many more or fewer {} than on the night before; empty while a night's numbers still move."
NIGHTS = (
    Column("night", "Night", "date", 95),
    Column("nightlies", "Nightlies", "number", 70),
    Column("runs", "Ran", "number", 45),
    Column("failed", "Failed", "number", 60),
    Column("failed_change", "± failed", "change", 75, help=_AGAINST.format("failed")),
    Column("newly_failed", "New", "number", 50),
    Column("still_red", "Still red", "number", 70),
    Column("recovered", "Recovered", "number", 80),
    Column("missing", "Never ran", "number", 80),
    Column("missing_change", "± never ran", "change", 85, help=_AGAINST.format("never ran")),
    Column("warned", "Warned", "number", 70),
    Column("warned_change", "± warned", "change", 75, help=_AGAINST.format("warned")),
    Column("passed", "Passed", "number", 60),
    Column("passed_change", "± passed", "change", 75, help=_AGAINST.format("passed")),
    Column("late", "Late", "number", 50),
    Column("running", "Running", "number", 70),
    Column("canceled", "Canceled", "number", 75),
    Column("failed_jobs", "Failed jobs", "number", 85),
)
SENT = (
    Column("night", "Night", "date", 105),
    Column("channel", "To", width=75),
    Column("outcome", "Outcome", width=85, help="Sending: begun, and nobody knows whether it arrived; not repeated."),
    Column("tries", "Tries", "number", 60),
    Column("tried", "When", "moment", 140),
    Column("error", "Why not", width="medium"),
)

PROBLEMS = (
    Column("path_with_namespace", "Repository", width=230),
    Column("resource", "What", width=95),
    Column("message", "Why, and what to do", "wrapped", 330),
    Column("last_at", "Last tried", "moment", 140),
    Column("first_at", "Since", "moment", 140),
)

FRESHNESS = (
    Column("path_with_namespace", "Repository", width="medium"),
    Column("read_at", "Completely read", "moment", 150, help="When its least fresh part was last read."),
    Column("touched_at", "Last touched", "moment", 150),
    Column("under_way", "Parts under way", "number", 120),
    Column("problems", "Problems", "number", 85),
    Column("archived", "Archived", "flag", 80),
    Column("gone_since", "Gone since", "moment", 150, help="When GitLab told that the repository was deleted."),
)

ROWS = (
    Column("name", "Table", width="medium"),
    Column("rows", "Rows", "number"),
    Column("newest_at", "Newest", "moment"),
)

LOADS = (
    Column("started_at", "Started", "moment", 140),
    Column("trigger", "By", width=80),
    Column("seconds", "Took", "seconds", 90, help="Empty while it runs, or when it was killed."),
    Column("calls", "Calls", "number", 75),
    Column("rows", "Rows", "number", 85),
    Column("waited_seconds", "Waited", "seconds", 85, help="Held back by GitLab's rate limit."),
    Column("errors", "Errors", "number", 70),
    Column("error", "Error", width="medium"),
    Column("source", "Source", width=80),
)
