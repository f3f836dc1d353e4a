"""What equal failures have in common: a line with all that changes from run to run replaced.

Replaced are times, durations, numbers, hex, UUIDs, hosts, addresses and directories: what another night, runner or
checkout changes. Kept is what tells one failure from another: file names, error codes (``TS2304``, ``exit code 137``,
``HTTP 404``), names of tests and classes. Masking every number would join different errors of one shape.
"""

from __future__ import annotations

import re

# Longer templates tell nothing more and cannot be read.
LONGEST = 240
# Of a longer line its two ends are looked at, so that any line costs the same.
_LONGEST_READ = 1_000
# What is longer still was cut where it was read: what stands last in it is not its end.
_ENDED = 2_000

_TLD = (
    "com|org|net|io|dev|example|local|internal|lan|corp|cloud|app|ai|edu|gov|mil|int|test|invalid|localdomain|svc|info|"
    "co|eu|de|fr|uk|us|ch|at|nl|se|no|dk|fi|pl|cz|it|es|pt|ru|ua|cn|jp|kr|in|br|au|nz|ca|tv|me|sh|gg|ci|systems|tech"
)
_UNIT = "(?:ms|µs|ns|s|secs?|seconds?|m|min|mins?|minutes?|h|hours?|days?)"
_STEP = r"[\w.@+~=%-]{1,120}"  # of a path
_BEFORE_PATH = r"(?<![\w./~$}-])"

# What is replaced, in order of precedence; what matches none is kept. Runs are bounded: any line costs the same.
_KINDS = {
    "shell": r"^(?:\S{0,80}/)?(?:ba|z|da|a|k)?sh:\ (?:eval:\ )?(?:line\ )?\d{1,6}:"
    r"|^\S{0,160}(?:step_script|build_script|script-\S{1,40}):\ (?:eval:\ )?line\ \d{1,6}:",
    "junk": r"(?:\ufffd\ ?){3,}",
    # The Kubernetes executor's: runner's token, project, slot and a suffix by chance.
    "pod": r"\brunner-[0-9A-Za-z_-]{4,40}?-project-\d{1,12}-concurrent-\d{1,6}(?:-?[0-9a-z]{4,16})?(?![0-9A-Za-z])",
    # pytest-xdist gives a test to whichever worker is free.
    "worker": r"(?<![\w./-])gw\d{1,4}(?![\w.-])",
    # Clouds give every answer a number to ask their support by.
    "asked": r"(?i:\b(?:(?:extended[\ _-]?)?request|host|trace|correlation|operation|activity)[\ _-]?id(?:-2)?)"
    r"[\"']?(?:\ ?[:=]\ ?|>)[\"']?(?:(?=[A-Za-z+/=_.-]{0,119}\d)[0-9A-Za-z+/=_.-]{4,120}|[A-Za-z+/=_-]{20,120})",
    "kept": r"\b(?:HTTP(?:/\d(?:\.\d)?)?|[Ss]tatus(?:\ code)?|[Ee]xit(?:ed)?(?:\ with)?(?:\ code|\ status|\ value)?"
    r"|returned\ error|[Cc]ode|[Ss]ignal|curl|errno|\[Errno|Error)[:=]?\ ?\(?\d{1,3}\b(?!\.\d)"
    r"|\[(?:Errno|WinError)\ \d{1,5}\]",
    "url": r"\b(?:https?|git|ssh|ftp|s3|oci|docker|tcp|grpc|wss?|postgres(?:ql)?|redis|amqp|mysql)://"
    r"[^\s'\"<>()\[\]{},;|`]{1,400}",
    "time": r"\b\d{4}[-/]\d\d[-/]\d\d(?:[T\ ]\d\d:\d\d(?::\d\d)?(?:[.,]\d{1,9})?(?:\ ?Z|\ ?[+-]\d\d:?\d\d)?)?"
    r"|\b(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),?\ )?(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\ {1,2}\d{1,2}"
    r"(?:,?\ \d\d:\d\d(?::\d\d)?)?(?:\ [A-Z]{3,4})?(?:,?\ \d{4})?\b"
    r"|\b\d{1,2}:\d\d:\d\d(?:[.,]\d{1,9})?\b",
    "uuid": r"\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b",
    "hex": r"\b0[xX][0-9a-fA-F]{1,64}\b|\bsha(?:1|256|512)[:-][0-9A-Za-z+/=]{8,128}"
    r"|(?<![A-Za-z0-9_])(?=[0-9a-f]{0,63}\d)(?=\d{0,63}[a-f])[0-9a-f]{7,64}(?![A-Za-z0-9])"
    r"|-[0-9a-f]{8,10}-[0-9a-z]{5}\b|@[0-9a-f]{4,16}\b",
    "windows": r"\b[A-Za-z]:[\\/](?:[^\\/\s:'\"<>|,;()]{1,120}[\\/]){0,40}[^\\/\s:'\"<>|,;()]{0,120}",
    "system": rf"{_BEFORE_PATH}/(?:usr|bin|sbin|etc|lib|lib64|opt|dev|proc|sys)/(?:{_STEP}/){{0,40}}{_STEP}",
    "path": rf"{_BEFORE_PATH}(?:~|\.{{1,2}}|\$\{{?\w{{1,40}}\}}?)?/(?![/\s])(?:{_STEP}/){{0,40}}(?:{_STEP})?",
    "relative": r"(?<![\w./])(?:[\w.@+~-]{1,120}/){1,40}[\w@+~-]{1,120}(?:\.[\w@+~-]{1,60}){1,6}",
    "ip": r"(?<![\w.])\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?:/\d{1,2})?(?::\d{1,5})?(?![\w.])"
    r"|\[?(?<![\w:])(?:[0-9a-fA-F]{1,4}:){3,7}[0-9a-fA-F]{1,4}(?![\w:])\]?(?::\d{1,5})?",
    "host": r"\bwww\.[\w.-]{3,100}|(?<![\w./$-])(?:[\w.+-]{1,64}@)?(?:[a-z0-9](?:[a-z0-9-]{0,62})\.){1,8}"
    rf"(?:{_TLD})(?::\d{{1,5}})?(?![\w.(-])",
    "tmp": r"\btmp[-_]?[0-9A-Za-z_]{6,16}\b",
    "t": rf"(?<![\w.])(?:\d{{1,4}}h)?\d{{1,4}}m\d{{1,9}}(?:\.\d{{1,9}})?s\b"
    rf"|(?<![\w.])\d{{1,9}}(?:[.,]\d{{1,9}})?\ ?{_UNIT}\b"
    rf"(?:[\s,]{{0,2}}\d{{1,9}}(?:[.,]\d{{1,9}})?\ ?{_UNIT}\b){{0,3}}",
    "n": r"(?<![A-Za-z0-9_.])(?:v?\d{1,40}(?:\.\d{1,40}){1,8}(?:(?:a|b|c|rc|\.?post|\.?dev)\d{1,8}\b){1,3}"
    r"|v?\d{1,40}(?:\.\d{1,40}){2,8}(?:[-+][0-9A-Za-z.]{1,40})?"
    r"|\d{1,40}(?:[.,]\d{1,40}){0,8})",
}
_ONE = re.compile("|".join(f"(?P<{kind}>{pattern})" for kind, pattern in _KINDS.items()), re.VERBOSE)
_ALWAYS = {"pod": "runner-<n>", "worker": "gw<n>", "junk": "…", "shell": "…:"}
# A bare name that ends in a country and in what files are called: the latter is likelier.
_NO_HOST = re.compile(r"^(?:[\w+-]+\.(?:pl|in|pt|info)|[\w.+-]+\.sh)(?::\d+)?$")
# How many there are is no part of a failure: of versions to choose from, of errors found.
_LIST = re.compile(r"<n>[\w.]{0,8}(?:, ?<n>[\w.]{0,8})+")
_COUNTED = re.compile(
    r"(<n> (?:[a-z]{3,12} )?"
    r"(?:error|failure|problem|warning|issue|file|test|example|violation|offense|finding|leak|line))(?:s|\(s\))?(?![\w(-])"
)
# TypeScript says where in one of two ways, for people and for machines.
_PLACED = re.compile(r"(?:\(<n>\)|:<n>:<n>)(?: -|:)(?= error TS\d)")
_SAID_AS = re.compile(r"((?:\ ?[:=]\ ?|>)[\"']?)")
_MARK = r"(?:<(?:time|uuid|hex|path|n|host|ip|tmp|t)>|…[/:]?|\(s\))"
_MARKS = re.compile(rf"{_MARK}(?:[\s,:.]?{_MARK})*")
_WORD_BEGUN, _WORD_ENDED = re.compile(r"(?<= )\S{1,24}$"), re.compile(r"^\S{1,24} ")
_HALF_A_MARK, _REST_OF_A_MARK = re.compile(r"(?:<[a-z]{0,4}|\(s?)$"), re.compile(r"^(?:[a-z]{0,4}>|s?\))")
_RANDOM = re.compile(r"^(?=.*\d)[0-9a-zA-Z_-]{16,}$|^tmp|^[0-9a-f]{6,}$")


def template(line: str) -> str:
    """The line with numbers, hex, UUIDs, directories, times and hosts replaced; readable, equal for equal failures.

    ``src/main/App.java:[12,8] cannot find symbol`` and ``/builds/a/App.java:[9,1] cannot find symbol`` both become
    ``…/App.java:[<n>] cannot find symbol``. At most 240 characters: of a longer one the middle is left out (``…``),
    because tools that wrap each other's words have the cause at the end.
    """
    if len(line) <= _LONGEST_READ:
        said = _marked(line)
        return said if len(said) <= LONGEST else _ends(said, said)
    if len(line) >= _ENDED:
        return _HALF_A_MARK.sub("", _marked(line[:_LONGEST_READ])[: LONGEST - 1]) + "…"
    half = _LONGEST_READ // 2
    return _ends(_marked(line[:half]), _marked(line[-half:]))


def like_pattern(template: str) -> str:
    """An SQL ``LIKE`` pattern (escape character ``\\``) for a template: each mark, or row of marks, becomes ``%``.

    It matches every line of that template (runs of blanks made single) and the template itself.
    """
    plain = _MARKS.split(template)
    return "%".join(part.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") for part in plain)


def _marked(line: str) -> str:
    said = " ".join(_ONE.sub(_replaced, line).split())
    return _PLACED.sub("…", _COUNTED.sub(r"\1(s)", _LIST.sub("<n>", said)))


def _ends(head: str, tail: str) -> str:
    """The beginning of one text and the end of another, at words where there are any."""
    first = _WORD_BEGUN.sub("", head[: LONGEST // 2])
    last = _WORD_ENDED.sub("", tail[-(LONGEST // 2 - 1) :])
    return f"{_HALF_A_MARK.sub('', first)}…{_REST_OF_A_MARK.sub('', last)}"


def _replaced(match: re.Match[str]) -> str:
    kind, whole = match.lastgroup, match[0]
    if kind == "kept":
        return whole
    if kind in ("url", "host"):
        return _url(whole) if kind == "url" else _host(whole)
    if kind in _ALWAYS:
        return _ALWAYS[kind]
    if kind == "asked":
        name, sep, _ = _SAID_AS.split(whole, maxsplit=1)
        return f"{name}{sep}<hex>"
    if kind in ("windows", "path", "relative", "system"):
        name = whole.replace("\\", "/").rpartition("/")[2]
        return f"…/{name}" if kind == "system" else _file(name)
    return f"<{kind}>"


def _host(name: str) -> str:
    if not _NO_HOST.search(name):
        return "<host>"
    file, line, _ = name.partition(":")
    return f"{file}:<n>" if line else file


def _url(url: str) -> str:
    """Scheme and file name: the host and the way to the file change, what was asked for does not."""
    scheme, _, rest = url.partition("://")
    bare = rest.rstrip(".:/")
    name = bare.partition("?")[0].partition("/")[2].rpartition("/")[2]
    asked = "…" if "?" in bare else ""
    ends = rest[len(bare) :].lstrip("/")
    return f"{scheme}://<host>" + (f"/{_file(name)}{asked}" if name else "…" if "/" in rest else "") + ends


def _file(name: str) -> str:
    """A file's name; what looks like a directory or like chance is no name."""
    bare = name.rstrip(".")
    stem, dot, _ = bare.rpartition(".")
    if not dot or not stem or _RANDOM.search(stem):
        return "<path>" + name[len(bare) :]
    return "…/" + re.sub(r"(?<![A-Za-z0-9_])\d+(?:\.\d+)*", "<n>", name)
