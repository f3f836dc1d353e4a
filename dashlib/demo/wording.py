"""The words people at Ostrelune use in commit titles, branch names, issues and comments."""

from __future__ import annotations

from random import Random

_VERBS = ("Add", "Fix", "Speed up", "Simplify", "Document", "Rework", "Validate", "Log", "Cache", "Remove", "Test")
_THINGS = (
    "retry of the {word} reader",
    "{word} time zone handling",
    "stale {word} entries",
    "bounds check in {word} parser",
    "{word} metrics",
    "duplicate readings",
    "configuration of {word} limits",
    "error message for missing stations",
    "{word} export to CSV",
    "rounding in the {word} table",
    "connection pool",
    "pagination of {word} lists",
    "unused {word} helpers",
    "start-up order",
    "tests for leap seconds",
)
_ISSUES = (
    "{Word} values drift after a restart",
    "Nightly of {word} is slow",
    "Wrong unit in the {word} export",
    "Support several {word} zones",
    "Crash when a {word} station is renamed",
    "Document the {word} alarm levels",
    "{Word} import ignores the last line",
)
_REMARKS = (
    "Looks good, one question below.",
    "Could we test the empty case, too?",
    "Saw this again last night.",
    "Rebased, please have another look.",
    "I cannot reproduce it on my machine.",
    "Done in the last push.",
    "The log says it was the network. Retried.",
)
LABELS = ("bug", "nightly", "flaky", "performance", "docs", "team::tide", "team::web", "priority::high")


def title(rng: Random, word: str) -> str:
    """A commit title."""
    return f"{rng.choice(_VERBS)} {rng.choice(_THINGS).format(word=word)}"


def branch(rng: Random, subject: str, number: int) -> str:
    """A branch name for a commit title; some hold a slash, a hash or both."""
    kind = rng.choice(("feature", "fix", "chore"))
    words = "-".join(subject.lower().split()[:4])
    return rng.choice((f"{kind}/{words}-{number}", f"{kind}/#{number}-{words}", f"{words}-{number}"))


def issue(rng: Random, word: str) -> str:
    """An issue's title."""
    return rng.choice(_ISSUES).format(word=word, Word=word.capitalize())


def remark(rng: Random) -> str:
    """A comment."""
    return rng.choice(_REMARKS)
