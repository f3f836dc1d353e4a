"""A small status badge (SVG) for a wiki or a README: how the newest night of a repository, or of all, went."""

from __future__ import annotations

import asyncio
import html

from starlette.requests import Request
from starlette.responses import Response
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
)
_LETTER = 6.6
"""Pixels of a letter of Verdana 11, about: what badges are set in."""
_LONGEST = 60


async def badge(request: Request) -> Response:
    """``GET /badge.svg`` for all repositories, ``?project=group/name`` for one; says the newest night's state.

    Green only where all of that night that was to run by DASH_REPORT_BY has passed.

    200 with an image always: an unknown repository and one without nightlies say "no nightlies" alike, so that nobody
    learns from it what exists.
    """
    project = request.query_params.get("project") or ""
    image = await asyncio.to_thread(_drawn, project)
    headers = {
        "Cache-Control": "no-cache, max-age=60",
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(image, media_type="image/svg+xml", headers=headers)


def _drawn(project: str) -> str:
    with runtime().store.reader() as reader:
        nights = nightlies.nights(reader, Filters(projects=(project,)) if project else Filters())
    if nights.empty:
        return svg("nightly", "no nightlies", _COLOURS["none"])
    word, state = told(numbers(nights[-1:]))
    return svg(f"nightly {nights['night'].iloc[-1]:%d %b}", word, _COLOURS[state])


def told(counts: dict[str, int]) -> tuple[str, str]:
    """What a night's counts (of ``queries.nightlies.nights``) come to: words, and the state that gives the colour."""
    bad = [f"{counts[name]} {word}" for name, word in _BAD if counts[name]]
    open_ = counts["running"] or counts["late"] or counts["to_come"]
    ended = f"running: {counts['ended']} of {counts['planned']} ended"
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
    return [Route("/badge.svg", badge, methods=["GET"])]
