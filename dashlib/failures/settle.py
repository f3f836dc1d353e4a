"""What follows from all stored reasons together: when each signature was first seen, and which are nearly the same."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from heapq import nsmallest

from rapidfuzz import fuzz, process

from dashlib.failures.rule_pattern import BETWEEN
from dashlib.failures.tables import FAILURES, SIGNATURES, SIMILAR
from dashlib.model import Change, Delete, Put, Row
from dashlib.store import Store
from dashlib.store.bookkeeping import SETTINGS

ALIKE = 0.9
"""From this similarity on two signatures are proposed for merging: 1 minus the edits that turn one into the other
(insertions and deletions) over the length of both; Kubernetes' triage clusters at the same tenth."""
MOST_COMPARED, NEAREST = 2_000, 3
"""Only the signatures seen most recently are compared, and of each only the nearest are kept: pairs grow with the
square."""
# Raised when equal signatures may give other pairs.
_MEASURE = 2

_NOT_FAILED = """
select f.project_id, f.job_id
from failures f anti join jobs j on j.project_id = f.project_id and j.id = f.job_id and j.status = 'failed'
where exists (select 1 from jobs k where k.project_id = f.project_id and k.id = f.job_id)
"""
# The first sighting is the earliest of those stored now. One whose job is no longer stored counts as well: it may be
# older than all that is left. One whose job is stored with another signature (the rules changed) does not.
_FIRST = """
with sightings as (
    select f.signature, {
               stamp: coalesce(j.finished_at, j.started_at, j.created_at), project_id: j.project_id, job_id: j.id,
               job_name: j.name
           } as sighting
    from failures f
    join jobs j on j.project_id = f.project_id and j.id = f.job_id and j.status = 'failed'
    where f.signature is not null
    union all
    select s.signature, {
               stamp: s.first_seen_at, project_id: s.first_project_id, job_id: s.first_job_id,
               job_name: s.first_job_name
           }
    from signatures s
    anti join jobs j on j.project_id = s.first_project_id and j.id = s.first_job_id
), earliest as (
    select signature, min(sighting) as first from sightings group by signature
)
select coalesce(e.signature, s.signature) as signature, e.first.stamp as first_seen_at,
       e.first.project_id as first_project_id, e.first.job_id as first_job_id, e.first.job_name as first_job_name,
       e.signature is null as gone
from earliest e
full join signatures s on s.signature = e.signature
where e.signature is null
   or (e.first.stamp, e.first.project_id, e.first.job_id, e.first.job_name)
      is distinct from (s.first_seen_at, s.first_project_id, s.first_job_id, s.first_job_name)
"""
_LIVE = """
select f.signature, arg_max(f.category, (coalesce(j.finished_at, j.started_at, j.created_at), j.id)) as category
from failures f
join jobs j on j.project_id = f.project_id and j.id = f.job_id and j.status = 'failed'
where f.signature is not null
group by f.signature
order by max(coalesce(j.finished_at, j.started_at, j.created_at)) desc, f.signature
limit $most
"""


def settle(store: Store) -> None:
    """Bring ``signatures`` and ``similar_signatures`` up to what ``failures`` says; only differences are written."""
    with store.reader() as reader:
        over = reader.execute(_NOT_FAILED).fetchall()
    if over:
        store.write(Delete(FAILURES, [{"project_id": project, "job_id": job} for project, job in over]))
    changes = _first_seen(store) + _similar(store)
    if changes:
        store.write(*changes)


def near_duplicates(signatures: Iterable[tuple[str, str]]) -> dict[tuple[str, str], tuple[str, float]]:
    """Pairs of nearly equal signatures: (signature, other) in their sorted order → (category, similarity).

    ``signatures`` are (signature, category); only those of one category are compared, without its name in front, and
    part by part: what a runner says of every job makes nothing alike. Different commands are different failures. A pair
    is kept where it is among the ``NEAREST`` of one of the two.
    """
    by_category: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for signature, category in sorted(signatures):
        by_category[category].append((signature.removeprefix(f"{category}: "), signature))
    pairs = {}
    for category, members in by_category.items():
        words = [said for said, _ in members]
        near: dict[int, list[tuple[float, int, int]]] = defaultdict(list)
        for one, said in enumerate(words):
            rest = process.extract_iter(
                said, words[one + 1 :], scorer=fuzz.ratio, processor=None, score_cutoff=ALIKE * 100
            )
            for other, whole, place in rest:
                score = min(whole, _least_alike(said, other))
                if score < ALIKE * 100:
                    continue
                pair = (-score, one, one + 1 + place)
                near[one].append(pair)
                near[one + 1 + place].append(pair)
        for pair in {pair for found in near.values() for pair in nsmallest(NEAREST, found)}:
            pairs[members[pair[1]][1], members[pair[2]][1]] = (category, round(-pair[0] / 100, 4))
    return pairs


def _least_alike(one: str, other: str) -> float:
    """The similarity (0 to 100) of those parts that are least alike; 0 for two commands."""
    parts, others = one.split(BETWEEN), other.split(BETWEEN)
    if [part for part in parts if part.startswith("$ ")] != [part for part in others if part.startswith("$ ")]:
        return 0.0
    if len(parts) != len(others):
        return 100.0
    return min(fuzz.ratio(part, another) for part, another in zip(parts, others, strict=True))


def _first_seen(store: Store) -> list[Change]:
    with store.reader() as reader:
        found = reader.execute(_FIRST)
        names = [column[0] for column in found.description or []]
        rows = [dict(zip(names, values, strict=True)) for values in found.fetchall()]
    gone: list[Row] = [{"signature": row["signature"]} for row in rows if row["gone"]]
    seen: list[Row] = [{name: row[name] for name in SIGNATURES.columns} for row in rows if not row["gone"]]
    changes: list[Change] = []
    if gone:
        changes.append(Delete(SIGNATURES, gone))
    if seen:
        changes.append(Put(SIGNATURES, seen))
    return changes


def _similar(store: Store) -> list[Change]:
    """Nothing where the signatures are those that were compared the last time."""
    with store.reader() as reader:
        live: list[tuple[str, str]] = reader.execute(_LIVE, {"most": MOST_COMPARED}).fetchall()
        said = reader.execute("select value from bookkeeping.settings where name = 'compared_signatures'").fetchone()
        known = set(reader.execute("select signature, other from similar_signatures").fetchall())
    digest = hashlib.sha256(repr((_MEASURE, ALIKE, NEAREST, sorted(live))).encode("utf-8", "replace")).hexdigest()
    if said is not None and said[0] == digest:
        return []
    pairs = near_duplicates(live)
    changes: list[Change] = [Put(SETTINGS, [{"name": "compared_signatures", "value": digest}])]
    if over := known - set(pairs):
        changes.append(Delete(SIMILAR, [{"signature": one, "other": other} for one, other in over]))
    if pairs:
        changes.append(
            Put(
                SIMILAR,
                [
                    {"signature": one, "other": other, "category": category, "similarity": similarity}
                    for (one, other), (category, similarity) in pairs.items()
                ],
            )
        )
    return changes
