"""`python -m dashlib.demo`: the simulated GitLab in the foreground."""

from __future__ import annotations

import argparse
import json
import sys
import threading
from datetime import UTC, datetime

from dashlib.demo.gitlab import READ_TOKEN, create_app
from dashlib.demo.live import Live
from dashlib.demo.sender import HookSender
from dashlib.demo.serve import serve_forever
from dashlib.demo.signals import history
from dashlib.demo.signals_sent import LiveSignals, SignalSender
from dashlib.demo.signals_wire import Told
from dashlib.demo.webhooks import FLAGS
from dashlib.demo.world import World
from dashlib.lifeline import watch


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(prog="python -m dashlib.demo", description=__doc__)
    made.add_argument("--host", default="127.0.0.1")
    made.add_argument("--port", type=int, default=0, help="0 takes a free one")
    made.add_argument("--repos", type=int, default=40)
    made.add_argument("--days", type=int, default=60)
    made.add_argument("--seed", type=int, default=1)
    made.add_argument("--end", type=datetime.fromisoformat, default=None, help="ISO 8601; default: now")
    made.add_argument("--token", default=READ_TOKEN)
    made.add_argument("--latency", type=float, default=0.0, help="seconds added to every API call")
    made.add_argument("--live", type=float, default=0.0, metavar="SECONDS", help="something happens this often")
    made.add_argument(
        "--hook-url", default=None, help="a webhook of the whole company that goes there; others come by the hooks API"
    )
    made.add_argument("--hook-token", default="", help="X-Gitlab-Token of the webhooks")
    made.add_argument(
        "--signals", action="store_true",
        help="post alerts and cluster events, too: to the dashboard that one line of standard input names, as JSON with"
        " its url and the bearer token of its routes",
    )  # fmt: skip
    return made


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _tell_signals(world: World, past: list[Told], live: Live | None) -> None:
    """Waits for the address and the token on standard input, posts the past, then what goes on happening."""
    line = sys.stdin.readline()
    if not line.strip():
        return
    where = json.loads(line)
    sender = SignalSender(where["url"], where["token"])
    sender.send(past)
    if live is not None:
        live.signals = LiveSignals(world, sender.send)


def main(arguments: list[str] | None = None) -> int:
    """Serves until interrupted; the URL is the one line on stdout."""
    given = parser().parse_args(arguments)
    watch()
    end = given.end or datetime.now(UTC)
    world = World(given.seed, end if end.tzinfo else end.replace(tzinfo=UTC), given.repos, given.days)
    app = create_app(world, token=given.token, latency=given.latency)
    sender: HookSender | None = None
    live: Live | None = None
    past = history(world) if given.signals else []

    def started(url: str) -> None:
        nonlocal sender, live
        if given.hook_url:
            for group in sorted({project.path.partition("/")[0] for project in world.projects}):
                everything = frozenset(FLAGS.values())
                world.web_hooks.add(given.hook_url, given.hook_token, everything, world.now, group=group)
        if given.live > 0:
            sender = HookSender(world.web_hooks, base_url=url)
            live = Live(world, sender)
            live.start(given.live)
        if given.signals:
            args = (world, past, live)
            threading.Thread(target=_tell_signals, args=args, name="demo-signals-address", daemon=True).start()
        _say(url)

    try:
        serve_forever(app, given.host, given.port, started)
    except KeyboardInterrupt:
        return 0
    finally:
        if live is not None:
            live.stop()
        if sender is not None:
            sender.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
