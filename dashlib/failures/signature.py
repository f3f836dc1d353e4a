"""What equal failures have in common: a line with all that changes from run to run replaced.

Replaced are times, durations, numbers, hex, UUIDs, hosts, addresses and directories: what another night, runner or
checkout changes. Kept is what tells one failure from another: file names, error codes (``TS2304``, ``exit code 137``,
``HTTP 404``), names of tests and classes. Masking every number would join different errors of one shape.
"""

from __future__ import annotations

import re

# Longer templates tell nothing more and cannot be read.
LONGEST = 240
# Longer lines are cut before they are looked at, so that any line costs the same.
_LONGEST_READ = 1_000

_TLD = (
    "com|org|net|io|dev|example|local|internal|lan|corp|cloud|app|ai|edu|gov|mil|int|test|invalid|localdomain|svc|info|"
    "co|eu|de|fr|uk|us|ch|at|nl|se|no|dk|fi|pl|cz|it|es|pt|ru|ua|cn|jp|kr|in|br|au|nz|ca|tv|me|sh|gg|ci|systems|tech"
)
_SYSTEM = r"/(?:usr|bin|sbin|etc|lib|lib64|opt|var|dev|proc|sys)/"
_ONE = re.compile(
    r"""
      (?P<kept> \b(?:HTTP(?:/\d(?:\.\d)?)?|[Ss]tatus(?:\scode)?|[Ee]xit(?:ed)?(?:\swith)?(?:\scode|\sstatus|\svalue)?
               |returned\serror|[Cc]ode|[Ss]ignal|curl|errno|\[Errno|Error)[:=]?\s?\(?\d{1,3}\b(?!\.\d)
             | \[(?:Errno|WinError)\s\d+\] )
    | (?P<url> \b(?:https?|git|ssh|ftp|s3|oci|docker|tcp|grpc|wss?|postgres(?:ql)?|redis|amqp|mysql)://
               [^\s'"<>()\[\]{},;|`]{1,400} )
    | (?P<time> \b\d{4}[-/]\d\d[-/]\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(?:[.,]\d{1,9})?(?:\s?Z|\s?[+-]\d\d:?\d\d)?)?
              | \b(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),?\s)?(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\s+\d{1,2}
                (?:,?\s\d\d:\d\d(?::\d\d)?)?(?:\s[A-Z]{3,4})?(?:,?\s\d{4})?\b
              | \b\d{1,2}:\d\d:\d\d(?:[.,]\d{1,9})?\b )
    | (?P<uuid> \b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b )
    | (?P<hex> \b0[xX][0-9a-fA-F]{1,64}\b | \bsha(?:1|256|512)[:-][0-9A-Za-z+/=]{8,128}
             | (?<![A-Za-z0-9_])(?=[0-9a-f]{0,63}\d)(?=\d{0,63}[a-f])[0-9a-f]{7,64}(?![A-Za-z0-9])
             | -[0-9a-f]{8,10}-[0-9a-z]{5}\b
             | @[0-9a-f]{4,16}\b )
    | (?P<windows> \b[A-Za-z]:[\\/](?:[^\\/\s:'"<>|,;()]{1,120}[\\/]){0,40}(?P<winfile>[^\\/\s:'"<>|,;()]{0,120}) )
    | (?P<system> (?<![\w./~$}-])/(?:usr|bin|sbin|etc|lib|lib64|opt|dev|proc|sys)/
                  (?:[\w.@+~-]{1,120}/){0,40}(?P<sysfile>[\w.@+~-]{1,120}) )
    | (?P<path> (?<![\w./~$}-])(?:~|\.{1,2}|\$\{?\w{1,40}\}?)?/(?:[\w.@+~=%-]{1,120}/){0,40}(?P<file>[\w.@+~=%-]{0,120}) )
    | (?P<relative> (?<![\w./])(?:[\w.@+~-]{1,120}/){1,40}(?P<relfile>[\w@+~-]{1,120}(?:\.[\w@+~-]{1,60}){1,6}) )
    | (?P<ip> (?<![\w.])\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?:/\d{1,2})?(?::\d{1,5})?(?![\w.])
            | \[?(?<![\w:])(?:[0-9a-fA-F]{1,4}:){3,7}[0-9a-fA-F]{1,4}(?![\w:])\]?(?::\d{1,5})? )
    | (?P<host> (?<![\w./$-])(?:[\w.+-]{1,64}@)?(?:[a-z0-9](?:[a-z0-9-]{0,62})\.){1,8}(?:HOSTENDS)(?::\d{1,5})?(?![\w.(-]) )
    | (?P<temporary> \btmp[-_]?[0-9A-Za-z_]{6,16}\b )
    | (?P<duration> (?<![\w.])\d{1,9}(?:[.,]\d{1,9})?\s?(?:ms|µs|ns|s|secs?|seconds?|m|min|mins?|minutes?|h|hours?|days?)\b
                    (?:[\s,]{0,2}\d{1,9}(?:[.,]\d{1,9})?\s?(?:ms|µs|ns|s|secs?|seconds?|m|min|minutes?|h|hours?)\b){0,3} )
    | (?P<n> (?<![A-Za-z0-9_.])(?:v?\d{1,40}(?:\.\d{1,40}){2,8}(?:[-+][0-9A-Za-z.]{1,40})?|\d{1,40}(?:[.,]\d{1,40}){0,8}) )
    """.replace("HOSTENDS", _TLD),
    re.VERBOSE,
)
_MARK = re.compile(r"<(?:time|uuid|hex|path|n|host|ip|tmp|t)>")
_RANDOM = re.compile(r"^(?=.*\d)[0-9a-zA-Z_-]{16,}$|^tmp|^[0-9a-f]{6,}$")


def template(line: str) -> str:
    """The line with numbers, hex, UUIDs, directories, times and hosts replaced; readable, equal for equal failures.

    ``src/main/App.java:[12,8] cannot find symbol`` and ``/builds/a/App.java:[9,1] cannot find symbol`` are equal.
    At most 240 characters.
    """
    said = _ONE.sub(_replaced, line[:_LONGEST_READ])
    return " ".join(said.split())[:LONGEST].rstrip()


def like_pattern(template: str) -> str:
    """An SQL ``LIKE`` pattern (escape character ``\\``) for the lines of a template; marks become ``%``."""
    escaped = template.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return re.sub(r"%(?:[\s,:.]?%)+", "%", _MARK.sub("%", escaped))


def _replaced(match: re.Match[str]) -> str:
    kind = match.lastgroup
    for named in ("kept", "url", "windows", "system", "path", "relative"):
        if match[named] is not None:
            kind = named
            break
    whole = match[0]
    if kind == "kept":
        return whole
    if kind == "url":
        return _url(whole)
    if kind == "windows":
        return _file(match["winfile"])
    if kind == "system":
        return match["sysfile"]
    if kind == "path":
        return _file(match["file"])
    if kind == "relative":
        return _file(match["relfile"])
    return {"temporary": "<tmp>", "duration": "<t>"}.get(kind or "", f"<{kind}>")


def _url(url: str) -> str:
    """Scheme and file name: the host and the way to the file change, what was asked for does not."""
    scheme, _, rest = url.partition("://")
    ends = "".join(c for c in (url[-1],) if c in ".:")
    name = rest.rstrip(".:/").partition("?")[0].partition("/")[2].rpartition("/")[2]
    return f"{scheme}://<host>" + (f"/{_file(name)}" if name else "") + ends


def _file(name: str) -> str:
    """A file's name; what looks like a directory or like chance is no name."""
    stem, dot, _ = name.rstrip(".").rpartition(".")
    if not dot or not stem or _RANDOM.search(stem):
        return "<path>" + ("." if name.endswith(".") else "")
    return re.sub(r"(?<![A-Za-z0-9_])\d+(?:\.\d+)*", "<n>", name)
