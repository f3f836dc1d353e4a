"""Events as sentences, the calendar's squares: laws over anything, then examples."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashlib.charts.activity_stream import sentence, stream
from dashlib.charts.calendar import calendar, day_picked, read_told, shades

HOME = "https://gitlab.example/acme/engine"
EVENT: dict[str, Any] = dict.fromkeys(
    ("title", "ref", "commit_count", "web_url", "number", "on_what", "project_url"), None
) | {
    "person_label": "Ada",
    "action": "pushed",
    "target": "branch",
    "path_with_namespace": "acme/engine",
    "is_new_ref": False,
    "source": "gitlab",
    "happened": datetime(2026, 3, 10, 9),
    "created_at": datetime(2026, 3, 10, 8),
}  # fmt: skip


def said(**event: Any) -> tuple[str, dict[str, str]]:
    """The sentence, and its links by their text."""
    parts = sentence(EVENT | {"project_url": HOME} | event)
    return "".join(part["text"] for part in parts), {part["text"]: part["href"] for part in parts if "href" in part}


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (
            {"ref": "main", "commit_count": 3, "title": "Fix", "web_url": f"{HOME}/x"},
            " pushed 3 commits to main: Fix in acme/engine",
        ),
        ({"ref": "main", "commit_count": 1, "title": "main"}, " pushed 1 commit to main in acme/engine"),
        ({"commit_count": 0, "title": None}, " pushed something in acme/engine"),
        (
            {"ref": "v1", "target": "tag", "is_new_ref": True, "commit_count": 0, "title": "v1"},
            " made the tag v1 in acme/engine",
        ),
        (
            {"ref": "x", "is_new_ref": True, "commit_count": 2, "title": "Fix"},
            " made the branch x with 2 commits: Fix in acme/engine",
        ),
        ({"action": "deleted", "ref": "x", "title": "x"}, " deleted branch x in acme/engine"),
        (
            {"action": "merged", "target": "merge request", "number": 12, "title": "Fix …"},
            " merged merge request !12 Fix … in acme/engine",
        ),
        ({"action": "reopened", "target": "issue", "number": 4}, " reopened issue #4 in acme/engine"),
        (
            {"action": "commented", "target": "comment", "on_what": "merge request", "number": 2, "title": "T"},
            " commented on merge request !2 T in acme/engine",
        ),
        (
            {"action": "commented", "target": "comment", "number": float("nan")},
            " commented on something in acme/engine",
        ),
        ({"action": "joined", "target": "project"}, " joined acme/engine"),
        ({"action": "removed", "target": "project"}, " removed from acme/engine"),
        ({"action": "frobnicated", "target": "widget", "title": "W"}, " frobnicated widget W in acme/engine"),
    ],
)
def test_what_was_done_is_one_sentence(event: dict[str, Any], words: str) -> None:
    assert said(**event)[0] == words


def test_things_and_repositories_are_links_and_nothing_else_is() -> None:
    _, links = said(action="closed", target="issue", number=4, title="T", web_url=f"{HOME}/-/issues/4")
    assert links == {"issue #4 T": f"{HOME}/-/issues/4", "acme/engine": HOME}
    _, links = said(action="closed", target="issue", web_url="javascript:alert(1)", project_url="data:x")
    assert links == {}


WORDS = st.one_of(st.none(), st.text(max_size=300), st.just("<img src=x>"), st.just("javascript:alert(1)"))


@given(
    events=st.lists(
        st.fixed_dictionaries(
            dict.fromkeys(("title", "ref", "web_url", "project_url", "on_what", "person_label"), WORDS)
            | {
                "action": st.sampled_from(["pushed", "merged", "joined", "commented", "new word"]),
                "target": st.sampled_from(["branch", "tag", "issue", "comment", "project", "new word"]),
                "number": st.one_of(st.none(), st.integers(0, 10**9)),
                "commit_count": st.one_of(st.none(), st.integers(0, 10**6)),
                "is_new_ref": st.booleans(),
                "happened": st.datetimes(datetime(2020, 1, 1), datetime(2026, 1, 1)),
            }
        ),
        max_size=8,
    )
)
def test_every_event_is_told_once_in_its_place_and_links_lead_to_the_web(events: list[dict[str, Any]]) -> None:
    frame = pd.DataFrame([EVENT | event for event in events], columns=list(EVENT))
    days = stream(frame, "Europe/Berlin", now=datetime(2026, 3, 11))
    assert [item["who"] for day in days for item in day["items"]] == [
        (event["person_label"] or "(unknown)")[:160] for event in events
    ]
    names = [f"{event['happened']:%A, %d %B %Y}" for event in events]
    assert [day["day"] for day in days for _ in day["items"]] == names
    assert all(one["day"] != other["day"] for one, other in pairwise(days))
    for day in days:
        for item in day["items"]:
            assert (item["ago"], item["at"]) == ("16 hours ago", "2026-03-10 09:00 Europe/Berlin")
            for part in item["parts"]:
                assert part.get("href", "http://").lower().startswith(("http://", "https://"))


@given(st.lists(st.integers(0, 500), min_size=1, max_size=60))
def test_more_is_never_paler_and_nothing_is_palest(counts: list[int]) -> None:
    found = shades(pd.Series(counts))
    pairs = sorted(zip(counts, found, strict=True))
    assert [shade for _, shade in pairs] == sorted(found)
    assert {shade for count, shade in pairs if not count} <= {0.06}
    assert all(shade > 0.06 for count, shade in pairs if count)


@settings(deadline=None)
@given(first=st.dates(date(2020, 1, 1), date(2026, 1, 1)), length=st.integers(1, 371))
def test_every_day_has_its_own_square(first: date, length: int) -> None:
    days = pd.Series(pd.date_range(first, periods=length))
    frame = pd.DataFrame({"day": days, "events": range(length), "people": 1, "is_read": True})
    drawn = calendar(frame, "events", chosen=first).to_dict()
    [rows] = [rows for rows in drawn["datasets"].values() if len(rows) == length]
    assert len({(one["week"], one["weekday"]) for one in rows}) == length
    assert [one["slot"] for one in rows] == [f"{day:%Y-%m-%d}" for day in days]
    assert [one["is_chosen"] for one in rows] == [True] + [False] * (length - 1)
    for one in rows:
        monday = date.fromisoformat(one["week"])
        assert monday.weekday() == 0 and timedelta() <= date.fromisoformat(one["slot"]) - monday < timedelta(days=7)
        assert one["week"] in drawn["layer"][0]["encoding"]["x"]["scale"]["domain"]


def test_a_day_that_was_not_read_is_no_day_without_events() -> None:
    days = pd.Series(pd.date_range(date(2026, 3, 9), periods=4))
    frame = pd.DataFrame({"day": days, "events": [0, 0, 5, 0], "people": 1, "is_read": [False, True, True, False]})
    [rows] = [rows for rows in calendar(frame, "events").to_dict()["datasets"].values() if len(rows) == 4]
    assert [one["shade"] for one in rows][:2] == [0.0, 0.06] and rows[3]["shade"] == 0.0
    assert [one["remark"] for one in rows] == ["not read", "", "", "not read"]
    assert read_told(frame) == "Blank: not read. Known are the days from 10 Mar 2026 to 11 Mar 2026."
    assert read_told(frame[1:3]) == ""
    assert read_told(frame[:1]) == "Blank: none of these days was read."


@pytest.mark.parametrize(
    ("picked", "found"),
    [
        ([{"slot": "2026-03-10"}], date(2026, 3, 10)),
        ([], None), (None, None), ([{"slot": "'; drop"}], None), ([{}], None), ("x", None), ([1], None),
    ],
)  # fmt: skip
def test_a_click_tells_a_day_or_nothing(picked: object, found: date | None) -> None:
    assert day_picked(picked) == found
