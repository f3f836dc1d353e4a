"""Why the commits that people wrote are not the commits that they committed: differences by name, which add up exactly.

Git keeps two names and two dates of a commit. Who rebases, picks or applies the work of somebody else commits it; a
forge commits what is merged in the browser.
"""

from __future__ import annotations

import duckdb
import pandas as pd

from dashlib.model import Filters
from dashlib.queries.commit_credits import counted, on_days, what
from dashlib.queries.question import ask

AUTHORED, COMMITTED = "authored", "committed"
TERMS = (COMMITTED, "for_others", "by_others", "by_robots", "unnamed")
REWRITTEN = "rewritten"
"""No term: how many of the authored commits were committed later than they were written."""

LINE = """
with {authored}, {committed}, missed as (
    select a.committer, coalesce(r.is_bot, false) as is_bot
    from authored a
    anti join committed c on c.project_id = a.project_id and c.commit_id = a.commit_id
    left join persons r on r.id = a.committer
), amounts as (
    select 'authored' as term, count(*) as amount from authored
    union all select 'committed', count(*) from committed
    union all select 'for_others', -count(*) from committed c
    anti join authored a on a.project_id = c.project_id and a.commit_id = c.commit_id
    union all select 'by_others', count(*) from missed where committer is not null and not is_bot
    union all select 'by_robots', count(*) from missed where committer is not null and is_bot
    union all select 'unnamed', count(*) from missed where committer is null
    union all select 'rewritten', count(*) from authored where is_rewritten
)
select t.term, a.amount::bigint as amount
from (select unnest($terms::varchar[]) as term, generate_subscripts($terms::varchar[], 1) as place) t
join amounts a on a.term = t.term
order by t.place
"""


def line(
    connection: duckdb.DuckDBPyConnection,
    filters: Filters,
    *,
    merges: str = "without",
    bots: str = "without",
    branches: str = "all",
    forks: str = "each",
) -> pd.DataFrame:
    """One row per term: term, amount (signed). ``authored`` is the sum of ``TERMS``; ``rewritten`` is a part of it.

    for_others: what these people committed and somebody else wrote. by_others, by_robots, unnamed: what these people
    wrote and others committed (a robot or the forge; nobody whose name is known, as of commits that only a hook told).
    """
    parts = {
        name: counted(filters, what(role, merges, bots, branches, forks), on_days(filters), name)
        for name, role in ((AUTHORED, "author"), (COMMITTED, "committer"))
    }
    return ask(connection, LINE.format(**parts), filters, terms=[AUTHORED, *TERMS, REWRITTEN])
