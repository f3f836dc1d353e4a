"""``.mailmap`` as git itself reads it: ``git check-mailmap`` is asked the same."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashlib.people.mailmap import parsed

NAMES = ["Jane Doe", "jane", "J", "Jörg Müller", "A B C", "O'Neil", ""]
EMAILS = ["jane@example.com", "JANE@Example.com", "j@x.example", "Jörg@x.example", "none", " a@b.example ", ""]
SPACES = st.sampled_from(["", " ", "  ", "\t"])
NAME = st.sampled_from(NAMES)
EMAIL = st.sampled_from(EMAILS)


@st.composite
def line(draw: st.DrawFn) -> str:
    """All four forms, comments, and what goes wrong in files that people write."""
    kind = draw(st.integers(0, 9))
    if kind == 0:
        return draw(
            st.sampled_from(["", "# comment <x@y>", " # no comment <j@x.example>", "no address", "< >", "<", "a >b<"])
        )
    text = f"{draw(SPACES)}{draw(NAME)}{draw(SPACES)}<{draw(EMAIL)}>{draw(SPACES)}"
    if kind > 4:
        text += f"{draw(NAME)}{draw(SPACES)}<{draw(EMAIL)}>{draw(SPACES)}"
    if kind == 9:
        text += draw(st.sampled_from(["# behind", "rubbish", "\r", "<third@x.example>"]))
    return text


def git(folder: Path, *words: str, asked: str = "") -> list[str]:
    made = subprocess.run(["git", *words], cwd=folder, input=asked.encode(), capture_output=True, check=True)
    return made.stdout.decode().split("\n")


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mailmap")
    git(folder, "init", "-q", ".")
    return folder


def as_git_says(name: str, email: str) -> str:
    return f"{name} <{email}>" if name else f"<{email}>"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(line(), max_size=8), st.sampled_from(["\n", "\r\n"]))
def test_every_identity_is_mapped_as_git_maps_it(repository: Path, lines: list[str], end: str) -> None:
    text = end.join(lines)
    (repository / ".mailmap").write_bytes(text.encode())
    asked = [(name.strip(), email.strip()) for name in NAMES for email in EMAILS]
    told = git(repository, "check-mailmap", "--stdin", asked="".join(f"{n} <{e}>\n" for n, e in asked))
    read = parsed(text)
    assert [as_git_says(*read.mapped(*one)) for one in asked] == told[: len(asked)]


def test_a_file_behind_wins_as_in_git(repository: Path) -> None:
    own, behind = (
        "Jane Doe <jane@example.com> <j@x.example>\n",
        "Jane Roe <j@x.example>\n<new@x.example> <jane@example.com>\n",
    )
    (repository / ".mailmap").write_text(own)
    (repository / "behind").write_text(behind)
    asked = [("x", "j@x.example"), ("x", "jane@example.com")]
    told = git(
        repository,
        "-c",
        "mailmap.file=behind",
        "check-mailmap",
        "--stdin",
        asked="".join(f"{n} <{e}>\n" for n, e in asked),
    )
    both = parsed(own) | parsed(behind)
    assert [as_git_says(*both.mapped(*one)) for one in asked] == told[:2] == [
        "Jane Roe <jane@example.com>", "x <new@x.example>",
    ]  # fmt: skip


def test_lines_that_say_nothing_are_told_with_their_numbers() -> None:
    read = parsed("# fine\n\nJane Doe\nJane <>\nJane <j@x.example> rubbish\n<alone@x.example>\nJane <j@x.example>\n")
    assert [(one.line, one.why) for one in read.bad] == [
        (3, "it has no address in <…>"),
        (4, "its first address is empty"),
        (5, "“rubbish” behind the address says nothing"),
        (6, "it gives neither a name nor a second address"),
    ]
    assert [entry.line for entry in read.entries] == [5, 6, 7]


def test_a_byte_order_mark_is_the_first_letter_of_the_first_name() -> None:
    """As git reads it; of a comment it makes a line that says nothing, which is told."""
    read = parsed("\ufeff<j@x.example> <i@x.example>\nJ \ufeff <k@x.example>\n")
    assert [(entry.line, entry.name) for entry in read.entries] == [(1, "\ufeff"), (2, "J \ufeff")]
    assert [one.line for one in parsed("\ufeff# a comment\n").bad] == [1]


def test_a_line_may_be_as_long_as_it_likes() -> None:
    """As in a bare repository, where git has the whole file at once."""
    read = parsed(f"{'X' * 1100} <x@x.example> <q@x.example>\nAda <ada@x.example> <a@x.example> # {'c' * 1100}\n")
    assert [(entry.email, entry.found_email) for entry in read.entries] == [
        ("x@x.example", "q@x.example"),
        ("ada@x.example", "a@x.example"),
    ]
