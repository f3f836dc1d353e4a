"""How fresh a source is: what the last load that ended cost, while another is under way."""

from __future__ import annotations

from datetime import timedelta

from dashlib.model import Put
from dashlib.store.bookkeeping import LOADS
from tests.queries.build import MIDNIGHT, Builder

COLUMNS = "last_success_at, last_started_at, last_finished_at, last_calls, last_rows, last_error, calls"


def test_a_load_under_way_does_not_hide_what_the_one_before_it_brought(built: Builder) -> None:
    later, hour = MIDNIGHT + timedelta(hours=2), timedelta(hours=1)
    first = {"source": "gitlab", "started_at": MIDNIGHT, "trigger": "command"}
    ended = first | {
        "finished_at": MIDNIGHT + hour,
        "calls": 7,
        "rows": 30,
        "errors": 1,
        "error": "no",
        "complete": True,
    }
    begun = {"source": "gitlab", "started_at": later, "trigger": "timer", "calls": 0, "rows": 0, "errors": 0}
    built.store.write(Put(LOADS, [ended]), Put(LOADS, [begun]))
    assert built.rows(f"select {COLUMNS} from source_freshness") == [
        {
            "last_success_at": MIDNIGHT + hour,
            "last_started_at": later,
            "last_finished_at": MIDNIGHT + hour,
            "last_calls": 7,
            "last_rows": 30,
            "last_error": "no",
            "calls": 7,
        }
    ]


def test_before_the_first_load_ends_it_brought_nothing(built: Builder) -> None:
    begun = {"source": "gitlab", "started_at": MIDNIGHT, "trigger": "timer", "calls": 0, "rows": 0, "errors": 0}
    built.store.write(Put(LOADS, [begun]))
    assert built.rows("select last_success_at, last_calls, last_rows, last_error from source_freshness") == [
        {"last_success_at": None, "last_calls": 0, "last_rows": 0, "last_error": None}
    ]
