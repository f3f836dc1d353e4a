"""``doctor``: what is wrong and how to mend it; exit code 1 if anything is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dashlib.commands.doctor_app import Running
from dashlib.commands.doctor_report import finding
from dashlib.commands.doctor_teams import findings
from dashlib.people.refresh import refresh
from dashlib.people.teams_file import Look
from dashlib.settings import Settings
from dashlib.store import open_store
from tests.commands.conftest import ANSWERS, answer
from tests.commands.shell import CANARY, Said, Shell
from tests.people.world import company
from tests.queries.build import Builder
from tests.sync.unit.small_server import Answer, Asked, Respond, Small

Run = Callable[..., Said]


def wrong(out: str) -> list[str]:
    """The lines that tell of something wrong."""
    return [line.removeprefix("WRONG").strip() for line in out.splitlines() if line.startswith("WRONG")]


def with_answer(path: str, instead: Answer) -> Respond:
    return lambda asked: instead if asked.path == path else answer(asked)


def test_all_is_well(connected: Shell) -> None:
    said = connected("doctor")
    assert (said.code, said.err, wrong(said.out)) == (0, "", [])
    for told in ("version 18.5.0-ee, token of ida.lund", "scopes read_api", "projects: 1 at /projects", "can be made"):
        assert told in said.out
    assert not list((connected.folder / "data").glob("*")), "looking makes no database"
    connected("sync")
    again = connected("doctor")
    assert "with 1 projects" in again.out
    assert again.code == 0
    assert connected.files_with(CANARY) == []


SELF = "/api/v4/personal_access_tokens/self"
TROUBLES: dict[str, tuple[Respond, str]] = {
    "bad token": (
        lambda _: Answer({"message": "401 Unauthorized"}, 401),
        "does not accept it (HTTP 401: 401 Unauthorized)",
    ),
    "wrong scope": (
        with_answer(SELF, Answer({"scopes": ["read_user"]})),
        "its scopes are read_user; it needs read_api",
    ),
    "no scope": (with_answer(SELF, Answer({})), "its scopes are none; it needs read_api"),
    "insufficient scope": (
        with_answer("/api/v4/projects", Answer({"error": "insufficient_scope"}, 403)),
        "projects: HTTP 403: insufficient_scope",
    ),
    "expires soon": (
        with_answer(SELF, Answer({"scopes": ["api"], "expires_at": "2020-01-01"})),
        "expires on 2020-01-01",
    ),
    "no projects": (with_answer("/api/v4/projects", Answer([])), "projects: none at /projects"),
    "no GitLab": (lambda _: Answer(b"<html>It works!</html>"), "cannot be reached: the answer is not valid JSON"),
    "not found": (lambda _: Answer(b"<html>404</html>", 404), "answers as a GitLab (HTTP 404); check GITLAB_URL"),
    "in trouble": (lambda _: Answer(b"<html>502</html>", 502), "cannot be reached: HTTP 502"),
}


@pytest.mark.parametrize(("respond", "told"), TROUBLES.values(), ids=TROUBLES)
def test_a_trouble(inside: Run, gitlab: Small, respond: Callable[[Asked], Answer], told: str) -> None:
    gitlab.respond = respond
    said = inside("doctor")
    assert said.code == 1
    (line,) = wrong(said.out)
    assert told in line


def test_an_older_gitlab_that_does_not_tell_scopes(inside: Run, gitlab: Small) -> None:
    gitlab.respond = with_answer(SELF, Answer({"message": "404 Not Found"}, 404))
    said = inside("doctor")
    assert (said.code, wrong(said.out)) == (0, [])


def test_a_project_by_name(connected: Shell) -> None:
    said = connected("doctor", DASH_PROJECTS="fjordlys/beacon")
    assert said.code == 0
    assert "projects: fjordlys/beacon is visible" in said.out


def unknown(asked: Asked) -> Answer:
    """GitLab's answer to groups, projects and persons that are not there, or not for this token."""
    there = asked.path.endswith(("/projects/fjordlys%2Fbeacon", "/users/ida.lund/projects"))
    nowhere = any(part in asked.path for part in ("/groups/", "/projects/", "/users/")) and not there
    if nowhere:
        return Answer({"message": "404 Not Found"}, 404)
    return Answer([{"id": 5}]) if "/users/" in asked.path else answer(asked)


def test_each_entry_that_leads_nowhere_is_named(connected: Shell, gitlab: Small) -> None:
    gitlab.respond = unknown
    said = connected("doctor", DASH_PROJECTS="nope/* fjordlys/beacon fjordlys/never", DASH_GROUPS="no/group")
    assert said.code == 1
    assert "projects: fjordlys/beacon is visible" in said.out
    assert [line.split(",")[0] for line in wrong(said.out)] == [
        f"projects: there is no {name}" for name in ("nope", "fjordlys/never", "no/group")
    ]


def test_a_person_s_own_namespace_is_no_group(connected: Shell, gitlab: Small) -> None:
    gitlab.respond = unknown
    said = connected("doctor", DASH_PROJECTS="ida.lund/*")
    assert (said.code, wrong(said.out)) == (0, [])
    assert "projects: 1 at /users/ida.lund/projects" in said.out


def test_a_misspelt_setting_is_told_by_its_name_only(connected: Shell) -> None:
    (connected.folder / ".env").write_text(f"DASH_HOOK_TOKN={CANARY}\nDASH_COLOUR=red\n")
    (connected.folder / ".streamlit").mkdir()
    (connected.folder / ".streamlit" / "secrets.toml").write_text('[dash]\nDASH_LOGS = "all"\n')
    said = connected("doctor", DASH_TIMEZOEN="Europe/Oslo")
    assert said.code == 1
    assert wrong(said.out) == [
        "settings: DASH_TIMEZOEN in the environment is no setting: did you mean DASH_TIMEZONE?",
        "settings: DASH_HOOK_TOKN in .env is no setting: did you mean DASH_HOOK_TOKEN?",
        "settings: DASH_COLOUR in .env is no setting; the README lists them",
        "settings: DASH_LOGS in .streamlit/secrets.toml below [dash] is not read: settings stand above the first "
        "[table]",
    ]
    assert "token of ida.lund" in said.out, "the rest is looked at all the same"


def test_a_misspelt_setting_is_told_beside_a_wrong_one(connected: Shell) -> None:
    said = connected("doctor", DASH_TIMEZOEN="Europe/Oslo", DASH_LOGS="some")
    assert [line.split()[1] for line in wrong(said.out)] == ["DASH_TIMEZOEN", "must"]


def test_without_a_token(shell: Shell) -> None:
    said = shell("doctor")
    assert said.code == 1
    assert "GITLAB_ACCESS_TOKEN is not set" in wrong(said.out)[0]


def test_nobody_there(shell: Shell) -> None:
    said = shell("doctor", GITLAB_ACCESS_TOKEN=CANARY)
    assert said.code == 1
    assert "http://127.0.0.1:9 cannot be reached: the connection was refused" in wrong(said.out)[0]


def test_bad_settings(shell: Shell) -> None:
    said = shell("doctor", DASH_LOGS="some", DASH_REQUESTS="0")
    assert said.code == 1
    assert [line.split()[0] for line in wrong(said.out)] == ["DASH_LOGS", "DASH_REQUESTS"]


def test_where_the_morning_note_goes() -> None:
    to = ("team@example.com", "Ops <ops@example.com>")
    chat = Settings(report_webhook=f"https://chat.example/services/{CANARY}", timezone="Europe/Oslo")
    both = replace(chat, report_smtp="smtps://mail.example:465", report_mail_to=to)
    by = "by 10:00 (Europe/Oslo) at the latest"
    told = "morning note: to the slack chat at chat.example"
    mailed = "by mail to team@example.com, Ops <ops@example.com> through mail.example"
    assert finding(both) == (True, f"{told}, {mailed}, {by}")
    assert finding(replace(both, report_mail_to=())) == (
        False,
        f"{told}, {by}; not sent by mail: DASH_REPORT_MAIL_TO is not set",
    )
    by_nobody = replace(both, report_smtp="smtp://dash@mail.example")
    assert finding(by_nobody) == (
        None,
        f"{told}, {mailed}, {by}; as nobody, since dash has no DASH_REPORT_SMTP_PASSWORD",
    )
    odd, text = finding(replace(by_nobody, report_smtp_password=f"{CANARY}ä"))
    assert odd is False and "DASH_REPORT_SMTP_PASSWORD may hold ASCII letters only" in text and CANARY not in text


def test_a_morning_note_that_goes_nowhere(shell: Shell) -> None:
    told = (
        "morning note: not sent; DASH_REPORT_WEBHOOK sends it to a chat, DASH_REPORT_SMTP with DASH_REPORT_MAIL_TO by"
    )
    assert f"ok     {told} mail" in shell("doctor").out
    assert "morning note: not sent by mail: DASH_REPORT_SMTP is not set" in wrong(
        shell("doctor", DASH_REPORT_MAIL_TO="team@example.com").out
    )


def test_a_file_of_teams_tells_what_it_comes_to(shell: Shell) -> None:
    named = {"DASH_TEAMS": "teams.csv"}
    assert "teams" not in shell("doctor").out
    [missing] = [line for line in wrong(shell("doctor", **named).out) if line.startswith("teams")]
    assert "teams.csv, of DASH_TEAMS, cannot be read: No such file or directory" in missing
    (shell.folder / "teams.csv").write_text("bob@one.example,Tides\n\nnobody,Tides\nada,Tides,Waves\n")
    file = (shell.folder / "teams.csv").resolve()
    assert f"ok     teams: 2 lines of {file} name a person and a team" in shell("doctor", **named).out
    with open_store(shell.folder / "data" / "dashboard.duckdb") as store:
        built = Builder(store)
        built.project()
        company(built)
        built.write()
        refresh(store)
    said = shell("doctor", **named)
    strange = "not known, or more than one person: nobody"
    assert f"note   teams: 1 of 2 lines of {file} name somebody who is known; {strange}" in said.out
    why = "it has 3 values, and no header says which are the person and the team"
    assert f"teams: {file}:4: {why}" in wrong(said.out)


def test_a_running_dashboard_tells_of_its_file_of_teams(tmp_path: Path) -> None:
    app = Running("http://127.0.0.1:1", "https://gitlab.example", True, frozenset())
    its = Look("/srv/teams.csv", None, 2, ("bob",), ((7, "a quote is opened in it and not closed"),))
    assert list(findings(Settings(), app)) == []
    assert list(findings(Settings(), replace(app, teams=Look.of(its.as_json())))) == [
        (
            None,
            "teams: 1 of 2 lines of /srv/teams.csv name somebody who is known; not known, or more than one person: bob",
        ),
        (False, "teams: /srv/teams.csv:7: a quote is opened in it and not closed"),
    ]
    (tmp_path / "teams.csv").write_text("bob,Tides\n")
    assert [good for good, _ in findings(Settings(teams=tmp_path / "teams.csv"), app)] == [True, None]


def test_a_database_that_cannot_be_used(connected: Shell) -> None:
    (connected.folder / "notes.txt").write_text("not a database\n" * 1000)
    said = connected("doctor", DASH_DATABASE="notes.txt")
    assert said.code == 1
    assert "is no DuckDB database" in wrong(said.out)[0]


@pytest.mark.parametrize(
    "odd", [{"scopes": "api"}, {"scopes": [1]}, {"scopes": ["api"], "expires_at": 5}, {"scopes": None}]
)
def test_an_answer_of_another_shape(inside: Run, gitlab: Small, odd: Any) -> None:
    gitlab.respond = with_answer(SELF, Answer(odd))
    assert inside("doctor").code in (0, 1)
    assert ANSWERS[SELF]["scopes"] == ["read_api"]
