"""The ordered rules, read from ``dashlib/failures/rules/*.toml``; what a rule may say stands in ``rules/README.md``."""

from __future__ import annotations

import contextlib
import hashlib
import tomllib
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Literal

from dashlib.failures.linear import Pattern, PatternError, compiled
from dashlib.failures.literals import NoLiteral, Words, required
from dashlib.failures.reason import CATEGORIES

# Raised with every change of the code that gives the same rules another answer.
ENGINE_VERSION = 9
RULES = Path(__file__).parent / "rules"
Pick = Literal["first", "last"]


class RuleError(ValueError):
    """A rule file says something that no rule can mean."""


@dataclass(frozen=True, eq=False)
class Rule:
    """One kind of line that tells why a job failed.

    ``rank`` is the rule's weight (0 to 100, the scale stands in ``rules/README.md``); ``order`` its place in the files,
    which decides between equals. ``pick`` says which of several matches speaks. ``follow`` are patterns for the lines
    after the match (each brings at most one) up to ``within`` lines on; ``lead`` says which of them, or the line above,
    is most telling. Outside of its ``phase``, in another one of the runner's, the category is ``elsewhere``.
    ``head`` begins the line above under which a tool already said what ``follow`` looks for; that line ends with the
    first group of the match. ``adds`` is put behind the groups in the signature.
    ``frame`` is a line of the stack below the match, its groups what it names; of those that ``foreign`` does not
    match the ``innermost`` one (the first printed or the last) goes into the signature. ``under`` is the line above
    that names what the match is about (a linter prints the file once), in its groups.
    ``because`` names rules whose match before, in the same command, is the cause of which this one is the effect.
    """

    id: str
    category: str
    match: str
    rank: int
    order: int
    pick: Pick = "first"
    unless: str | None = None
    follow: tuple[str, ...] = ()
    within: int = 12
    needs_follow: bool = False
    lead: Literal["match", "follow", "under"] = "match"
    says: Literal["both", "match", "follow"] = "both"
    phase: str | None = None
    elsewhere: str | None = None
    because: tuple[str, ...] = ()
    head: str | None = None
    adds: str | None = None
    frame: str | None = None
    foreign: str | None = None
    innermost: Pick = "first"
    under: str | None = None
    words: tuple[Words, ...] = field(default=())

    def category_in(self, phase: str | None) -> str:
        """The category of a line that stands in a phase of the runner's; None where the log tells of no phase."""
        return self.category if phase in (None, self.phase) else self.elsewhere or self.category

    @cached_property
    def others(self) -> tuple[tuple[bytes, ...], ...]:
        """Beside the first set of literals, which finds the line: what it must also hold, in lower case."""
        return tuple(tuple(literal.encode() for literal in words.literals) for words in self.words[1:])

    @cached_property
    def regexp(self) -> Pattern:
        """What the line must match."""
        return compiled(self.match)

    @cached_property
    def groups(self) -> Pattern:
        """The same, with its groups."""
        return compiled(self.match, capturing=True)

    @cached_property
    def veto(self) -> Pattern | None:
        """What the line must not match."""
        return compiled(self.unless) if self.unless else None

    @cached_property
    def followers(self) -> tuple[Pattern, ...]:
        """What the lines after it may match."""
        return tuple(compiled(pattern) for pattern in self.follow)

    @cached_property
    def frames(self) -> Pattern | None:
        """A line of the stack, with what it names."""
        return compiled(self.frame, capturing=True) if self.frame else None

    @cached_property
    def not_own(self) -> Pattern | None:
        """A line of the stack in somebody else's code."""
        return compiled(self.foreign) if self.foreign else None

    @cached_property
    def above(self) -> Pattern | None:
        """The line above that names what the match is about."""
        return compiled(self.under, capturing=True) if self.under else None


_ALLOWED = (
    ("pick", ("first", "last")),
    ("lead", ("match", "follow", "under")),
    ("says", ("both", "match", "follow")),
    ("innermost", ("first", "last")),
)
_FIELDS = {
    "id", "category", "match", "rank", "pick", "unless", "follow", "within", "needs_follow", "lead", "says", "phase",
    "elsewhere", "because", "head", "adds", "frame", "foreign", "innermost", "under",
}  # fmt: skip


def load(folder: Path = RULES) -> tuple[Rule, ...]:
    """Every rule of a folder, files by name, rules by their place in the file.

    Raises `RuleError` (or `literals.NoLiteral`) for a file that cannot be meant.
    """
    rules: list[Rule] = []
    for path in sorted(folder.glob("*.toml")):
        try:
            said = tomllib.loads(path.read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise RuleError(f"{path.name}: {error}") from error
        default_rank = said.get("rank", 70)
        for entry in said.get("rule", []):
            rules.append(_rule(path.stem, entry, default_rank, len(rules)))
    seen: set[str] = set()
    for rule in rules:
        if rule.id in seen:
            raise RuleError(f"two rules are called {rule.id}")
        seen.add(rule.id)
    for rule in rules:
        if unknown := set(rule.because) - seen:
            raise RuleError(f"{rule.id}: no such rule: {', '.join(sorted(unknown))}")
    return tuple(rules)


def _rule(family: str, entry: dict[str, object], default_rank: int, order: int) -> Rule:
    if unknown := entry.keys() - _FIELDS:
        raise RuleError(f"{family}: {entry.get('id')}: no such field: {', '.join(sorted(unknown))}")
    values = {"rank": default_rank, **entry}
    for field_name in ("follow", "because"):
        values[field_name] = tuple(values.get(field_name, ()))  # type: ignore[arg-type]
    for field_name in ("match", "unless"):
        if isinstance(values.get(field_name), list):
            # Each in a group of its own, which a leading (?i) is the end of.
            values[field_name] = f"(?:{'|'.join(f'(?:{one})' for one in values[field_name])})"  # type: ignore[attr-defined]
    try:
        rule = Rule(**values, order=order, words=required(str(values["match"])))  # type: ignore[arg-type]
    except (NoLiteral, TypeError) as error:
        raise RuleError(f"{family}: {entry.get('id')}: {error}") from error
    for name, allowed in _ALLOWED:
        if getattr(rule, name) not in allowed:
            raise RuleError(f"{rule.id}: {name} is {' or '.join(allowed)}")
    try:
        for pattern in (rule.match, rule.frame, rule.foreign, rule.under):
            compiled(pattern or "")
    except PatternError as error:
        raise RuleError(f"{rule.id}: {error}") from error
    for category in (rule.category, rule.elsewhere or rule.category):
        if category not in CATEGORIES:
            raise RuleError(f"{rule.id}: no such category: {category}")
    return rule


@lru_cache(maxsize=1)
def rulebook() -> tuple[Rule, ...]:
    """The rules that ship, read once."""
    return load()


def version(folder: Path) -> str:
    """A hash of the engine's version and the rule files of a folder."""
    digest = hashlib.sha256(str(ENGINE_VERSION).encode())
    for path in sorted(folder.glob("*.toml")):
        # One that cannot be read is told by ``load``.
        with contextlib.suppress(OSError):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


RULES_VERSION = version(RULES)
"""Changes whenever the same log may get another reason."""
