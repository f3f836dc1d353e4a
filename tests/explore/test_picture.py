"""Whatever DuckDB answers can be looked at, drawn and written to a file."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from zipfile import ZipFile

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter.utility
from hypothesis import given, settings
from hypothesis import strategies as st

from dashlib.explore import formats
from dashlib.explore.formats import WRITERS, Unwritable, distinct, write_csv, write_excel
from dashlib.explore.picture import KINDS, Picture, days, drawn, frame_of, links, suggested, times
from dashlib.explore.running import begin

EVERYTHING = """
select 1::hugeint as whole, 12345678901234567890123::hugeint as huge, 1.5::decimal(9, 2) as price, 7::utinyint as tiny,
    interval 1 month as pause, uuid '00000000-0000-0000-0000-000000000001' as uuid, '101'::bit as bits,
    map {'a': 1} as map, {'x': [1, null]} as thing, time '10:00' as clock, date '2026-03-11' as day,
    timestamp '2026-03-11 02:00:00.5' as at, timestamptz '2026-03-11 03:00:00+01' as zoned,
    'infinity'::timestamp as never, timestamp '12000-01-01' as late, date '0001-01-01' as early,
    'a'::enum ('a', 'b') as enum, 'x'::blob as bytes, [timestamp '2026-03-11'] as stamps, null as nothing,
    'nan'::double as nan, true as yes, repeat('ø', 5000) as long, '=1+1' as formula, 'https://gitlab.example/x' as url,
    9007199254740993 as id, '{"a": 1}'::json as json, 1 as "a.b[c]", 2 as "a.b[c]"
"""


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> pa.Table:
    import duckdb

    path = tmp_path_factory.mktemp("types") / "a.duckdb"
    duckdb.connect(str(path)).close()
    return asked(path, EVERYTHING)


def asked(path: Path, query: str) -> pa.Table:
    answer = begin(path, query).answer()
    return pa.Table.from_batches(answer.batches, answer.schema)


def test_every_type_of_duckdb_with_its_extremes(small: Path) -> None:
    """What Python has no value for, however deep: dates of the year 290000 in lists in structs."""
    query = "select *, {'a': [{'b': date '290000-01-01'}]} as deep from test_all_types()"
    table = asked(small, query)
    frame = frame_of(table)
    assert frame.shape == (3, table.num_columns)
    assert frame["deep"].str.contains("out of range").all()
    for writer in (write_csv, formats.write_json, write_excel):
        writer(table.schema, table.to_batches(), io.BytesIO())


def test_every_type_can_be_looked_at(everything: pa.Table) -> None:
    frame = frame_of(everything)
    [row] = frame.to_dict("records")
    assert len(frame.columns) == everything.num_columns
    assert (row["whole"], row["price"], row["tiny"], row["huge"]) == (1, 1.5, 7, "12345678901234567890123")
    assert (row["at"], row["zoned"]) == (pd.Timestamp("2026-03-11 02:00:00.5"), pd.Timestamp("2026-03-11 02:00"))
    assert (row["thing"], row["stamps"]) == ('{"x": [1, null]}', '["2026-03-11T00:00:00Z"]')
    assert isinstance(row["never"], str) and isinstance(row["late"], str)
    assert len(row["long"]) == 2001 and row["long"].endswith("…")
    assert (row["id"], row["a.b[c]"], row["a.b[c]_2"]) == (9007199254740993, 1, 2)
    assert links(frame) == ["url"]
    assert "day" in days(frame) and "at" in times(frame) and "at" not in days(frame)


def test_every_type_can_be_drawn(everything: pa.Table) -> None:
    frame = frame_of(everything)
    for kind in KINDS:
        for name in frame.columns:
            assert drawn(frame, Picture(kind, name, "whole", name)).to_dict()["data"]


def rows_of_sheet(content: bytes) -> list[list[str]]:
    space = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    with ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        sheet = ElementTree.fromstring(archive.read("xl/worksheets/sheet1.xml"))
    assert not list(sheet.iter(f"{space}f"))
    found = []
    for row in sheet.iter(f"{space}row"):
        cells = {re.sub(r"\d", "", cell.get("r", "")): "".join(cell.itertext()) for cell in row}
        found.append([cells.get(xlsxwriter.utility.xl_col_to_name(place), "") for place in range(40)])
    return [[value for value, _ in zip(row, rows_until(found[0]), strict=False)] for row in found]


def rows_until(names: list[str]) -> list[str]:
    return names[: max(place for place, name in enumerate(names) if name) + 1]


@pytest.mark.parametrize("ending", WRITERS)
def test_every_type_can_be_written(everything: pa.Table, ending: str) -> None:
    target = io.BytesIO()
    WRITERS[ending](everything.schema, everything.to_batches(), target)
    content = target.getvalue()
    if ending == "json":
        [row] = json.loads(content)
        assert (row["zoned"], row["huge"], row["nan"]) == ("2026-03-11T02:00:00Z", 12345678901234567890123, None)
        assert (row["a.b[c]"], row["a.b[c]_2"], row["pause"]) == (1, 2, "P1M0DT0S")
    elif ending == "csv":
        [names, row] = csv.reader(io.StringIO(content.decode(), newline=""))
        assert names == everything.column_names
        assert row[names.index("formula")] == "=1+1"
    elif ending == "parquet":
        table = pq.ParquetFile(io.BytesIO(content)).read().drop_columns(["never", "late"])
        [row] = table.to_pylist()
        assert (row["pause"], row["enum"], row["id"]) == ("P1M0DT0S", "a", 9007199254740993)
        assert (row["a.b[c]"], row["a.b[c]_2"]) == (1, 2)
    else:
        [names, row] = rows_of_sheet(content)
        assert names == everything.column_names
        told = dict(zip(names, row, strict=True))
        assert (told["formula"], told["id"], told["nan"]) == ("=1+1", "9007199254740993", "")
        assert (told["url"], told["pause"], told["whole"]) == ("https://gitlab.example/x", "P1M0DT0S", "1")


def test_a_csv_for_a_spreadsheet_runs_no_formula() -> None:
    target = io.BytesIO()
    table = pa.table({"=a": ["=1+1", "@x", "plain", None], "n": [-1, 2, 3, 4]})
    write_csv(table.schema, table.to_batches(), target, defuse=True)
    assert target.getvalue().decode().splitlines() == ["'=a,n", "'=1+1,-1", "'@x,2", "plain,3", ",4"]


def test_excel_keeps_numbers_moments_and_texts() -> None:
    table = pa.table(
        {
            "n": [1.5, None],
            "at": [datetime(2026, 3, 11, 12), datetime(1066, 10, 14)],
            "text": ["x" * 40_000, "\x00\x1b[2J <&>"],
            "yes": [True, False],
        }
    )
    target = io.BytesIO()
    write_excel(table.schema, table.to_batches(), target)
    [_, first, second] = rows_of_sheet(target.getvalue())
    assert first[:2] == ["1.5", "46092.5"] and first[2].endswith("…") and len(first[2]) == 32_767
    assert "1066-10-14T00:00:00Z" in second


def test_more_rows_than_a_sheet_has_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "SHEET_ROWS", 3)
    table = pa.table({"n": range(4)})
    with pytest.raises(Unwritable, match="holds 3 rows"):
        write_excel(table.schema, table.to_batches(), io.BytesIO())
    write_excel(table.schema, table.slice(0, 3).to_batches(), io.BytesIO())


def test_the_first_time_that_a_time_stamp_holds_is_no_day() -> None:
    """Its midnight would lie before all time stamps."""
    moments = {"t": ["1677-09-21 00:12:44", "2026-01-01 00:00:00"], "d": ["2026-01-01", "2026-01-02"]}
    held = {name: pd.Series(pd.to_datetime(texts)).astype("datetime64[ns]") for name, texts in moments.items()}
    assert days(pd.DataFrame(held)) == ["d"]


def test_an_interval_within_another_type_is_told_not_raised() -> None:
    table = pa.table({"a": pa.array([[pa.MonthDayNano([1, 0, 0])]], pa.list_(pa.month_day_nano_interval()))})
    with pytest.raises(Unwritable, match="Parquet has no type for this"):
        WRITERS["parquet"](table.schema, table.to_batches(), io.BytesIO())


@settings(deadline=None)
@given(st.lists(st.sampled_from(["a", "a_2", "a_2_2", "b", ""]), max_size=8))
def test_no_two_columns_share_a_name(names: list[str]) -> None:
    found = distinct(names)
    assert len(found) == len(names) == len(set(found))
    assert [one for place, one in enumerate(found) if one != names[place]] == [
        one for one in found if one not in names
    ] or all(one.startswith(name) for one, name in zip(found, names, strict=True))
    if len(set(names)) == len(names):
        assert found == names


NIGHTS = pd.date_range("2026-03-01", periods=3)


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"night": NIGHTS, "failed": [1, 2, 3]}, Picture("line", "night", "failed")),
        ({"failed": [1, 2, 3], "who": ["a", "b", "a"], "night": NIGHTS}, Picture("line", "night", "failed", "who")),
        ({"night": NIGHTS[:1], "failed": [1]}, Picture("bar", "night", "failed")),
        ({"who": ["a", "b", "c"], "id": [7, 8, 9], "commits": [1, 2, 3]}, Picture("bar", "who", "commits")),
        ({"hour": [0, 1, 2], "runs": [5, 6, 7], "source": ["a", "b", "a"]}, Picture("bar", "hour", "runs", "source")),
        ({"size": range(200), "seconds": range(200)}, Picture("point", "size", "seconds")),
        ({"n": [1, 2]}, Picture("bar", "n", "n")),
        ({"text": ["a", "b"]}, None),
        ({"n": []}, None),
    ],
)
def test_what_is_drawn_first(columns: dict[str, Any], expected: Picture | None) -> None:
    frame = pd.DataFrame(columns)
    assert suggested(frame) == expected
