"""Which words a line must have for a pattern to match: what lets most lines pass unlooked at.

`required` reads a pattern (RE2's syntax as far as the rules use it) and answers with sets of literals, in lower case;
of each set one literal stands in every text that the pattern matches, letter case aside.
"""

from __future__ import annotations

from typing import NamedTuple

SHORTEST = 3
"""In bytes: shorter words stand in too many lines."""
_MOST_COMBINED = 160

# Words that stand in many lines of any log: a rarer one is better, even a shorter one.
_COMMON = frozenset({
    "error", "errors", "err", "info", "http", "https", "download", "downloading", "downloaded", "found", "not", "the",
    "warning", "warn", "test", "tests", "fail", "fails", "failed", "failure", "code", "status", "response",
    "returned", "package", "packages", "module", "file", "files", "line", "format", "script", "config", "version",
    "command", "build", "install", "name", "set", "date", "missing", "invalid", "cannot", "unable", "with", "from",
    "for", "js", "ts", "py", "java", "at", "in", "is", "are", "of", "out", "library", "load", "loading", "api", "get",
    "add", "find", "open", "create", "lock", "parse", "copy", "access", "change", "scala", "html", "string", "path",
    "expected", "unknown", "target", "could", "required", "no", "on", "to", "and", "or", "default", "main",
    "source", "log", "call", "mod", "can", "project", "artifact", "gradle", "sum", "import", "platform", "image",
    "registry", "building", "return", "size", "connect", "key", "description", "symbol", "parser", "remote",
})  # fmt: skip
# Of these, the ones that stand in nearly every line of some logs.
_COMMONEST = ("info", "download", "http", "test", "error", "java", "java.", "https", "downloading", "e:", "err", "warn")


class NoLiteral(ValueError):
    """The pattern can match without any word of `SHORTEST` letters: it would be tried on every line."""


class Words(NamedTuple):
    """Literals, one of which every match contains; ``begins``: at the line's begin."""

    literals: frozenset[str]
    begins: bool


def required(pattern: str) -> tuple[Words, ...]:
    """The sets of literals that a pattern requires; the rarest stands first and has only literals of `SHORTEST` bytes.

    Raises `NoLiteral` where there is no such set.
    """
    reader = _Reader(pattern)
    found = reader.alternatives().words
    if reader.at != len(pattern):
        raise NoLiteral(f"unbalanced parenthesis in {pattern!r}")
    useful = sorted({one for one in found if min(map(size, one.literals)) >= SHORTEST}, key=_worth, reverse=True)
    if not useful:
        raise NoLiteral(f"no word of {SHORTEST} letters in every match of {pattern!r}")
    return tuple(useful)


def is_common(literal: str) -> bool:
    """Whether a literal has no word that tells it from most lines."""
    return _rarity(literal) < 1


def size(literal: str) -> int:
    """In bytes."""
    return len(literal.encode())


def _worth(found: Words) -> tuple[float, int, str]:
    """How few lines a set of literals lets through, by its worst."""
    worst = min(map(_rarity, found.literals))
    begins = found.begins and min(map(size, found.literals)) > SHORTEST + 1
    return worst + begins / 2, -len(found.literals), min(found.literals)


def _rarity(literal: str) -> float:
    if size(literal) < SHORTEST:
        return -1
    words = [word for part in literal.split() if (word := part.strip(".:,()[]{}<>'\"`-=/*!|#"))]
    bytes_read = min(size(literal), 12)
    if not words:
        # Marks alone: a dash stands everywhere, ": *** [" hardly anywhere.
        return 6 if size(literal) > SHORTEST + 1 and len({*literal} - {" "}) > 1 else -0.5
    if literal.strip() in _COMMONEST:
        return 0
    longest = max((len(word) for word in words if word not in _COMMON and len(word) > 2), default=0)
    if longest:
        return bytes_read + 1 if longest > 4 else longest + bytes_read / 13
    return bytes_read / 13


class _Read(NamedTuple):
    """A part of a pattern: what it requires, and the texts that it stands for where those are few and certain."""

    words: list[Words]
    exact: frozenset[str] | None


class _Branch:
    """What one branch requires, and the runs of plain characters being read: several where a group offers a choice."""

    def __init__(self) -> None:
        self.words: list[Words] = []
        self.runs = frozenset({""})
        self.begins = False
        self.exact = True

    def add(self, texts: frozenset[str]) -> None:
        if len(self.runs) * len(texts) > _MOST_COMBINED:
            self.end_run()
        self.runs = frozenset(run + text for run in self.runs for text in texts)

    def end_run(self) -> None:
        if all(self.runs):
            self.words.append(Words(frozenset(run.lower() for run in self.runs), self.begins))
        self.runs, self.begins, self.exact = frozenset({""}), False, False

    def read(self) -> _Read:
        exact = self.runs if self.exact and not self.begins else None
        if all(self.runs):
            self.words.append(Words(frozenset(run.lower() for run in self.runs), self.begins))
        return _Read(self.words, exact)


class _Reader:
    def __init__(self, pattern: str) -> None:
        self.pattern, self.at = pattern, 0

    def alternatives(self) -> _Read:
        """Up to the closing parenthesis or the end: what every match has, whichever branch it took."""
        branches = [self._branch()]
        while self._peek() == "|":
            self.at += 1
            branches.append(self._branch())
        if len(branches) == 1:
            return branches[0]
        exact = None
        if all(branch.exact is not None for branch in branches):
            exact = frozenset().union(*(branch.exact or () for branch in branches))
        if not all(branch.words for branch in branches):
            return _Read([], exact)
        best = [max(branch.words, key=_worth) for branch in branches]
        literals = frozenset().union(*(words.literals for words in best))
        return _Read([Words(literals, all(words.begins for words in best))], exact)

    def _branch(self) -> _Read:
        branch = _Branch()
        while (char := self._peek()) not in ("", "|", ")"):
            self.at += 1
            self._item(branch, char)
        return branch.read()

    def _item(self, branch: _Branch, char: str) -> None:
        if char in "^$":
            branch.begins = branch.begins or (char == "^" and branch.runs == {""} and not branch.words)
            return
        if char == "(":
            self._group_item(branch)
            return
        plain: str | None = char
        if char == "[":
            plain = self._class()
        elif char == "\\":
            plain = self._escape()
            if plain == "":
                return
        elif char == ".":
            plain = None
        optional, repeated = self._quantifier()
        if plain is None or optional:
            branch.end_run()
            return
        branch.add(frozenset({plain}))
        if repeated:
            branch.end_run()

    def _group_item(self, branch: _Branch) -> None:
        found = self._group()
        optional, repeated = self._quantifier()
        if found is None:
            return
        if found.exact is not None and not repeated:
            branch.add(found.exact | {""} if optional else found.exact)
            return
        branch.end_run()
        if not optional:
            branch.words.extend(found.words)

    def _group(self) -> _Read | None:
        if self.pattern.startswith("?:", self.at):
            self.at += 2
        elif self.pattern.startswith("?P<", self.at):
            self.at = self.pattern.index(">", self.at) + 1
        elif self._peek() == "?":
            # (?i) and its like: literals are compared without letter case anyway.
            self.at = self.pattern.index(")", self.at) + 1
            return None
        found = self.alternatives()
        self.at += 1
        return found

    def _class(self) -> str | None:
        """The one letter that the class stands for, whatever its case; None for any other class."""
        start = self.at
        if self._peek() == "^":
            self.at += 1
        if self._peek() == "]":
            self.at += 1
        while self._peek() != "]":
            self.at += 2 if self._peek() == "\\" else 1
        members = self.pattern[start : self.at]
        self.at += 1
        return members[0].lower() if len({*members.lower()}) == 1 and members[0] != "^" else None

    def _escape(self) -> str | None:
        """A literal character; None for a class; empty for what has no width."""
        char = self._peek()
        self.at += 1
        if char in "bBAz":
            return ""
        if char == "x":
            self.at += 2
            return chr(int(self.pattern[self.at - 2 : self.at], 16))
        return {"t": "\t"}.get(char) if char.isalnum() else char

    def _quantifier(self) -> tuple[bool, bool]:
        """Whether the item before may be missing, and whether it may repeat."""
        char = self._peek()
        if char in ("?", "*", "+"):
            self.at += 1
            answer = (char != "+", char != "?")
        elif char == "{":
            end = self.pattern.index("}", self.at)
            least = self.pattern[self.at + 1 : end].partition(",")[0]
            self.at = end + 1
            answer = (least in ("0", ""), True)
        else:
            return False, False
        if self._peek() == "?":
            self.at += 1
        return answer

    def _peek(self) -> str:
        return self.pattern[self.at : self.at + 1]
