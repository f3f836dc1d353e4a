"""``serve``: the dashboard, its routes and the background sync, in one child process that this one watches over."""

from __future__ import annotations

import argparse
import errno
import ipaddress
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import requests

from dashlib import control
from dashlib.commands import say
from dashlib.lifeline import Lifeline
from dashlib.settings import Settings, SettingsError, collected
from dashlib.store import DatabaseInUse, StoreError, open_store

_APP = Path(__file__).resolve().parents[2] / "app.py"
_START_SECONDS = 120
_RELEASE_SECONDS, _RETRY_SECONDS = 15.0, 0.2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's flags."""
    parser.add_argument("--port", type=port, default=8501, help="0 takes a free one (default 8501)")
    parser.add_argument("--host", default="127.0.0.1", metavar="A", help="the address to listen on (default 127.0.0.1)")


def port(text: str) -> int:
    """A port on the command line."""
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port")
    return int(text)


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Serve until told to stop."""
    with control.starting(settings.database, _START_SECONDS) as running:
        if running is not None:
            say.error(f"the dashboard runs already at {running.address}")
            return say.DONE_WITH_ERRORS
        return _serve(arguments, settings)


def _serve(arguments: argparse.Namespace, settings: Settings) -> int:
    _prepare(settings.database)
    with Server(arguments.host, arguments.port, _environment(settings)) as server:
        server.wait_until_ready()
        say.out(server.url)
        return server.wait()


def _prepare(database: Path) -> None:
    """Make the database, or bring it up to date, before the child opens it. Raises StoreError.

    The child of a killed ``serve`` outlives it by the seconds in which it stops in order: so long whoever holds the
    database is waited for.
    """
    deadline, is_told = time.monotonic() + _RELEASE_SECONDS, False
    while True:
        try:
            open_store(database).close()
            return
        except DatabaseInUse as error:
            if time.monotonic() >= deadline:
                raise
            if not is_told:
                say.note(f"waiting {_RELEASE_SECONDS:.0f} seconds at most: {error}")
                is_told = True
        time.sleep(_RETRY_SECONDS)


def _environment(settings: Settings) -> dict[str, str]:
    """The child runs elsewhere (Streamlit looks for its theme there): it gets the settings of this folder by value."""
    ours = collected(os.environ, Path.cwd())
    return {**os.environ, **ours, "DASH_DATABASE": str(settings.database.resolve())}


class Server:
    """The child process that serves; it stops with its parent, even one that is killed."""

    def __init__(self, host: str, port: int, environment: dict[str, str]) -> None:
        self.port = port or free_port()
        if not is_free(host, self.port):
            raise StoreError(f"port {self.port} is taken: name another one with --port, or 0 for any")
        self.url = f"http://{_visible(host)}:{self.port}"
        command = [
            sys.executable, "-m", "streamlit", "run", str(_APP),
            f"--server.port={self.port}", f"--server.address={host}",
            # Without it Streamlit asks a server on the internet for this machine's address.
            f"--browser.serverAddress={_visible(host)}",
            "--server.headless=true", "--browser.gatherUsageStats=false", "--server.fileWatcherType=none",
        ]  # fmt: skip
        # Streamlit's own banner would stand after the line that scripts wait for.
        # In a group of its own, Ctrl-C reaches only this process, which ends the child in order.
        with Lifeline() as self._lifeline:
            self._process = subprocess.Popen(
                command, cwd=_APP.parent, env=self._lifeline.environment(environment), stdout=subprocess.DEVNULL,
                process_group=0, pass_fds=self._lifeline.pass_fds,
            )  # fmt: skip

    def __enter__(self) -> Server:
        signal.signal(signal.SIGTERM, self._stopped)
        # Under nohup the terminal may close.
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
            signal.signal(signal.SIGHUP, self._stopped)
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._lifeline.cut()

    def wait_until_ready(self) -> None:
        """Until ``/healthz`` answers. Raises StoreError when the child ends first or takes too long."""
        session = requests.Session()
        session.trust_env = False
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise StoreError(
                    f"the server ended at once (exit code {self._process.returncode}); its words stand above"
                )
            try:
                if session.get(f"{self.url}/healthz", timeout=5).status_code == 200:
                    return
            except requests.RequestException:
                time.sleep(0.1)
        raise StoreError(f"the server did not answer within {_START_SECONDS} seconds")

    def wait(self) -> int:
        """Until the child ends or the person presses Ctrl-C."""
        try:
            return say.DONE if self._process.wait() == 0 else say.DONE_WITH_ERRORS
        except KeyboardInterrupt:
            return say.DONE

    def _stopped(self, *_: object) -> None:
        raise KeyboardInterrupt


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
        return number


def is_free(host: str, number: int) -> bool:
    """Whether a server could listen there. Raises SettingsError for a host that is not this machine."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, number))
        except socket.gaierror as error:
            raise SettingsError(f"--host {host} is no address of this machine: its name cannot be resolved") from error
        except OSError as error:
            if error.errno == errno.EADDRNOTAVAIL:
                raise SettingsError(f"--host {host} is no address of this machine") from error
            return False
        return True


def _visible(host: str) -> str:
    """An address a browser on this machine can open."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if address.is_unspecified:
        return "127.0.0.1"
    return f"[{host}]" if address.version == 6 else host
