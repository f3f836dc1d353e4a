"""``explain``: the reason in each job log, from files or stdin; needs neither settings nor a database."""

from __future__ import annotations

import argparse
import gzip
import json
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from dashlib.commands import say
from dashlib.commands.layout import screen_width, visible
from dashlib.failures.explain import explain
from dashlib.failures.green import Green, packed
from dashlib.failures.reason import NOTHING_SAID, Reason

_PIECE = 1 << 18
_STDIN = "-"
_GZIP = b"\x1f\x8b"
_UNREADABLE = (OSError, EOFError, zlib.error)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's flags."""
    parser.add_argument("files", nargs="+", metavar="FILE", help="a job log; .gz is read as gzip, - is stdin")
    parser.add_argument("--green", metavar="FILE", help="a log of the same job that passed: its lines are no reason")
    parser.add_argument("--json", action="store_true", help="print one JSON object a line, in order")


def run(arguments: argparse.Namespace) -> int:
    """Print each file's reason, in order. Exit code 1 when a file could not be read."""
    code = say.DONE
    green = None
    if _STDIN in arguments.files and (arguments.green == _STDIN or arguments.files.count(_STDIN) > 1):
        say.error("standard input holds one log: name a file for the other")
        return say.BAD_USAGE
    if arguments.green is not None:
        try:
            green = _green(arguments.green)
        except _UNREADABLE as error:
            _unreadable(arguments.green, error)
            return say.BAD_USAGE
    for name in arguments.files:
        try:
            reason = explain(_read(name), green=green)
        except _UNREADABLE as error:
            _unreadable(name, error)
            code, reason = say.DONE_WITH_ERRORS, NOTHING_SAID
            if not arguments.json:
                continue
        compared = arguments.green is not None
        say.out(as_json(name, reason, compared=compared) if arguments.json else _as_text(name, reason))
    return code


def as_json(name: str, reason: Reason, *, compared: bool = False) -> str:
    """One line: ``{"file","category","reason","lines":[{"number","text"}],"signature","rule","confidence"}``.

    ``compared`` with a green log: ``in_green_log``, too, null where no line says why.
    """
    lines = [{"number": line.number, "text": line.text} for line in reason.lines]
    # In ASCII: a pipe's encoding and a file's odd name cannot break it.
    return json.dumps(
        {
            "file": name, "category": reason.category, "reason": reason.reason, "lines": lines,
            "signature": reason.signature, "rule": reason.rule, "confidence": reason.confidence,
        } | ({"in_green_log": reason.in_green_log} if compared else {})
    )  # fmt: skip


def _as_text(name: str, reason: Reason) -> str:
    """For a person: the file, what kind of failure and how sure, the lines with their numbers, the signature."""
    width = screen_width()
    rule = f"rule {reason.rule}" if reason.rule else "no rule knows it"
    head = f"{visible(name)}: {reason.category} ({rule}, {round(100 * reason.confidence)} % sure)"
    if not reason.lines:
        return f"{head}\n  no line says why"
    digits = max(len(str(line.number)) for line in reason.lines)
    rows = [f"  {line.number:>{digits}}  {visible(line.text.strip())}" for line in reason.lines]
    rows.append(f"  {'=':>{digits}}  {visible(reason.signature or '')}")
    if reason.in_green_log is not None:
        rows.append("  in the green log, too" if reason.in_green_log else "  new: not in the green log")
    return "\n".join([head, *(row if len(row) <= width else row[: width - 1] + "…" for row in rows)])


def _unreadable(name: str, error: Exception) -> None:
    said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    say.error(f"cannot read {visible(name)}: {said}")


def _green(name: str) -> Green | None:
    kept = packed(_read(name))
    return Green(kept) if kept is not None else None


def _read(name: str) -> Iterator[bytes]:
    if name == _STDIN:
        yield from _pieces(sys.stdin.buffer, zipped=False)
        return
    with Path(name).open("rb") as file:
        yield from _pieces(file, zipped=name.endswith(".gz"))


def _pieces(file: BinaryIO, *, zipped: bool) -> Iterator[bytes]:
    """The bytes of a log in pieces, unpacked where they are packed."""
    if zipped or _starts_packed(file):
        with gzip.open(file) as unpacked:
            yield from iter(lambda: unpacked.read(_PIECE), b"")
    else:
        yield from iter(lambda: file.read(_PIECE), b"")


def _starts_packed(file: BinaryIO) -> bool:
    peek = getattr(file, "peek", None)
    return bool(peek and peek(2)[:2] == _GZIP)
