"""Rows for a person's eyes: a table where it fits the screen, else one block per row, as psql's ``\\x auto`` has it."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Iterable, Sequence
from typing import Literal

from rich.cells import cell_len, chop_cells
from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

SHOWN_ROWS = 200
_PIPE_WIDTH = 200
_READABLE = 24
"""A column of words may be cut down to this many cells so that a table fits; narrower, blocks read better."""
_BLOCK_LINES = 3
_VISIBLE = {code: chr(0x2400 + code) for code in range(0x20)} | {0x09: " ", 0x0A: "↵", 0x7F: "␡"}
_VISIBLE |= dict.fromkeys(range(0x80, 0xA0), "�")
_VISIBLE_LINES = {code: shown for code, shown in _VISIBLE.items() if code not in (0x09, 0x0A)}


def screen_width() -> int:
    """``COLUMNS``, else the terminal's width; 200 for a pipe, which has none."""
    return max(40, shutil.get_terminal_size((_PIPE_WIDTH, 24)).columns)


def visible(text: str, *, keep_lines: bool = False) -> str:
    """The text with its control characters drawn: what stands in a commit's title must not steer the terminal."""
    return text.translate(_VISIBLE_LINES if keep_lines else _VISIBLE)


def draw(names: Sequence[str], rows: Iterable[Sequence[object]], numbers: Sequence[bool], width: int) -> str:
    """The first rows and how many there are; no line is wider than ``width`` cells, but a text that is asked for alone.

    ``rows`` hold plain values (``formats.plain``); ``numbers`` tells the columns that stand right-aligned. Values that
    do not fit end in ``…``, and the last line then says how to see them whole. One text of several lines (a log,
    a query plan) comes as it is.
    """
    shown, count = [], 0
    for row in rows:
        count += 1
        if count <= SHOWN_ROWS:
            shown.append([_text(value) for value in row])
    if count == 1 and (whole := _alone(names, shown[0], width)) is not None:
        return whole
    cells = [[visible(value[: width * (_BLOCK_LINES + 1)]) for value in row] for row in shown]
    labels = [visible(name) for name in names]
    widths = _fitting(labels, cells, width)
    if widths is None:
        body, cut = _blocks(labels, cells, width)
    else:
        body = _table(labels, cells, numbers, widths, width)
        cut = any(cell_len(value) > room for row in cells for value, room in zip(row, widths, strict=True))
    told = f"{count:,} row{'' if count == 1 else 's'}"
    told += f" (the first {SHOWN_ROWS} shown)" if count > SHOWN_ROWS else ""
    told += "; what ends in … is cut: --format csv or json has it whole" if cut else ""
    return f"{body}{told}\n"


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool | list | dict):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def _alone(names: Sequence[str], row: list[str], width: int) -> str | None:
    """One text and nothing else; EXPLAIN's answer has a key before it."""
    values = row[1:] if list(names) == ["explain_key", "explain_value"] else row
    if len(values) != 1 or ("\n" not in values[0] and cell_len(values[0]) + 4 <= width):
        return None
    return visible(values[0], keep_lines=True).rstrip("\n") + "\n"


def _fitting(names: Sequence[str], cells: list[list[str]], width: int) -> list[int] | None:
    """The cells each column gets so that the table fits; None where it does not.

    Links, hashes and times are of no use in part: only columns with words in them are cut.
    """
    columns = [[name, *(row[place] for row in cells)] for place, name in enumerate(names)]
    widths = [max(map(cell_len, column)) for column in columns]
    words = [len(columns) == 1 or any(" " in value for value in column) for column in columns]
    room = width - 3 * len(names) - 1
    for cap in range(max(*widths, _READABLE), _READABLE - 1, -1):
        fitted = [min(wide, cap) if wordy else wide for wide, wordy in zip(widths, words, strict=True)]
        if sum(fitted) <= room:
            return fitted
    return None


def _table(
    names: Sequence[str], cells: list[list[str]], numbers: Sequence[bool], widths: Sequence[int], width: int
) -> str:
    grid = Grid()
    for name, right, room in zip(names, numbers, widths, strict=True):
        justify: Literal["right", "left"] = "right" if right else "left"
        grid.add_column(Text(name), justify=justify, no_wrap=True, overflow="ellipsis", max_width=room)
    for row in cells:
        grid.add_row(*map(Text, row))
    text = io.StringIO()
    Console(file=text, width=width, force_terminal=False, color_system=None).print(grid)
    return text.getvalue()


def _blocks(names: Sequence[str], cells: list[list[str]], width: int) -> tuple[str, bool]:
    """``name │ value``, a long value on up to three lines; and whether any was cut."""
    margin = min(max(map(cell_len, names)), width // 2)
    room, lines, cut = width - margin - 3, [], False
    for number, row in enumerate(cells, 1):
        title = f"─[ {number} ]"
        lines.append(title + "─" * (width - len(title)))
        for name, value in zip(names, row, strict=True):
            pieces = chop_cells(value, room) or [""]
            if len(pieces) > _BLOCK_LINES:
                cut = True
                pieces = [*pieces[: _BLOCK_LINES - 1], _cropped(pieces[_BLOCK_LINES - 1], room - 1) + "…"]
            lines.append(f"{_cropped(name, margin)} │ {pieces[0]}".rstrip())
            lines += [f"{' ' * margin} │ {piece}" for piece in pieces[1:]]
    return "".join(f"{line}\n" for line in lines), cut


def _cropped(text: str, width: int) -> str:
    """The text in exactly so many cells."""
    shown = Text(text)
    shown.truncate(width, overflow="crop", pad=True)
    return shown.plain
