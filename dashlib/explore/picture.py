"""An answer as a table and as a chart, whatever its columns are."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Literal

import altair as alt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from dashlib.charts import palette
from dashlib.errors import Explained
from dashlib.explore.formats import distinct, plain, values_of

Kind = Literal["line", "bar", "point"]
KINDS: tuple[Kind, ...] = ("line", "bar", "point")
MOST_DRAWN = 5_000
"""Marks that a browser draws at once."""
_LONGEST = 2_000
"""Characters of a text that a table shows; a file has it whole."""
_COLOURS, _BARS = 16, 60
_DAY = 86_400 * 10**9
_LINK = re.compile(r"https?://\S+")


class Unshowable(Explained):
    """There is an answer, of a kind that neither a table nor a chart can hold."""


@dataclass(frozen=True)
class Picture:
    """A chart: its kind, and which column stands where; ``colour`` may be none."""

    kind: Kind
    x: str
    y: str
    colour: str | None = None


def frame_of(table: pa.Table) -> pd.DataFrame:
    """The answer for a table and a chart, with distinct names of columns.

    Times are UTC without zone, days are times at midnight, decimals are floats, whole ones integers; what a browser has
    no type for is text. Raises Unshowable.
    """
    try:
        columns = [_shown(column) for column in table.columns]
        shown = pa.table(dict(zip(distinct(table.column_names), columns, strict=True)))
        frame: pd.DataFrame = shown.to_pandas(types_mapper=_nullable)
    except (pa.ArrowException, ValueError, TypeError, OverflowError, RecursionError) as error:
        raise Unshowable(
            f"The query was answered, but its answer cannot be shown here: {error}. Cast unusual columns to varchar, or"
            " take a file."
        ) from error
    return frame


def _nullable(kind: pa.DataType) -> pd.api.extensions.ExtensionDtype | None:
    """Whole numbers stay whole beside missing ones."""
    if pa.types.is_integer(kind):
        return pd.Int64Dtype() if not pa.types.is_uint64(kind) else pd.UInt64Dtype()
    return pd.BooleanDtype() if pa.types.is_boolean(kind) else None


def _shown(column: pa.ChunkedArray) -> pa.ChunkedArray | pa.Array:  # noqa: PLR0911 - one line per type
    kind = column.type
    if pa.types.is_dictionary(kind):
        column, kind = column.cast(kind.value_type), kind.value_type
    if pa.types.is_boolean(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return column
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return _cut(column)
    try:
        if pa.types.is_decimal(kind):
            return column.cast(pa.float64(), safe=False) if kind.scale else column.cast(pa.int64())
        if pa.types.is_timestamp(kind):
            return column.cast(pa.timestamp("us")).cast(pa.timestamp("ns"))
        if pa.types.is_date(kind):
            return column.cast(pa.timestamp("ns"))
        return _cut(pa.array([_as_text(value) for value in values_of(column)], pa.string()))
    except (pa.ArrowException, ValueError, OverflowError):
        # Numbers of forty digits, the year 12000, infinite times.
        return _last_resort(column)


def _last_resort(column: pa.ChunkedArray) -> pa.ChunkedArray | pa.Array:
    """What neither a browser nor Python has a value for: as Arrow writes it, else only what it is."""
    try:
        return column.cast(pa.string())
    except (pa.ArrowException, ValueError, OverflowError):
        return pa.array([f"({column.type}: cast it to varchar)"] * len(column), pa.string())


def _as_text(value: object) -> str | None:
    told = plain(value)
    return told if told is None or isinstance(told, str) else json.dumps(told, ensure_ascii=False)


def _cut(column: pa.ChunkedArray | pa.Array) -> pa.ChunkedArray | pa.Array:
    longest = pc.max(pc.utf8_length(column)).as_py()
    if longest is None or longest <= _LONGEST:
        return column
    cut = pc.binary_join_element_wise(pc.utf8_slice_codeunits(column, 0, _LONGEST), "…", "")
    return pc.if_else(pc.greater(pc.utf8_length(column), _LONGEST), cut, column)


def links(frame: pd.DataFrame) -> list[str]:
    """The columns in which every value is an address of the web."""
    texts = [name for name in frame.columns if pd.api.types.is_string_dtype(frame[name])]
    return [
        name
        for name in texts
        if frame[name].notna().any() and frame[name].dropna().map(lambda text: bool(_LINK.fullmatch(str(text)))).all()
    ]


def days(frame: pd.DataFrame) -> list[str]:
    """The columns of times of which every one is midnight."""
    # Not ``normalize``: it raises for the first day that a time stamp can hold, whose midnight is none.
    return [name for name in times(frame) if not (frame[name].dropna().dt.as_unit("ns").astype("int64") % _DAY).any()]


def times(frame: pd.DataFrame) -> list[str]:
    """The columns of times."""
    return [name for name in frame.columns if pd.api.types.is_datetime64_any_dtype(frame[name])]


def numbers(frame: pd.DataFrame) -> list[str]:
    """The columns of numbers."""
    return [
        name
        for name in frame.columns
        if pd.api.types.is_numeric_dtype(frame[name]) and not pd.api.types.is_bool_dtype(frame[name])
    ]


def suggested(frame: pd.DataFrame) -> Picture | None:
    """What a person would likely draw: the first number over the first time, else by the first text; None where there
    is nothing to measure.

    Numbers that name things (``id`` and what ends in it) are measured last. Colour is a text of few values.
    """
    if frame.empty:
        return None
    measures = sorted(numbers(frame), key=lambda name: name == "id" or name.endswith(("_id", "_iid")))
    if not measures:
        return None
    moments = times(frame)
    texts = [name for name in frame.columns if name not in measures and name not in moments]
    few = [name for name in texts if 1 < frame[name].nunique() <= _COLOURS]
    if moments:
        when = moments[0]
        return Picture("line" if frame[when].nunique() > 1 else "bar", when, measures[0], next(iter(few), None))
    # A first column of numbers that differ all is what the others are drawn over: hours, weeks, sizes.
    first = frame.columns[0]
    if first in measures and len(measures) > 1:
        kind: Kind = "bar" if frame[first].nunique() <= _BARS else "point"
        return Picture(kind, first, next(name for name in measures if name != first), next(iter(few), None))
    if texts:
        colours = [name for name in few if name != texts[0]]
        return Picture("bar", texts[0], measures[0], next(iter(colours), None))
    return Picture("bar", first, measures[0])


def drawn(frame: pd.DataFrame, picture: Picture) -> alt.Chart:
    """The chart of an answer's first ``MOST_DRAWN`` rows: texts in the order of the rows, bars of one place stacked.

    Columns are known by their place: to Vega a dot or a bracket in a name is a path.
    """
    chosen = list(dict.fromkeys(name for name in (picture.x, picture.y, picture.colour) if name is not None))
    place = {name: f"c{number}" for number, name in enumerate(chosen)}
    chart = alt.Chart(frame[chosen].head(MOST_DRAWN).rename(columns=place))
    if picture.kind == "line":
        marked = chart.mark_line(point=True)
    else:
        marked = chart.mark_bar() if picture.kind == "bar" else chart.mark_point(filled=True, size=60, opacity=0.8)
    encoded = marked.encode(
        x=alt.X(place[picture.x], **_scale(frame, picture.x, picture.kind)),
        y=alt.Y(place[picture.y], **_scale(frame, picture.y, picture.kind)),
        tooltip=[_told(frame, name, place[name]) for name in chosen],
        color=_colour(frame, picture.colour, place) if picture.colour else alt.value(palette.SERIES[0]),
    )
    finished: alt.Chart = encoded.properties(height=380)
    return finished


def _scale(frame: pd.DataFrame, name: str, kind: Kind) -> dict[str, Any]:
    title = {"title": name}
    if name in times(frame):
        if kind != "bar":
            return title | {"type": "temporal"}
        unit = "yearmonthdate" if name in days(frame) else "yearmonthdatehours"
        return title | {"type": "ordinal", "timeUnit": unit, "axis": alt.Axis(labelOverlap="greedy", labelAngle=0)}
    if name in numbers(frame):
        return title | {"type": "quantitative", "scale": alt.Scale(zero=kind == "bar", nice=True)}
    return title | {"type": "nominal", "sort": None, "axis": alt.Axis(labelLimit=160, labelOverlap="greedy")}


def _told(frame: pd.DataFrame, name: str, place: str) -> alt.Tooltip:
    if name in times(frame):
        form = "%Y-%m-%d" if name in days(frame) else "%Y-%m-%d %H:%M"
        return alt.Tooltip(place, type="temporal", title=name, format=form)
    return alt.Tooltip(place, type="quantitative" if name in numbers(frame) else "nominal", title=name)


def _colour(frame: pd.DataFrame, name: str, place: dict[str, str]) -> alt.Color:
    if name in numbers(frame) and frame[name].nunique() > _COLOURS:
        return alt.Color(place[name], type="quantitative", title=name, scale=alt.Scale(scheme="viridis"))
    legend = alt.Legend(orient="bottom", columns=alt.ExprRef("max(1, floor(width / 210))"), symbolLimit=2 * _COLOURS)
    scale = alt.Scale(range=list(palette.SERIES))
    return alt.Color(place[name], type="nominal", title=name, sort=None, scale=scale, legend=legend)
