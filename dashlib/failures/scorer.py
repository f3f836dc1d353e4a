"""Where no rule speaks: the likeliest lines by their words and their place, and how unsure that is."""

from __future__ import annotations

import math

from dashlib.failures.linear import compiled
from dashlib.failures.reason import UNKNOWN
from dashlib.failures.search import Findings, Line, as_line

# Points for what a line says; the best of each group counts.
_SAYS = tuple(
    (points, compiled(pattern))
    for points, pattern in (
        (11, r"^(?:[\w./-]{1,60}: )?(?:fatal|FATAL|Fatal|panic|PANIC)\b ?(?:error)?[:!\]]"),
        (10, r"^(?:[\w./:-]{1,80}: )?(?:\[?(?:error|Error|ERROR|ERR!?|E|SEVERE|CRITICAL)\]?)[:!\]) ]"),
        (10, r"\b[A-Z]\w{2,60}(?:Error|Exception|Failure)\b(?::| at |$)"),
        (9, r"(?i)\b(?:error|failure|failed)\s?:"),
        (7, r"(?i)\b(?:failed to|cannot|can't|could ?n[o']t|unable to|not found|no such|does(?: not|n't) exist|denied|refused|forbidden|unauthorized|timed? ?out|not supported|too many|must be|already exists)\b"),
        (5, r"(?i)\b(?:fail(?:ed|ure|s|ing)?|abort(?:ed|ing)?|killed|mismatch|conflict|incompatible|illegal)\b"),
        (4, r"(?i)\b(?:error|errors|exception|fatal|invalid|missing|undefined|unexpected|unknown|unrecognized|expected)\b"),
    )
)  # fmt: skip
_AGAINST = tuple(
    (points, compiled(pattern))
    for points, pattern in (
        (-14, r"(?i)\b(?:0 (?:errors?|fail(?:ed|ures?))|no (?:errors?|failures?)|errors?[:=] ?0\b|fail(?:ed|ures?)[:=] ?0\b|without errors?|non-?fatal|ignoring|ignored|expected failure|\|\| true)"),
        (-9, r"(?i)(?:^|[\s\[(:])warn(?:ing|ings)?\b|\bdeprecat|\b(?:info|debug|trace|notice)\b[\]:| ]|^npm notice"),
        (-9, r"(?i)\s-W\w|-Werror|\b(?:gcc|g\+\+|cc|clang(?:\+\+)?|rustc|javac|ld|ar) .{0,200} -[oIcL]\b"),
        (-8, r"^(?:\$ |\+{1,3} |> |#\d* ?\[|Step \d|COPY |RUN )|^\s+at [\w.$<>/]+[ (]|^\s*File \"|^\s+from \S+:\d+:in "),
        (-7, r"(?i)^(?:\s*(?:✓|✔|ok\b|pass(?:ed)?\b|--- PASS|\[ +OK +\])|(?:downloading|downloaded|installing|installed|compiling|checking for|checking whether|fetching|get:|setting up|unpacking|copying|creating|adding|collecting|requirement already)\b)"),
        (-6, r"(?i)\bexit(?:ed)? (?:with )?(?:code|status)\b|\bexited with|process completed|returned (?:a )?non-?zero|\bjob failed\b|: \*\*\* |build failed\b|command failed\b|errors? occurred|see (?:above|the log)|^error: *$"),
        (-5, r"(?i)\bretry|\btry(?:ing)? again|attempt \d"),
    )
)  # fmt: skip

_GUESSES = tuple(
    (category, compiled(pattern))
    for category, pattern in (
        ("disk_full", r"(?i)no space|disk quota|disk full"),
        ("oom", r"(?i)out of memory|cannot allocate memory|oom"),
        ("auth", r"(?i)\b(?:401|403)\b|unauthorized|forbidden|authenticat|credential|permission denied|access denied"),
        ("network", r"(?i)connection (?:refused|reset|timed out|closed)|could not resolve|name resolution|unreachable|\b50[0234]\b|tls|ssl|certificate"),
        ("timeout", r"(?i)timed? ?out|deadline exceeded"),
        ("crash", r"(?i)segmentation|core dumped|sig(?:segv|abrt|bus|ill|kill)|signal \d|panic|stack smashing"),
        ("test_failure", r"(?i)assert|\btests?\b.{0,40}\bfail|\bfail.{0,40}\btests?\b|\bspec\b"),
        ("compile_error", r"(?i)syntax ?error|undefined reference|compil|undeclared|parse error|unexpected token"),
        ("dependency", r"(?i)dependenc|package .{0,80}(?:not found|unavailable)|version .{0,60}not|unsatisf|resolve"),
        ("lint", r"(?i)\blint|style|format(?:ted|ting)|violation"),
        ("script_error", r"(?i)not found|no such file|usage:|missing|unrecognized|unknown option|invalid"),
    )
)  # fmt: skip
# Where a line stands matters within about so many lines of the end.
_NEAR = 60


def likeliest(found: Findings) -> list[tuple[float, Line]]:
    """The lines that likeliest tell why, best first, with their points; empty for a log that says nothing."""
    failing = found.place.failing()
    end = found.endings[0][1][0].number if found.endings and found.endings[0][1] else found.last_number
    words = {**found.words_first, **{word.number: word for word in found.words_last}}
    scored: list[tuple[float, Line]] = []
    seen: set[bytes] = set()
    for number in sorted(words):
        word = words[number]
        line = as_line(number, word.raw)
        if line.core in seen:
            continue
        seen.add(line.core)
        score = points(line.core)
        score += 4 if word.segment in failing else -3
        score -= 14 if word.afterwards else 0
        score += 6 * math.exp(-abs(end - number) / _NEAR)
        if score > 0:
            scored.append((score, line))
    scored.sort(key=lambda pair: (-pair[0], pair[1].number))
    return scored or _last_words(found)


def points(core: bytes) -> float:
    """What a line's words are worth."""
    return max((p for p, pattern in _SAYS if pattern.search(core)), default=0) + min(
        (p for p, pattern in _AGAINST if pattern.search(core)), default=0
    )


def _last_words(found: Findings) -> list[tuple[float, Line]]:
    """What was said last before the work ended."""
    if not found.endings:
        return []
    return [(0.5, line) for line in found.endings[0][1] if points(line.core) >= 0][:3]


def guess(core: bytes) -> str:
    """A category by a line's words; ``unknown`` when they point nowhere."""
    return next((category for category, pattern in _GUESSES if pattern.search(core)), UNKNOWN)
