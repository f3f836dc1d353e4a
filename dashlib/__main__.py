"""``python -m dashlib COMMAND``. Exit codes: 0 done, 1 done with errors listed, 2 bad usage or settings."""

from __future__ import annotations

import argparse
import sys
from types import ModuleType
from typing import NoReturn

from dashlib import settings as settings_module
from dashlib.commands import demo, doctor, say, serve, sql, status, sync
from dashlib.commands.sql import QueryError
from dashlib.control import AppError
from dashlib.settings import SettingsError
from dashlib.store import StoreError
from dashlib.sync.background import SyncRunning

_COMMANDS: dict[str, tuple[ModuleType, str]] = {
    "demo": (demo, "a simulated GitLab with an invented company, synced and served"),
    "serve": (serve, "the dashboard and the background sync"),
    "sync": (sync, "one sync of every source that is set up"),
    "status": (status, "how fresh each source is"),
    "sql": (sql, "one read-only statement over the data"),
    "doctor": (doctor, "what is wrong with settings, token or database, and how to mend it"),
}


def main(words: list[str] | None = None) -> int:
    """Run one command; errors become one line on stderr."""
    arguments = _parser().parse_args(words)
    module = _COMMANDS[arguments.command][0]
    try:
        # doctor explains bad settings itself, so it reads them itself.
        if module is doctor:
            return doctor.run(arguments)
        code: int = module.run(arguments, settings_module.load())
        return code
    except SettingsError as error:
        say.error(str(error))
        return say.BAD_USAGE
    except QueryError as error:
        say.error(str(error))
        return say.DONE_WITH_ERRORS
    except (StoreError, AppError, SyncRunning) as error:
        say.error(str(error))
        return say.DONE_WITH_ERRORS
    except KeyboardInterrupt:
        return say.DONE_WITH_ERRORS


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        """Exit with 2."""
        say.error(f"{message}; see {self.prog} --help")
        sys.exit(say.BAD_USAGE)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m dashlib", description="A dashboard over many GitLab repositories.")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, (module, does) in _COMMANDS.items():
        module.add_arguments(commands.add_parser(name, help=does, description=does))
    return parser


if __name__ == "__main__":
    sys.exit(main())
