"""``python -m dashlib COMMAND``. Exit codes: 0 done, 1 done with errors listed, 2 bad usage or settings."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from typing import NoReturn

from dashlib.commands import say
from dashlib.errors import Explained
from dashlib.settings import load

_COMMANDS = {
    "demo": "a simulated GitLab with an invented company, synced and served",
    "serve": "the dashboard and the background sync",
    "sync": "one sync of every source that is set up",
    "status": "how fresh each source is",
    "explain": "why a job failed, from its log",
    "report": "the morning note: what is new, still red, recovered, missing and at risk",
    "sql": "one read-only statement over the data",
    "mailmap": "reads a .mailmap into identities: which names and addresses are one person",
    "replay": "stored webhook deliveries through today's row functions again",
    "doctor": "what is wrong with settings, token or database, and how to mend it",
}
_WITHOUT_SETTINGS = frozenset({"doctor", "explain"})
"""doctor explains bad settings itself, so it reads them itself; explain needs none."""


def main(words: list[str] | None = None) -> int:
    """Run one command; errors become one line on stderr, those of a statement DuckDB's own drawing."""
    words = sys.argv[1:] if words is None else words
    arguments = parser(words[:1]).parse_args(words)
    run = importlib.import_module(f"dashlib.commands.{arguments.command}").run
    try:
        code: int = run(arguments) if arguments.command in _WITHOUT_SETTINGS else run(arguments, load())
        return code
    except Explained as error:
        (say.drawn_error if error.drawn else say.error)(str(error))
        return error.code
    except KeyboardInterrupt:
        return say.DONE_WITH_ERRORS


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        """Exit with 2."""
        say.error(f"{message}; see {self.prog} --help")
        sys.exit(say.BAD_USAGE)


def parser(with_flags_of: Sequence[str] = tuple(_COMMANDS)) -> argparse.ArgumentParser:
    """The command line. Only the named commands are imported and know their flags: the others would slow the start."""
    found = _Parser(prog="python -m dashlib", description="A dashboard over many GitLab repositories.")
    commands = found.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, does in _COMMANDS.items():
        command = commands.add_parser(name, help=does, description=does)
        if name in with_flags_of:
            importlib.import_module(f"dashlib.commands.{name}").add_arguments(command)
    return found


if __name__ == "__main__":
    sys.exit(main())
