"""What GitLab Runner 18 writes around a script: header, sections, artifacts, clean-up, time stamps (GITLAB.md 2.6)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from dashlib.demo.dice import hexes
from dashlib.demo.logs.scene import Scene, command, container

_VERSIONS = (("18.5.0", "bda84871"), ("18.4.0", "139a0ac0"), ("18.2.1", "cc489270"))


def _section(name: str, title: str, at: int) -> str:
    return f"section_start:{at}:{name}\r\x1b[0K\x1b[0K\x1b[36;1m{title}\x1b[0;m\x1b[0;m"


class Frame:
    """Collects a log's lines section by section; a section's end stands before the next one's start, on its line."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.start = scene.job.started_at or scene.job.created_at
        self.end = scene.job.finished_at or self.start + timedelta(seconds=60)
        self.lines: list[str] = []
        self._open = ""

    def at(self, share: float) -> int:
        """A unix time that far into the job."""
        return int((self.start + (self.end - self.start) * share).timestamp())

    def section(self, name: str, title: str, share: float, lines: list[str]) -> None:
        """One section with its lines."""
        self.lines.append(self._close(share) + _section(name, title, self.at(share)))
        self.lines.extend(lines)
        self._open = name

    def _close(self, share: float) -> str:
        ending = f"section_end:{self.at(share)}:{self._open}\r\x1b[0K" if self._open else ""
        self._open = ""
        return ending

    def finish(self, verdict: str) -> None:
        """The last line."""
        self.lines.append(self._close(1.0) + verdict)
        self.lines.append("")


def _header(frame: Frame, number: int) -> None:
    version, revision = _VERSIONS[number % len(_VERSIONS)]
    token = hexes(9, "runner token", number)
    image, job = frame.scene.image(), frame.scene.job
    frame.lines.append(f"\x1b[0KRunning with gitlab-runner {version} ({revision})\x1b[0;m")
    system = f"s_{hexes(12, 'runner', number)}"
    frame.lines.append(f"\x1b[0K  on hall-{number % 3 + 1}-runner-{number} {token}, system ID: {system}\x1b[0;m")
    digest = hexes(64, image)
    frame.section(
        "prepare_executor",
        'Preparing the "docker" executor',
        0.0,
        [
            f"\x1b[0KUsing Docker executor with image {image} ...\x1b[0;m",
            f"\x1b[0KUsing effective pull policy of [if-not-present] for container {image}\x1b[0;m",
            f"\x1b[0KUsing docker image sha256:{digest} for {image} with digest"
            f" {image}@sha256:{digest[::-1]} ...\x1b[0;m",
        ],
    )
    host = f"runner-{token}-project-{job.project.id}-concurrent-{number % 4}"
    frame.section("prepare_script", "Preparing environment", 0.01, [f"Running on {host} via hall-{number % 3 + 1}..."])


def _sources(frame: Frame) -> None:
    scene, job = frame.scene, frame.scene.job
    frame.section(
        "get_sources",
        "Getting source from Git repository",
        0.02,
        [
            "\x1b[32;1mGitaly correlation ID: " + hexes(26, "gitaly", job.id).upper() + "\x1b[0;m",
            "\x1b[32;1mFetching changes with git depth set to 20...\x1b[0;m",
            f"Initialized empty Git repository in {scene.root}/.git/",
            "\x1b[32;1mCreated fresh repository.\x1b[0;m",
            f"\x1b[32;1mChecking out {job.pipeline.sha[:8]} as detached HEAD (ref is {job.pipeline.ref})...\x1b[0;m",
            "",
            "\x1b[32;1mSkipping Git submodules setup\x1b[0;m",
        ],
    )


def _after(frame: Frame, failed: bool) -> None:
    scene = frame.scene
    if scene.job.id % 3 == 0:
        frame.section(
            "after_script",
            "Running after_script",
            0.95,
            [
                "\x1b[32;1mRunning after script...\x1b[0;m",
                command("ls -la reports || true"),
                "ls: cannot access 'reports': No such file or directory" if failed else "total 12",
            ],
        )
    if scene.tool in {"pytest", "jest", "maven", "julia"}:
        lines = ["\x1b[32;1mUploading artifacts...\x1b[0;m"]
        if failed and scene.job.id % 2:
            lines += [
                "\x1b[0;33mWARNING: reports/junit.xml: no matching files. Ensure that the artifact"
                " path is relative to the"
                f" working directory ({scene.root}) \x1b[0;m",
                "\x1b[31;1mERROR: No files to upload                        \x1b[0;m",
            ]
        else:
            name = "artifacts_on_failure" if failed else "artifacts_on_success"
            lines += [
                "reports/junit.xml: found 1 matching artifact files and directories\x1b[0;m",
                f'Uploading artifacts as "junit" to coordinator... 201 Created\x1b[0;m  id\x1b[0;m={scene.job.id} '
                f"responseStatus\x1b[0;m=201 Created token\x1b[0;m=64_{hexes(8, name, scene.job.id)}",
            ]
        kind = "upload_artifacts_on_failure" if failed else "upload_artifacts_on_success"
        frame.section(kind, f"Uploading artifacts for {'failed' if failed else 'successful'} job", 0.97, lines)
    frame.section("cleanup_file_variables", "Cleaning up project directory and file based variables", 0.99, [])


def framed(scene: Scene, script: list[str], verdict: str | None, *, early: bool = False) -> list[str]:
    """A whole log: header, the script's lines, tail. Without a `verdict` it is still being written.

    `early` puts the lines where the executor is prepared: the job never got to its script.
    """
    frame = Frame(scene)
    _header(frame, scene.job.runner or 0)
    if early:
        frame.lines.extend(script)
    else:
        _sources(frame)
        title = 'Executing "step_script" stage of the job script'
        pinned = [f"\x1b[0KUsing docker image {container(scene.image())} for {scene.image()} ...\x1b[0;m"]
        frame.section("step_script", title, 0.04, [*pinned, *script])
    if verdict is None:
        return frame.lines[: max(5, len(frame.lines) * 3 // 5)]
    if not early:
        _after(frame, scene.job.status != "success")
    frame.finish(verdict)
    return frame.lines


def stamped(lines: list[str], start: datetime, end: datetime) -> Iterator[str]:
    """The lines with Runner 18.7's 32-character prefix; what follows a carriage return is a continuation line."""
    step = (end - start) / max(1, len(lines))
    moment, stream = start, "00"
    for line in lines:
        if 'step_script"' in line:
            stream = "01"
        if "cleanup_file_variables" in line:
            stream = "00"
        head, *more = line.split("\r   ")
        where = "E" if stream == "01" and ("rror" in head or "WARN" in head) else "O"
        yield f"{moment:%Y-%m-%dT%H:%M:%S.%fZ} {stream}{where} {head}"
        for part in more:
            moment += step / 8
            yield f"{moment:%Y-%m-%dT%H:%M:%S.%fZ} {stream}{where}+\r   {part}"
        moment += step / 2
