"""``kill -9`` in the middle of a burst, again and again: what was answered 200 is in the database afterwards, once.

    python -m benchmarks.receive_kills [--times 20]

The server is the real one (``streamlit run``); eight senders post until it is gone, at a random moment of the burst.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import tempfile
import threading
import time
from pathlib import Path

import duckdb
import requests

from benchmarks.receive import Server
from benchmarks.receive_load import SECRET, push

_SENDERS = 8


def send(url: str, first: int, answered: set[str]) -> None:
    """Pushes until nobody answers any more; ``answered`` are those that got a 200."""
    with requests.Session() as session:
        session.trust_env = False
        for number in range(first, first + 1_000_000):
            body = push(number)
            told = {"X-Gitlab-Token": SECRET, "Content-Type": "application/json"}
            try:
                answer = session.post(f"{url}/gitlab/events", data=json.dumps(body), headers=told, timeout=10)
            except requests.RequestException:
                return
            if answer.status_code == 200:
                answered.add(body["after"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=20)
    times, dice = parser.parse_args().times, random.Random(1)
    answered = set[str]()
    with tempfile.TemporaryDirectory() as folder:
        for turn in range(times):
            server = Server(Path(folder))
            begin = [(turn * _SENDERS + place) * 1_000_000 for place in range(_SENDERS)]
            senders = [threading.Thread(target=send, args=(server.url, first, answered)) for first in begin]
            for sender in senders:
                sender.start()
            time.sleep(dice.uniform(0.2, 2.0))
            os.kill(server.process.pid, signal.SIGKILL)
            server.process.wait()
            for sender in senders:
                sender.join()
        server = Server(Path(folder))
        server.drained()
        server.stop()
        with duckdb.connect(str(server.database), read_only=True) as reader:
            found = [sha for (sha,) in reader.execute("select body ->> 'after' from deliveries").fetchall()]
            rows = {sha for (sha,) in reader.execute("select commit_to from events").fetchall()}
    lost, twice = len(answered - set(found)), len(found) - len(set(found))
    print(f"killed {times} times: {len(answered):,} answered 200, {lost} lost, {twice} twice, {len(found):,} stored,")
    print(f"{len(set(found) - rows)} without rows")


if __name__ == "__main__":
    main()
