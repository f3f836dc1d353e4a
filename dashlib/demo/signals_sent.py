"""Posts signals to a dashboard as Alertmanager, an event exporter and a deployment service do: history, then live."""

from __future__ import annotations

import json
import logging
import queue
import threading
import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

import requests

from dashlib.demo.dice import dice
from dashlib.demo.model import Job
from dashlib.demo.signals import about, small_trouble
from dashlib.demo.signals_wire import ALERTS, CLOUD, KUBERNETES, Alert, Told
from dashlib.demo.world import World

_LOG = logging.getLogger(__name__)
_TRIES, _PAUSE = 4, 0.5
_AGENTS = {
    ALERTS: "Alertmanager/0.28.1",
    CLOUD: "ostrelune-deploy/2.4",
    KUBERNETES: "kubernetes-event-exporter/1.7",
}
_SOMETHING = 0.06
"""How likely a tick begins something by itself; a tick is every few seconds."""
_ALERTS = (
    ("NodeFilesystemAlmostOutOfSpace", "warning", "Disk of hall-{hall} is almost full"),
    ("NodeMemoryHighUtilization", "warning", "Memory of hall-{hall} is almost used up"),
    ("RunnerHostDown", "critical", "Runner host hall-{hall} is not ready"),
)


class SignalSender:
    """Posts to the routes of the dashboard at ``url`` with a bearer token, in order, from a thread of its own.

    Never raises, never blocks. What is answered by 5xx or not at all is sent again a few times, as Alertmanager does.
    ``sent`` and ``failed`` count requests. The token goes into a header and nowhere else.
    """

    def __init__(self, url: str, token: str, *, timeout: float = 10.0, room: int = 20_000) -> None:
        self.url, self.timeout = url.rstrip("/"), timeout
        self.sent = self.failed = 0
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers["Authorization"] = f"Bearer {token}"
        self._queue: queue.Queue[Told | None] = queue.Queue(room)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="demo-signals", daemon=True)
        self._thread.start()

    def send(self, told: Iterable[Told]) -> None:
        """Puts signals into the queue; a full queue drops them."""
        for each in told:
            try:
                self._queue.put_nowait(each)
            except queue.Full:
                self.failed += 1

    def flush(self) -> None:
        """Waits until everything in the queue was tried."""
        self._queue.join()

    def close(self) -> None:
        """Ends the thread; what is queued is not sent any more."""
        self._stop.set()
        try:
            self._queue.put_nowait(None)
        except queue.Full:
            return
        self._thread.join(self.timeout)

    def _work(self) -> None:
        while (each := self._queue.get()) is not None:
            try:
                if not self._stop.is_set():
                    good = self._post(each)
                    self.sent, self.failed = self.sent + good, self.failed + (not good)
            finally:
                self._queue.task_done()
        self._session.close()
        self._queue.task_done()

    def _post(self, each: Told) -> bool:
        body = json.dumps(each.body, ensure_ascii=False).encode()
        headers = {"Content-Type": each.content_type, "User-Agent": _AGENTS[each.route]}
        for attempt in range(_TRIES):
            try:
                answer = self._session.post(
                    self.url + each.route, body, headers=headers, timeout=self.timeout, allow_redirects=False
                )
            except requests.RequestException as error:
                _LOG.info("a signal was not delivered: %s", error)
            else:
                if answer.status_code < 500:
                    return answer.status_code == 200
            if attempt + 1 < _TRIES:
                time.sleep(_PAUSE * 2**attempt)
        return False


class LiveSignals:
    """What machines say while the world goes on: around failures of jobs, and now and then by themselves.

    The same ticks and failures tell the same; its chance is its own, so that the world goes on as without it.
    """

    def __init__(self, world: World, send: Callable[[Iterable[Told]], None]) -> None:
        self.world, self._send = world, send
        self.rng = dice(world.seed, "signals", "live")
        self._later: list[Told] = []

    def tick(self, now: datetime) -> None:
        """Ends what is over, and perhaps begins something."""
        due = [each for each in self._later if each.at <= now]
        self._later = [each for each in self._later if each.at > now]
        self._send(due)
        if self.rng.random() >= _SOMETHING:
            return
        if self.rng.random() < 0.5:
            services = [project for project in self.world.projects if "service" in project.topics]
            trouble = small_trouble(self.rng.choice(services or self.world.projects), self.rng.randrange(4), now)
            self._tell([trouble], now)
            return
        name, severity, summary = self.rng.choice(_ALERTS)
        hall = self.rng.randint(1, 3)
        labels = {"instance": f"hall-{hall}.runners.ostrelune.example:9100", "job": "node"}
        said, ends = summary.format(hall=hall), now + timedelta(seconds=self.rng.randint(60, 240))
        self._tell(Alert(name, severity, said, "It happens in the demo, too.", now, ends, labels).told(), now)

    def failed(self, job: Job, now: datetime) -> None:
        """A job failed just now: its machine says why, where it was the machine."""
        self._tell(about(job), now)

    def _tell(self, told: Iterable[Told], now: datetime) -> None:
        """What is of the past is sent now; the end of an alert when it comes."""
        for each in told:
            if each.at <= now or each.route != ALERTS:
                self._send([each])
            else:
                self._later.append(each)
