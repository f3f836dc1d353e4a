"""The rules of the house (DESIGN: "The house"), read from the files themselves."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "dashlib"
MODULES = sorted(PACKAGE.rglob("*.py"))
PROGRAM = [ROOT / "app.py", *sorted((ROOT / "pages").rglob("*.py")), *MODULES]
WRITES = re.compile(
    r"\b(insert\s+(or\s+\w+\s+)?into|update\s+\w[\w.]*\s+(\w+\s+)?set|delete\s+from|merge\s+into|truncate\s+table)\b",
    re.IGNORECASE,
)


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def imported(path: Path) -> set[str]:
    """The top-level packages a file imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found


def strings(path: Path) -> Iterator[str]:
    """Every string of a file but its docstrings."""
    tree = ast.parse(path.read_text("utf-8"))
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value


def test_streamlit_is_imported_where_pages_are_made_only() -> None:
    guilty = [name(path) for path in PROGRAM if "streamlit" in imported(path)]
    assert [path for path in guilty if not path.startswith(("app.py", "pages/", "dashlib/widgets/"))] == []


def test_what_is_chosen_is_kept_in_the_address_in_one_way() -> None:
    """By ``dashlib.widgets`` alone: Streamlit's own binding breaks Back, and both at once raise."""
    bound = [
        f"{name(path)}:{node.value.lineno}"
        for path in PROGRAM
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.keyword) and node.arg == "bind"
    ]
    assert bound == []


@pytest.mark.parametrize("folder", ["store", "sources", "sync", "failures", "queries", "charts", "commands"])
def test_no_folder_knows_the_pages(folder: str) -> None:
    assert [name(path) for path in (PACKAGE / folder).rglob("*.py") if imported(path) & {"pages", "app"}] == []


def test_row_functions_know_neither_clock_nor_network_nor_database() -> None:
    outside = {"duckdb", "requests", "gitlab", "time", "socket", "urllib3", "random", "os", "threading"}
    sources = [path for path in MODULES if (PACKAGE / "sources") in path.parents]
    assert len(sources) > 5
    assert {name(path): imported(path) & outside for path in sources if imported(path) & outside} == {}


def test_every_name_says_what_is_in_it() -> None:
    assert [
        name(path) for path in PROGRAM if path.stem in {"utils", "util", "helpers", "helper", "common", "core", "misc"}
    ] == []
    assert [
        name(path)
        for path in PACKAGE.rglob("*")
        if path.is_dir() and path.name in {"utils", "helpers", "common", "core"}
    ] == []


@pytest.mark.parametrize("path", PROGRAM, ids=name)
def test_a_file_is_readable_in_one_sitting(path: Path) -> None:
    """About 300 lines is the aim; 450 is where a file holds two things."""
    assert len(path.read_text("utf-8").splitlines()) <= 450


def test_only_the_store_writes() -> None:
    guilty = [
        (name(path), text[:60])
        for path in PROGRAM
        if (PACKAGE / "store") not in path.parents
        for text in strings(path)
        if WRITES.search(text)
    ]
    assert guilty == []
    assert any(WRITES.search(text) for path in (PACKAGE / "store").rglob("*.py") for text in strings(path))


def test_views_only_read() -> None:
    found = {
        path.name: WRITES.findall(re.sub(r"--.*", "", path.read_text("utf-8")))
        for path in (PACKAGE / "sql").glob("*.sql")
    }
    assert {view: words for view, words in found.items() if words} == {}


@pytest.mark.parametrize("path", [path for path in PROGRAM if path.stat().st_size], ids=name)
def test_a_module_says_what_it_is_for(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text("utf-8")))


def test_nothing_is_printed_by_the_way() -> None:
    """Commands speak through ``say`` (and rich tables), nothing else speaks."""
    calls = [
        f"{name(path)}:{node.lineno}"
        for path in PROGRAM
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert calls == []


def test_no_exception_is_swallowed_whole() -> None:
    """Neither a bare ``except`` nor ``except Exception: pass``."""
    guilty = [
        f"{name(path)}:{node.lineno}"
        for path in PROGRAM
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or (isinstance(node.type, ast.Name) and node.type.id in ("Exception", "BaseException")))
        and all(isinstance(part, ast.Pass) for part in node.body)
    ]
    assert guilty == []


PINNED = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[a-z,]+\])?==([0-9][0-9A-Za-z.]*)")


def pins(file: Path) -> dict[str, str]:
    lines = [line.partition("#")[0].strip() for line in file.read_text("utf-8").splitlines()]
    return {line: (match[1] + "==" + match[2] if (match := PINNED.fullmatch(line)) else "") for line in lines if line}


@pytest.mark.parametrize("file", sorted(ROOT.glob("requirements*.txt")), ids=name)
def test_requirements_are_exact_and_are_what_is_tested(file: Path) -> None:
    found = pins(file)
    assert found
    assert [line for line, pin in found.items() if not pin] == []
    assert {pin for pin in found.values() if version(pin.partition("==")[0]) != pin.partition("==")[2]} == set()


def test_what_is_imported_is_required() -> None:
    """Third-party packages by the names they are imported under."""
    names = {"gitlab": "python-gitlab", "dotenv": "python-dotenv", "re2": "google-re2"}
    names |= {"ahocorasick_rs": "ahocorasick-rs", "yaml": "PyYAML"}
    required = {pin.partition("==")[0].lower() for pin in pins(ROOT / "requirements.txt").values()}
    third_party = {package for path in PROGRAM for package in imported(path)}
    outside = third_party - set(sys.stdlib_module_names) - {"dashlib", "pages", "app"}
    assert {names.get(package, package).lower() for package in outside} - required == set()
