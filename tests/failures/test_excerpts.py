"""Every tool's own words: the line that is quoted first, the category; and the same in any framing."""

from __future__ import annotations

import functools
import random
import re

import pytest

from dashlib.failures.explain import explain, explain_text
from dashlib.failures.reason import CATEGORIES, Reason
from dashlib.failures.signature import like_pattern
from tests.failures.excerpts import Excerpt, excerpts
from tests.failures.reframe import coloured, elsewhere, github, gitlab, stamped

ALL = excerpts()
# What ends a job from outside stands in the runner's own words: another framing around it would be another log.
WITHIN = [excerpt for excerpt in ALL if "Job failed" not in excerpt.log and "##[" not in excerpt.log]
TOOLS = [
    "pytest", "unittest", "tox", "pip", "ruff", "mypy", "maven", "surefire", "gradle", "javac", "kotlinc",
    "checkstyle", "npm", "yarn", "pnpm", "tsc", "eslint", "jest", "mocha", "vitest", "go", "golangci", "gcc", "clang",
    "ld", "make", "cmake", "ctest", "gtest", "cargo", "rspec", "bundler", "phpunit", "composer", "dotnet", "nuget",
    "julia", "R", "docker", "terraform", "helm", "git", "apt", "dnf", "apk", "dns", "tls", "http", "disk", "memory",
    "signal", "time", "system", "shell",
]  # fmt: skip


@pytest.mark.parametrize("excerpt", ALL, ids=str)
def test_the_line_a_person_would_quote(excerpt: Excerpt) -> None:
    reason = explain_text(excerpt.log)
    assert reason.category == excerpt.category
    assert excerpt.first in reason.lines[0].text
    for said in excerpt.among:
        assert any(said in line.text for line in reason.lines), said
    assert len(reason.lines) <= 5


@pytest.mark.parametrize("excerpt", ALL, ids=str)
def test_lines_are_verbatim_and_numbered(excerpt: Excerpt) -> None:
    physical = re.split(r"\r\n|\n|\r", excerpt.log)
    for line in explain_text(excerpt.log).lines:
        assert line.text in physical[line.number - 1]
        assert line.text


@pytest.mark.parametrize("tool", TOOLS)
def test_every_tool_has_its_words(tool: str) -> None:
    assert any(re.search(rf"(?<!\w){re.escape(tool)}", excerpt.tool) for excerpt in ALL)


def test_every_category_has_its_words() -> None:
    assert {excerpt.category for excerpt in ALL} == {*CATEGORIES, "unknown"}


def told(reason: Reason) -> tuple[str, str | None]:
    return reason.category, reason.signature


@pytest.mark.parametrize("excerpt", WITHIN, ids=str)
def test_the_framing_changes_neither_category_nor_signature(excerpt: Excerpt) -> None:
    lines = excerpt.log.splitlines()
    plain = explain_text("\n".join(gitlab(lines, random.Random(0))))
    assert plain.category == excerpt.category
    for seed in range(2):
        chance = random.Random(f"{seed} {excerpt.first}")
        moved = elsewhere(excerpt.log, chance).splitlines()
        framed = {
            "as it is": lines,
            "elsewhere": gitlab(moved, chance),
            "coloured": gitlab(coloured(moved, chance), chance),
            "stamped": [*stamped(gitlab(moved, chance), chance)],
            "a GitHub step": github(moved, chance),
        }
        for name, log in framed.items():
            assert told(explain_text("\n".join(log))) == told(plain), name
            assert told(explain_text("\r\n".join(log))) == told(plain), f"{name}, in Windows' line ends"


@pytest.mark.parametrize("excerpt", ALL, ids=str)
@pytest.mark.parametrize("size", [1, 7, 4096])
def test_the_pieces_a_log_comes_in_do_not_matter(excerpt: Excerpt, size: int) -> None:
    log = excerpt.log.encode()
    assert explain(log[at : at + size] for at in range(0, len(log), size)) == explain([log])


@functools.cache
def signatures() -> dict[str | None, list[str]]:
    """The excerpts that have one signature."""
    found: dict[str | None, list[str]] = {}
    for excerpt in ALL:
        found.setdefault(explain_text(excerpt.log).signature, []).append(str(excerpt))
    return found


@pytest.mark.parametrize("excerpt", WITHIN, ids=str)
def test_different_failures_have_different_signatures(excerpt: Excerpt) -> None:
    ours = explain_text(excerpt.log).signature
    assert ours
    assert signatures()[ours] == [str(excerpt)]


@pytest.mark.parametrize("excerpt", ALL, ids=str)
def test_a_signature_reads_as_a_pattern(excerpt: Excerpt) -> None:
    signature = explain_text(excerpt.log).signature or ""
    assert signature.startswith(f"{excerpt.category}: ")
    assert "\n" not in signature
    assert not re.search(r"<(?:n|t|path|host|hex|time|uuid|ip|tmp)>|…", like_pattern(signature))
