"""Secrets out of a log, before anything of it is stored.

GitLab masks the variables that someone marked as masked; what was not marked stands in the log. Tokens are known by
their shape, all else by what stands before it: a header, a flag, a name such as ``password`` (`secret_shapes`). There a
word too much is masked rather than one too few; what is certainly none (``password: wrong``, ``token=None``,
``$TOKEN``) stays, see `ordinary`. Line ends stay, so that line numbers stay true. Colours are looked through: they may
begin and end anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dashlib.failures.codes import ESCAPE, Code, Span, apart, bare, replaced, together
from dashlib.failures.linear import compiled
from dashlib.failures.ordinary import is_ordinary
from dashlib.failures.secret_shapes import (
    ALONE_IN_URL,
    BEARER,
    CLIENTS,
    ELEMENT,
    FLAG,
    HEADER,
    HOOKS,
    HTPASSWD,
    IN_URL,
    ITEM,
    KEY_BEGINS,
    KEY_BODY,
    LISTED,
    NAMED,
    ORACLE,
    SAID,
    SPOKEN,
    TELLING,
    TOKENS,
    VAULT,
)

MASKED = "[MASKED]"
_TELLING = compiled(TELLING)
# Of a user in a URL whose password is masked: "://gitlab-ci-token:[MASKED]@host" names no secret but the masked one.
_BEGINS_USER = re.compile(r"://[^/\s:@\"'<>]{0,100}$")
_LONGEST_BEFORE = 110
_VALUES = ("inner", "in_double", "in_single", "plain", "text")
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
        for pattern in (TOKENS, VAULT, IN_URL, ALONE_IN_URL, ORACLE, HOOKS, HEADER, BEARER):
            said, codes = replaced(said, codes, _found(pattern, said))
        said, codes = replaced(said, codes, _listed(said))
        for pattern in (FLAG, NAMED, SAID, ELEMENT):
            said, codes = replaced(said, codes, _valued(pattern, said))
        for pattern in (SPOKEN, CLIENTS, HTPASSWD):
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
        group = _group(found)
        start, end = found.span(group)
        if _is_masked_in_url(said, found.start(), start) or is_ordinary(
            found["name"],
            found["more"],
            found["sep"].strip("\\\"'") if pattern is NAMED else "",
            found[group],
            said[max(0, found.start() - 40) : found.start()],
            said[end : end + 8],
            quoted=group != "plain",
        ):
            at = max(start, found.end("sep"))
            continue
        yield start, end, MASKED
        at = end


def _listed(said: str) -> Iterator[Span]:
    """The quoted values of a list after a name of secrets."""
    at = 0
    while (found := LISTED.search(said, at)) is not None:
        at = found.end()
        before = said[max(0, found.start() - 40) : found.start()]
        while (item := ITEM.match(said, at)) is not None:
            group = _group(item)
            if not is_ordinary(found["name"], found["more"], "", item[group], before, "", quoted=True):
                yield *item.span(group), MASKED
            at = item.end()


def _group(found: re.Match[str]) -> str:
    """The named group that holds the value."""
    return next(name for name, value in found.groupdict().items() if value is not None and name in _VALUES)


def _is_masked_in_url(said: str, name: int, value: int) -> bool:
    """Whether a name is a URL's user and its value a masked password: host and path behind that are no secret."""
    return (
        said.startswith(f"{MASKED}@", value)
        and _BEGINS_USER.search(said, max(0, name - _LONGEST_BEFORE), name) is not None
    )


def _without_keys(text: str) -> str:
    """Private keys up to their end line; where that is missing, what looks like the key's body."""
    said, codes = apart(text) if ESCAPE in text else (text, [])
    return together(*replaced(said, codes, _keys(said)))


def _keys(text: str) -> Iterator[Span]:
    done = 0
    for begins in KEY_BEGINS.finditer(text):
        if begins.start() < done or text.startswith(MASKED, begins.end()):
            continue
        start = begins.end()
        stop = text.find("-----END", start, start + _LONGEST_KEY)
        if stop < 0:
            body = KEY_BODY.match(text, start)
            stop = body.end() if body else start
        lines = text.count("\n", start, stop)
        yield start, stop, MASKED + "\n" * lines
        done = stop
