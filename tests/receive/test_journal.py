"""The journal alone: bounded files, nothing of a write that failed or was torn, any text as it came."""

from __future__ import annotations

import errno
import os
from datetime import datetime
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashlib.receive.tables import DELIVERIES
from dashlib.store import StoreError, open_store
from dashlib.store.inbox import _spelled
from dashlib.store.journal import LARGEST, Journal
from dashlib.store.staging import staged_lines
from tests.receive.journals import ids, lines, record


def test_a_journal_goes_on_in_files_of_bounded_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dashlib.store.journal.LARGEST", 1000)
    journal = Journal(tmp_path / "x.duckdb")
    for ident in range(1, 6):
        journal.append(lines(record(ident)))
    assert journal.number == 5
    assert ids(journal) == [1, 2, 3, 4, 5]
    journal.remove(4)
    assert ids(Journal(tmp_path / "x.duckdb")) == [4, 5]
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}


def test_a_write_that_fails_leaves_no_half_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(tmp_path / "x.duckdb")
    journal.append(lines(record(1)))

    def half(file: int, content: bytes, place: int) -> None:
        os.pwrite(file, content[:20], place)
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("dashlib.store.journal._write", half)
        with pytest.raises(OSError, match="No space"):
            journal.append(lines(record(2)))
    journal.append(lines(record(3)))
    assert ids(journal) == [1, 3]


def test_nothing_is_written_behind_what_does_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The write failed, and so did taking it back: what comes next stands in a file of its own."""
    journal = Journal(tmp_path / "x.duckdb")
    journal.append(lines(record(1)))
    real = os.pwrite

    def half(file: int, content: bytes, place: int) -> None:
        real(file, content[: len(content) // 2] + b"\n" + content[:40] + b"\n", place)
        raise OSError(errno.EIO, "Input/output error")

    def refused(*_: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr("dashlib.store.journal._write", half)
        patch.setattr(os, "ftruncate", refused)
        with pytest.raises(OSError, match="Input/output"):
            journal.append(lines(record(2)))
    journal.append(lines(record(3)))
    assert ids(journal) == [1, 3]


def test_a_damaged_file_costs_no_other(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """What is behind the damage is kept for people."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("dashlib.store.journal.LARGEST", 1)
        journal = Journal(tmp_path / "x.duckdb")
        for ident in (1, 2, 4):
            journal.append(lines(*(record(one) for one in range(ident, 4 if ident == 2 else ident + 1))))
    damaged = tmp_path / "x.duckdb.inbox.2"
    content = damaged.read_bytes()
    damaged.write_bytes(b"#" + content[1:])
    assert ids(journal) == [1, 4]
    [kept] = tmp_path.glob("x.duckdb.inbox.2.damaged-*")
    assert kept.read_bytes() == b"#" + content[1:] and not damaged.exists()
    assert f"damaged behind its first 0 webhooks; it is kept as {kept.name}" in caplog.text


def test_a_file_that_cannot_be_read_is_told_of_and_left(tmp_path: Path) -> None:
    path = tmp_path / "x.duckdb"
    open_store(path).close()
    journal = Journal(path)
    journal.append(lines(record(1, turn=0)))
    journal.close()
    [file] = tmp_path.glob("*.inbox.*")
    file.rename(tmp_path / "kept")
    file.mkdir()
    with pytest.raises(StoreError, match=r"x\.duckdb\.inbox\.1 holds webhooks .* cannot be read: Is a directory"):
        open_store(path)
    file.rmdir()
    (tmp_path / "kept").rename(file)
    with open_store(path) as store, store.reader() as reader:
        assert reader.execute("select id from deliveries").fetchall() == [(1,)]


@pytest.mark.parametrize("refused", [errno.EOPNOTSUPP, errno.ENOSPC])
def test_a_journal_needs_no_room_beforehand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refused: int) -> None:
    """Some file systems take none, and a nearly full disk has less; what is written is what counts."""

    def none(*_: int) -> None:
        raise OSError(refused, os.strerror(refused))

    monkeypatch.setattr(os, "posix_fallocate", none)
    journal = Journal(tmp_path / "x.duckdb")
    journal.append(lines(record(1)))
    journal.append(lines(record(2)))
    assert ids(journal) == [1, 2]


def test_room_is_taken_beforehand(tmp_path: Path) -> None:
    """A sync that makes the file longer waits for all else that the file system does."""
    journal = Journal(tmp_path / "x.duckdb")
    journal.append(lines(record(1)))
    [file] = tmp_path.iterdir()
    before = file.stat()
    journal.append(lines(record(2)))
    assert (file.stat().st_size, file.stat().st_blocks) == (before.st_size, before.st_blocks)
    assert before.st_blocks * 512 >= LARGEST
    assert ids(journal) == [1, 2]


def test_a_torn_write_of_a_crashed_machine_ends_the_journal(tmp_path: Path) -> None:
    """The second page of a write reached the disk and the first did not: nobody was answered for it."""
    journal = Journal(tmp_path / "x.duckdb")
    journal.append(lines(record(1)))
    [file] = tmp_path.iterdir()
    with file.open("r+b") as torn:
        torn.seek(len(lines(record(1))[0]) + 1 + 50)
        torn.write(lines(record(2))[0][50:] + b"\n")
    assert ids(journal) == [1]


ODD = st.text(st.characters(exclude_categories=["Cs"]), max_size=60) | st.sampled_from(
    ["", "\0", "a\r\nb", "\u2028", "\ufeff{"]
)


@given(rows=st.lists(st.fixed_dictionaries({"body": ODD, "headers": ODD, "kind": ODD}), min_size=1, max_size=5))
def test_any_text_comes_out_of_the_journal_as_it_went_in(rows: list[dict[str, str]]) -> None:
    columns = ("id", "turn", "received_at", "body", "headers", "kind")
    at = "2026-03-11T09:00:00.000001"
    made = [b'{"id":%d,"turn":0,' % ident + _spelled({"received_at": at} | row) for ident, row in enumerate(rows)]
    table = staged_lines(DELIVERIES, columns, b"\n".join(made))
    told = [{"id": ident, "turn": 0, "received_at": datetime.fromisoformat(at)} | row for ident, row in enumerate(rows)]
    assert table.to_pylist() == told
    found = duckdb.connect().from_arrow(table).fetchall()
    assert found == [tuple(one[column] for column in columns) for one in told]
