"""A small status badge (SVG) for a wiki or a README: how the newest night of a repository, or of all, went."""

from __future__ import annotations

import asyncio
import html
from urllib.parse import urlencode

import duckdb
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from dashlib.model import Filters
from dashlib.nightlies.report import numbers
from dashlib.queries import nightlies
from dashlib.runtime import runtime

_COLOURS = {
    "failed": "#c8500a",
    "missing": "#7b3fa0",
    "warned": "#8a6100",
    "running": "#2f7fb0",
    "passed": "#0b7a5b",
    "none": "#6b7682",
}
_BAD = (
    ("failed", "failed"),
    ("missing", "never ran"),
    ("times_missing", "more times missed"),
    ("passed_since", "failed first"),
    ("failed_after", "failed later"),
)
_LETTER = 6.6
"""Pixels of a letter of Verdana 11, about: what badges are set in."""
_LONGEST, _NAME = 60, 40
_PARAMETER, _PATH = "project", "/badge.svg"
_HEADERS = {
    "Cache-Control": "no-cache, max-age=60",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "X-Content-Type-Options": "nosniff",
}


async def badge(request: Request) -> Response:
    """``GET /badge.svg`` for all repositories, ``?project=group/name`` for one; says the newest night's state.

    The one is named by the last part of its path.

    Green only where all of that night that was to run by DASH_REPORT_BY has passed.

    200 with an image: an unknown repository and one without nightlies say "no nightlies" alike, so that nobody learns
    from it what exists. 400 for any other parameter: the badge of everything in place of the one that was meant is no
    help.
    """
    unknown = sorted(set(request.query_params) - {_PARAMETER})
    if unknown:
        told = (
            f"The badge knows no parameter {unknown[0][:_LONGEST]!r}: write /badge.svg?{_PARAMETER}=group/repository.\n"
        )
        return PlainTextResponse(told, status_code=400, headers=_HEADERS)
    project = request.query_params.get(_PARAMETER) or ""
    image = await asyncio.to_thread(_asked, project)
    return Response(image, media_type="image/svg+xml", headers=_HEADERS)


def _asked(project: str) -> str:
    with runtime().store.reader() as reader:
        return drawn(reader, project)


def drawn(connection: duckdb.DuckDBPyConnection, project: str) -> str:
    """The SVG of a repository's badge (its ``path_with_namespace``), of everything's where it is empty.

    ``connection`` leads to the database, or to the copy of its nights in memory.
    """
    nights = nightlies.nights(connection, Filters(projects=_stored(connection, project)) if project else Filters())
    name = _drawable(project.rstrip("/").rpartition("/")[2]) or "nightly"
    if nights.empty:
        return svg(name, "no nightlies", _COLOURS["none"])
    word, state = told(numbers(nights[-1:]))
    return svg(f"{name} {nights['night'].iloc[-1]:%d %b}", word, _COLOURS[state])


def address(base: str, project: str) -> str:
    """Where the badge of a repository, or of everything, is found below the dashboard's address."""
    return f"{base}{_PATH}?{urlencode({_PARAMETER: project}, safe='/')}" if project else f"{base}{_PATH}"


def _stored(reader: duckdb.DuckDBPyConnection, project: str) -> tuple[str, ...]:
    """The repository's path as it is stored: GitLab and GitHub find one by any case."""
    paths = reader.execute(
        "select path_with_namespace from projects where lower(path_with_namespace) = lower(?)", [project]
    )
    return tuple(path for (path,) in paths.fetchall()) or (project,)


def _drawable(text: str) -> str:
    """Text from outside without what no XML may hold, and short enough for a day beside it."""
    found = "".join(letter for letter in text if letter.isprintable())
    return found if len(found) <= _NAME else f"{found[: _NAME - 1]}…"


def told(counts: dict[str, int]) -> tuple[str, str]:
    """What a night's counts (of ``queries.nightlies.nights``) come to: words, and the state that gives the colour."""
    bad = [
        f"{counts[name]} {word if counts[name] > 1 else word.replace('times', 'time')}"
        for name, word in _BAD
        if counts[name]
    ]
    open_ = counts["running"] or counts["late"] or counts["to_come"]
    late = f", {counts['late']} late" if counts["late"] else ""
    ended = f"running: {counts['ended']} of {counts['planned']} ended{late}"
    if bad:
        state = (
            "failed" if counts["failed"] else "missing" if counts["missing"] or counts["times_missing"] else "warned"
        )
        return ", ".join([*bad, ended] if open_ else bad), state
    if open_:
        return ended, "running"
    green = counts["passed"] + counts["warned"]
    if counts["canceled"]:
        return f"{f'{green} passed, ' * bool(green)}{counts['canceled']} canceled", "none"
    return "passed", "passed"


def svg(label: str, word: str, colour: str) -> str:
    """Two words on two grounds; every text is escaped and cut to sixty letters."""
    texts = [text[:_LONGEST] for text in (label, word)]
    left, right = (round(len(text) * _LETTER) + 12 for text in texts)
    name, value = (html.escape(text) for text in texts)
    whole = left + right
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{whole}" height="20" role="img" aria-label="{name}: {value}">'
        f"<title>{name}: {value}</title>"
        f'<clipPath id="r"><rect width="{whole}" height="20" rx="3"/></clipPath>'
        f'<g clip-path="url(#r)"><rect width="{left}" height="20" fill="#444c56"/>'
        f'<rect x="{left}" width="{right}" height="20" fill="{html.escape(colour)}"/></g>'
        '<g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">'
        f'<text x="{left / 2:g}" y="14">{name}</text><text x="{left + right / 2:g}" y="14">{value}</text></g></svg>'
    )


def routes() -> list[Route]:
    """What the app serves for it."""
    return [Route(_PATH, badge, methods=["GET"])]
