"""Tables of widgets/answers: how high their rows are."""

from __future__ import annotations

import pandas as pd
import pytest

from dashlib.charts import delivery_tables
from dashlib.charts.tables import Column
from dashlib.widgets.answers import _row_height


@pytest.mark.parametrize(("letters", "height"), [(5, None), (60, 65), (5000, 65)])
def test_one_long_error_does_not_push_the_other_failed_deliveries_out_of_sight(
    letters: int, height: int | None
) -> None:
    failed = pd.DataFrame({"error": ["short", "x" * letters], "kind": ["a.very.long.kind" * 9] * 2})
    assert _row_height(failed, delivery_tables.FAILED) == height
    assert _row_height(failed, delivery_tables.KINDS) is None, "one line each"


def test_wrapped_text_has_eight_lines_at_most() -> None:
    column = Column("error", "Why", "wrapped", 80)
    heights = [_row_height(pd.DataFrame({"error": ["x" * letters]}), [column]) for letters in (10, 30, 9000)]
    assert heights == [None, 77, 182]
