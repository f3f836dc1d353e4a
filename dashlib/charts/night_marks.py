"""The failures that wear a mark in the grid of nights, and what each mark says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pandas as pd

from dashlib.charts.wording import reason_told

_COLUMNS = ["mark", "reason", "path", "signature_id", "job_names"]
_LONGEST = 240


def marks(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The failures that have a mark, and how often they struck in the rows (where none did, in what is in them)."""
    marked = frame.loc[frame["mark"].notna(), [*_COLUMNS, "level"]]
    marked = marked[(marked["level"] == 0) | ~marked["mark"].isin(marked.loc[marked["level"] == 0, "mark"])]
    struck: dict[int, list[dict[str, Any]]] = {}
    for cell in marked.to_dict("records"):
        struck.setdefault(int(cell["mark"]), []).append({str(name): value for name, value in cell.items()})
    texts = {mark: reason_told(str(cells[-1]["reason"]))[:_LONGEST] for mark, cells in struck.items()}
    alike = Counter(texts.values())
    found = []
    for mark, cells in sorted(struck.items()):
        last, where = cells[-1], len({cell["path"] for cell in cells})
        found.append(
            {
                "mark": mark,
                "text": texts[mark] if alike[texts[mark]] == 1 else f"{told_apart(last)}: {texts[mark]}",
                "about": f"{len(cells)} × in {where} {'repository' if where == 1 else 'repositories'}",
                "href": f"/failures?signature={last['signature_id']}",
            }
        )
    return found


def told_apart(cell: Mapping[str, Any]) -> str:
    """What tells a failure from another one of the same text: its job and repository, where it struck last."""
    job = cell["job_names"].partition(",")[0] if isinstance(cell["job_names"], str) else ""
    return " of ".join(word for word in (job, str(cell["path"]).rpartition("/")[2]) if word)
