"""60 repositories x 30 nights at 20 ms a call: the loader beside a plain python-gitlab script with the seed's plan.

python -m tests.hostile.measure [--repos N] [--nights N] [--latency S]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import Counter
from pathlib import Path

import gitlab

from tests.hostile.company import history
from tests.hostile.conftest import Loader
from tests.hostile.server import TOKEN, HostileGitLab
from tests.hostile.truth import difference, since_of, stored, truth
from tests.hostile.world import World, iso, nights


def company(repos: int, days: int, groups: int = 3) -> World:
    """Nights with ten jobs, three in ten of them failing; a push and its pipeline a day."""
    world = World()
    for number in range(repos):
        repo = world.repo(f"group-{number % groups}/repo-{number}")
        nights(repo, repo.schedule("nightly"), days, jobs=10)
        history(repo, days)
        repo.last_activity_at = world.ago(number % 5, hours=3)
    return world


def plain(url: str, since: str) -> Counter[str]:
    """Projects; per project its pipelines; per scheduled pipeline its jobs; per failed job its log."""
    rows: Counter[str] = Counter()
    client = gitlab.Gitlab(url, private_token=TOKEN, timeout=30)
    for project in client.projects.list(iterator=True, per_page=100):
        rows["projects"] += 1
        for line in project.pipelines.list(iterator=True, per_page=100, updated_after=since):
            rows["pipelines"] += 1
            if line.source != "schedule":
                continue
            for job in line.jobs.list(iterator=True, per_page=100):
                rows["jobs"] += 1
                if job.status == "failed":
                    project.jobs.get(job.id, lazy=True).trace()
                    rows["traces"] += 1
    return rows


def main() -> None:
    """Print calls and seconds of each."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--repos", type=int, default=60)
    parser.add_argument("--nights", type=int, default=30)
    parser.add_argument("--latency", type=float, default=0.02)
    parser.add_argument("--no-plain", action="store_true")
    given = parser.parse_args()
    world = company(given.repos, given.nights)
    server = HostileGitLab(world)
    server.wire.latency = given.latency
    base_calls, base_seconds = 0, 0.0
    if not given.no_plain:
        began = time.monotonic()
        rows = plain(server.url, str(iso(since_of(world, given.nights))))
        base_calls, base_seconds = sum(server.wire.calls.values()), time.monotonic() - began
        print(f"plain script   {base_calls:6} calls {base_seconds:6.1f} s  {dict(rows)}")
    with tempfile.TemporaryDirectory() as home:
        loader = Loader(Path(home), server, Path(home) / "dash.duckdb", {"DASH_WINDOW_DAYS": str(given.nights)})
        first_calls = 0
        for name in ("first sync", "nothing new", "one night more", "one night more"):
            if name == "one night more":
                world.now = world.now.__class__.utcnow().replace(microsecond=0)
                for repo in world.repos.values():
                    line = repo.pipeline(world.now, "schedule", "failed", schedule=repo.schedules[0].id)
                    for number in range(10):
                        repo.job(line, f"job {number}", "failed" if number == 9 else "success", run=0, wait=0)
            server.wire.reset_counts()
            ran = loader.sync(limit=600)
            calls = sum(server.wire.calls.values())
            first_calls = first_calls or calls
            print(f"{name:14} {calls:6} calls {ran.seconds:6.1f} s  {dict(server.wire.calls.most_common())}")
            print(f"    rows {ran.report['rows']}")
            if base_calls and name == "first sync":
                print(f"    {calls / base_calls:.2f} of the calls, {ran.seconds / base_seconds:.3f} of the time")
            if name != "first sync":
                print(f"    {calls / first_calls:.3f} of the first sync's calls")
            print(
                "   ",
                difference(stored(loader.database), truth(world, since_of(world, given.nights))) or "all rows right",
            )
    server.wire.close()


if __name__ == "__main__":
    main()
