"""Secrets out of a log, before anything of it is stored.

GitLab masks the variables that someone marked as masked; what was not marked stands in the log. Tokens are known by
their shape (the formats are those of gitleaks' rules, config/gitleaks.toml, and of GitLab's own documentation), all
else by what stands before it: a header, a flag, a name such as ``password``. There a word too much is masked rather
than one too few; what is certainly none (``password: wrong``, ``token=None``, ``$TOKEN``) stays, see `ordinary`. Line
ends stay, so that line numbers stay true. Colours are looked through: they may begin and end anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dashlib.failures.codes import ESCAPE, Code, Span, apart, bare, replaced, together
from dashlib.failures.linear import compiled
from dashlib.failures.ordinary import is_ordinary

MASKED = "[MASKED]"
TELLING = (
    r"gl(?:pat|oas|dt|rt|rtr|cbt|ptt|ft|imt|agent|soat|ffct|wt|sa)[-_]|gh[pousr]_|github_pat_|A(?:KIA|SIA|BIA|CCA)"
    r"|xox[a-z]-|xapp-|npm_|pypi-|hf_|whsec_|eyJ|PRIVATE KEY|AIza|ya29\.|GOCSPX-|sk-|[sr]k_(?:live|test)_|do[opr]_v1_"
    r"|SG\.|shp(?:at|ca|pa|ss)_|dckr_(?:pat|oat)_|ATATT3|hvs\.|hvb\.|lin_api_|ntn_|pul-|rubygems_|sntry[su]_|tfp_"
    r"|AGE-SECRET|nvapi-|gsk_|dapi[0-9a-f]|AKCp|cmVmd|LTAI|sq[apu]_|bot\d{8,10}:|key-data|nuget|NRAK-|PMAK-|figd_|Q~|:AA|atlasv1|/services/T|/webhooks/"
    r"|(?i:pass(?:word|wd|phrase|code)|pass[_\-A-Za-z0-9]{0,60}\\{0,3}[\"']?\]?(?:[ \t]|\\t){0,8}[:=]|pwd|secret|token"
    r"|credential|authorization|bearer|cookie|login|sshpass|curl|wget|signature|[?&]sig=|https? -|htpasswd"
    r"|mysql|mariadb|mycli|mongo|redis-cli|valkey-cli|requirepass|masterauth|cqlsh|sqlcmd|ldap|storepass|keypass"
    r"|-pass(?:in|out)"
    r"|_auth|\"auth\\?\"|(?:api|access|account|private|signing|encryption|encrypt|master|shared|storage)[_.-]?key)"
    r"|://[^/\s:@\"]*:[^\s]+@|://[0-9A-Za-z_.~%-]{16,}@"
)
"""RE2, over bytes: whatever is masked has one of these in its line. Most lines hold none."""
_TELLING = compiled(TELLING)

# Linear time on any input: runs are possessive, and where a run could begin inside itself a boundary stands before it.
# A colour code is such a boundary, too: "\x1b[31mglpat-…".
_EDGE = r"(?:(?<=[0-9;\[]m)|(?<=[0-9\[]K)|(?<![0-9A-Za-z_\-]))"
_TOKENS = re.compile(
    r"gl(?:pat|oas|dt|rt|rtr|cbt|ptt|ft|imt|agent|soat|ffct|wt)-[0-9A-Za-z_.\-]{16,}+"
    r"|gh[pousr]_[0-9A-Za-z]{30,}+|github_pat_[0-9A-Za-z_]{30,}+"
    r"|(?:AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{16}(?![0-9A-Za-z])"
    r"|xox[a-z]-[0-9A-Za-z\-.]{10,}+|xapp-[0-9A-Za-z\-]{20,}+"
    rf"|{_EDGE}npm_[0-9A-Za-z]{{36}}(?![0-9A-Za-z_])|pypi-[0-9A-Za-z_\-]{{50,}}+|{_EDGE}hf_[0-9A-Za-z]{{30,}}+"
    r"|whsec_[0-9A-Za-z+/=]{20,}+"
    rf"|{_EDGE}eyJ[0-9A-Za-z_\-]{{10,}}+\.eyJ[0-9A-Za-z_\-]{{10,}}+\.[0-9A-Za-z_\-]{{10,}}+"
    rf"|{_EDGE}AIza[0-9A-Za-z_\-]{{35}}|{_EDGE}ya29\.[0-9A-Za-z_\-.]{{20,}}+|GOCSPX-[0-9A-Za-z_\-]{{20,}}+"
    rf"|{_EDGE}sk-(?:ant|proj|svcacct|admin|or)-[0-9A-Za-z_\-]{{16,}}+|{_EDGE}sk-[0-9A-Za-z]{{32,}}+"
    rf"|{_EDGE}[sr]k_(?:live|test)_[0-9A-Za-z]{{10,}}+|{_EDGE}do[opr]_v1_[0-9a-f]{{30,}}+"
    rf"|{_EDGE}SG\.[0-9A-Za-z_\-]{{16,}}+\.[0-9A-Za-z_\-]{{16,}}+|shp(?:at|ca|pa|ss)_[0-9a-fA-F]{{32,}}+"
    r"|dckr_(?:pat|oat)_[0-9A-Za-z_\-]{20,}+|ATATT3[0-9A-Za-z_\-=]{20,}+"
    rf"|{_EDGE}hv[sb]\.[0-9A-Za-z_\-]{{20,}}+|lin_api_[0-9A-Za-z]{{30,}}+|{_EDGE}ntn_[0-9A-Za-z]{{30,}}+"
    rf"|{_EDGE}pul-[0-9a-f]{{40}}|rubygems_[0-9a-f]{{40,}}+|sntry[su]_[0-9A-Za-z+/=_\-]{{30,}}+"
    r"|glsa_[0-9A-Za-z]{20,}+_?[0-9A-Fa-f]{0,8}|tfp_[0-9A-Za-z_\-]{40,}+|AGE-SECRET-KEY-1[0-9A-Z]{40,}+"
    rf"|{_EDGE}[0-9A-Za-z]{{14}}\.atlasv1\.[0-9A-Za-z_\-=]{{40,}}+"
    rf"|nvapi-[0-9A-Za-z_\-]{{40,}}+|{_EDGE}gsk_[0-9A-Za-z]{{40,}}+|{_EDGE}dapi[0-9a-f]{{32}}(?![0-9A-Za-z])"
    rf"|{_EDGE}AKCp[0-9A-Za-z]{{60,}}+|{_EDGE}cmVmd[0-9A-Za-z]{{50,}}+|{_EDGE}LTAI[0-9A-Za-z]{{16,24}}(?![0-9A-Za-z])"
    r"|NRAK-[0-9A-Z]{27}|PMAK-[0-9a-f\-]{40,}+|figd_[0-9A-Za-z_\-]{30,}+"
    rf"|{_EDGE}[0-9A-Za-z_~.]{{3}}\dQ~[0-9A-Za-z_~.\-]{{30,}}+"
    rf"|{_EDGE}sq[apu]_[0-9a-f]{{40}}(?![0-9A-Za-z])|(?<=bot)\d{{8,10}}:[0-9A-Za-z_\-]{{30,}}+"
    rf"|{_EDGE}\d{{8,10}}:AA[0-9A-Za-z_\-]{{32,34}}(?![0-9A-Za-z_\-])"
)
_HOOKS = re.compile(r"(/services/T[0-9A-Z]{6,}+/B|/webhooks/\d{15,}+/)[0-9A-Za-z_/\-]{15,}+")
# A password may hold a slash; what begins like a port is none then: http://localhost:3000/a?of=b@c.example
_IN_URL = re.compile(
    r"(://[^/\s:@\"'<>]{0,100}+:)(?:[^/\s\"'<>]{1,1000}(?=@)"
    r"|(?!\d{1,5}/)[^/\s@?#\"'<>]{1,200}+/[^\s@?#\"'<>]{0,500}+(?=@[0-9A-Za-z\[](?!ha\d{3}:)))"
)
_ALONE_IN_URL = re.compile(
    r"(https?://)(?=[^@\s]{0,200}\d)(?=[^@\s]{0,200}[A-Za-z])[0-9A-Za-z_.~%\-]{16,200}+(?=@[\w\[])"
)
_HEADER = re.compile(
    rf"({_EDGE}(?:(?:PRIVATE|JOB|DEPLOY)-TOKEN\"?\s{{0,3}}[:=]\s{{0,3}}\"?"
    r"|(?:Proxy-)?Authorization\"?\s{0,3}[:=]\s{0,3}\"?(?:Bearer|Basic|Token|Digest|ApiKey|Negotiate|AWS4-HMAC-SHA256)\s"
    r"|(?:Set-)?Cookie:\s{0,3}[^\s=;\"']{1,80}=))[^\s\"']{6,}+",
    re.IGNORECASE,
)
_BEARER = re.compile(rf"({_EDGE}Bearer\s)[0-9A-Za-z._~+/=\-]{{20,}}+", re.IGNORECASE)

# Names are told by their last word; before it may stand anything (DB_PASSWORD, X-Api-Key, awsSecretAccessKey).
_NAME = (
    r"(?:private_key_id|client-key-data|(?<=sonar\.)login|pass(?:word|wd|phrase|code)|pwd|(?<=[_\-])pass|(?-i:(?:SSH|DB|PG|MYSQL|FTP|SMTP|USER|ROOT|ADMIN|LDAP)PASS)"
    r"|(?<![\w\-])pass(?=\\{0,3}[\"']?[ \t]{0,8}(?:=|:[ \t]{0,8}[\"']))"
    r"|secret|token|credential|_auth|(?<=[\"'])auth(?=\\?[\"'])|(?<=[?&])sig|(?<=amz-)signature"
    r"|(?:api|access|account|private|signing|encryption|encrypt|master|shared|storage)[_.\-]?key)"
)
_VALUE = (
    r"(?:(?P<open>\\{1,3}[\"'])(?P<inner>[^\"'\\\r\n]*+)"
    r"|(?P<double>\")(?P<in_double>(?:[^\"\\\r\n]|\\[^\r\n])*+)|(?P<single>')(?P<in_single>[^'\r\n]*+)"
    r"|(?P<plain>[^\s\"'`\\][^\s\"'`]*+))"
)
_NAMED = re.compile(
    rf"(?P<name>{_NAME}(?P<more>(?:Access|Secret)?(?:Key|Value|Hash|Text|String|Token)?(?:[_\-][A-Za-z0-9]{{1,20}}+){{0,4}}+))"
    rf"(?P<sep>\\{{0,3}}[\"']?\]?[ \t]{{0,8}}(?:=>|:=|={{1,2}}|:)[ \t]{{0,8}})"
    rf"{_VALUE}",
    re.IGNORECASE,
)
_FLAG = re.compile(
    rf"(?P<name>(?<![\w\-])(?:--?(?:[a-z0-9]{{1,20}}[_\-]){{0,5}}?(?:pass(?:word|wd|phrase)?|pwd|secret|(?:auth)?token"
    rf"|api-?key|(?:access|account|private|secret|master|signing)-?key|(?:(?:src|dest)?store|key|require)pass)"
    rf"|requirepass|masterauth)(?P<more>(?:-key|-value)?))"
    rf"(?P<sep>[ \t]{{1,4}}){_VALUE}",
    re.IGNORECASE,
)
# What stands behind a client's own letter for it: -p of docker, podman, helm … login, of sshpass, MySQL (there without
# a blank: -p alone asks, and what follows is a database) and MongoDB, -a of Redis, -w of LDAP, -P of SQL Server.
_ARGUMENT = r"(?![\"'$\-<\[{(])[^\s\"']{3,}+"
_BEFORE = r"[^\r\n|;&]{0,300}?[ \t]"
_CLIENTS = re.compile(
    rf"({_EDGE}(?:(?:login\b|sshpass\b){_BEFORE}-p(?:[ \t=]{{1,3}}[\"']?|[\"']|(?=\S{{0,80}}\d))"
    rf"|(?:my(?:sql[\w\-]{{0,20}}|cli)|mariadb[\w\-]{{0,20}}|sshpass)(?:\.exe)?\b{_BEFORE}(?-i:-p)[\"']?(?!\d{{1,5}}:\d)"
    rf"|mongo\w{{0,12}}\b{_BEFORE}(?-i:-p)[ \t=]{{0,3}}[\"']?|cqlsh\b{_BEFORE}-p[ \t]{{1,3}}[\"']?"
    rf"|(?:redis|valkey)-cli\b{_BEFORE}-a[ \t]{{1,3}}[\"']?"
    rf"|ldap[a-z]{{2,12}}\b{_BEFORE}(?-i:-w)[ \t]{{0,3}}[\"']?|sqlcmd\b{_BEFORE}(?-i:-P)[ \t]{{0,3}}[\"']?"
    rf"|openssl\b{_BEFORE}-pass(?:in|out)?[ \t]{{1,3}}[\"']?pass:"
    # .NET's packages, and ~/.netrc written in one line
    rf"|nuget(?:\.exe)?\b(?:{_BEFORE}-(?:k|sk)|[ \t]{{1,3}}setapikey)[ \t=]{{1,3}}[\"']?"
    r"|(?:machine[ \t]{1,3}\S{1,200}|default)[ \t]{1,3}login[ \t]{1,3}\S{1,200}[ \t]{1,3}password[ \t]{1,3}[\"']?"
    # user and password together
    rf"|(?:curl|wget|https?)\b[^\r\n|;]{{0,300}}?[ \t](?:-[a-z]{{0,8}}u|-a|--(?:proxy-)?user|--auth)[ \t=]{{0,3}}[\"']?"
    r"[^\s:\"'/$]{1,100}:))"
    rf"{_ARGUMENT}",
    re.IGNORECASE,
)
# Apache's: with -b the last of its words.
_HTPASSWD = re.compile(
    rf"({_EDGE}htpasswd[ \t]{{1,3}}(?=[^\r\n|;&]{{0,200}}?(?<!\S)-[A-Za-z]{{0,6}}b)"
    r"(?:[^\s|;&<>]{1,200}[ \t]{1,3}){2,12}[\"']?)"
    rf"{_ARGUMENT}(?=[\"')]?[ \t]{{0,3}}(?:$|[|;&<>\r\n]))"
)
_KEY_BEGINS = re.compile(r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----")
_KEY_BODY = re.compile(r"[0-9A-Za-z+/=\s\\]{0,20000}+")
_LONGEST_KEY = 20_000
_MOST_TIMES = 4


# The runner cuts a line where it flushes, maybe inside a secret, and marks what goes on behind its time stamp with "+".
# It writes the two streams (O, E) each for itself: a line of the other one may stand between. Such a joint is looked
# through like a terminal code: for that it is made one (ECMA-48's APC, which terminals ignore).
_STAMPED = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z ([0-9a-f]{2}[OE])([+ ])")
_STAMP_SIZE = 32
_CONTINUES = re.compile(rb"\n\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z [0-9a-f]{2}[OE]\+")
_JOINT = r"\x1b_(\d{4}-[^\x07\n]{21}Z [0-9a-f]{2}[OE]\+)\x07"
_JOINTS, _JOINED = re.compile(_JOINT), re.compile(_JOINT.encode())


def mask(text: str) -> str:
    """The text with tokens, passwords, credentials in URLs and headers, and private keys replaced.

    Terminal codes and line ends stay; those that stood inside a secret stand behind its mask.
    """
    raw = text.encode("utf-8", "surrogatepass")
    if not (b"O+" in raw or b"E+" in raw) or not _CONTINUES.search(raw) or _JOINED.search(raw):
        return _without_secrets(text, raw)
    pieces = raw.split(b"\n")
    beside, of_stream = _whole_lines(pieces)
    for lines in (of_stream, beside) if beside != of_stream else (beside,):
        pieces = _across_joints(pieces, lines)
    return b"\n".join(pieces).decode("utf-8", "surrogatepass")


def _without_secrets(text: str, raw: bytes) -> str:
    # Line by line, where something was found: a log of megabytes holds such a word here and there.
    under = bare(raw) if b"\x1b" in raw else raw
    found = {*_telling_lines(under)}
    if b"\x1b]" in raw or b"\x1b_" in raw:
        # Links and titles hold words themselves.
        found.update(_telling_lines(raw))
    if not found:
        return text
    lines = raw.split(b"\n")
    for number in found:
        masked = _line(lines[number].decode("utf-8", "surrogatepass"))
        lines[number] = masked.encode("utf-8", "surrogatepass")
    text = b"\n".join(lines).decode("utf-8", "surrogatepass")
    return _without_keys(text) if b"PRIVATE KEY" in under else text


def _whole_lines(pieces: list[bytes]) -> tuple[list[list[int]], list[list[int]]]:
    """Which pieces are one line: read as they stand, as GitLab shows them; and each stream for itself."""
    beside: list[list[int]] = []
    of_stream: list[list[int]] = []
    last_of: dict[bytes, list[int]] = {}
    for number, piece in enumerate(pieces):
        stamp = _STAMPED.match(piece)
        if stamp is not None and stamp[2] == b"+" and beside:
            beside[-1].append(number)
            last_of.setdefault(stamp[1], of_stream[-1]).append(number)
            continue
        beside.append([number])
        of_stream.append([number])
        if stamp is not None:
            last_of[stamp[1]] = of_stream[-1]
    return beside, of_stream


def _across_joints(pieces: list[bytes], lines: list[list[int]]) -> list[bytes]:
    """Masked with the pieces of each line side by side, and these back in their places."""
    joined = b"\n".join(
        b"".join(
            [pieces[first], *(b"\x1b_%b\x07%b" % (pieces[n][:_STAMP_SIZE], pieces[n][_STAMP_SIZE:]) for n in more)]
        )
        for first, *more in lines
    )
    masked = _without_secrets(joined.decode("utf-8", "surrogatepass"), joined).encode("utf-8", "surrogatepass")
    back = dict(zip([n for line in lines for n in line], _JOINED.sub(rb"\n\1", masked).split(b"\n"), strict=True))
    return [back[number] for number in range(len(pieces))]


def _telling_lines(raw: bytes) -> Iterator[int]:
    """The numbers, from 0, of the lines in which something was found."""
    at = number = 0
    while (found := _TELLING.search(raw, at)) is not None:
        number += raw.count(b"\n", at, found.start())
        yield number
        end = raw.find(b"\n", found.end() - 1)
        if end < 0:
            return
        number += raw.count(b"\n", found.start(), end)
        at = end


def _line(said: str) -> str:
    """One line, or a text without line ends, read under its colours and once more as it stands."""
    if ESCAPE in said:
        said = together(*_masked(*apart(said)))
    return together(*_masked(*apart(said, _JOINTS)))


def _masked(said: str, codes: list[Code]) -> tuple[str, list[Code]]:
    """Masked until nothing more is found: what is masked may have hidden where the next one begins."""
    for _ in range(_MOST_TIMES):
        before = said
        for pattern in (_TOKENS, _IN_URL, _ALONE_IN_URL, _HOOKS, _HEADER, _BEARER):
            said, codes = replaced(said, codes, _found(pattern, said))
        for pattern in (_FLAG, _NAMED):
            said, codes = replaced(said, codes, _valued(pattern, said))
        for pattern in (_CLIENTS, _HTPASSWD):
            said, codes = replaced(said, codes, _found(pattern, said))
        if said == before:
            break
    return said, codes


def _found(pattern: re.Pattern[str], said: str) -> Iterator[Span]:
    """What matches, without its first group where it has one."""
    return (
        (found.end(1) if pattern.groups else found.start(), found.end(), MASKED) for found in pattern.finditer(said)
    )


def _valued(pattern: re.Pattern[str], said: str) -> Iterator[Span]:
    """Values after names of secrets; an ordinary one stays, and what is in it is looked at again."""
    at = 0
    while (found := pattern.search(said, at)) is not None:
        group = next(name for name in ("inner", "in_double", "in_single", "plain") if found[name] is not None)
        start, end = found.span(group)
        if is_ordinary(
            found["name"],
            found["more"],
            found["sep"].strip("\\\"'") if pattern is _NAMED else "",
            found[group],
            said[max(0, found.start() - 40) : found.start()],
            said[end : end + 8],
            quoted=group != "plain",
        ):
            at = max(start, found.end("sep"))
            continue
        yield start, end, MASKED
        at = end


def _without_keys(text: str) -> str:
    """Private keys up to their end line; where that is missing, what looks like the key's body."""
    said, codes = apart(text) if ESCAPE in text else (text, [])
    return together(*replaced(said, codes, _keys(said)))


def _keys(text: str) -> Iterator[Span]:
    done = 0
    for begins in _KEY_BEGINS.finditer(text):
        if begins.start() < done or text.startswith(MASKED, begins.end()):
            continue
        start = begins.end()
        stop = text.find("-----END", start, start + _LONGEST_KEY)
        if stop < 0:
            body = _KEY_BODY.match(text, start)
            stop = body.end() if body else start
        lines = text.count("\n", start, stop)
        yield start, stop, MASKED + "\n" * lines
        done = stop
