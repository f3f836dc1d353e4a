"""``mailmap FILE``: reads a ``.mailmap`` into identities, in the running app if there is one, else here."""

from __future__ import annotations

import argparse
import stat
from pathlib import Path

from dashlib import control
from dashlib.commands import say
from dashlib.errors import Explained
from dashlib.people.files import Outcome, take
from dashlib.settings import Settings
from dashlib.store import open_store

_MOST_SHOWN = 20
_LARGEST = 10 * 1024 * 1024


class CannotRead(Explained):
    """The file is not there, or none that could be read again under its name."""

    code = say.BAD_USAGE


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's one argument."""
    parser.add_argument("file", metavar="FILE", type=Path, help="a .mailmap (gitmailmap(5)); an empty one is forgotten")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Read the file and say whom it joined and parted, and which of its lines are not followed for what somebody
    decided on the page people. Exit code 1 when some of its lines say nothing.
    """
    text, name = _text(arguments.file), str(arguments.file.resolve())
    app = control.running(settings.database)
    if app is not None:
        [outcome] = [Outcome.of(answer["mailmap"]) for answer in app.call("mailmap", {"name": name, "text": text})]
    else:
        with open_store(settings.database) as store:
            outcome = take(store, name, text)
    _tell(outcome)
    _tell_overruled(outcome)
    for line, why in outcome.bad:
        say.note(f"{arguments.file}:{line}: {why}")
    return say.DONE_WITH_ERRORS if outcome.bad else say.DONE


def _text(file: Path) -> str:
    try:
        held = file.stat()
        if not stat.S_ISREG(held.st_mode):
            # What is kept goes by the file's name: a pipe's (/proc/…/fd/pipe:[…]) never comes again.
            never = "what it says could never be taken back: save it as a file, and name that"
            raise CannotRead(f"{file} is no regular file, and {never}")
        if held.st_size > _LARGEST:
            raise CannotRead(f"{file} is larger than {_LARGEST // 1024 // 1024} MB: that is no .mailmap")
        return file.read_bytes().decode("utf-8", "replace")
    except OSError as error:
        raise CannotRead(f"{file} cannot be read: {error.strerror}") from error


def _tell(outcome: Outcome) -> None:
    lines = f"{outcome.entries:,} line{'' if outcome.entries == 1 else 's'} read"
    if not outcome.joined and not outcome.parted and outcome.persons == outcome.persons_before:
        say.out(f"{lines}; nobody was joined or parted: {outcome.persons:,} persons as before")
        return
    joined = len({label for one in outcome.joined for label in one.before})
    told = f"{joined:,} joined, {len(outcome.parted):,} parted"
    say.out(f"{lines}; {outcome.persons_before:,} persons before, {outcome.persons:,} now: {told}")
    moved = [f"{one.label} ← {', '.join(one.before)}" for one in outcome.joined]
    moved += [f"{one.label} → {', '.join(one.now)}" for one in outcome.parted]
    for text in moved[:_MOST_SHOWN]:
        say.out(f"  {text}")
    if len(moved) > _MOST_SHOWN:
        say.out(f"  … and {len(moved) - _MOST_SHOWN:,} more; the page people shows all")


def _tell_overruled(outcome: Outcome) -> None:
    many = len(outcome.overruled)
    if not many:
        return
    say.out(
        f"{many:,} line{' is' if many == 1 else 's are'} not followed: what is decided on the page people goes before"
    )
    for one in outcome.overruled[:_MOST_SHOWN]:
        say.out(f"  {one.says}: {one.decided}")
    if many > _MOST_SHOWN:
        say.out(f"  … and {many - _MOST_SHOWN:,} more; the page people shows them under decisions")
