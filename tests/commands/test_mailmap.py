"""``python -m dashlib mailmap FILE``, without an app and beside one."""

from __future__ import annotations

import os
from pathlib import Path

from dashlib.people import decisions
from dashlib.store import open_store
from tests.commands.shell import Shell
from tests.people.world import company
from tests.queries.build import Builder

TEXT = "Ada King <ada.lovelace@one.example> <ada.lovelace@two.example>\n"


def test_it_joins_and_says_whom(shell: Shell) -> None:
    with open_store(shell.folder / "data" / "dashboard.duckdb") as store:
        built = Builder(store)
        built.project()
        company(built)
    (shell.folder / "team.mailmap").write_text(TEXT + "Ada King\n")
    said = shell("mailmap", "team.mailmap")
    assert said.code == 1
    assert said.out.splitlines() == [
        "1 line read; 7 persons before, 6 now: 2 joined, 0 parted",
        "  Ada King ← Ada Lovelace (ada.lovelace@one.example), Ada Lovelace (ada.lovelace@two.example)",
    ]
    assert said.err.splitlines() == ["team.mailmap:2: it has no address in <…>"]
    (shell.folder / "team.mailmap").write_text(TEXT)
    said = shell("mailmap", "team.mailmap")
    assert (said.code, said.out) == (0, "1 line read; nobody was joined or parted: 6 persons as before\n")


def test_a_file_that_loses_lines_parts_and_says_whom(shell: Shell) -> None:
    with open_store(shell.folder / "data" / "dashboard.duckdb") as store:
        built = Builder(store)
        built.project()
        company(built)
    file = shell.folder / "team.mailmap"
    file.write_text(TEXT)
    shell("mailmap", "team.mailmap")
    file.write_text("Bob <bob@one.example> <bobby@elsewhere.example>\n")
    apart = "  Ada King → Ada Lovelace (ada.lovelace@one.example), Ada Lovelace (ada.lovelace@two.example)"
    said = shell("mailmap", "team.mailmap")
    assert said.out.splitlines() == [
        "1 line read; 6 persons before, 6 now: 2 joined, 1 parted",
        "  Bob (bob@one.example) ← Bob (bob@one.example), Bob (bobby@elsewhere.example)",
        apart,
    ]
    file.write_text("")
    said = shell("mailmap", "team.mailmap")
    assert (said.code, said.out.splitlines()[0]) == (0, "0 lines read; 6 persons before, 7 now: 0 joined, 1 parted")


def test_a_line_that_a_decision_goes_before_is_told_with_who_decided(shell: Shell) -> None:
    one, two = (f"ada.lovelace@{name}.example" for name in ("one", "two"))
    with open_store(shell.folder / "data" / "dashboard.duckdb") as store:
        built = Builder(store)
        built.project()
        company(built)
        built.write()
        decisions.reject(store, "Kim", one, two)
    (shell.folder / "team.mailmap").write_text(TEXT)
    said = shell("mailmap", "team.mailmap")
    assert (
        said.code == 0 and said.out.splitlines()[0] == "1 line read; nobody was joined or parted: 7 persons as before"
    )
    assert said.out.splitlines()[1] == "1 line is not followed: what is decided on the page people goes before"
    decided = f"Kim said that Ada Lovelace ({one}) and Ada Lovelace ({two}) are two persons, "
    assert said.out.splitlines()[2].startswith(f"  line 1 says that {two} is {one}: {decided}")


def test_a_file_that_is_not_there_is_one_line(shell: Shell) -> None:
    said = shell("mailmap", "nowhere")
    assert said.code == 2 and said.err.count("\n") == 1 and "nowhere cannot be read: No such file" in said.err
    assert not Path(shell.folder / "data").exists()


def test_a_pipe_is_refused_since_it_could_never_be_taken_back(shell: Shell) -> None:
    os.mkfifo(shell.folder / "pipe")
    for name in ("pipe", "/dev/null", "."):
        said = shell("mailmap", name)
        assert said.code == 2
        assert f"{name} is no regular file" in said.error() and "save it as a file" in said.error()
    assert not Path(shell.folder / "data").exists()
