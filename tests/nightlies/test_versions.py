"""Versions as tools print them, and what differs between two logs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashlib.nightlies.versions import Change, changed, versions

DIGEST = "sha256:" + "7e" * 32
KINDS = st.sampled_from(["pip", "npm", "image"])
FOUND = st.dictionaries(st.tuples(KINDS, st.text("ab", min_size=1, max_size=2)), st.text("12.", min_size=1), max_size=6)


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (
            "Successfully installed numpy-2.3.4 estuary_worker_3-1.21.0",
            {("pip", "numpy"): "2.3.4", ("pip", "estuary-worker-3"): "1.21.0"},
        ),
        (
            "Requirement already satisfied: attrs>=22 in /usr/lib (from -r x.txt (line 1)) (25.1.0)",
            {("pip", "attrs"): "25.1.0"},
        ),
        (" + ruff==0.14.1", {("pip", "ruff"): "0.14.1"}),
        ("├── @scope/tool@1.2.3", {("npm", "@scope/tool"): "1.2.3"}),
        (
            "Downloaded from central: https://repo.example/m2/org/slf4j/slf4j-api/2.0.17/slf4j-api-2.0.17.pom (2.8 kB)",
            {("maven", "slf4j:slf4j-api"): "2.0.17"},
        ),
        ("go: downloading example.org/wire-format v1.36.10", {("go", "example.org/wire-format"): "v1.36.10"}),
        ("   Compiling serde v1.0.219", {("cargo", "serde"): "v1.0.219"}),
        ("  [8f2a1c3e] + TideGrids v0.4.1", {("julia", "TideGrids"): "v0.4.1"}),
        (
            f"Using docker image sha256:34 for python:3.12 with digest python:3.12@{DIGEST} ...",
            {("image", "python:3.12"): DIGEST},
        ),
        ("Running with gitlab-runner 18.4.0 (139a0ac0)", {("runner", "gitlab-runner"): "18.4.0"}),
        ("go version go1.25.3 linux/amd64", {("tool", "go"): "1.25.3"}),
        ("platform linux -- Python 3.12.12, pytest-8.4.2", {("tool", "Python"): "3.12.12"}),
        ("npm warn deprecated inflight@1.0.6: This module is not supported", {}),
        ("mail me@2.example or not", {}),
        ("ERROR: Job failed: exit code 1", {}),
    ],
)
def test_a_line(line: str, found: dict[tuple[str, str], str]) -> None:
    assert versions(line) == found
    stamped = f"2026-04-26T02:18:36.000000Z 01O \x1b[32m{line}\x1b[0m\r"
    assert versions(stamped) == found


def test_what_differs() -> None:
    before = versions("Running with gitlab-runner 18.4.0 (a)\nSuccessfully installed numpy-2.3.4 attrs-25.1.0")
    after = versions(
        "Running with gitlab-runner 18.5.0 (b)\nSuccessfully installed numpy-2.4.0 attrs-25.1.0 ruff-0.14.1"
    )
    assert changed(before, after) == [
        Change("runner", "gitlab-runner", "18.4.0", "18.5.0"),
        Change("pip", "numpy", "2.3.4", "2.4.0"),
        Change("pip", "ruff", None, "0.14.1"),
    ]


def test_a_step_that_never_installed_says_nothing() -> None:
    assert changed(versions("Successfully installed numpy-2.3.4"), versions("ERROR: Job failed")) == []


@given(FOUND, FOUND)
def test_laws(before: dict[tuple[str, str], str], after: dict[tuple[str, str], str]) -> None:
    """Nothing differs from itself, and the other way round is the same with the sides changed."""
    assert changed(before, before) == []
    turned = [Change(one.kind, one.name, one.after, one.before) for one in changed(after, before)]
    assert changed(before, after) == turned


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    assert isinstance(versions(text), dict)
