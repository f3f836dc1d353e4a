"""What a log is about: the job's facts, and two generators, one for what is the same every time and one for noise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from dashlib.demo.dice import dice, hexes
from dashlib.demo.model import Job
from dashlib.demo.toolchains import CHILD, NIGHT, PUSH

GREEN, RED, YELLOW, BOLD, CYAN, OFF = "\x1b[32m", "\x1b[31m", "\x1b[33m", "\x1b[1m", "\x1b[36m", "\x1b[0m"

_TOOLS = {
    (chain, spec.name): spec.tool
    for table in (PUSH, NIGHT)
    for chain, specs in table.items()
    for spec in (*specs, *CHILD)
}
IMAGES = {
    "pip": "python:3.12-slim",
    "pytest": "python:3.12-slim",
    "ruff": "python:3.12-slim",
    "maven": "maven:3.9-eclipse-temurin-21",
    "npm": "node:22-bookworm",
    "jest": "node:22-bookworm",
    "eslint": "node:22-bookworm",
    "tsc": "node:22-bookworm",
    "go": "golang:1.25",
    "julia": "julia:1.11",
    "docker": "docker:28-cli",
    "script": "alpine:3.22",
}


@dataclass(frozen=True, slots=True)
class Scene:
    """One job's log to be. `same` depends on repository, job name and cause only, so one failure keeps its words."""

    job: Job
    tool: str
    same: Random
    noise: Random

    @property
    def word(self) -> str:
        """The repository's domain word."""
        return self.job.project.word

    @property
    def module(self) -> str:
        """The repository's package name, with underscores."""
        return self.job.project.slug.replace("-", "_")

    @property
    def root(self) -> str:
        """The directory the job runs in."""
        return f"/builds/{self.job.project.path}"

    def seconds(self, low: float, high: float) -> str:
        """A length of time, as noise."""
        return f"{self.noise.uniform(low, high):.2f}"

    def image(self) -> str:
        """The image the job runs in."""
        return IMAGES.get(self.tool, "alpine:3.22")


Script = Callable[[Scene], list[str]]


def scene(job: Job) -> Scene:
    """The scene of a job's log."""
    tool = _TOOLS.get((job.project.toolchain, job.name), "script")
    same = dice("same", job.project.path, job.name, job.cause)
    return Scene(job, tool, same, dice("noise", job.project.path, job.id))


def command(text: str) -> str:
    """A script line as the runner echoes it."""
    return f"\x1b[32;1m$ {text}\x1b[0;m"


def container(*names: object) -> str:
    """A container's short id."""
    return hexes(12, *names)


def bar(name: str, size: str) -> str:
    """A progress bar: one line that a terminal draws over itself again and again."""
    steps = "".join(f"\r   {'━' * (part * 4):<40} {part * 10}% {size}" for part in (2, 5, 8, 10))
    return f"{name}{steps}"
