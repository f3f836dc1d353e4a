"""What the page of commits costs at 2 million commits by 20,000 identities, beside bare SQL and pandas.

The rows are made by SQL, not by a sync: 200 repositories, three years, a few people who write most, merges, co-authors,
robots, a push for every three commits, a pipeline for every ten. Measured in one process: making the copy in memory
(once per change of the data, behind the page's back), then each question of the page, warm, the best of five, over 30
days, 365 days and everything.
Bare SQL asks what a person would write over the table commits, an address for a person; pandas does the same with a
frame that is already loaded. Neither knows persons, robots or the team's zone, and both answer one question only.

    python -m benchmarks.commits [--commits 2000000] [--identities 20000]
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pandas as pd

from benchmarks.machine import described
from dashlib.model import Filters
from dashlib.queries import builds, commit_listing, commits, committed, differences, reconciliation
from dashlib.queries.commits_held import HeldCommits
from dashlib.store import open_store

_END = date(2026, 6, 30)
_DAYS = 1095
_TIMES = 5
_FILL = (
    """insert into projects (id, source, native_id, path_with_namespace, name, namespace, web_url, default_branch)
    select i, 'gitlab', i::varchar, 'group' || (i % 20) || '/team' || (i % 5) || '/repo' || i, 'repo' || i,
           'group' || (i % 20) || '/team' || (i % 5), 'https://gitlab.example/repo' || i, 'main'
    from range(1, 201) t(i)""",
    """insert into bookkeeping.identities (id, name, email, handle, address, person)
    select 'i' || i, 'Person ' || (i % {persons}), 'person' || i || '@company' || (i % 50) || '.example',
           'p' || i, 'person' || i || '@company' || (i % 50) || '.example',
           'person' || (i % {persons}) || '@company' || ((i % {persons}) % 50) || '.example'
    from range({identities}) t(i)""",
    """insert into bookkeeping.person_facts (id, name, label, is_bot)
    select distinct person, name, name || ' (' || person || ')', hash(person) % 100 = 0 from bookkeeping.identities""",
    """insert into team_members select id, 'team ' || (hash(id) % 40), 'csv' from bookkeeping.person_facts""",
    """insert into users (source, id, username, name)
    select 'gitlab', i, 'user' || i, 'Person ' || i from range({persons}) t(i)""",
    """insert into bookkeeping.account_persons (source, id, person)
    select 'gitlab', i, 'person' || i || '@company' || (i % 50) || '.example' from range({persons}) t(i)""",
    """insert into commits (project_id, id, title, message, author_name, author_email, committer_name, committer_email,
        committed_at, authored_at, author_utc_offset, parent_ids, additions, deletions, co_authors)
    with drawn as (
        select i, ({identities} * pow((hash(i) % 1000003) / 1000003.0, 3))::int as who,
               timestamp '{start}' + to_seconds((i * {seconds} / {commits})::bigint) as made
        from range({commits}) t(i)
    )
    select 1 + (who * 7 + hash(i + 7) % 5) % 200, md5(i::varchar) || right(md5((i + 1)::varchar), 8),
           'Change ' || i, 'Change ' || i,
           'Person ' || (who % {persons}), 'person' || who || '@company' || (who % 50) || '.example',
           'Person ' || (who % {persons}), 'person' || who || '@company' || (who % 50) || '.example',
           made, made - to_seconds((hash(i) % 90000)::bigint),
           [0, 60, 120, 330, -480][(1 + hash(who) % 5)::bigint]::int,
           if(i % 12 = 0, ['p', 'q'], ['p']), hash(i) % 80, hash(i + 1) % 40,
           if(i % 20 = 0, [{{'name': 'Person 7', 'email': 'person7@company7.example'}}], [])
    from drawn""",
    "insert into commit_branches select project_id, id, hash(id) % 10 <> 3 from commits",
    """insert into pushed_commits
    select project_id, 'gitlab', (row_number() over (order by project_id, committed_at)) // 3, id, 1
    from commits where hash(id) % 20 > 0""",
    """insert into events (source, id, project_id, action_name, author_id, created_at, push_action, ref_type, ref,
        commit_to, commit_count, by_hook)
    select 'gitlab', b.event_id, min(b.project_id), 'pushed to', hash(b.event_id) % {persons},
           max(c.committed_at), 'pushed', 'branch', 'main', 'x', count(*) + (hash(b.event_id) % 50 = 0)::int, false
    from pushed_commits b join commits c on c.project_id = b.project_id and c.id = b.commit_id group by b.event_id""",
    # A pipeline for every ten commits: who pushed, how it ended, how long it waited.
    """insert into pipelines (project_id, id, source, ref, status, user_id, created_at, started_at, duration)
    select 1 + i % 200, i, if(i % 5 = 0, 'schedule', 'push'), 'main',
           ['success', 'success', 'success', 'failed', 'canceled'][1 + (hash(i) % 5)::int],
           ({persons} * pow((hash(i) % 1000003) / 1000003.0, 3))::int, made,
           made + to_seconds((hash(i + 1) % 300)::int), 60 + hash(i + 2) % 1800
    from (
        select i, timestamp '{start}' + to_seconds((i * {seconds} * 10 / {commits})::bigint) as made
        from range({commits} // 10) t(i)
    )""",
    "delete from pushed_commits p using events e where e.id = p.event_id and e.project_id <> p.project_id",
)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--commits", type=int, default=2_000_000)
    parser.add_argument("--identities", type=int, default=20_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        database = Path(scratch) / "commits.duckdb"
        _fill(database, given.commits, given.identities)
        with open_store(database) as store, store.reader() as views:
            kept = HeldCommits(store)
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            copy = kept.newest()
            grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
            print(f"{given.commits:,} commits, {given.identities:,} identities; {described()};")
            print(
                f"the copy in memory: {copy.seconds:.1f} s, once per change; at most {grown:,.0f} MB while it is made\n"
            )
            _questions(views, copy.connection)


def _fill(database: Path, count: int, identities: int) -> None:
    open_store(database).close()
    values = {
        "commits": count, "identities": identities, "persons": identities * 3 // 4,
        "start": _END - timedelta(days=_DAYS), "seconds": _DAYS * 86400,
    }  # fmt: skip
    with duckdb.connect(str(database)) as connection:
        for statement in _FILL:
            connection.execute(statement.format(**values))


def _questions(views: duckdb.DuckDBPyConnection, copy: duckdb.DuckDBPyConnection) -> None:
    asked: dict[str, Callable[[Filters], pd.DataFrame]] = {
        "top line": lambda f: commits.totals(copy, f),
        "over time by person": lambda f: commits.over_time(copy, f, grain=commits.usual_grain(f)),
        "everybody": lambda f: commits.ranking(copy, f),
        "over time by repository": lambda f: commits.over_time(copy, f, by="repository", grain="month"),
        "every repository": lambda f: commits.ranking(copy, f, by="repository"),
        "every team": lambda f: commits.ranking(copy, f, by="team"),
        "the overlap of teams": lambda f: commits.overlap(copy, f, by="team"),
        "everybody, co-authors too": lambda f: commits.ranking(copy, f, which=commits.Narrowed(role="both")),
        "everybody, default branch, forks once": lambda f: commits.ranking(
            copy, f, which=commits.Narrowed(branches="default", forks="once")
        ),
        "hours of the week": lambda f: commits.hours(copy, f),
        "active days over time": lambda f: commits.over_time(
            copy, f, grain=commits.usual_grain(f), measure="active_days"
        ),
        "the line: authored and pushed": lambda f: reconciliation.line(copy, f),
        "the commits of a difference": lambda f: differences.listed(copy, views, f, line="pushed", term="robot"),
        "the pushes of a difference": lambda f: differences.listed_pushes(copy, views, f, term="unknown"),
        "the line: authored and committed": lambda f: committed.line(copy, f),
        "the commits of its difference": lambda f: differences.listed(
            copy, views, f, line="committed", term="rewritten"
        ),
        "the newest 2,000 commits": lambda f: commit_listing.listed(copy, views, f, rows=2000),
        "builds of everybody": lambda f: builds.ranking(views, f),
        "builds over time": lambda f: builds.over_time(views, f, grain=commits.usual_grain(f)),
    }
    frame = views.execute(
        "select project_id, lower(author_email) as email, committed_at, additions, deletions,"
        " len(parent_ids) as parents from commits"
    ).df()
    print("| question | 30 days, ms | 365 days, ms | everything, ms | bare SQL, all | pandas, all |")
    print("|---|---|---|---|---|---|")
    for name, ask in asked.items():
        took = [_best(lambda f=f, ask=ask: ask(f)) for f in (_last(30), _last(365), _last(_DAYS))]  # type: ignore[misc]
        beside = ["", ""]
        if name in _BARE:
            sql, with_pandas = _BARE[name]
            others = [_best(lambda sql=sql: views.execute(sql).df()), _best(lambda p=with_pandas: p(frame))]  # type: ignore[misc]
            beside = [f"{other:,.0f} ({other / took[2]:.1f} ×)" for other in others]
        print(f"| {name} | {' | '.join(f'{one:,.0f}' for one in took)} | {' | '.join(beside)} |", flush=True)


def _pandas_ranking(frame: pd.DataFrame) -> pd.DataFrame:
    kept = frame[frame["parents"] < 2]
    grouped = kept.assign(day=kept["committed_at"].dt.floor("D")).groupby("email")
    return grouped.agg(
        commits=("project_id", "size"), days=("day", "nunique"), repositories=("project_id", "nunique"),
        additions=("additions", "sum"), deletions=("deletions", "sum"), last=("committed_at", "max"),
    ).sort_values("commits", ascending=False)  # fmt: skip


def _pandas_over_time(frame: pd.DataFrame) -> pd.DataFrame:
    kept = frame[frame["parents"] < 2]
    top = kept["email"].value_counts().index[:8]
    series = kept["email"].where(kept["email"].isin(top), "others")
    return kept.groupby([kept["committed_at"].dt.to_period("M"), series]).size().unstack()


_BARE: dict[str, tuple[str, Callable[[pd.DataFrame], pd.DataFrame]]] = {
    "everybody": (
        "select lower(author_email) as email, count(*) as commits, count(distinct committed_at::date) as days,"
        " count(distinct project_id) as repositories, sum(additions), sum(deletions), max(committed_at)"
        " from commits where len(parent_ids) < 2 group by 1 order by 2 desc",
        _pandas_ranking,
    ),
    "over time by person": (
        "with top as (select lower(author_email) as email from commits where len(parent_ids) < 2 group by 1"
        " order by count(*) desc limit 8)"
        " select date_trunc('month', committed_at), coalesce(t.email, 'others'), count(*)"
        " from commits c left join top t on t.email = lower(c.author_email) where len(parent_ids) < 2 group by all",
        _pandas_over_time,
    ),
}


def _last(days: int) -> Filters:
    return Filters(since=_END - timedelta(days=days - 1), until=_END)


def _best(act: Callable[[], object]) -> float:
    took = []
    for _ in range(_TIMES):
        begun = time.perf_counter()
        act()
        took.append(1000 * (time.perf_counter() - begun))
    return min(took)


if __name__ == "__main__":
    main()
