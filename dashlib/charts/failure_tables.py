"""The tables and top-line numbers of the pages Failures and Failure, declared."""

from __future__ import annotations

from dashlib.charts.tables import Column, Tile

SUMS = (
    Tile("failed_jobs", "Failed jobs", "Every attempt that failed.", "less"),
    Tile(
        "explained_share",
        "Explained",
        "A rule says why; without a log, GitLab's own word. Of all failed jobs.",
        "more",
        "share",
    ),
    Tile("signatures", "Signatures", "Different failures: the same one counts once, wherever it struck.", "less"),
    Tile("new_signatures", "New signatures", "Never seen before in any repository: see “New means” above.", "less"),
    Tile("without_issue", "No issue", "Signatures that no issue is linked to.", "less"),
)

_ISSUE = (
    Column("issue_title", "Issue", width=95, help="The issue that it is linked to."),
    Column("assignee", "Person", width=75, help="Who has it."),
    Column("issue_state", "State", width=60, help="Opened or closed, as GitLab says."),
)
_MORE_OF_ISSUE = (
    Column("returned", "Back", width=60, help="It failed again after its issue was closed."),
    Column("issue_url", "", "link", 55, text="issue"),
)
_NEW = Column("news", "New", width=50, help="new: first seen in the last days (see above), in any repository.")
_SEEN = (
    Column("last_seen", "Last seen", "moment", 135),
    Column("first_seen", "First seen", "moment", 135, help="Ever, in any repository."),
)

# What a person decides by, and what was decided, stands first: at 1,440 pixels it is seen without scrolling.
SIGNATURES = (
    _NEW,
    Column("reason", "Reason", width=335, help="The most telling line of its newest failure."),
    Column("failure_url", "Newest", "link", 60, text="open"),
    Column("category", "Category", width=95),
    Column("failures", "Failures", "number", 65),
    Column("repositories", "Repos", "number", 60, help="Repositories that it struck."),
    Column("nights", "Nights", "number", 60, help="Nights of nightlies that it failed."),
    Column("spread", "By day", "bars", 100, help="Failed jobs of each day of the period."),
    *_ISSUE,
    *_MORE_OF_ISSUE,
    *_SEEN,
    Column("first_here", "Struck first in", width="medium", help="The first repository it struck in this period."),
    Column("told_by", "Told by", width=75, help="A rule, or the general scorer's guess."),
)

JOBS = (
    Column("failed", "Failed", "moment", 130),
    Column("path_with_namespace", "Repository", width=150),
    Column("job_name", "Job", width=105),
    Column("failure_url", "Why", "link", 50, text="open"),
    _NEW,
    Column("reason", "Reason", width=220),
    Column("category", "Category", width=95),
    *_ISSUE,
    Column("is_nightly", "Nightly", "flag", 65),
    Column("attempt", "Attempt", width=70),
    Column("passed_on_retry", "Passed later", "flag", 90, help="A later attempt of it passed."),
    Column("state", "Analysis", width=90, help="explained, unsure (a guess), no rule, no log, not analysed."),
    Column("log", "Log", width=80, help="stored, incomplete, missing (GitLab has none), erased, not read, none."),
    *_MORE_OF_ISSUE,
    Column("job_web_url", "On GitLab", "link", 90, text="open job"),
)

JUDGED = (
    Column("signature", "One", width=340),
    Column("other", "The other", width=340),
    Column("verdict", "Verdict", width=90),
    Column("created_by", "By", width=120),
    Column("done", "On", "moment", 135),
)

OCCURRENCES = (
    Column("failed", "Failed", "moment", 135),
    Column("path_with_namespace", "Repository", width="medium"),
    Column("job_name", "Job", width=140),
    Column("failure_url", "Why", "link", 60, text="open"),
    Column("is_nightly", "Nightly", "flag", 65),
    Column("attempt", "Attempt", width=70),
    Column("passed_on_retry", "Passed later", "flag", 90, help="A later attempt of it passed."),
    Column("ref", "Ref", width=120),
    Column("runner_description", "Runner", width=130),
    Column("job_web_url", "On GitLab", "link", 90, text="open job"),
)

COVERAGE = (
    Column("path_with_namespace", "Repository", width="medium"),
    Column("failed_jobs", "Failed jobs", "number", 85),
    Column("explained_share", "Explained", "share", 110, help="Of all its failed jobs."),
    Column("explained_share_of_logs", "… of those with a log", "share", 140),
    Column("gitlabs_word", "By GitLab's word", "number", 115, help="No log: GitLab's own failure_reason says why."),
    Column("unsure", "Only a guess", "number", 95),
    Column("no_rule", "No rule spoke", "number", 105),
    Column("no_log", "No log", "number", 70),
    Column("not_analysed", "Not analysed yet", "number", 115),
    Column("signatures", "Signatures", "number", 85),
    Column("main_category", "Most often", width=115),
)

MERGE = (
    Column("similarity", "Alike", "share", 95),
    Column("differ_told", "They differ in", width=260, help="What stands in one where the other has something else."),
    Column("category", "Category", width=95),
    Column("failures", "Failures", "number", 70),
    Column("other_failures", "The other's", "number", 80),
    Column("one_told", "One", width=300, help="From a little before the place where the two differ."),
    Column("other_told", "The other", width=300),
    Column("last_seen", "Last seen", "moment", 135),
)

ATTEMPTS = (
    Column("attempt", "Attempt", "number", 70),
    Column("here", "", width=75),
    Column("status", "Status", width=85),
    Column("started", "Started", "moment", 135),
    Column("duration", "Took", "seconds", 90),
    Column("category", "Category", width=115),
    Column("reason", "Reason", width=380),
    Column("failure_url", "Why", "link", 60, text="open"),
    Column("username", "By", width=110),
    Column("runner_description", "Runner", width=130),
    Column("job_web_url", "On GitLab", "link", 90, text="open job"),
)

RUNS = (
    Column("ended", "Ended", "moment", 135),
    Column("status", "Status", width=85),
    Column("same_failure", "Same failure", "flag", 95),
    Column("category", "Category", width=115),
    Column("reason", "Reason", width=380),
    Column("failure_url", "Why", "link", 60, text="open"),
    Column("sha", "Commit", width=85),
    Column("duration", "Took", "seconds", 90),
    Column("runner_description", "Runner", width=130),
    Column("job_web_url", "On GitLab", "link", 90, text="open job"),
)

ELSEWHERE = (
    Column("path_with_namespace", "Repository", width="medium"),
    Column("job_name", "Job", width=140),
    Column("failures", "Failures", "number", 75),
    Column("nights", "Nights", "number", 65),
    *_SEEN,
    Column("failure_url", "Newest", "link", 65, text="open"),
    Column("reason", "Reason", width=380),
    Column("job_web_url", "On GitLab", "link", 90, text="open job"),
)

SIMILAR = (
    Column("similarity", "Alike", "share", 95),
    Column("reason", "Reason", width=290, help="The most telling line of its newest failure."),
    Column("failure_url", "Newest", "link", 65, text="open"),
    Column("signature_url", "All", "link", 50, text="list"),
    Column("differ_told", "It differs in", width=200, help="What stands in this one → what the other has there."),
    Column("failures", "Failures", "number", 75),
    Column("repositories", "Repos", "number", 65),
    Column("jobs", "Jobs", "number", 60),
    Column("last_seen", "Last seen", "moment", 135),
    Column("first_seen", "First seen", "moment", 135, help="Of those that are stored."),
)

NEWEST = (
    Column("failed", "Failed", "moment", 135),
    Column("path_with_namespace", "Repository", width="medium"),
    Column("job_name", "Job", width=140),
    Column("failure_url", "Why", "link", 60, text="open"),
    Column("category", "Category", width=115),
    Column("reason", "Reason", width="large"),
)
