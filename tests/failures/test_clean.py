"""A job log line by line: without the runner's prefixes, sections and colours, with line numbers that can be quoted."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashlib.failures.clean import LogLine, lines, plain

ROOT = Path(__file__).resolve().parents[2]
AT = "2024-05-14T11:19:20.000000Z"
START, END = "section_start:1715685560:", "section_end:1715685569:"


def texts(log: str) -> list[str]:
    return [line.text for line in lines(log)]


def test_prefix_and_continuation() -> None:
    log = f"{AT} 00O Hey\n{AT} 00O+ there!\n{AT} 01E \x1b[31moh no\x1b[0;m\nno prefix\n2024-05-14T11:19:20Z 00O almost"
    assert list(lines(log)) == [
        LogLine(1, "Hey", None, AT, False),
        LogLine(2, " there!", None, AT, True),
        LogLine(3, "oh no", None, AT, False),
        LogLine(4, "no prefix", None, None, False),
        LogLine(5, "2024-05-14T11:19:20Z 00O almost", None, None, False),
    ]


@pytest.mark.parametrize("escape", ["\x1b[0K", ""], ids=["with ESC[0K", "without"])
@pytest.mark.parametrize("prefix", ["", f"{AT} 00O "], ids=["bare", "with prefix"])
@pytest.mark.parametrize("option", ["", "[collapsed=true]", "[collapsed=true,hide_duration=true]"])
def test_sections(escape: str, prefix: str, option: str) -> None:
    log = "\n".join(
        prefix + line
        for line in (
            f"{escape}{START}step_script{option}\r{escape}Executing the script",
            "$ make",
            f"{escape}{START}inner.1-a\r{escape}",
            "deep",
            f"{escape}{END}inner.1-a\r{escape}{escape}{END}step_script\r{escape}after",
        )
    )
    found = list(lines(log))
    assert [line.text for line in found] == ["Executing the script", "$ make", "", "deep", "after"]
    assert [line.section for line in found] == ["step_script", "step_script", "inner.1-a", "inner.1-a", None]


def test_several_markers_in_one_line() -> None:
    """How a runner really writes the change from one section to the next."""
    log = (
        f"\x1b[0K{START}a\r\x1b[0KFirst\nx\n"
        f"\x1b[0K{END}a\r\x1b[0K\x1b[0K{START}b\r\x1b[0K\x1b[36;1mSecond\x1b[0;m\x1b[0;m\ny"
    )
    assert [(line.section, line.text) for line in lines(log)] == [
        ("a", "First"),
        ("a", "x"),
        ("b", "Second"),
        ("b", "y"),
    ]


def test_ends_without_starts_and_starts_without_ends() -> None:
    log = f"{END}never\rx\n{START}outer\r\n{START}inner\r\n{END}outer\r\nlast\n{START}open\r"
    assert [line.section for line in lines(log)] == [None, "outer", "inner", None, None, "open"]


@pytest.mark.parametrize(
    ("raw", "read"),
    [
        ("10%\r55%\r100%", "100%"),
        ("100%\r", "100%"),
        ("windows\r\r", "windows"),
        ("\r", ""),
        ("\x1b[32;1mgreen\x1b[0;m plain \x1b[1Kx\x1b[?25h", "green plain x"),
        ("\x1b(Bshift\x1b=", "shift"),
        ("a section_startled: b", "a section_startled: b"),
        ("section_start:not-a-time:x", "section_start:not-a-time:x"),
        ("50%\r\x1b[0Kdone", "done"),
        ("tab\tstays \u2028 here", "tab\tstays \u2028 here"),
    ],
)
def test_plain(raw: str, read: str) -> None:
    assert plain(raw) == read


def test_numbers_are_those_of_the_text() -> None:
    assert [line.number for line in lines("a\n\nb\n", first_number=41)] == [41, 42, 43, 44]
    assert [line.number for line in lines("")] == [1]


def test_bytes_that_were_no_text() -> None:
    assert texts(b"caf\xc3\xa9 \xff\xfe\n\xe2\x82".decode("utf-8", "replace")) == ["café \ufffd\ufffd", "\ufffd"]


NOISE = st.sampled_from(
    ["\x1b[0K", "\x1b[31m", START + "a\r", END + "a\r", "\r", "\n", f"{AT} 00O ", f"{AT} 00E+", "word", " ", "[", ":"]
)


@settings(derandomize=True)
@given(st.lists(NOISE | st.text(max_size=5), max_size=40).map("".join))
def test_any_log(log: str) -> None:
    found = list(lines(log))
    assert [line.number for line in found] == list(range(1, log.count("\n") + 2))
    for line, raw in zip(found, log.split("\n"), strict=True):
        assert "\r" not in line.text
        assert len(line.text) <= len(raw)


@settings(derandomize=True)
@given(
    st.lists(st.text(st.characters(exclude_characters="\x1b\r\n"), max_size=30).filter(lambda t: "section_" not in t))
)
def test_a_log_without_noise_is_itself(texts_said: list[str]) -> None:
    log = "\n".join(texts_said)
    assert texts(log) == log.split("\n")
    prefixed = "\n".join(f"{AT} 00O {text}" for text in log.split("\n"))
    assert texts(prefixed) == log.split("\n")


@pytest.mark.parametrize(
    "hostile",
    [
        "'section_start:1:a[' * 100_000",
        "'\\n'.join(f'section_start:1:a{n}' for n in range(100_000)) + '\\n' + 'section_end:1:b\\n' * 100_000",
        "'\\x1b[' * 500_000",
        "'\\x1b[' + '0;' * 500_000",
        "'section_start:' + '1' * 1_000_000",
        "'\\r' * 1_000_000 + 'x'",
        "'section_end:1:a' * 100_000",
    ],
    ids=["open brackets", "open sections", "escapes", "long escape", "long time", "returns", "ends"],
)
def test_a_hostile_log_costs_no_more_than_its_length(hostile: str) -> None:
    """A job prints what it likes. Read once, each takes a second; part by part with each other, minutes."""
    code = f"from dashlib.failures.clean import lines; print(sum(1 for _ in lines({hostile})))"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=60, stdout=subprocess.DEVNULL)
