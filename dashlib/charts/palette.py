"""Colours and marks of the charts: one place, readable on a light and on a dark ground, and when colour-blind."""

from __future__ import annotations

from dataclasses import dataclass

SERIES = (
    *("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#A6932B", "#7B6BB5"),
    *("#4C6A92", "#8F6300", "#7FCFB9", "#E8C2D6", "#B5DDF5", "#F0A878", "#6B6128", "#C0B6E3"),
)
"""Okabe and Ito's colours, black and yellow replaced: they vanish on one of the two grounds. Then paler and darker
ones, for those who ask for more than eight series."""
OTHERS = "#8C96A3"
FRAME = "#7A8694"
INK = "#76828F"
"""Numbers beside and on the charts, to be read on a light and on a dark ground."""


@dataclass(frozen=True)
class Mark:
    """How a state looks: its colour, how much of it, the sign on it, its name in the legend, the sign's colour.

    A mark that ``counts`` shows the number of failed jobs, and its sign where there is none.
    """

    colour: str
    opacity: float
    sign: str
    label: str
    ink: str = "#2B333D"
    counts: bool = False


STATES = {
    "failed": Mark("#C8500A", 1.0, "×", "failed", "#FFFFFF", counts=True),
    "warned": Mark("#E69F00", 0.85, "!", "warned: only allowed failures"),
    "running": Mark("#56B4E9", 0.8, "…", "running"),
    "manual": Mark("#CC79A7", 0.8, "?", "waits for somebody"),
    "canceled": Mark("#8C96A3", 0.65, "–", "canceled"),
    "skipped": Mark("#8C96A3", 0.3, "·", "skipped"),
    "missing": Mark("#7B3FA0", 0.6, "∅", "never ran"),
    "late": Mark("#7B3FA0", 0.3, "◔", "late"),
    "passed": Mark("#009E73", 0.32, "", "passed"),
}
