"""A log in blocks: physical line numbers, joined lines, and that neither pieces nor blocks can be told from outside."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashlib.failures import blocks as blocks_module
from dashlib.failures.blocks import blocks

AT = "2024-05-14T11:19:20.000000Z"


def numbered(log: bytes, size: int = 1 << 20) -> list[tuple[int, bytes]]:
    """Every line that is searched, with its number."""
    found: list[tuple[int, bytes]] = []
    for block in blocks(log[at : at + size] for at in range(0, len(log), size)):
        at = block.start
        while at < block.stop:
            end = block.text.find(b"\n", at)
            end = len(block.text) if end < 0 else end
            found.append((block.first_number + block.lines_between(block.start, at), block.text[at:end]))
            at = end + 1
    return found


def test_numbers_count_every_physical_line_end() -> None:
    assert numbered(b"one\r\ntwo\n10%\r20%\r\nlast") == [
        (1, b"one"),
        (2, b"two"),
        (3, b"10%"),
        (4, b"20%"),
        (5, b"last"),
    ]


def test_stamps_colours_and_joints_go() -> None:
    log = (
        f"{AT} 00O Hey\n{AT} 00O+ there!\n{AT} 01E \x1b[31moh no\x1b[0;m\n2024-01-01T00:00:00.1234567Z ##[error]x\n"
        f"{AT} 01O 2024-01-01T00:00:00.1234567Z both\n[2024-01-01T00:00:00.123Z] jenkins\n2024-01-01T00:00:00Z almost"
    ).encode()
    assert numbered(log) == [
        (1, b"Hey there!"), (3, b"oh no"), (4, b"##[error]x"), (5, b"both"), (6, b"jenkins"), (7, b"almost"),
    ]  # fmt: skip


@pytest.mark.parametrize("after", [b"\r\x1b[0K", b"\x1b[0K", b""])
def test_a_marker_stays_a_word_of_its_own(after: bytes) -> None:
    """Without its carriage return and its colour the name would grow into the next marker or the title."""
    log = b"section_end:1:step_script" + after + b"section_start:2:after_script\r\x1b[0K\x1b[36;1mRunning after_script"
    said = b"\n".join(line for _, line in numbered(log))
    assert re.findall(rb"section_(?:start|end):\d+:(\w+?)(?=\s|section_|$)", said) == [b"step_script", b"after_script"]


PIECES = st.sampled_from(
    [
        b"word", b"\n", b"\n", b"\r", b"\r\n", b"\x1b[31m", b"\x1b[0K", f"{AT} 00O ".encode(), f"{AT} 00O+".encode(),
        f"\n{AT} 01E+".encode(), b"section_start:1:a\r\x1b[0K", b"\xff\xfe", b" ", b"\x1b", b"\x1b]0;title\x07",
    ]
)  # fmt: skip
LOGS = st.lists(PIECES | st.binary(max_size=6), max_size=60).map(b"".join)


@settings(derandomize=True, max_examples=300)
@given(LOGS, st.integers(1, 40), st.integers(1, 200))
def test_neither_pieces_nor_blocks_can_be_told(log: bytes, size: int, block: int) -> None:
    whole = numbered(log)
    with small_blocks(block):
        assert numbered(log, size) == whole


@settings(derandomize=True, max_examples=300)
@given(LOGS)
def test_a_line_stands_where_its_number_says(log: bytes) -> None:
    physical = re.split(rb"\r\n|\n|\r", log)
    for number, text in numbered(log):
        first_word = re.match(rb"\w+", text)
        if first_word:
            # A line that is continued may begin with nothing but its stamp.
            begins = re.sub(rb"^\S{27} 0[01][OE][ +]", b"", physical[number - 1])
            assert first_word[0][:1] in begins or not begins
        assert 1 <= number <= len(physical)


class small_blocks:
    """Blocks of a few bytes instead of a quarter of a megabyte."""

    def __init__(self, size: int) -> None:
        self.size = size

    def __enter__(self) -> None:
        self.kept = (blocks_module.SIZE, blocks_module.BEHIND, blocks_module.AHEAD)
        blocks_module.SIZE, blocks_module.BEHIND, blocks_module.AHEAD = self.size, self.size, 2 * self.size

    def __exit__(self, *_: object) -> None:
        blocks_module.SIZE, blocks_module.BEHIND, blocks_module.AHEAD = self.kept


def test_an_endless_line_keeps_its_begin_and_the_numbers_after_it() -> None:
    def log() -> Iterator[bytes]:
        yield b"first\n"
        for _ in range(200):
            yield b"x" * 65_536
        yield b"\nlast\n"

    found = [(number, text[:5], len(text)) for block in blocks(log()) for number, text in lines_of(block)]
    assert [(number, text) for number, text, _ in found] == [(1, b"first"), (2, b"xxxxx"), (3, b"last")]
    assert max(length for *_, length in found) <= 2 * blocks_module.SIZE


def lines_of(block: blocks_module.Block) -> list[tuple[int, bytes]]:
    searched = block.text[block.start : block.stop].split(b"\n")
    texts = searched[:-1] if searched[-1] == b"" else searched
    return list(enumerate(texts, start=block.first_number))
