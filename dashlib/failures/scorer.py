"""Where no rule speaks: the likeliest lines by their words and their place, and how unsure that is."""

from __future__ import annotations

import math

from dashlib.failures.green import Green
from dashlib.failures.linear import Pattern, compiled
from dashlib.failures.lines import Line, as_line
from dashlib.failures.reason import UNKNOWN
from dashlib.failures.search import Findings

# Points for what a line says; the best of them counts, and the worst of what speaks against it.
_SAYS = {
    11: (r"^(?:[\w./-]+: )?(?:fatal|FATAL|Fatal|panic|PANIC)\b ?(?:error)?[:!\]]",),
    10: (
        r"^(?:[\w./:-]+: )?(?:\[?(?:error|Error|ERROR|ERR!?|E|SEVERE|CRITICAL)\]?)[:!\]) ]",
        r"\b[A-Z]\w+(?:Error|Exception|Failure)\b(?::| at |$)",
    ),
    9: (r"(?i)\b(?:error|failure|failed)\s?:",),
    7: (
        r"(?i)\b(?:failed to|cannot|can't|could ?n[o']t|unable to|not found|no such|does(?: not|n't) exist|denied)\b",
        r"(?i)\b(?:refused|forbidden|unauthorized|timed? ?out|not supported|too many|must be|already exists)\b",
        r"(?i)\b(?:not (?:allowed|available|installed|permitted|appear)|no longer|isn't|did(?: not|n't)|required)\b",
    ),
    5: (r"(?i)\b(?:fail(?:ed|ure|s|ing)?|abort(?:ed|ing)?|killed|mismatch|conflict|incompatible|illegal)\b",),
    4: (
        r"(?i)\b(?:error|errors|exception|fatal|invalid|missing|undefined)\b",
        r"(?i)\b(?:unexpected|unknown|unrecognized|expected)\b",
    ),
}
# What only says that something failed: make, npm, scripts, the runner pass on that what they called failed.
ECHO = (
    r"(?i)\b(?:returned|exit(?:ed|s)?|finished|failed|ended|died)\b.{0,40}\b(?:exit )?(?:code|status|value):? ?\(?-?\d"
    r"|\bexit(?:ed)? \d{1,3}\b|non-?zero (?:exit )?(?:code|status|value)|\berror (?:code )?\d{1,3}$|: \*\*\* \["
    r"|\b(?:command|script|build|job|task|step|process|subprocess|stage|target)\b.{0,60}\bfailed[.!:]?$"
    r"|\b(?:build|command) failed\b"
)
_AGAINST = {
    -30: (  # what the runner says of itself
        r"^(?:ERROR|WARNING): (?:Job failed|No files to upload|file does not exist|\S+: no matching files)",
        r"section_(?:start|end):|^ *on \S+ .*system ID|^  on \S+ \S+$|^Job succeeded$|^##\[(?:end)?group\]",
        r"^(?:Uploading|Cleaning up|Running (?:with|on|after)|Executing \"|Skipping |Failed to extract cache)",
        r"^(?:Checking (?:out|cache)|Fetching changes|Reinitialized existing|Initialized empty|Created fresh)",
        r"^(?:Getting source|Preparing |Using Docker)",
    ),
    -16: (r"^\$ ",),
    -12: (ECHO,),
    -14: (  # an error that there was none of, or that nobody minds
        r"(?i)\b(?:0 (?:errors?|fail(?:ed|ures?))|no (?:errors?|failures?)|errors?[:=] ?0\b|fail(?:ed|ures?)[:=] ?0\b)",
        r"(?i)\b(?:without errors?|non-?fatal|ignoring|ignored|expect(?:ed|ing) failure)\b|\|\| true|\(ok\)$",
    ),
    -9: (  # warnings, chatter, the options of a compiler
        r"(?i)(?:^|[\s\[(:])warn(?:ing|ings)?\b|\bdeprecat|\b(?:info|debug|trace|notice)\b[\]:| ]|^npm notice",
        r"(?i)\s-W\w|-Werror|\b(?:gcc|g\+\+|cc|clang(?:\+\+)?|rustc|javac|ld|ar) .* -[oIcL]\b",
    ),
    -8: (  # commands, steps of a build, frames of a stack
        r"^(?:\++ |> (?:\S+@|[a-z])|#\d* ?\[|Step \d|COPY |RUN )",
        r"^\s+at [\w.$<>/]+[ (]|^\s*File \"|^\s+from \S+:\d+:in ",
    ),
    -7: (  # progress
        r"(?i)^\s*(?:✓|✔|ok\b|pass(?:ed)?\b|--- PASS|\[ +OK +\])",
        r"(?i)^(?:downloading|downloaded|installing|installed|compiling|checking for|checking whether|fetching|get:)\b",
        r"(?i)^(?:setting up|unpacking|copying|creating|adding|collecting|requirement already|running)\b",
        r"\.\.\.(?: ?(?:yes|no|ok|done|skipped))?$|(?:Entering|Leaving) directory|^\s*[\w.-]*\s*$|^[^A-Za-z]*$",
    ),
    -6: (  # echoes that may have more to say
        r"(?i)\bexit(?:ed)? (?:with )?(?:code|status)\b|\bexited with|process completed|errors? occurred",
        r"(?i)see (?:above|the log)|\berror: *$",
    ),
    -5: (r"(?i)\bretry|\btry(?:ing)? again|attempt \d",),
}
_GUESSES = {
    "disk_full": r"(?i)no space|disk quota|disk full",
    "oom": r"(?i)out of memory|cannot allocate memory|\boom\b",
    "auth": r"(?i)\b(?:401|403)\b|unauthorized|forbidden|authenticat|credential|permission denied|access denied",
    "network": r"(?i)connection (?:refused|reset|timed out|closed)|could not resolve|name resolution|unreachable"
    r"|\b50[0234]\b|\btls\b|\bssl\b|certificate",
    "timeout": r"(?i)timed? ?out|deadline exceeded",
    "crash": r"(?i)segmentation|core dumped|sig(?:segv|abrt|bus|ill|kill)|signal \d|panic|stack smashing",
    "test_failure": r"(?i)assert|\btests?\b.*\bfail|\bfail.*\btests?\b|\bspec\b",
    "compile_error": r"(?i)syntax ?error|undefined reference|compil|undeclared|parse error|unexpected token",
    "dependency": r"(?i)dependenc|package .*(?:not found|unavailable)|version .*(?:not (?:found|available)|required)"
    r"|unsatisf|resolve|was found, but|(?:isn't|not (?:appear to be )?) ?installed"
    r"|(?:cannot find|no) (?:module|package)|(?:module|library|gem|plugin) .*not found",
    "lint": r"(?i)\blint|style|format(?:ted|ting)|violation",
    "script_error": r"(?i)not found|no such file|usage:|missing|unrecognized|unknown option|invalid",
}


def _all_compiled(said: dict[int, tuple[str, ...]]) -> tuple[tuple[int, Pattern], ...]:
    return tuple((points, compiled(pattern)) for points, patterns in said.items() for pattern in patterns)


_FOR, _AGAINST_IT = _all_compiled(_SAYS), _all_compiled(_AGAINST)
_BY_COMMAND = tuple(
    (category, compiled(rf"\b(?:{words})\b"))
    for category, words in (
        (
            "lint",
            r"\w*lint\w*|gofmt|goimports|format|fmt|prettier|black|ruff|flake8|\w*style|rubocop|clippy|pre-commit",
        ),
        ("test_failure", r"tests?|pytest|jest|vitest|mocha|rspec|phpunit|ctest|tox|nox|e2e|cypress|playwright|specs?"),
    )
)
_GUESSED = tuple((category, compiled(pattern)) for category, pattern in _GUESSES.items())
_NOISE = tuple(
    map(
        compiled,
        (
            r"^\s*(?:✓|✔|√|--- PASS|PASS\b|PASSED\b|ok\b|\[ +(?:OK|PASSED) +\])",
            r"(?i)^\W*(?:fail|failed|failures?|errors?|error summary|build failed)\W*$",
            r"(?i)^\W*(?:info|debug|trace|warn|warning|notice|error message|stack ?trace|message|details?)\W*$",
            r"(?i)\b(?:added|changed|audited)\b.{0,20}\b\d+ packages?\b|^up to date\b|^found 0 vulnerabilities",
            r"(?i)^\W*(?:tests?:? *)?\d+ (?:tests? |specs? |examples? )?pass(?:ed|ing)\b",
            r"(?i)^(?:successfully |built |build succe|done in |compiled successfully|all checks passed)",
            r"^(?:\[ERROR\] )?(?:After correcting the problems|Re-run Maven|To see the full stack trace)",
            r"^(?:\[ERROR\] )?For more information about|^\[ERROR\] (?: +mvn <\w+> -rf|\[Help \d)",
            r"^(?:\[\w+\] )?(?:Total time: |Finished at: |BUILD FAILURE)",
            r"^\* Try:|^(?:> )?(?:Run with --|Get more help at )|^(?:> )?Run gradlew? |^javac \d|^openjdk version",
            r"^Removing login credentials|^Using (?:effective pull policy|helper image|Docker executor|docker image)",
            r"(?i)^\W*(?:(?:all )?(?:good|done|fine|ok|okay)|good ?bye|bye|hello|finished|success(?:ful(?:ly)?)?)\W*$",
            r"^sed: cannot rename |^\S*: cannot rename .*: Device or resource busy",
        ),
    )
)
_NOT_NOISE = compiled(r"(?i)[1-9]\d* (?:tests? )?(?:fail|error)|successfully .*\b(?:but|error)")
# Where a line stands matters within about so many lines of the end.
_NEAR = 60
# Points of the last line before the echoes, when it has no telling word; the lines before it have one less each.
_LAST_WORDS, _MOST_LAST_WORDS = 9, 3
_RUNNERS, _ECHOES, _HARDLY_ANY = -16, -12, 0.5
_ECHOED_COMMAND = b"$ "
# The shell's own test looks for a file or compares two words.
_ASKED = (b"$ test ", b"$ [ ", b"$ [[ ")
_ONE_WORD = compiled(r"^\s*[A-Za-z][\w.-]{2,60}\s*$")
# So many of a text's characters may be none.
_MOST_BROKEN = 0.1


def likeliest(found: Findings) -> list[tuple[float, Line]]:
    """The lines whose words likeliest tell why, best first, with their points."""
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
    return scored


def points(core: bytes) -> float:
    """What a line's words are worth."""
    return max((p for p, pattern in _FOR if pattern.search(core)), default=0) + min(
        (p for p, pattern in _AGAINST_IT if pattern.search(core)), default=0
    )


def last_words(found: Findings, green: Green | None = None) -> list[tuple[float, Line]]:
    """What was said last before the echoes of the work's end, whatever its words: a tool that gives up says why.

    What ``green`` held, too, is passed over where anything else was said.
    """
    said: list[tuple[float, Line]] = []
    ending = found.endings[0][1] if found.endings else ()
    # What an earlier command said is not why this one failed.
    began = next((at for at, line in enumerate(ending) if line.core.startswith(_ECHOED_COMMAND)), len(ending))
    command, ending = ending[began : began + 1], ending[:began]
    if green:
        ending = tuple(line for line in ending if not green.holds(line.shown)) or ending
    for line in ending:
        value = points(line.core)
        if not said and value < 0 and _ONE_WORD.search(line.core) and not is_noise(line.core):
            # One word tells little, unless it is the last.
            value = 0.0
        if value >= 0:
            said.append((value + _LAST_WORDS - len(said), line))
        if len(said) == _MOST_LAST_WORDS:
            break
    least = _ECHOES if command else _RUNNERS
    rest = [line for line in ending if points(line.core) > least][:_MOST_LAST_WORDS] or command
    return said or [(_HARDLY_ANY, line) for line in rest]


def is_noise(core: bytes) -> bool:
    """Whether a line tells of success, or nothing at all: never worth a place beside the first."""
    return any(pattern.search(core) for pattern in _NOISE) and not _NOT_NOISE.search(core)


def is_text(said: str) -> bool:
    """Whether bytes were text: a letter or digit is in it, and hardly anything that could not be read."""
    broken = sum(char == "\ufffd" or (char < " " and char != "\t") for char in said)
    return broken <= _MOST_BROKEN * len(said) and any(char.isalnum() for char in said)


def guess(core: bytes) -> str:
    """A category by a line's words; ``unknown`` when they point nowhere."""
    return next((category for category, pattern in _GUESSED if pattern.search(core)), UNKNOWN)


def of_command(command: bytes, *, spoken: bool) -> str:
    """A category by the command that was running where the lines point nowhere; ``unknown`` where nothing does.

    ``spoken``: a line has telling words, so that the script that failed said why.
    """
    if command.startswith(_ASKED):
        return "script_error"
    default = "script_error" if spoken and command else UNKNOWN
    return next((category for category, pattern in _BY_COMMAND if pattern.search(command)), default)
