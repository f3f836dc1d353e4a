"""The example notebook runs from its first cell to its last over the demo's company, beside an app that owns it."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import altair as alt
import pandas as pd
import pytest

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "nightly_failures.ipynb"


def cells(kind: str) -> list[str]:
    book = json.loads(NOTEBOOK.read_text("utf-8"))
    assert (book["nbformat"], book["metadata"]["language_info"]["name"]) == (4, "python")
    return ["".join(cell["source"]) for cell in book["cells"] if cell["cell_type"] == kind]


def ran(demo: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[dict[str, Any], list[Any]]:
    """What the cells name and what they show, run in one name space, as a kernel does."""
    monkeypatch.setenv("DASH_SNAPSHOT", str(demo))
    names: dict[str, Any] = {}
    shown = []
    for number, source in enumerate(cells("code"), start=1):
        tree = ast.parse(source)
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) and not source.endswith(";") else None
        exec(compile(tree, f"cell {number}", "exec"), names)
        if isinstance(last, ast.Expr):
            shown.append(eval(compile(ast.Expression(last.value), f"cell {number}", "eval"), names))
    return names, shown


def test_it_runs(demo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names, shown = ran(demo, monkeypatch)
    failed, repeated, before = names["failed"], names["repeated"], names["before"]
    assert list(failed.columns) == ["night", "category", "failed_jobs"] and failed["failed_jobs"].min() > 0
    assert repeated["nights"].is_monotonic_decreasing and len(repeated) > 5
    assert {"ostrelune/platform/tide-store"} <= set(repeated["repository"].head(3))
    assert isinstance(before, pd.DataFrame) and before["author_name"].notna().all() and len(before)
    [chart] = [one for one in shown if isinstance(one, alt.Chart)]
    assert chart.to_dict()["mark"]["type"] == "bar"


def test_nothing_of_a_run_is_kept_in_it() -> None:
    book = json.loads(NOTEBOOK.read_text("utf-8"))
    assert all(not cell["outputs"] and cell["execution_count"] is None for cell in book["cells"] if "outputs" in cell)
    assert cells("markdown")[0].startswith("# ")
