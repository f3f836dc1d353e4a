"""What the machines of Ostrelune said: alerts, Kubernetes events and deployments that belong to its failures.

Everything follows from the world, so the same seed and end tell the same signals. A failure whose cause is a machine's
(``about``) has its signal on the runner's own host; the stories' signals stand in ``story_signals``; the rest is what a
cluster says on an ordinary day.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from dashlib.demo.dice import dice, hexes
from dashlib.demo.model import Commit, Job, Project
from dashlib.demo.signals_wire import Alert, Told, cloud_event, event
from dashlib.demo.stories import story
from dashlib.demo.world import World

HALLS = (1, 2, 3)
"""The runner hosts: runner n runs in hall n % 3 + 1."""
DEPLOYED, RELEASED = "com.ostrelune.deployment.finished", "com.ostrelune.release.published"
_MINUTE = timedelta(minutes=1)
_RUNNERS = "gitlab-runners"
_STAGES = ("staging", "production")


def history(world: World) -> list[Told]:
    """Everything that was told up to the world's end, in the order in which it was sent."""
    told = [*story_signals(world), *_ordinary(world)]
    for job in world.jobs():
        if job.status == "failed" and job.finished_at is not None:
            told += about(job)
    return sorted(
        (each for each in told if each.at <= world.end), key=lambda each: (each.at, each.route, str(each.body))
    )


def host(hall: int) -> str:
    """The name of a runner host."""
    return f"hall-{hall}.runners.ostrelune.example"


# A failure and what its machine said


@dataclass(frozen=True)
class _Firing:
    """The alert about a cause: how long before the job's start it began to fire, how long after its end it went on.

    ``{hall}`` stands for the runner's hall; ``instance`` is empty where it is the runner host.
    """

    name: str
    severity: str
    summary: str
    description: str
    before: int
    after: int
    labels: tuple[tuple[str, str], ...] = ()
    instance: str = ""

    def around(self, start: datetime, end: datetime, hall: int) -> Alert:
        """The alert around a job (its times, aware)."""
        labels = {"instance": self.instance or f"{host(hall)}:9100"} | dict(self.labels)
        first, last = start - self.before * _MINUTE, end + self.after * _MINUTE
        return Alert(self.name, self.severity, self.summary.format(hall=hall), self.description, first, last, labels)


_FIRING = {
    "disk_full": _Firing(
        "NodeFilesystemAlmostOutOfSpace", "warning", "Disk of hall-{hall} is almost full",
        "/var/lib/docker has less than 3 % left.", 25, 50, (("job", "node"), ("mountpoint", "/var/lib/docker")),
    ),
    "docker_pull": _Firing(
        "RegistryUnavailable", "critical", "The container registry answers 503", "More than half of all pulls fail.",
        6, 18, (("namespace", "registry"),), "registry.ostrelune.example:443",
    ),
    "dns": _Firing(
        "CoreDNSErrorsHigh", "critical", "CoreDNS answers SERVFAIL to hall-{hall}",
        "More than 3 % of the requests of this host fail.", 4, 9, (("job", "coredns"), ("namespace", "kube-system")),
    ),
    "job_timeout": _Firing(
        "CPUThrottlingHigh", "info", "Builds on hall-{hall} are throttled",
        "A container is throttled in more than a quarter of the time.", -12, 5,
        (("container", "build"), ("namespace", _RUNNERS)),
    ),
}  # fmt: skip
_OCCURRED = {
    "disk_full": ("FreeDiskSpaceFailed", "kubelet", "Failed to garbage collect required amount of images."),
    "out_of_memory": ("OOMKilling", "kernel-monitor", "Memory cgroup out of memory: Killed process 4711"),
    "npm_heap": ("SystemOOM", "kubelet", "System OOM encountered, victim process: node, pid: 4711"),
}
"""Reason, component and message of the Event of the runner host by the cause of a failure."""


def about(job: Job) -> list[Told]:
    """The signals around a failed job of which a machine was the cause; none where it was the code."""
    if job.runner is None or job.started_at is None or job.finished_at is None or job.cause is None:
        return []
    hall, told = job.runner % len(HALLS) + 1, list[Told]()
    if job.cause in _FIRING:
        told += _FIRING[job.cause].around(job.started_at, job.finished_at, hall).told()
    if job.cause in _OCCURRED:
        reason, component, message = _OCCURRED[job.cause]
        node, at = ("Node", "", host(hall)), job.finished_at - timedelta(seconds=1)
        told.append(event(reason, node, message, at, host=host(hall), component=component))
    return told


# The stories


def story_signals(world: World) -> Iterator[Told]:
    """The signals of the planted stories: the outage of the runners, the regression's releases and deployments."""
    yield from _outage(world)
    yield from _deliveries(world)


def _outage(world: World) -> Iterator[Told]:
    """The runner hosts ran out of memory, evicted the runners' pods, and were not ready until the night was over."""
    lost = [
        job
        for job in world.jobs()
        if job.cause == story("runner_outage").cause and job.started_at is not None and job.finished_at is not None
    ]
    if not lost:
        return
    first = min(job.started_at for job in lost if job.started_at) - 12 * _MINUTE
    last = max(job.finished_at for job in lost if job.finished_at) + 20 * _MINUTE
    for hall in HALLS:
        name, node = host(hall), ("Node", "", host(hall))
        began = first + hall * timedelta(seconds=40)
        yield event("EvictionThresholdMet", node, "Attempting to reclaim memory", began, host=name)
        for runner in range(hall - 1, 9, len(HALLS)):
            pod = ("Pod", _RUNNERS, f"hall-{hall}-runner-{runner}")
            why = "The node was low on resource: memory. Container runner was using 7812Mi, request is 512Mi."
            evicted = began + runner * timedelta(seconds=9)
            again = range(1, int((last - evicted) / (25 * _MINUTE)) + 1)
            # The set brings the pod back under its name, and the host has still no room for it.
            yield event("Evicted", pod, why, evicted, host=name, seen=[evicted + n * 25 * _MINUTE for n in again])
        gone = began + 3 * _MINUTE
        yield event("NodeNotReady", node, f"Node {name} status is now: NodeNotReady", gone,
                    component="node-controller", warns=False)  # fmt: skip
        yield from Alert(
            "RunnerHostDown", "critical", f"Runner host hall-{hall} is not ready",
            "The kubelet has not reported for five minutes; jobs on this host fail.", gone + 2 * _MINUTE, last,
            {"instance": f"{name}:9100", "job": "node"},
        ).told()  # fmt: skip
        yield event("NodeReady", node, f"Node {name} status is now: NodeReady", last, component="kubelet",
                    host=name, warns=False)  # fmt: skip
    yield from Alert(
        "GitLabRunnerSystemFailures", "critical", "Jobs end with runner system failures",
        "More than 80 % of the jobs of the last ten minutes ended so.", first + 15 * _MINUTE, last + 4 * _MINUTE,
        {"namespace": _RUNNERS},
    ).told()  # fmt: skip


def _deliveries(world: World) -> Iterator[Told]:
    """The library with the regression is released, and everyone who takes it over deploys it before the night."""
    told = story("regression_spreads")
    for path in told.projects:
        project, commits = world.project_by_path.get(path), world.story_commits.get(path, {})
        if project is None:
            continue
        for word in ("regression", "bump", "fix"):
            commit = project.commits.get(commits.get(word, ""))
            if commit is not None:
                yield _delivered(project, commit, RELEASED if "/libs/" in path else DEPLOYED)


def _delivered(project: Project, commit: Commit, kind: str, at: datetime | None = None) -> Told:
    """That a commit of a repository was released or deployed, by default twenty minutes after it was pushed."""
    when = at or (commit.pushed_at or commit.committed) + 20 * _MINUTE
    name = project.path.rpartition("/")[2]
    released = kind == RELEASED
    data = {
        "message": f"{name} at {commit.id[:8]}: {commit.title}",
        "repository": project.path,
        "sha": commit.id,
        "outcome": "success",
    } | ({} if released else {"environment": "production", "namespace": name})
    where = "https://packages.ostrelune.example" if released else "https://deploy.ostrelune.example"
    return cloud_event(kind, where, f"{name} {'released' if released else 'deployed to production'}", when, data)


# Ordinary days


def _ordinary(world: World) -> Iterator[Told]:
    """Deployments on working days, pods that do not start, and a certificate that nobody renews."""
    services = [project for project in world.projects if "service" in project.topics and project.commits]
    for night in range(world.nights.days):
        rng, midnight = dice(world.seed, "signals", night), world.nights.midnight(night)
        if midnight.weekday() < 5 and services:
            for _ in range(rng.randint(0, 2)):
                at = midnight + timedelta(minutes=rng.randint(8 * 60, 16 * 60))
                project = rng.choice(services)
                pushed = [commit for commit in project.commits.values() if (commit.pushed_at or commit.committed) < at]
                if pushed:
                    newest = max(pushed, key=lambda commit: (commit.committed, commit.id))
                    yield _delivered(project, newest, DEPLOYED, at)
        for _ in range(rng.randint(0, 3)):
            at = midnight + timedelta(seconds=rng.randrange(86_400))
            yield small_trouble(rng.choice(services or world.projects), rng.randrange(4), at)
    certificate = Alert(
        "CertificateExpiresSoon", "warning", "The certificate of charts.ostrelune.example expires in 14 days",
        "It was not renewed by itself.", world.nights.midnight(min(3, world.nights.days - 1)) + timedelta(hours=11),
        None, {"namespace": "cert-manager", "name": "charts-tls"},
    )  # fmt: skip
    yield from certificate.told()


def small_trouble(project: Project, which: int, at: datetime) -> Told:
    """What a cluster says on any day about a service: it does not start, does not answer, does not find a place."""
    name, stage = project.path.rpartition("/")[2], _STAGES[which % 2]
    pod = ("Pod", stage, f"{name}-{hexes(9, 'pod', name, at.isoformat())}")
    node = f"quay-{which % 3 + 1}.ostrelune.example"
    if which == 0:
        seen = [at + timedelta(seconds=10 * 2**step) for step in range(6)]
        message = f"Back-off restarting failed container {name}"
        return event("BackOff", pod, message, at, host=node, seen=seen)
    if which == 1:
        message = "0/6 nodes are available: 3 Insufficient memory, 3 node(s) had untolerated taint."
        return event("FailedScheduling", pod, message, at, component="default-scheduler")
    if which == 2:
        message = "Readiness probe failed: HTTP probe failed with statuscode: 503"
        return event("Unhealthy", pod, message, at, host=node, seen=[at + timedelta(seconds=10)])
    message = f"Scaled up replica set {name} from 2 to 3"
    return event("ScalingReplicaSet", ("Deployment", stage, name), message, at, component="deployment-controller",
                 warns=False)  # fmt: skip
