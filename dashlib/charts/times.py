"""Run times, queue times and success rates: by week, and of many beside each other, against the period before."""

from __future__ import annotations

from dataclasses import dataclass

import altair as alt
import pandas as pd

from dashlib.charts import palette
from dashlib.charts.delivery_wording import share_told, span_told
from dashlib.charts.pipeline_tables import rate_change, time_change
from dashlib.queries.pipelines import FEW

HALF, MOST = "half, at most", "95 of 100, at most"
_SHARE = "passed"


@dataclass(frozen=True)
class Measure:
    """What is drawn: the column of the middle and of the upper end (of a share one column), and its title."""

    middle: str
    upper: str
    title: str

    @property
    def is_share(self) -> bool:
        """A share of 0..1 instead of seconds."""
        return self.middle == self.upper


MEASURES = {
    "run time": Measure("run_p50", "run_p95", "ran"),
    "queue time": Measure("queue_p50", "queue_p95", "waited"),
    "success": Measure("success_rate", "success_rate", "passed, of those that passed or failed"),
}


def unit_of(seconds: float) -> tuple[float, str]:
    """How many seconds the unit has in which so many are told, and its name."""
    for size, unit in ((3600.0, "hours"), (60.0, "minutes")):
        if seconds >= 2 * size:
            return size, unit
    return 1.0, "seconds"


def over_time(frame: pd.DataFrame, measure: Measure, grain: str) -> alt.LayerChart:
    """Lines from ``queries.pipelines.over_time``: the middle and the upper end by week (or day).

    Hollow and grey where it is of few runs.
    """
    size, unit = _unit(frame, measure)
    dates = pd.to_datetime(frame["period"])
    slots = [
        f"{day:%Y-%m-%d}" for day in pd.date_range(dates.min(), dates.max(), freq="7D" if grain == "week" else "D")
    ]
    parts = [(_SHARE, measure.middle)] if measure.is_share else [(HALF, measure.middle), (MOST, measure.upper)]
    shown = pd.concat(
        [
            pd.DataFrame(
                {
                    "slot": dates.dt.strftime("%Y-%m-%d"),
                    "when": dates.dt.strftime("week of %a %d %b %Y" if grain == "week" else "%a %d %b %Y"),
                    "series": name,
                    "value": frame[column] / size,
                    "told": [_told(value, measure) for value in frame[column]],
                    "n": frame["n"] if measure.is_share else frame["timed"],
                    "change": _changes(frame, column, measure),
                }
            )
            for name, column in parts
        ]
    ).dropna(subset="value")
    names, colours = [name for name, _ in parts], [palette.SERIES[0], palette.SERIES[5]]
    x = alt.X(
        "slot:O", title=None, scale=alt.Scale(domain=slots),
        axis=alt.Axis(labelExpr="timeFormat(toDate(datum.value + 'T00:00:00'), '%d %b')", labelAngle=0,
                      labelOverlap="greedy", labelSeparation=8, ticks=False, grid=False),
    )  # fmt: skip
    scale = _scale(shown["value"], measure)
    # The numbers of runs stand above the lines.
    scale.range = [alt.ExprRef("height"), 20]
    y = alt.Y("value:Q", title=_title(measure, unit), axis=_axis(measure), scale=scale)
    color = alt.Color(
        "series:N", scale=alt.Scale(domain=names, range=colours[: len(names)]),
        legend=None if measure.is_share else alt.Legend(title=None, orient="bottom", symbolType="stroke"),
    )  # fmt: skip
    changed = alt.Tooltip("change:N", title=f"Against the {grain} before")
    base = alt.Chart(shown).encode(
        x=x, y=y, color=color, tooltip=[*_tooltip([alt.Tooltip("when:N", title="When")], measure), changed]
    )
    lines = base.mark_line(strokeWidth=2).encode(
        strokeDash=alt.StrokeDash(
            "series:N", scale=alt.Scale(domain=names, range=[[1, 0], [5, 3]][: len(names)]), legend=None
        )
    )
    enough = base.transform_filter(f"datum.n >= {FEW}").mark_point(filled=True, size=55, opacity=1)
    few = base.transform_filter(f"datum.n < {FEW}").mark_point(filled=False, size=55, color=palette.OTHERS).encode(
        color=alt.value(palette.OTHERS)
    )  # fmt: skip
    counts = (
        alt.Chart(shown[shown["series"] == names[0]])
        .mark_text(
            baseline="bottom", fontSize=alt.ExprRef(f"width / {max(1, len(slots))} < 34 ? 0 : 10"), color=palette.INK
        )
        .encode(x=x, y=alt.value(4), text=alt.Text("label:N"))
        .transform_calculate(label="'n ' + format(datum.n, ',d')")
    )
    whole: alt.LayerChart = alt.LayerChart(layer=[lines, enough, few, counts]).properties(height=260)
    return whole


def beside(frame: pd.DataFrame, measure: Measure, what: str) -> alt.LayerChart:
    """One row per key of ``queries.pipelines.table``, in its order: from the middle to the upper end, with n.

    An upright mark tells the middle of the period before, where both are of enough runs; few runs are grey.
    """
    size, unit = _unit(frame, measure)
    n, n_before = ("n", "n_before") if measure.is_share else ("timed", "timed_before")
    compares = (frame[n] >= FEW) & (frame[n_before] >= FEW)
    before = frame[f"{measure.middle}_before"].where(compares)
    shown = pd.DataFrame(
        {
            "key": frame["key"],
            "value": frame[measure.middle] / size,
            "upper": frame[measure.upper] / size,
            "before": before / size,
            "n": frame[n],
            "few": frame[n] < FEW,
            "told": [_told(value, measure) for value in frame[measure.middle]],
            "most": [_told(value, measure) for value in frame[measure.upper]],
            "then": [_told(value, measure) for value in before],
            "n_before": frame[n_before],
        }
    ).dropna(subset="value")
    names = list(shown["key"])
    y = alt.Y(
        "key:N", title=None, sort=names, scale=alt.Scale(domain=names, padding=0.6),
        axis=alt.Axis(ticks=False, domain=False, grid=False, labelPadding=6, labelOverlap=False,
                      labelLimit=alt.ExprRef("min(260, containerSize()[0] * 0.42)")),
    )  # fmt: skip
    scale = _scale(shown[["upper", "before"]].max(axis=1), measure, 1.12)

    def at(field: str) -> alt.X:
        return alt.X(f"{field}:Q", title=_title(measure, unit), axis=_axis(measure), scale=scale)

    told = [alt.Tooltip("key:N", title=what.capitalize())]
    base = alt.Chart(shown).encode(y=y, tooltip=_tooltip(told, measure, before=True))
    colour = alt.condition("datum.few", alt.value(palette.OTHERS), alt.value(palette.SERIES[0]))
    layers = [
        base.transform_filter("isValid(datum.before)" if measure.is_share else "true")
        .mark_rule(strokeWidth=4, opacity=0.35)
        .encode(x=at("value"), x2="before:Q" if measure.is_share else "upper:Q", color=colour),
        base.mark_point(filled=True, size=75, opacity=1).encode(x=at("value"), color=colour),
        base.transform_filter("isValid(datum.before)")
        .mark_tick(orient="vertical", thickness=2.5, size=15, color=palette.SERIES[1])
        .encode(x=at("before")),
        base.mark_text(align="left", dx=9, baseline="middle", fontSize=11, color=palette.INK)
        .transform_calculate(
            label="'n ' + format(datum.n, ',d')", end="max(datum.upper, isValid(datum.before) ? datum.before : 0)"
        )
        .encode(x=at("end"), text="label:N"),
    ]  # fmt: skip
    whole: alt.LayerChart = alt.LayerChart(layer=layers).properties(height=70 + 24 * len(shown))
    return whole


def _unit(frame: pd.DataFrame, measure: Measure) -> tuple[float, str]:
    most = frame[measure.upper].max()
    return (1.0, "") if measure.is_share else unit_of(0.0 if pd.isna(most) else float(most))


def _told(value: float, measure: Measure) -> str:
    if pd.isna(value):
        return "–"
    return share_told(value) if measure.is_share else span_told(value)


def _changes(frame: pd.DataFrame, column: str, measure: Measure) -> list[str]:
    """Of each week (or day) against the one before it, in words."""
    n = "n" if measure.is_share else "timed"
    change = rate_change if measure.is_share else time_change
    columns = [frame[column], frame[f"{column}_before"], frame[n], frame[f"{n}_before"]]
    return [change(*row) for row in zip(*columns, strict=True)]


def _title(measure: Measure, unit: str) -> str:
    return measure.title if measure.is_share else f"{measure.title}, {unit}"


def _axis(measure: Measure) -> alt.Axis:
    return alt.Axis(format=".0%", tickCount=5) if measure.is_share else alt.Axis(tickCount=5)


def _scale(values: pd.Series, measure: Measure, room: float = 1.0) -> alt.Scale:
    if measure.is_share:
        return alt.Scale(domain=[0, 1.1 if room > 1 else 1])
    most = values.max()
    return alt.Scale(domain=[0, room * float(most) if most > 0 else 1.0], nice=True)


def _tooltip(first: list[alt.Tooltip], measure: Measure, before: bool = False) -> list[alt.Tooltip]:
    if not before:
        series = [] if measure.is_share else [alt.Tooltip("series:N", title="What")]
        return [
            *first,
            *series,
            alt.Tooltip("told:N", title=measure.title.capitalize()),
            alt.Tooltip("n:Q", title="Of", format=",d"),
        ]
    upper = [] if measure.is_share else [alt.Tooltip("most:N", title="95 of 100")]
    return [
        *first,
        alt.Tooltip("told:N", title=_SHARE.capitalize() if measure.is_share else "Half"),
        *upper,
        alt.Tooltip("n:Q", title="Of", format=",d"),
        alt.Tooltip("then:N", title="The period before"),
        alt.Tooltip("n_before:Q", title="Of, before", format=",d"),
    ]
