"""The README tells the truth: its commands, settings, tables, views, make targets, links and pictures are there."""

from __future__ import annotations

import argparse
import re
from dataclasses import fields
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from dashlib import settings
from dashlib.__main__ import parser
from dashlib.store import open_store
from tests.browser.screenshots import LARGEST, PICTURES

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")


def section(title: str) -> str:
    found = re.search(rf"^## {re.escape(title)}[^\n]*\n(.*?)(?=^## |\Z)", README, re.MULTILINE | re.DOTALL)
    assert found, f"the README has no section {title!r}"
    return found.group(1)


def rows(text: str, header: str) -> list[list[str]]:
    """The cells of the table whose first column is called ``header``."""
    lines = iter(text.splitlines())
    for line in lines:
        if line.startswith(f"| {header} |"):
            break
    else:
        pytest.fail(f"the README has no table that begins with {header!r}")
    next(lines)
    found = []
    for line in lines:
        if not line.startswith("|"):
            break
        found.append([cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]])
    return found


def code(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def commands() -> dict[str, argparse.ArgumentParser]:
    [action] = [action for action in parser()._actions if isinstance(action, argparse._SubParsersAction)]
    return dict(action.choices)


def test_every_command_and_its_flags() -> None:
    told = {}
    for [cell, *_] in rows(section("Commands"), "command"):
        words = code(cell)[0].split()
        told[words[0]] = {word.strip("[]") for word in words if word.startswith("[--")}
    real = {
        name: {
            option
            for action in parser._actions
            if action.help != argparse.SUPPRESS
            for option in action.option_strings
            if option.startswith("--") and option != "--help"
        }
        for name, parser in commands().items()
    }
    assert told == real


def test_commands_in_the_text_exist() -> None:
    named = re.findall(r"python -m dashlib ([a-z]+)", README)
    assert named and set(named) <= set(commands())


def test_every_setting_and_no_other() -> None:
    told = [name for [cell, *_] in rows(section("Settings"), "setting") for name in code(cell)]
    source = Path(settings.__file__).read_text("utf-8")
    assert len(told) == len(set(told))
    assert set(told) == set(re.findall(r"\b(?:GITLAB|DASH)_[A-Z_]*[A-Z]\b", source))
    assert set(re.findall(r"\b(?:GITLAB|DASH)_[A-Z_]*[A-Z]\b", README)) == set(told)


def test_the_defaults_are_those_of_an_empty_environment(tmp_path: Path) -> None:
    told = {name: code(default) for [cell, default, *_] in rows(section("Settings"), "setting") for name in code(cell)}
    real = settings.load({}, tmp_path)
    names = {"gitlab_url": "GITLAB_URL", "gitlab_token": "GITLAB_ACCESS_TOKEN"}
    for field in fields(real):
        value = getattr(real, field.name)
        if field.name == "events":
            value = " ".join(query.variant for query in value)
        shown = f"{value:g}" if isinstance(value, float) else str(value)
        name = names.get(field.name, f"DASH_{field.name.upper()}")
        assert told[name] == ([] if value in (None, (), "") else [shown])


def grain(comment: str) -> str:
    """What a comment says a row is: its words up to the first stop."""
    return re.split(r"[.:;,(]", comment.removeprefix("One row per "))[0]


def test_every_table_and_view_with_its_grain_and_columns(tmp_path: Path) -> None:
    with open_store(tmp_path / "empty.duckdb") as store:
        reader = store.reader()
        held = reader.execute(
            "select schema_name, table_name, comment from duckdb_tables() where not internal"
            " union all select schema_name, view_name, comment from duckdb_views() where not internal"
        ).fetchall()
        columns: dict[str, set[str]] = {}
        for schema, name, column in reader.execute(
            "select schema_name, table_name, column_name from duckdb_columns() where not internal"
        ).fetchall():
            columns.setdefault(_named(schema, name), set()).add(column)
    text = section("Tables and views")
    told = {code(row[0])[0]: row for kind in ("table", "view", "bookkeeping table") for row in rows(text, kind)}
    assert set(told) == {_named(schema, name) for schema, name, _ in held}
    for schema, name, comment in held:
        shown = told[_named(schema, name)]
        words = set(re.findall(r"\w+", shown[1].lower().replace("`", "")))
        assert not comment or words & set(re.findall(r"\w+", grain(comment).lower())), (
            f"{name} is one row per {comment}"
        )
        assert {word for cell in shown[2:] for word in code(cell)} <= columns[_named(schema, name)], name


def _named(schema: str, name: str) -> str:
    return name if schema == "main" else f"{schema}.{name}"


def test_every_make_target_named_exists() -> None:
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert phony
    named = re.findall(r"`make ([a-z]+)", README) + re.findall(r"^ *make ([a-z]+)", README, re.MULTILINE)
    assert named and set(named) <= set(phony.group(1).split())


def links() -> list[str]:
    markdown = re.findall(r"\]\(([^)\s]+)\)", README)
    html = re.findall(r"(?:src|srcset|href)=\"([^\"]+)\"", README)
    return [link for link in markdown + html if not urlsplit(link).scheme]


def test_relative_links_lead_somewhere() -> None:
    assert [link for link in links() if not (ROOT / link.partition("#")[0]).exists()] == []


def test_every_picture_is_shown_and_made_by_the_script() -> None:
    made = {f"docs/screenshots/{picture.name}.png" for picture in PICTURES}
    assert {link for link in links() if link.endswith(".png")} == made
    kept = list((ROOT / "docs" / "screenshots").iterdir())
    assert {str(file.relative_to(ROOT)) for file in kept} == made
    assert [file.name for file in kept if file.stat().st_size >= LARGEST] == []


def test_the_changelog_knows_this_version() -> None:
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    version = re.search(r'^version = "(.+)"$', project, re.MULTILINE)
    assert version
    assert f"## [{version.group(1)}] - " in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_the_sql_of_the_readme_runs(tmp_path: Path) -> None:
    """Every statement that the README hands out, on an empty database."""
    statements = re.findall(r'dashlib sql "([^"]+)"', README)
    statements += re.findall(r'\.sql\("([^"]+)"\)', README) + re.findall(r'snapshot\.duckdb "([^"]+)"', README)
    statements += re.findall(r"`(select [^`]+)`", README)
    assert len(statements) >= 5
    with open_store(tmp_path / "empty.duckdb") as store:
        for statement in statements:
            store.reader().execute(statement).fetchall()
