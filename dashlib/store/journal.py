"""What is acknowledged and not in the database yet: lines of JSON in files beside it, on disk before anybody is told.

A commit of the database costs a millisecond and more; a webhook is answered after a write and an ``fdatasync``, a
quarter of that. Files are numbered; one that is whole in the database is removed, a new one begun. They hold the bodies
of deliveries: private, like the database.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import orjson

LARGEST = 8 * 1024 * 1024
"""A file that has grown to this is closed, and the next one begun."""


class Journal:
    """The files of one database. Used by one thread at a time."""

    def __init__(self, database: Path) -> None:
        self._database = database
        self._file: int | None = None
        self._number = max([0, *(number for number, _ in self._files())])
        self._size = 0

    def append(self, lines: Sequence[bytes]) -> None:
        """Write lines (without their ends) and wait until they are on disk. Raises OSError; then none of them is."""
        content = b"".join([part for line in lines for part in (line, b"\n")])
        if self._file is None or self._size > LARGEST:
            self._begin()
        assert self._file is not None
        try:
            _write(self._file, content)
            os.fdatasync(self._file)
        except OSError:
            os.ftruncate(self._file, self._size)
            raise
        self._size += len(content)

    @property
    def number(self) -> int:
        """The number of the file that is written to now; everything in smaller ones is closed."""
        return self._number

    def is_left(self) -> bool:
        """Whether there are files: of a process that runs, or of one that was killed."""
        return bool(self._files())

    def remove(self, below: int) -> None:
        """Remove the files below a number: what they hold is in the database."""
        for number, path in self._files():
            if number < below:
                path.unlink(missing_ok=True)

    def lines(self) -> Iterator[bytes]:
        """What all files hold, oldest first. A last line that was cut off was acknowledged to nobody."""
        for _, path in self._files():
            content = path.read_bytes()
            yield from content[: content.rfind(b"\n") + 1].splitlines()

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _begin(self) -> None:
        self.close()
        self._number += 1
        self._size = 0
        path = self._path(self._number)
        self._file = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND, 0o600)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _path(self, number: int) -> Path:
        return self._database.with_name(f"{self._database.name}.inbox.{number}")

    def _files(self) -> list[tuple[int, Path]]:
        prefix = f"{self._database.name}.inbox."
        named = ((path.name.removeprefix(prefix), path) for path in self._database.parent.glob("*"))
        return sorted((int(rest), path) for rest, path in named if path.name.startswith(prefix) and rest.isdecimal())


def read(lines: Iterator[bytes]) -> Iterator[dict[str, object]]:
    """The records of a journal; what a crash of the machine left of a line that nobody was answered for ends it."""
    for line in lines:
        try:
            found = orjson.loads(line)
        except ValueError:
            return
        if isinstance(found, dict):
            yield found


def _write(file: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(file, view) :]
