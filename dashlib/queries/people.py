"""Who people are: the list, one person's identities with the evidence, proposals, teams, and what was decided.

Times are the team's.
"""

from __future__ import annotations

import duckdb
import pandas as pd

from dashlib.model import Filters
from dashlib.people import journal as decisions
from dashlib.queries.question import ask

MOST = 500
KINDS = ("everybody", "people", "robots")

_FOUND = """
from persons p{joined}
where ($kind = 'everybody' or p.is_bot = ($kind = 'robots'))
  and ($team is null or p.id in (select person from person_teams where team = $team))
  and (
      $search = ''
      or contains(lower(strip_accents(
          concat_ws(' ', p.label, p.id, array_to_string(p.names, ' '), array_to_string(p.usernames, ' @'),
                    array_to_string(list_transform(p.identities, lambda i: coalesce(i.email, '')), ' '))
      )), lower(strip_accents($search)))
  )
"""

_WRITTEN = """
with written as (
    select coalesce(h.person, i.person) as person, sum(f.authored)::bigint as commits
    from bookkeeping.identities_found f
    join identities i on i.id = f.id
    left join identities_here h on h.project_id = f.project_id and h.id = f.id
    group by 1
), shared as (
    select c.project_id, c.id, coalesce(h.person, i.person) as author, unnest(c.co_authors) as co
    from commits c
    left join identities i on i.name is not distinct from c.author_name and i.email is not distinct from c.author_email
    left join identities_here h on h.project_id = c.project_id and h.id = i.id
    where len(c.co_authors) > 0
), co_written as (
    select person, count(*) as commits
    from (
        select distinct s.project_id, s.id, s.author, coalesce(h.person, i.person) as person
        from shared s
        join identities i on i.name is not distinct from s.co.name and i.email is not distinct from s.co.email
        left join identities_here h on h.project_id = s.project_id and h.id = i.id
    )
    where person is distinct from author group by person
)
"""
_JOINED = " left join written w on w.person = p.id left join co_written co on co.person = p.id"
"""Who is author and co-author of a commit is its author, as in commits_by_author, which goes through all commits."""

PEOPLE = f"""
{_WRITTEN}
select p.id, p.label, coalesce(w.commits, 0) as commits, coalesce(co.commits, 0) as co_written,
       len(p.identities) as identities,
       array_to_string(list_transform(p.usernames, lambda u: '@' || u), ', ') as accounts,
       (select string_agg(team, ', ' order by team) from person_teams t where t.person = p.id) as teams,
       p.is_bot, team_time(p.first_at) as first, team_time(p.last_at) as last
{_FOUND.format(joined=_JOINED)}
order by commits desc, co_written desc, lower(p.label), p.id
limit $most
"""

COUNT = f"""
select count(*) as persons, count(*) filter (p.is_bot) as robots, coalesce(sum(len(p.identities)), 0) as identities,
       coalesce(sum(len(p.usernames)), 0) as accounts
{_FOUND.format(joined="")}
"""

PERSON = """
select p.id, p.label, p.name, p.email, p.is_bot, p.bot_because, p.commits, p.usernames,
       team_time(p.first_at) as first, team_time(p.last_at) as last,
       (select list({team: team, origin: origin} order by team) from person_teams t where t.person = p.id) as teams
from persons p where p.id = $person
"""

EVIDENCE = """
with counted as (
    select id, sum(authored) as authored, sum(co_authored) as co_authored, sum(committed) as committed,
           count(distinct project_id) as repositories, max(last_at) as last_at
    from bookkeeping.identities_found group by id
)
select i.handle, i.name, i.email, i.because,
       coalesce(sum(c.authored), 0)::bigint as authored, coalesce(sum(c.co_authored), 0)::bigint as co_authored,
       coalesce(sum(c.committed), 0)::bigint as committed, team_time(max(c.last_at)) as last, 0 as rank
from identities i left join counted c on c.id = i.id
where i.person = $person
group by i.handle, i.name, i.email, i.because
union all
select a.source || ':' || a.id, u.name,
       coalesce('@' || nullif(u.username, ''), 'account ' || a.id) || ' on ' || a.source, a.because,
       null, null, null, null, 1
from account_persons a join users u on u.source = a.source and u.id = a.id
where a.person = $person
order by rank, authored desc, handle, name
"""

_HERE = """
with told as (
    select h.id, any_value(h.name) as name, any_value(h.email) as email, h.person,
           list(r.path_with_namespace order by r.path_with_namespace) as places,
           count(*) = (select count(*) from bookkeeping.identities_found f where f.id = h.id) as is_everywhere,
           string_agg(distinct h.because, '; ' order by h.because) as because
    from identities_here h
    join projects r on r.id = h.project_id
    join identities i on i.id = h.id
    where {of} = $person and i.person <> h.person
    group by h.id, h.person
)
select coalesce(t.name, '') as name, coalesce(t.email, '') as email, t.because, t.places, t.is_everywhere, p.label
from told t join persons p on p.id = t.person
order by t.is_everywhere desc, t.places, t.name, t.email, p.label
"""
ELSEWHERE, AWAY = _HERE.format(of="h.person"), _HERE.format(of="i.person")

PROPOSALS = """
select s.person, s.other, p.label, o.label as other_label, p.name, o.name as other_name,
       s.evidence, s.score, s.said_by,
       p.commits, o.commits as other_commits,
       coalesce(p.email, '@' || p.usernames[1], 'no address') as email,
       coalesce(o.email, '@' || o.usernames[1], 'no address') as other_email
from person_proposals s join persons p on p.id = s.person join persons o on o.id = s.other
order by s.said_by is null, max(s.score) over (partition by s.said_by) desc, s.said_by, s.score desc,
         least(p.commits, o.commits) desc, s.person, s.other
"""

TEAMS = """
select team, count(*) as persons, string_agg(distinct origin, ', ' order by origin) as origins,
       string_agg(p.label, ', ' order by lower(p.label)) as members
from person_teams t join persons p on p.id = t.person
group by team order by team
"""

MAILMAPS = """
select coalesce(r.path_with_namespace, m.name) as place, m.origin, team_time(m.read_at) as read,
       len(string_split(trim(m.text, chr(10)), chr(10))) as lines
from mailmaps m left join projects r on r.id = m.project_id
where m.text is not null and trim(m.text) <> ''
order by m.origin, place
"""

OVERRULED = """
select o.says, d.done_by, d.says as decided, team_time(d.done_at) as done
from bookkeeping.overruled_lines o join person_decisions d on d.number = o.decision
order by o.file, o.line, o.says
"""

CALLABLE = """
select distinct word, person from (
    select unnest([address, handle]) as word, person from identities
    union all select unnest([id, name, label]), id from persons
    union all select unnest(usernames), id from persons
) where word <> ''
order by all
"""

KNOWN = """
with told as (
    select person, 0 as rank from person_ids where id = $word
    union
    select id, 1 from persons where label = $word
    union
    select id, 2 from persons where list_contains(names, $word)
)
select distinct p.id, p.label from told t join persons p on p.id = t.person
where t.rank = (select min(rank) from told)
"""


def people(
    connection: duckdb.DuckDBPyConnection,
    filters: Filters,
    search: str = "",
    kind: str = "everybody",
    team: str | None = None,
) -> pd.DataFrame:
    """One row per person, those with most commits first, at most ``MOST``.

    Columns id, label, commits (as author), co_written, identities, accounts, teams, is_bot, first, last.
    """
    return ask(connection, PEOPLE, filters, search=search, kind=kind, team=team, most=MOST)


def counted(
    connection: duckdb.DuckDBPyConnection,
    filters: Filters,
    search: str = "",
    kind: str = "everybody",
    team: str | None = None,
) -> pd.DataFrame:
    """One row over the same persons: persons, robots, identities, accounts."""
    return ask(connection, COUNT, filters, search=search, kind=kind, team=team)


def person(connection: duckdb.DuckDBPyConnection, filters: Filters, person: str) -> pd.DataFrame:
    """The person of an id of now: none or one row."""
    return ask(connection, PERSON, filters, person=person)


def evidence(connection: duckdb.DuckDBPyConnection, filters: Filters, person: str) -> pd.DataFrame:
    """One row per identity and account (rank 1) of a person, and why it belongs there (``because``).

    handle is its name in decisions; email of an account says it in words, such as "@ada on gitlab".
    """
    return ask(connection, EVIDENCE, filters, person=person)


def elsewhere(connection: duckdb.DuckDBPyConnection, filters: Filters, person: str) -> pd.DataFrame:
    """One row per identity that a mailmap makes this person in some repositories, and that is another one's else.

    Columns name, email, because, places (the paths of those repositories), is_everywhere (they are all that have it).
    """
    return ask(connection, ELSEWHERE, filters, person=person)


def away(connection: duckdb.DuckDBPyConnection, filters: Filters, person: str) -> pd.DataFrame:
    """One row per identity of this person and somebody else (``label``) who it is in some repositories, by a mailmap.

    Columns as those of ``elsewhere``, and label.
    """
    return ask(connection, AWAY, filters, person=person)


def proposals(connection: duckdb.DuckDBPyConnection, filters: Filters) -> pd.DataFrame:
    """One row per pair of persons who are likely one, surest first, with the evidence.

    What a .mailmap says (``said_by``) stands together, before what nobody says.
    """
    return ask(connection, PROPOSALS, filters)


def teams(connection: duckdb.DuckDBPyConnection, filters: Filters) -> pd.DataFrame:
    """One row per team: persons, origins, members."""
    return ask(connection, TEAMS, filters)


def mailmaps(connection: duckdb.DuckDBPyConnection, filters: Filters) -> pd.DataFrame:
    """One row per .mailmap that says something: place, origin, lines, read."""
    return ask(connection, MAILMAPS, filters)


def overruled(connection: duckdb.DuckDBPyConnection, filters: Filters) -> pd.DataFrame:
    """One row per line of a .mailmap that a decision goes before: says (file, line and what it says); done_by,
    decided and done (the team's time) of the decision.
    """
    return ask(connection, OVERRULED, filters)


def known_as(connection: duckdb.DuckDBPyConnection, filters: Filters, word: str) -> pd.DataFrame:
    """The persons that an id of before, else a label, else a name leads to: id, label; one row where it is clear."""
    return ask(connection, KNOWN, filters, word=word)


def callable_by(connection: duckdb.DuckDBPyConnection, filters: Filters) -> pd.DataFrame:
    """One row per word that a line of a CSV may call a person by, and person: word, person, for ``names_of``."""
    return ask(connection, CALLABLE, filters)


def journal(connection: duckdb.DuckDBPyConnection, filters: Filters) -> pd.DataFrame:
    """One row per decision, newest first: number, kind, done (the team's time), done_by, says, stands.

    together is how many of those that were decided in one go with it, itself among them, stand.
    """
    answer = ask(connection, JOURNAL, filters)
    in_force = decisions.in_force(decisions.written(connection))
    answer["stands"] = answer["number"].isin(in_force)
    answer["together"] = answer.groupby(["kind", "done_by", "done"])["stands"].transform("sum").astype(int)
    return answer


JOURNAL = """
select number, kind, team_time(done_at) as done, done_by, says from person_decisions order by number desc
"""
