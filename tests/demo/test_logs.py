"""Logs look like the runner's, tell their cause, and are odd where they were meant to be."""

from __future__ import annotations

import re

import pytest

from dashlib.demo import World, story
from dashlib.demo.logs import FAILED, PASSED, render_log
from dashlib.demo.logs.trouble import EARLY
from dashlib.demo.model import Job
from dashlib.demo.oddities import TRACES
from dashlib.demo.toolchains import CAUSES, CHILD, NIGHT, PUSH
from dashlib.nightlies.versions import changed, versions

from .conftest import Client

_PREFIX = re.compile(rb"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z [0-9a-f]{2}[OE][+ ]")

# what a reader of the log has to find for each cause
_TELLING = {
    "pytest_assert": "AssertionError",
    "rounding_regression": "tide_units.rounding",
    "pip_conflict": "ResolutionImpossible",
    "null_pointer": "NullPointerException",
    "maven_compile": "COMPILATION ERROR",
    "npm_eresolve": "ERESOLVE",
    "go_test": "--- FAIL: Test",
    "julia_test": "Test Failed",
    "docker_step": "did not complete successfully",
    "dns": "Could not resolve host",
    "out_of_memory": "Killed",
    "disk_full": "No space left on device",
    "job_timeout": "execution took longer than 1h0m0s seconds",
    "runner_gone": "ERROR: Job failed (system failure)",
    "git_fetch": "fatal:",
    "command_missing": "command not found",
}


def _trace(http: Client, job: Job) -> bytes:
    answer = http.get(f"/projects/{job.project.id}/jobs/{job.id}/trace")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain")
    return answer.content


def _kind(world: World, kind: str) -> Job:
    return next(job for job in world.jobs() if job.trace == kind)


def test_every_cause_and_every_tool_has_a_log() -> None:
    assert set(FAILED) | set(EARLY) == set(CAUSES)
    tools = {spec.tool for table in (PUSH, NIGHT) for specs in table.values() for spec in (*specs, *CHILD)}
    assert tools <= set(PASSED)
    causes = {cause for table in (PUSH, NIGHT) for specs in table.values() for spec in specs for cause in spec.causes}
    assert causes <= set(CAUSES)


def test_failed_logs_tell_their_cause() -> None:
    from .conftest import END

    world, seen = World(1, END), set()
    for job in world.jobs():
        if job.cause in _TELLING and job.trace == "normal" and job.cause not in seen:
            seen.add(job.cause)
            assert _TELLING[job.cause] in render_log(job).decode("utf-8", "replace"), job.cause
    assert seen == set(_TELLING)


def test_logs_end_as_the_runner_ends_them(http: Client, world: World) -> None:
    good = next(job for job in world.jobs() if job.status == "success" and job.trace == "normal")
    bad = next(job for job in world.jobs() if job.cause == "pytest_assert" and job.trace == "normal")
    assert b"Job succeeded" in _trace(http, good)[-120:]
    assert b"ERROR: Job failed: exit code 1" in _trace(http, bad)[-120:]
    for text in (_trace(http, good), _trace(http, bad)):
        assert text.split(b"\n")[0].find(b"Running with gitlab-runner 18.") > 0
        assert b"section_start:" in text
        assert b"section_end:" in text


def test_most_logs_have_time_stamps_some_have_none(world: World) -> None:
    stamped = plain = 0
    for job in world.projects[1].jobs:
        if job.started_at and job.finished_at and job.trace == "normal":
            lines = render_log(job).split(b"\n")
            matches = [bool(_PREFIX.match(line)) for line in lines if line]
            assert all(matches) or not any(matches)
            stamped += all(matches)
            plain += not any(matches)
    assert stamped > 2 * plain > 0


def test_a_progress_bar_is_continued_with_a_plus(world: World) -> None:
    job = next(job for job in world.jobs() if job.name == "build:wheel" and job.runner == 1 and job.trace == "normal")
    text = render_log(job)
    assert any(line[31:32] == b"+" and b"\r" in line for line in text.split(b"\n"))


def test_the_same_failure_has_the_same_words_on_two_nights(world: World) -> None:
    jobs = [job for job in world.jobs() if job.cause == "null_pointer"]
    assert len(jobs) == 6
    line = re.compile(rb"java\.lang\.NullPointerException: [^\n]*")
    assert len({line.findall(render_log(job))[0] for job in jobs}) == 1


@pytest.mark.parametrize("kind", TRACES)
def test_every_oddity_is_there(world: World, kind: str) -> None:
    assert _kind(world, kind).status in {"failed", "success"}


def test_odd_logs(http: Client, world: World) -> None:
    assert _trace(http, _kind(world, "empty")) == b""
    assert len(_trace(http, _kind(world, "huge"))) > 4 * 1024 * 1024
    for kind in ("bad_utf8", "cut_utf8"):
        with pytest.raises(UnicodeDecodeError):
            _trace(http, _kind(world, kind)).decode()
    plain = _trace(http, _kind(world, "plain"))
    assert b"\nsection_start:1760000000:report[collapsed=true]\r" in plain


def test_an_erased_log_is_404_and_a_moved_one_redirects(http: Client, world: World) -> None:
    missing, moved = _kind(world, "missing"), _kind(world, "redirect")
    assert http.get(f"/projects/{missing.project.id}/jobs/{missing.id}/trace").status_code == 404
    path = f"/projects/{moved.project.id}/jobs/{moved.id}/trace"
    assert http.get(path, allow_redirects=False).status_code == 302
    assert http.get(path).content == render_log(moved)


def test_a_job_that_never_ran_has_no_log(http: Client, world: World) -> None:
    job = next(job for job in world.jobs() if job.status == "skipped")
    assert _trace(http, job) == b""


def test_the_bump_of_a_story_is_what_its_logs_say_changed_since_it_passed(world: World) -> None:
    for path, _ in story("regression_spreads").nights_by_project:
        jobs = [
            job
            for job in world.project_by_path[path].jobs
            if job.name == "test:unit" and job.pipeline.schedule and job.trace == "normal" and not job.retried
        ]
        first = next(job for job in jobs if job.cause == "rounding_regression")
        before = [job for job in jobs if job.status == "success" and job.created_at < first.created_at][-1]
        found = changed(*(versions(render_log(job).decode()) for job in (before, first)))
        pip = [(one.name, one.before, one.after) for one in found if one.kind == "pip"]
        assert pip == ([("tide-units", "4.2.1", "4.3.0")] if path != "ostrelune/libs/tide-units" else []), path
