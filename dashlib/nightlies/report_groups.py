"""Nightlies of a note that failed alike, told in one line: an outage is one reason, not forty lines of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence

from dashlib.nightlies.report_items import NOBODY, Item

FROM = 3
"""So many nightlies with one signature share a line."""
NAMED = 3
"""So many of them are named there."""


def alike(keys: Iterable[Hashable | None]) -> list[list[int]]:
    """The places of what shares a key, where three or more do, else each by itself; in the order of the first of each.

    What has no key (None) is alike to nothing.
    """
    places: dict[Hashable, list[int]] = {}
    for place, key in enumerate(keys):
        places.setdefault(("alone", place) if key is None else ("key", key), []).append(place)
    groups = [
        group
        for found in places.values()
        for group in ([found] if len(found) >= FROM else [[place] for place in found])
    ]
    return sorted(groups)


def gathered(items: Sequence[Item]) -> list[list[Item]]:
    """The items of a note, those that failed alike in one part of it together."""
    keys = [(item.change, item.signature) if item.signature else None for item in items]
    return [[items[place] for place in group] for group in alike(keys)]


def many_told(
    items: Sequence[Item], safe: Callable[[str], str], link: Callable[[str, str], str], bold: Callable[[str], str]
) -> str:
    """One line for nightlies that failed alike: how many, why, the first names, since when, what somebody started, who
    has them.

    ``safe`` makes text from outside harmless, ``link`` makes a link of address and text (and that harmless).
    """
    first, jobs = items[0], {item.job for item in items}
    job = f"{first.job}: " if first.job and len(jobs) == 1 else ""
    names = [link(item.link, item.repository) if item.link else safe(item.repository) for item in items[:NAMED]]
    more = len(items) - NAMED
    parts = [
        f"{bold(f'{len(items)} nightlies')}: {safe(job + (first.reason or ''))}",
        ", ".join(names) + (f", and {more} more" if more > 0 else ""),
        _since(items),
        safe(together_told([item.by_hand for item in items])),
        _who(items, safe, link),
    ]
    return " – ".join(part for part in parts if part)


def together_told(words: Sequence[str]) -> str:
    """What is said of several nightlies ("" of those of which nothing is): the most frequent words, and of how many."""
    counted = Counter(word for word in words if word).most_common()
    parts = [word if count == len(words) else f"{count} of them {word}" for word, count in counted[:NAMED]]
    more = sum(count for _, count in counted[NAMED:])
    return "; ".join([*parts, f"{more} more by hand"] if more else parts)


def _since(items: Sequence[Item]) -> str:
    days = {item.since for item in items}
    if items[0].change != "still_red" or len(days) > 1 or items[0].since is None:
        return ""
    return f"red since {items[0].since:%a %d %b}"


def _who(items: Sequence[Item], safe: Callable[[str], str], link: Callable[[str, str], str]) -> str:
    if len({(item.who, item.issue_url) for item in items}) == 1:
        return link(items[0].issue_url, items[0].who) if items[0].issue_url else safe(items[0].who)
    nobody = sum(item.who == NOBODY for item in items)
    return f"{nobody} of them: nobody" if nobody else ""
