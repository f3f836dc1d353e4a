"""The laws of paging: following next brings every row exactly once, and the headers tell the truth."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashlib.demo import World, truth
from dashlib.demo.calls import ApiError, Call, Reply
from dashlib.demo.paging import from_cursor, page
from dashlib.demo.render import Renderer

from .conftest import Client

_FEW = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@_FEW
@given(size=st.integers(7, 100))
def test_offset_pages_bring_every_row_once(http: Client, world: World, size: int) -> None:
    project = world.projects[1]
    rows = http.all(f"/projects/{project.id}/pipelines", per_page=size)
    assert [row["id"] for row in rows] == [each.id for each in truth.listed_pipelines(project)[::-1]]


@_FEW
@given(size=st.integers(30, 100), sort=st.sampled_from(["asc", "desc"]))
def test_keyset_pages_bring_every_job_once(http: Client, world: World, size: int, sort: str) -> None:
    project = world.projects[8 if world.projects[8].jobs else 2]
    rows = http.all(f"/projects/{project.id}/jobs", per_page=size, pagination="keyset", order_by="id", sort=sort)
    wanted = [job.id for job in project.jobs]
    assert [row["id"] for row in rows] == (wanted if sort == "asc" else wanted[::-1])


@_FEW
@given(size=st.integers(1, 30), sort=st.sampled_from(["asc", "desc"]))
def test_keyset_pages_bring_every_project_once(http: Client, world: World, size: int, sort: str) -> None:
    rows = http.all("/projects", per_page=size, pagination="keyset", order_by="id", sort=sort)
    wanted = sorted(project.id for project in world.projects)
    assert [row["id"] for row in rows] == (wanted if sort == "asc" else wanted[::-1])


@_FEW
@given(size=st.integers(5, 100))
def test_event_pages_bring_every_visible_event_once(http: Client, world: World, size: int) -> None:
    project = world.projects[0]
    rows = http.all(f"/projects/{project.id}/events", per_page=size)
    assert [row["id"] for row in rows] == [event.id for event in truth.visible_events(project)[::-1]]


def test_offset_headers(http: Client, world: World) -> None:
    path = f"/projects/{world.projects[0].id}/pipelines"
    total = len(truth.listed_pipelines(world.projects[0]))
    first = http.get(path, per_page=10)
    assert first.headers["X-Total"] == str(total)
    assert first.headers["X-Total-Pages"] == str(-(-total // 10))
    assert first.headers["X-Next-Page"] == "2"
    assert first.headers["X-Prev-Page"] == ""
    assert first.headers["X-Page"] == "1"
    assert first.headers["X-Per-Page"] == "10"
    assert first.headers["X-Request-Id"]
    assert set(first.links) == {"next", "first", "last"}
    assert all(link["url"].startswith(f"{http.url}/api/v4/") for link in first.links.values())
    last = http.get(first.links["last"]["url"])
    assert last.headers["X-Next-Page"] == ""
    assert "next" not in last.links
    assert "prev" in last.links


@pytest.mark.parametrize("resource", ["jobs", "repository/commits"])
def test_no_totals_for_jobs_and_commits(http: Client, world: World, resource: str) -> None:
    answer = http.get(f"/projects/{world.projects[0].id}/{resource}")
    assert "X-Total" not in answer.headers
    assert "X-Total-Pages" not in answer.headers
    assert "last" not in answer.links
    assert answer.headers["X-Next-Page"] == "2"


def test_keyset_sends_nothing_but_link(http: Client, world: World) -> None:
    answer = http.get(f"/projects/{world.projects[0].id}/jobs", pagination="keyset", order_by="id", sort="desc")
    assert "cursor=" in answer.links["next"]["url"]
    assert not [name for name in answer.headers if name.lower().startswith(("x-page", "x-next", "x-total", "x-per"))]
    projects = http.get("/projects", pagination="keyset", order_by="id", sort="asc", per_page=3)
    assert "id_after=" in projects.links["next"]["url"]


def test_405_beyond_the_offset_limit_and_for_keyset_elsewhere(http: Client, world: World) -> None:
    project = world.projects[0].id
    answer = http.get("/projects", page=501, per_page=100)
    assert answer.status_code == 405
    assert answer.json()["error"] == (
        "Offset pagination has a maximum allowed offset of 50000 for requests that return objects of type Project. "
        "Remaining records can be retrieved using keyset pagination."
    )
    assert http.get(f"/projects/{project}/jobs", page=501, per_page=100).status_code == 405
    assert http.get(f"/projects/{project}/pipelines", page=501, per_page=100).status_code == 200
    for path in ("events", "repository/commits", "pipelines", "pipeline_schedules"):
        refused = http.get(f"/projects/{project}/{path}", pagination="keyset", order_by="id")
        assert refused.status_code == 405
        assert refused.json()["error"] == "Keyset pagination is not yet available for this type of request"
    assert http.get("/projects", pagination="keyset", order_by="name").status_code == 405


def test_no_totals_over_ten_thousand_rows(world: World) -> None:
    def ask(rows: int) -> Reply:
        call = Call(world, Renderer("http://x", world.users), "GET", "/t", {}, [], "/api/v4/t", "http://x", ())
        return page(call, range(rows), str)

    assert ask(10_000).headers["X-Total"] == "10000"
    assert "X-Total" not in ask(10_001).headers
    assert 'rel="last"' not in ask(10_001).headers["Link"]
    assert 'rel="next"' in ask(10_001).headers["Link"]


@pytest.mark.parametrize("params", [{"per_page": 0}, {"page": 0}, {"per_page": "x"}])
def test_senseless_pages_are_refused(http: Client, params: dict[str, Any]) -> None:
    assert http.get("/projects", **params).status_code == 400


def test_a_cursor_that_is_none_is_refused(http: Client, world: World) -> None:
    with pytest.raises(ApiError):
        from_cursor("nonsense")
    path = f"/projects/{world.projects[0].id}/jobs"
    assert http.get(path, pagination="keyset", order_by="id", cursor="bm9uc2Vuc2U=").status_code == 400
