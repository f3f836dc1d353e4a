"""Docker builds, plain scripts, and the failures that can hit any job: network, memory, disk, time, runner."""

from __future__ import annotations

from collections.abc import Callable

from dashlib.demo.dice import hexes
from dashlib.demo.logs.scene import RED, Scene, Script, command, container

_REGISTRY = "registry.ostrelune.example"


def _build(scene: Scene) -> list[str]:
    return [
        command(
            "docker buildx build --progress=plain -t"
            f" {_REGISTRY}/{scene.job.project.path}:{scene.job.pipeline.sha[:8]} ."
        ),
        '#0 building with "default" instance using docker driver',
        "#1 [internal] load build definition from Dockerfile",
        f"#1 transferring dockerfile: {scene.same.randint(400, 1900)}B done",
        "#1 DONE 0.0s",
        "#2 [internal] load metadata for registry.ostrelune.example/base/debian:13-slim",
        f"#2 DONE {scene.seconds(0.4, 2)}s",
        f"#5 [1/4] FROM registry.ostrelune.example/base/debian:13-slim@sha256:{hexes(64, 'debian')}",
        f"#5 sha256:{hexes(64, 'layer')} 6.29MB / 29.77MB 0.2s",
        f"#5 sha256:{hexes(64, 'layer')} 29.77MB / 29.77MB 0.6s done",
        "#6 [2/4] RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates curl",
        f"#6 DONE {scene.seconds(5, 20)}s",
    ]


def docker(scene: Scene) -> list[str]:
    """An image is built and pushed."""
    return [
        *_build(scene),
        "#8 exporting to image",
        f"#8 writing image sha256:{hexes(64, 'image', scene.job.pipeline.sha)} done",
        "#8 DONE 1.1s",
    ]


def script(scene: Scene) -> list[str]:
    """A shell script runs."""
    return [
        command("apk add --no-cache bash curl"),
        "OK: 12 MiB in 24 packages",
        command(f"./ci/{scene.job.name.replace(':', '-')}.sh"),
        "done",
    ]


def _step(scene: Scene) -> list[str]:
    name = scene.same.choice(("install.sh", "fetch-certs.sh", "setup-locale.sh"))
    return [
        *_build(scene),
        f"#7 [3/4] RUN ./{name}",
        f"#7 0.213 /bin/sh: 1: ./{name}: not found",
        f'#7 ERROR: process "/bin/sh -c ./{name}" did not complete successfully: exit code: 127',
        "------",
        f" > [3/4] RUN ./{name}:",
        f"0.213 /bin/sh: 1: ./{name}: not found",
        "------",
        f'ERROR: failed to build: failed to solve: process "/bin/sh -c ./{name}" did not complete'
        " successfully: exit code: 127",
    ]


def _denied(scene: Scene) -> list[str]:
    return [
        *docker(scene),
        command(f"docker push {_REGISTRY}/{scene.job.project.path}:nightly"),
        f"The push refers to repository [{_REGISTRY}/{scene.job.project.path}]",
        f"{container('layer', scene.job.id)}: Preparing",
        "denied: requested access to the resource is denied",
    ]


def _before(scene: Scene) -> list[str]:
    return [command("./ci/prepare.sh"), f"Preparing {scene.job.project.slug} for {scene.job.name} ...", "Cache: hit"]


def _dns(scene: Scene) -> list[str]:
    host = "packages.ostrelune.example"
    return [
        *_before(scene),
        command(f"curl -fsSLO https://{host}/tools/ci-tools.tar.gz"),
        f"curl: (6) Could not resolve host: {host}",
    ]


def _busy(scene: Scene) -> list[str]:
    url = f"https://packages.ostrelune.example/simple/{scene.word}/"
    return [
        *_before(scene),
        command("./ci/publish.sh"),
        f"Uploading to {url} (attempt 1 of 3): HTTP 503",
        f"Uploading to {url} (attempt 3 of 3): HTTP 503",
        f"error: {url}: 503 Service Unavailable, giving up",
    ]


def _memory(scene: Scene) -> list[str]:
    pid = scene.noise.randint(60, 900)
    return [
        *_before(scene),
        command("./ci/run-all.sh"),
        f"./ci/run-all.sh: line 14: {pid} Killed                  ./bin/{scene.word}-check --all",
    ]


def _disk(scene: Scene) -> list[str]:
    return [
        *_before(scene),
        command("tar -xf fixtures.tar.gz -C /cache"),
        f"tar: {scene.word}/levels-{scene.noise.randint(100, 999)}.bin: Cannot write: No space left on device",
        "tar: Exiting with failure status due to previous errors",
    ]


def _git(scene: Scene) -> list[str]:
    url = f"https://gitlab.ostrelune.example/{scene.job.project.path}.git"
    return [
        command("git fetch --tags origin"),
        "error: RPC failed; curl 56 GnuTLS recv error (-54): Error in the pull function.",
        f"fatal: unable to access '{url}/': the remote end hung up unexpectedly",
        "fatal: early EOF",
    ]


def _missing(scene: Scene) -> list[str]:
    tool = scene.same.choice(("jq", "envsubst", "rsync", "make"))
    return [
        *_before(scene),
        command(f"{tool} --version"),
        f"/scripts-{scene.job.project.id}-{scene.job.id}/step_script:"
        f" line {scene.same.randint(150, 200)}: {tool}: command not found",
    ]


def _time(scene: Scene) -> list[str]:
    lines = _before(scene)
    steps = 12 if scene.tool == "julia" else 6
    lines.append(command(f"./ci/{scene.job.name.replace(':', '-')}.sh"))
    lines += [
        f"member {number:02d}/40 finished after {number * 298 + scene.noise.randint(0, 20)} s"
        for number in range(1, steps)
    ]
    return lines


def _nothing(_scene: Scene) -> list[str]:
    return []


def _gone(scene: Scene) -> list[str]:
    return [
        '\x1b[0;33mWARNING: Failed to pull image with policy "if-not-present": Cannot connect to the Docker daemon at'
        f" tcp://hall-{(scene.job.runner or 0) % 3 + 1}.runners.ostrelune.example:2376. Is the docker"
        " daemon running?\x1b[0;m"
    ]


def _pull(scene: Scene) -> list[str]:
    image = f"{_REGISTRY}/infra/base-images:{scene.same.choice(('cuda', 'slim', 'runtime'))}"
    return [
        '\x1b[0;33mWARNING: Failed to pull image with policy "always": Error response from daemon:'
        f" manifest for {image}"
        f" not found: manifest unknown: manifest unknown (manager.go:251:0s)\x1b[0;m"
    ]


PASSED: dict[str, Script] = {"docker": docker, "script": script}
FAILED: dict[str, Script] = {
    "docker_step": _step,
    "registry_denied": _denied,
    "dns": _dns,
    "http_503": _busy,
    "out_of_memory": _memory,
    "disk_full": _disk,
    "git_fetch": _git,
    "command_missing": _missing,
    "job_timeout": _time,
    "stuck": _nothing,
    "quantum": _before,
}
EARLY: dict[str, Script] = {"runner_gone": _gone, "docker_pull": _pull}


def _exit(code: int) -> Callable[[Scene], str]:
    return lambda _scene: f"\x1b[31;1mERROR: Job failed: exit code {code}\x1b[0;m"


def _system(scene: Scene) -> str:
    host = f"tcp://hall-{(scene.job.runner or 0) % 3 + 1}.runners.ostrelune.example:2376"
    return (
        f"{RED}\x1b[1mERROR: Job failed (system failure): prepare environment: Cannot connect to the"
        f" Docker daemon at {host}."
        " Is the docker daemon running? (docker.go:958:0s)\x1b[0;m"
    )


_VERDICTS: dict[str, Callable[[Scene], str]] = {
    "runner_gone": _system,
    "docker_pull": lambda _scene: "\x1b[31;1mERROR: Job failed: failed to pull image: manifest unknown\x1b[0;m",
    "job_timeout": lambda _scene: "\x1b[31;1mERROR: Job failed: execution took longer than 1h0m0s seconds\x1b[0;m",
    "quantum": lambda _scene: "\x1b[31;1mERROR: Job failed (system failure): qubit 3 lost coherence\x1b[0;m",
    "out_of_memory": _exit(137),
    "npm_heap": _exit(134),
    "command_missing": _exit(127),
    "disk_full": _exit(2),
    "git_fetch": _exit(128),
}


def verdict(scene: Scene) -> str:
    """The runner's last line."""
    if scene.job.status == "success":
        return "\x1b[32;1mJob succeeded\x1b[0;m"
    if scene.job.status == "canceled":
        return "\x1b[31;1mERROR: Job failed: canceled\x1b[0;m"
    return _VERDICTS.get(scene.job.cause or "", _exit(1))(scene)
