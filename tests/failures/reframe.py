"""The same log in another framing: what another night, runner, checkout or kind of CI changes around a tool's words."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator

_NUMBERED_STAMP = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z ")


def gitlab(lines: Iterable[str], chance: random.Random) -> list[str]:
    """Header, sections, colours, an after_script that fails, artifacts that are not there, the runner's last line."""
    at = chance.randint(1_600_000_000, 1_900_000_000)
    token = f"{chance.getrandbits(36):09x}"

    def section(name: str, title: str, ended: str = "") -> str:
        end = f"section_end:{at}:{ended}\r\x1b[0K" if ended else ""
        return f"{end}section_start:{at}:{name}\r\x1b[0K\x1b[0K\x1b[36;1m{title}\x1b[0;m\x1b[0;m"

    return [
        f"\x1b[0KRunning with gitlab-runner 18.{chance.randint(0, 9)}.0 ({token[:8]})\x1b[0;m",
        f"\x1b[0K  on hall-{chance.randint(1, 9)} {token}, system ID: s_{token}\x1b[0;m",
        section("prepare_executor", 'Preparing the "docker" executor'),
        f"\x1b[0KUsing Docker executor with image python:3.{chance.randint(8, 14)} ...\x1b[0;m",
        section("get_sources", "Getting source from Git repository", "prepare_executor"),
        f"\x1b[32;1mChecking out {token[:8]} as detached HEAD (ref is main)...\x1b[0;m",
        section("step_script", 'Executing "step_script" stage of the job script', "get_sources"),
        *lines,
        section("after_script", "Running after_script", "step_script"),
        "\x1b[32;1m$ cat build/summary.txt || true\x1b[0;m",
        "cat: build/summary.txt: No such file or directory",
        section("upload_artifacts_on_failure", "Uploading artifacts for failed job", "after_script"),
        "\x1b[31;1mERROR: No files to upload                         \x1b[0;m",
        section("cleanup_file_variables", "Cleaning up project directory", "upload_artifacts_on_failure"),
        f"section_end:{at}:cleanup_file_variables\r\x1b[0K\x1b[31;1mERROR: Job failed: exit code 1\x1b[0;m",
    ]


def coloured(lines: Iterable[str], chance: random.Random) -> list[str]:
    """Colours around lines and words, and progress bars between them."""
    return [
        f"\x1b[{chance.randint(30, 37)}m{line}\x1b[0m{chance.choice(['', '', chr(13)])}" if line else line
        for line in lines
    ]


def stamped(lines: Iterable[str], chance: random.Random) -> Iterator[str]:
    """The runner's 32 characters before each line, other times in each; now and then a line in two pieces."""
    for number, line in enumerate(lines):
        day, part = f"2026-0{chance.randint(1, 9)}-1{chance.randint(0, 9)}", chance.randint(0, 999_999)
        at = f"{day}T02:{number % 60:02}:36.{part:06}Z"
        cut = len(line) // 2
        if cut > 3 and "\x1b" not in line and chance.random() < 0.2:
            yield f"{at} 01O {line[:cut]}"
            yield f"{at} 01O+{line[cut:]}"
        else:
            yield f"{at} 01{chance.choice('OE')} {line}"


def github(lines: Iterable[str], chance: random.Random) -> list[str]:
    """A step of a GitHub workflow."""
    body = ["##[group]Run ./ci/run", "./ci/run", "##[endgroup]", *lines, "##[error]Process completed with exit code 1."]
    return [
        f"2026-0{chance.randint(1, 9)}-11T02:11:{number % 60:02}.{chance.randint(0, 9999999):07}Z {line}"
        for number, line in enumerate(_NUMBERED_STAMP.sub("", line) for line in body)
    ]


def elsewhere(text: str, chance: random.Random) -> str:
    """Another checkout, another host, another process, another time."""
    root = chance.choice(["/builds/fleet/deep/er", "/home/ci/work", "/var/lib/agent/7", "/srv/x"])
    text = text.replace("/builds/shop", root).replace("fjordlys.example", f"node{chance.randint(1, 99)}.other.example")
    text = re.sub(r"0x[0-9a-f]{6,}", lambda _: f"0x7f{chance.getrandbits(40):010x}", text)
    text = re.sub(r"\b(pid=|==)\d+", lambda found: found[1] + str(chance.randint(2, 99_999)), text)
    return re.sub(
        r"\b(\d+\.\d+) ?(s|secs|seconds|ms)\b", lambda found: f"{chance.uniform(0.01, 99):.2f}{found[2]}", text
    )
