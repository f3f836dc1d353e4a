"""What is acknowledged and not in the database yet: lines of JSON in files beside it, on disk before anybody is told.

A commit of the database costs a millisecond and more; a webhook is answered after a write and an ``fdatasync``, a
tenth of that. Files are numbered; one that is whole in the database is removed, a new one begun. They hold the bodies
of deliveries: private, like the database. Their room on the disk is taken when they are begun: a file that grows with
each write waits, at each sync, for whatever else the file system has to do (ext4 commits its own journal; beside the
database's commits that made a sync of 0.1 ms one of 0.9).
"""

from __future__ import annotations

import errno
import logging
import os
import shutil
import time
from collections.abc import Container, Iterator, Sequence
from contextlib import suppress
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import orjson

from dashlib.store.errors import StoreError

_LOG = logging.getLogger(__name__)
LARGEST = 16 * 1024 * 1024
"""A file that has grown to this is closed, and the next one begun."""


class Place(NamedTuple):
    """Where a write stands: the number of its file, and from which byte to which."""

    file: int
    begin: int
    end: int

    @property
    def size(self) -> int:
        """In bytes."""
        return self.end - self.begin


class Journal:
    """The files of one database. Written by one thread at a time, while another reads and removes."""

    def __init__(self, database: Path) -> None:
        self._database = database
        self._file: int | None = None
        self._number = max([0, *(number for number, _ in self._files())])
        self._size = 0

    def append(self, lines: Sequence[bytes]) -> Place:
        """Write lines (without their ends) and wait until they are on disk: there. Raises OSError; then none of them
        counts.
        """
        content = b"".join([part for line in lines for part in (line, b"\n")])
        if self._file is None or self._size > LARGEST:
            self._begin()
        assert self._file is not None
        try:
            _write(self._file, content, self._size)
            os.fdatasync(self._file)
        except OSError:
            try:
                os.ftruncate(self._file, self._size)
            except OSError:
                self.close()  # nothing is written behind what does not count
            raise
        begin, self._size = self._size, self._size + len(content)
        return Place(self._number, begin, self._size)

    def read(self, places: Sequence[Place]) -> bytes:
        """What was written at places that follow one another. Raises OSError."""
        parts = list[bytes]()
        for number, some in groupby(places, key=lambda place: place.file):
            written = list(some)
            file = os.open(self._path(number), os.O_RDONLY)
            try:
                parts.append(_read(file, written[0].begin, written[-1].end))
            finally:
                os.close(file)
        return b"".join(parts)

    @property
    def number(self) -> int:
        """The number of the file that is written to now; everything in smaller ones is closed."""
        return self._number

    def is_left(self) -> bool:
        """Whether there are files: of a process that runs, or of one that was killed."""
        return bool(self._files())

    def free(self) -> int:
        """Bytes that the disk has left."""
        return shutil.disk_usage(self._database.parent).free

    def remove(self, below: int, keep: Container[int] = ()) -> None:
        """Remove the files below a number, those to ``keep`` aside: what they hold is in the database. One that cannot
        be removed is read, and moved once more, at the next start.
        """
        for number, path in self._files():
            if number < below and number not in keep:
                try:
                    path.unlink(missing_ok=True)
                except OSError as error:
                    _LOG.warning("%s could not be removed: %s", path, error)

    def records(self) -> Iterator[bytes]:
        """What all files hold, oldest first, up to the first line of each that is no record: a last one that was cut
        off was acknowledged to nobody, and after it may come room that nothing was written to (zeros). A file with more
        behind such a line is kept under another name. Raises StoreError for one that cannot be read.
        """
        for _, path in self._files():
            try:
                content = path.read_bytes()
            except OSError as error:
                why = f"{path} holds webhooks that are not in the database yet and cannot be read: {error.strerror}"
                raise StoreError(f"{why}. Make it readable, or move it to another folder.") from error
            lines, count = content[: content.rfind(b"\n") + 1].splitlines(), 0
            for line in whole(iter(lines)):
                count += 1
                yield line
            if count < len(lines):
                aside = path.with_name(f"{path.name}.damaged-{time.time_ns()}")
                path.rename(aside)
                _LOG.warning("%s is damaged behind its first %d webhooks; it is kept as %s", path, count, aside.name)

    def put_aside(self, record: bytes) -> None:
        """Keep one that the database cannot take, for people."""
        aside = self._database.with_name(f"{self._database.name}.inbox.damaged-{time.time_ns()}")
        aside.write_bytes(record + b"\n")
        _LOG.error("a webhook in the journal is damaged; it is kept as %s", aside.name)

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
        self._file = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with suppress(OSError):  # a full disk is told of by the write; some file systems take no room beforehand
            os.posix_fallocate(self._file, 0, LARGEST)
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


def whole(lines: Iterator[bytes]) -> Iterator[bytes]:
    """The lines that are records; what a crash of the machine left of one that nobody was answered for ends them."""
    for line in lines:
        try:
            found = orjson.loads(line)
        except ValueError:
            return
        if isinstance(found, dict):
            yield line


def _read(file: int, begin: int, end: int) -> bytes:
    parts = list[bytes]()
    while begin < end:
        part = os.pread(file, end - begin, begin)
        if not part:
            raise OSError(errno.EIO, "the journal ends before what was written to it")
        parts.append(part)
        begin += len(part)
    return b"".join(parts)


def _write(file: int, content: bytes, place: int) -> None:
    view = memoryview(content)
    while view:
        written = os.pwrite(file, view, place)
        view, place = view[written:], place + written
