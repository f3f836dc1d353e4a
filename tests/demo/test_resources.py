"""Projects, pipelines, jobs, commits, schedules and issues answer as the real ones do (GITLAB.md 2)."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

import gitlab
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from dashlib.demo import READ_TOKEN, WRITE_TOKEN, World, create_app, truth
from dashlib.demo.company import ARCHIVED, CI_OFF, EMPTY, FOREIGN
from dashlib.demo.graph import log

from .conftest import Client


def test_a_token_is_needed(url: str) -> None:
    assert Client(url, "wrong").get("/version").status_code == 401
    bare = Client(url)
    del bare.session.headers["PRIVATE-TOKEN"]
    assert bare.get("/version").status_code == 401
    bare.session.headers["Authorization"] = f"Bearer {READ_TOKEN}"
    assert bare.get("/version").json()["version"].startswith("18.")


def test_the_token_tells_its_scopes(http: Client, url: str, world: World) -> None:
    assert http.get("/personal_access_tokens/self").json()["scopes"] == ["read_api", "read_user"]
    assert "api" in Client(url, WRITE_TOKEN).get("/personal_access_tokens/self").json()["scopes"]
    assert http.get("/user").json()["username"] == "dash-reader"


def test_unknown_paths_and_methods(http: Client) -> None:
    assert http.get("/nothing/here").status_code == 404
    assert http.post("/version").status_code == 405


def test_project_filters(http: Client, world: World) -> None:
    paths = {row["path_with_namespace"] for row in http.all("/projects")}
    assert paths == {project.path for project in world.projects}
    members = {row["path_with_namespace"] for row in http.all("/projects", membership="True")}
    assert members == paths - {FOREIGN} == {project.path for project in world.member_projects()}
    assert {row["path_with_namespace"] for row in http.all("/projects", archived="true")} == {ARCHIVED}
    assert http.all("/projects", min_access_level=40) == []
    assert [r["name"] for r in http.all("/projects", search="tide-units")] == ["Tide Units"]
    assert len(http.all("/projects", search="forecast", search_namespaces=True)) > 1
    assert "statistics" not in http.all("/projects")[0]
    assert "archived" not in http.all("/projects", simple="True")[0]
    recent = http.all("/projects", last_activity_after="2026-11-20T00:00:00+00:00")
    assert 0 < len(recent) < len(paths)
    assert [row["id"] for row in http.all("/projects", order_by="last_activity_at", sort="asc")] == [
        each.id for each in sorted(world.projects, key=lambda each: (each.last_activity_at, each.id))
    ]


def test_a_project_by_its_path_and_a_moved_one(http: Client, gl: gitlab.Gitlab, world: World) -> None:
    board = world.project("ostrelune/web/harbour-board")
    assert gl.projects.get("ostrelune/web/harbour-board").id == board.id
    moved = http.get("/projects/ostrelune%2Fboard/jobs", per_page=3, allow_redirects=False)
    assert moved.status_code == 301
    assert moved.headers["Location"] == f"{http.url}/api/v4/projects/{board.id}/jobs?per_page=3"
    assert http.get("/projects/999999").json() == {"message": "404 Project Not Found"}


def test_groups(gl: gitlab.Gitlab, world: World) -> None:
    group = gl.groups.get("ostrelune")
    assert group.projects.list(get_all=True) == []
    inside = group.projects.list(get_all=True, include_subgroups=True)
    assert len(inside) == len(world.projects)
    assert {each.full_path for each in gl.groups.list(get_all=True)} >= {"ostrelune", "ostrelune/platform"}


def test_members(http: Client, world: World) -> None:
    project = world.projects[0]
    everyone = http.all(f"/projects/{project.id}/members/all")
    assert {row["id"] for row in everyone} == {member.user.id for member in project.members}
    assert len(http.all(f"/projects/{project.id}/members")) < len(everyone)


def test_ci_switched_off_and_an_empty_repository(http: Client, world: World) -> None:
    off, empty = world.project(CI_OFF).id, world.project(EMPTY).id
    row = http.get(f"/projects/{off}").json()
    assert row["jobs_enabled"] is False
    assert row["builds_access_level"] == "disabled"
    for path in ("pipelines", "jobs", "pipeline_schedules"):
        assert http.get(f"/projects/{off}/{path}").status_code == 403
    assert http.get(f"/projects/{empty}").json()["default_branch"] is None
    assert http.get(f"/projects/{empty}/repository/commits").status_code == 404
    assert http.get(f"/projects/{empty}/pipelines").json() == []


def test_the_pipelines_list_is_short_and_hides_children(http: Client, world: World) -> None:
    project = world.project("ostrelune/platform/ingest-gateway")
    base = f"/projects/{project.id}/pipelines"
    rows = http.all(base)
    assert set(rows[0]) == {
        "id", "iid", "project_id", "sha", "ref", "status", "source", "created_at", "updated_at", "web_url", "name",
    }  # fmt: skip
    children = http.all(base, source="parent_pipeline")
    assert {row["id"] for row in children} == {each.id for each in truth.child_pipelines(project)}
    assert children
    assert not {row["id"] for row in rows} & {row["id"] for row in children}
    full = http.get(f"{base}/{rows[-1]['id']}").json()
    assert isinstance(full["duration"], int)
    assert full["started_at"] <= full["finished_at"]
    assert full["detailed_status"]["label"]


def test_bridges_lead_to_children(http: Client, world: World) -> None:
    project = world.project("ostrelune/platform/ingest-gateway")
    child = truth.child_pipelines(project)[0]
    assert child.parent is not None
    rows = http.get(f"/projects/{project.id}/pipelines/{child.parent.pipeline.id}/bridges").json()
    assert [row["downstream_pipeline"]["id"] for row in rows] == [child.id]
    jobs = http.all(f"/projects/{project.id}/jobs")
    assert child.parent.id not in {row["id"] for row in jobs}


def test_pipeline_filters(http: Client, world: World) -> None:
    project = world.projects[1]
    base, rows = f"/projects/{project.id}/pipelines", truth.listed_pipelines(project)
    middle = rows[len(rows) // 2].updated_at
    wanted = {each.id for each in rows if each.updated_at >= middle}
    assert {row["id"] for row in http.all(base, updated_after=middle.isoformat())} == wanted
    failed = {each.id for each in rows if each.status == "failed"}
    assert {row["id"] for row in http.all(base, status="failed")} == failed
    nightly = {each.id for each in rows if each.source == "schedule"}
    assert {row["id"] for row in http.all(base, source="schedule")} == nightly
    assert len(http.all(base, source="nonsense", nonsense="yes")) == len(rows)
    moments = [row["updated_at"] for row in http.all(base, order_by="updated_at", sort="asc")]
    assert moments == sorted(moments)
    assert http.get(f"{base}/latest").json()["ref"] == project.default_branch
    assert http.get(f"{base}/latest", ref="nowhere").status_code == 403


def test_a_plus_that_was_not_encoded_is_no_date(http: Client, world: World) -> None:
    base = f"/projects/{world.projects[1].id}/pipelines"
    assert http.get(f"{base}?updated_after=2026-11-01T00:00:00%2B01:00").status_code == 200
    assert http.get(f"{base}?updated_after=2026-11-01T00:00:00+01:00").status_code == 400


def test_a_schedules_pipelines_come_oldest_first(http: Client, world: World) -> None:
    project = world.projects[0]
    schedule = project.schedules[0]
    base = f"/projects/{project.id}/pipeline_schedules"
    listed, full = http.get(base).json()[0], http.get(f"{base}/{schedule.id}").json()
    assert "last_pipeline" not in listed
    assert full["last_pipeline"]["id"] == schedule.pipelines[-1].id
    ids = [row["id"] for row in http.all(f"{base}/{schedule.id}/pipelines")]
    assert ids == [each.id for each in schedule.pipelines] == sorted(ids)
    assert [row["id"] for row in http.all(f"{base}/{schedule.id}/pipelines", sort="desc")] == ids[::-1]
    since = schedule.pipelines[-3].created_at.isoformat()
    assert [r["id"] for r in http.all(f"{base}/{schedule.id}/pipelines", created_after=since)] == ids[-3:]


def test_old_servers_ignore_every_parameter_of_a_schedules_pipelines(world: World) -> None:
    client = TestClient(create_app(world, old_schedule_api=True), headers={"PRIVATE-TOKEN": READ_TOKEN})
    project = world.projects[0]
    base = f"/api/v4/projects/{project.id}/pipeline_schedules/{project.schedules[0].id}/pipelines"
    ids = [row["id"] for row in client.get(base, params={"per_page": 100}).json()]
    assert sorted(ids) == [each.id for each in project.schedules[0].pipelines]
    assert ids not in (sorted(ids), sorted(ids)[::-1])
    again = client.get(base, params={"per_page": 100, "sort": "desc", "created_after": "2026-11-20T00:00:00Z"}).json()
    assert [row["id"] for row in again] == ids


def test_schedules_of_every_kind(http: Client, world: World) -> None:
    rows = [row for p in world.projects if p.ci for row in http.all(f"/projects/{p.id}/pipeline_schedules")]
    assert {row["cron_timezone"] for row in rows} == {"UTC", "Europe/Berlin", "Pacific Time (US & Canada)"}
    assert {row["active"] for row in rows} == {True, False}
    assert any(row["owner"] is None for row in rows)
    assert any(row["owner"] and row["owner"]["state"] == "blocked" and row["active"] for row in rows)
    assert any(not row["cron"].endswith("*") for row in rows)
    assert any(row["ref"].startswith("refs/heads/") for row in rows)
    assert any(not row["ref"].startswith("refs/heads/") for row in rows)
    assert all(datetime.fromisoformat(row["next_run_at"]) > world.end for row in rows)


def test_a_pipelines_jobs_leave_out_retried_attempts(http: Client, gl: gitlab.Gitlab, world: World) -> None:
    job = next(job for job in world.jobs() if job.retried)
    base = f"/projects/{job.project.id}/pipelines/{job.pipeline.id}/jobs"
    latest, every = http.all(base), http.all(base, include_retried="True")
    assert job.id not in {row["id"] for row in latest}
    assert job.id in {row["id"] for row in every}
    assert max(Counter(row["name"] for row in latest).values()) == 1
    assert Counter(row["name"] for row in every)[job.name] >= 2
    assert [row["id"] for row in every] == sorted((row["id"] for row in every), reverse=True)
    found = gl.projects.get(job.project.id, lazy=True).jobs.list(get_all=True, scope=["failed", "canceled"])
    assert {each.id for each in found} == {
        each.id for each in job.project.jobs if each.status in {"failed", "canceled"}
    }


def test_a_job_scope_that_does_not_exist_is_refused(http: Client, world: World) -> None:
    assert http.get(f"/projects/{world.projects[0].id}/jobs?scope[]=exploded").status_code == 400


def test_odd_jobs(http: Client, world: World) -> None:
    rows = [row for p in world.projects if p.ci for row in http.all(f"/projects/{p.id}/jobs")]
    assert len(rows) == truth.counts(world)["jobs"]
    assert all("failure_reason" not in row for row in rows if row["status"] == "success")
    assert "quantum_decoherence_failure" in {row.get("failure_reason") for row in rows}
    ended = [row for row in rows if row["status"] in {"success", "failed"}]
    assert any(row["runner"] is None for row in ended)
    assert any(row["user"] is None for row in ended)
    assert any(row["commit"] is None for row in ended)
    assert all(row["web_url"].startswith(http.url) for row in rows[:50])
    assert (
        http.get(f"/projects/{world.projects[0].id}/jobs/{world.projects[0].jobs[0].id}").json()
        == rows[next(i for i, row in enumerate(rows) if row["id"] == world.projects[0].jobs[0].id)]
    )


def test_commits_by_ref_range_author_and_date(http: Client, world: World) -> None:
    project = world.projects[0]
    base = f"/projects/{project.id}/repository/commits"
    head = project.branches[project.default_branch or ""].head
    main = [row["id"] for row in http.all(base)]
    assert main == [commit.id for commit in log(project.commits, [head])]
    assert len(http.all(base, all="True")) >= len(main)
    told = world.story_commits[project.path]
    between = {row["id"] for row in http.all(base, ref_name=f"{told['regression']}..{told['fix']}")}
    assert told["fix"] in between
    assert told["regression"] not in between
    assert between < set(main)
    since, until = world.nights.midnight(9), world.nights.midnight(3)
    window = {row["id"] for row in http.all(base, since=since.isoformat(), until=until.isoformat())}
    assert window == {each.id for each in truth.commits_between(project, since, until)} & set(main)
    assert window
    assert {row["author_name"] for row in http.all(base, author="Dependency Bot")} <= {"Dependency Bot"}
    assert http.get(base, ref_name="nowhere").status_code == 404


def test_commit_details(http: Client, world: World) -> None:
    project = world.projects[0]
    base = f"/projects/{project.id}/repository/commits"
    row = http.get(base, with_stats="True", trailers="True").json()[0]
    assert row["stats"]["total"] == row["stats"]["additions"] + row["stats"]["deletions"]
    assert "stats" not in http.get(base).json()[0]
    rows = [r for p in world.projects if p.commits
            for r in http.all(f"/projects/{p.id}/repository/commits", trailers=True)]  # fmt: skip
    assert any(r["trailers"].get("Co-authored-by") for r in rows)
    assert any(r["committed_date"].endswith("+03:00") for r in rows)
    sha = world.story_commits[project.path]["regression"]
    single = http.get(f"{base}/{sha[:10]}").json()
    assert single["id"] == sha
    assert single["last_pipeline"]["sha"] == sha


def test_branches_with_slashes(gl: gitlab.Gitlab, world: World) -> None:
    project, name = next((p, b) for p in world.projects for b in p.branches if "/" in b and "#" in b)
    found = gl.projects.get(project.id, lazy=True).branches.get(name)
    assert found.commit["id"] == project.branches[name].head
    commits = gl.projects.get(project.id, lazy=True).commits.list(ref_name=name, iterator=True)
    assert next(iter(commits)).id == project.branches[name].head


def test_calls_are_recorded(http: Client, app: Starlette, world: World) -> None:
    before = len(app.state.calls)
    http.get(f"/projects/{world.projects[0].id}/jobs", per_page=1)
    made = app.state.calls[-1]
    assert len(app.state.calls) == before + 1
    assert (made.method, made.template, made.query, made.status) == ("GET", "/projects/:id/jobs", "per_page=1", 200)
    counts = http.session.get(f"{http.url}/-/demo/calls", timeout=5).json()
    assert counts["by_template"]["GET /projects/:id/jobs"] >= 1
    assert counts["total"] == len(app.state.calls)


@pytest.mark.parametrize("kind", ["", "/-/pipelines/{pipeline}", "/-/jobs/{job}", "/-/commit/{sha}", "/-/issues/1"])
def test_a_click_on_a_web_url_leads_to_a_page(http: Client, world: World, kind: str) -> None:
    project = world.projects[0]
    pipeline = project.pipelines[0]
    path = kind.format(pipeline=pipeline.id, job=pipeline.jobs[0].id, sha=pipeline.sha)
    answer = http.session.get(f"{http.url}/{project.path}{path}", timeout=5)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "simulated GitLab" in answer.text


def test_pages_escape_what_people_wrote() -> None:
    world = World(3, datetime.fromisoformat("2026-11-21T09:00:00+00:00"), 8, 14)
    world.projects[0].issues[0].title = "<script>alert(1)</script>"
    client = TestClient(create_app(world))
    text = client.get(f"/{world.projects[0].path}/-/issues/1").text
    assert "<script>" not in text
    assert "&lt;script&gt;" in text
    assert client.get("/nobody/nothing").status_code == 404
