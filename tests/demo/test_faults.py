"""Each fault does to a real client what it says, to the calls it was meant for and to no other."""

from __future__ import annotations

import time

import gitlab
import pytest
import requests

from dashlib.demo import READ_TOKEN, Faults, World
from dashlib.demo.faults import KINDS

from .conftest import Client


@pytest.fixture(scope="module")
def jobs(world: World) -> str:
    return f"/projects/{world.projects[0].id}/jobs"


def test_429_as_plain_text(http: Client, faults: Faults, jobs: str) -> None:
    faults.add("retry_later", resource="/projects/:id/jobs", times=1, retry_after=7)
    answer = http.get(jobs)
    assert answer.status_code == 429
    assert answer.headers["Content-Type"] == "text/plain"
    assert answer.text == "Retry later\n"
    assert answer.headers["Retry-After"] == "7"
    assert answer.headers["RateLimit-Remaining"] == "0"
    assert answer.headers["RateLimit-ResetTime"].endswith("GMT")
    assert http.get(jobs).status_code == 200


def test_429_as_json(http: Client, faults: Faults, jobs: str) -> None:
    faults.add("too_many", times=1)
    short = http.get(jobs)
    assert short.status_code == 429
    assert "Retry-After" not in short.headers
    assert "requested too many times" in short.json()["message"]["error"]
    faults.clear()
    faults.add("too_many_long", times=1)
    assert http.get(jobs).headers["Retry-After"] == "600"


@pytest.mark.parametrize(("kind", "status"), [("bad_gateway", 502), ("unavailable", 503)])
def test_a_proxys_html(http: Client, faults: Faults, jobs: str, kind: str, status: int) -> None:
    faults.add(kind, times=1)  # type: ignore[arg-type]
    answer = http.get(jobs)
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "text/html"
    assert answer.text.startswith("<html>")


@pytest.mark.parametrize(
    ("kind", "status"), [("server_error", 500), ("unauthorized", 401), ("forbidden", 403), ("not_found", 404)]
)
def test_plain_refusals(http: Client, faults: Faults, jobs: str, kind: str, status: int) -> None:
    faults.add(kind, times=1)  # type: ignore[arg-type]
    assert http.get(jobs).status_code == status
    assert http.get(jobs).status_code == 200


def test_a_reset_in_the_middle_of_the_body(http: Client, faults: Faults, jobs: str) -> None:
    faults.add("reset", times=1)
    with pytest.raises((requests.exceptions.ChunkedEncodingError, requests.exceptions.ConnectionError), match="reset"):
        http.get(jobs, per_page=100)
    assert http.get(jobs).status_code == 200


def test_a_body_that_is_too_short(http: Client, faults: Faults, jobs: str) -> None:
    faults.add("cut_short", times=1)
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
        http.get(jobs)
    assert http.get(jobs).status_code == 200


@pytest.mark.parametrize("kind", ["slow", "hang"])
def test_a_slow_answer_is_whole_in_the_end(http: Client, faults: Faults, jobs: str, kind: str) -> None:
    good = http.get(jobs).json()
    faults.add(kind, times=1, seconds=0.3)  # type: ignore[arg-type]
    start = time.monotonic()
    assert http.get(jobs).json() == good
    assert time.monotonic() - start > 0.25


def test_a_next_link_to_another_host(http: Client, faults: Faults, jobs: str) -> None:
    faults.add("foreign_link", times=1)
    answer = http.get(jobs)
    assert answer.links["next"]["url"].startswith("http://elsewhere.invalid/api/v4/")
    assert len(answer.json()) == 20


def test_broken_json_with_200(http: Client, faults: Faults, jobs: str) -> None:
    faults.add("broken_json", times=1)
    answer = http.get(jobs)
    assert answer.status_code == 200
    with pytest.raises(requests.exceptions.JSONDecodeError):
        answer.json()


def test_a_project_that_moved(http: Client, faults: Faults, world: World, jobs: str) -> None:
    faults.add("moved", project=world.projects[0].id, times=1)
    answer = http.get(jobs, per_page=1, allow_redirects=False)
    assert answer.status_code == 301
    assert answer.headers["Location"] == f"{http.url}/api/v4/projects/ostrelune%2Flibs%2Ftide-units/jobs?per_page=1"
    assert http.get(answer.headers["Location"]).json() == http.get(jobs, per_page=1).json()


def test_a_project_that_is_gone_in_the_middle_of_a_run(http: Client, faults: Faults, world: World) -> None:
    one, other = world.projects[0].id, world.projects[1].id
    faults.add("not_found", project=world.projects[0].path, after=1)
    answers = [http.get(f"/projects/{one}/jobs").status_code for _ in range(3)]
    assert answers == [200, 404, 404]
    assert http.get(f"/projects/{other}/jobs").status_code == 200


def test_rules_by_path_turn_and_chance(http: Client, faults: Faults, world: World) -> None:
    project = world.projects[0].id
    faults.add("unavailable", path=r"/issues\?", every=3)
    answers = [http.get(f"/projects/{project}/issues", page=1).status_code for _ in range(6)]
    assert answers == [200, 200, 503, 200, 200, 503]
    assert http.get(f"/projects/{project}").status_code == 200
    faults.clear()
    rule = faults.add("server_error", probability=0.5)
    answers = [http.get("/version").status_code for _ in range(40)]
    assert 8 < answers.count(500) < 32
    assert rule.hits == answers.count(500)
    faults.remove(rule)
    assert http.get("/version").status_code == 200


def test_chance_is_the_same_with_the_same_seed() -> None:
    def rolls(seed: int) -> list[bool]:
        faults = Faults(seed)
        faults.add("too_many", probability=0.3)
        return [faults.choose("GET", "/version", "/version", None) is not None for _ in range(50)]

    assert rolls(1) == rolls(1)
    assert rolls(1) != rolls(2)


def test_a_budget_of_calls(http: Client, faults: Faults) -> None:
    faults.rate_limit(3, 1.0)
    answers = [http.get("/version") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert [answer.headers["RateLimit-Remaining"] for answer in answers] == ["2", "1", "0", "0", "0"]
    assert answers[0].headers["RateLimit-Limit"] == "3"
    assert int(answers[0].headers["RateLimit-Reset"]) >= int(time.time())
    assert int(answers[-1].headers["Retry-After"]) == 1
    time.sleep(1.05)
    assert http.get("/version").status_code == 200


def test_python_gitlab_gets_through(url: str, faults: Faults, world: World) -> None:
    faults.add("retry_later", times=1)
    faults.add("bad_gateway", times=1)
    client = gitlab.Gitlab(url, oauth_token=READ_TOKEN, timeout=5, retry_transient_errors=True)
    assert client.projects.get(world.projects[0].id).path == "tide-units"


def test_unknown_faults_and_members_are_refused() -> None:
    with pytest.raises(ValueError, match="no fault"):
        Faults().add("explode")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="often"):
        Faults().add("reset", often=3)
    assert len(KINDS) == len(set(KINDS))
