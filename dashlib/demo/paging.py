"""Offset and keyset paging with GitLab's headers (GITLAB.md 4.1)."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from typing import TypeVar
from urllib.parse import urlencode

from dashlib.demo.calls import ApiError, Call, Reply, invalid

T = TypeVar("T")
COUNT_LIMIT = 10_000
OFFSET_LIMIT = 50_000


def _link(call: Call, changes: dict[str, str], rel: str) -> str:
    pairs = [(key, value) for key, value in call.query if key not in changes]
    return f'<{call.base_url}{call.url.partition("?")[0]}?{urlencode([*pairs, *changes.items()])}>; rel="{rel}"'


def _size(call: Call) -> int:
    wanted = call.number("per_page", 20)
    if wanted < 1:
        raise invalid("per_page", "does not have a valid value")
    return min(wanted, 100)


def page(
    call: Call,
    rows: Sequence[T],
    render: Callable[[T], str],
    *,
    counted: bool = True,
    keyset_type: str | None = None,
    visible: Callable[[T], bool] | None = None,
) -> Reply:
    """One offset page of `rows` as a JSON array.

    `counted` false leaves X-Total out; `keyset_type` names the objects of endpoints with a maximum offset; `visible`
    drops rows after they were paged, which is why a page can be short or empty in the middle.
    """
    if call.get("pagination") == "keyset":
        raise ApiError(405, {"error": "Keyset pagination is not yet available for this type of request"})
    size, number = _size(call), call.number("page", 1)
    if number < 1:
        raise invalid("page", "does not have a valid value")
    if keyset_type and number * size > OFFSET_LIMIT:
        text = (
            f"Offset pagination has a maximum allowed offset of {OFFSET_LIMIT} for requests that return objects of type"
        )
        rest = "Remaining records can be retrieved using keyset pagination."
        raise ApiError(405, {"error": f"{text} {keyset_type}. {rest}"})
    start = (number - 1) * size
    shown = rows[start : start + size]
    more, total = start + size < len(rows), len(rows)
    counted = counted and total <= COUNT_LIMIT
    pages = max(1, -(-total // size))
    own = {"per_page": str(size)}
    links = []
    if number > 1:
        links.append(_link(call, {"page": str(number - 1), **own}, "prev"))
    if more:
        links.append(_link(call, {"page": str(number + 1), **own}, "next"))
    links.append(_link(call, {"page": "1", **own}, "first"))
    if counted:
        links.append(_link(call, {"page": str(pages), **own}, "last"))
    headers = {
        "Link": ", ".join(links),
        "X-Next-Page": str(number + 1) if more else "",
        "X-Page": str(number),
        "X-Per-Page": str(size),
        "X-Prev-Page": str(number - 1) if number > 1 else "",
    }
    if counted:
        headers["X-Total"], headers["X-Total-Pages"] = str(total), str(pages)
    kept = shown if visible is None else [row for row in shown if visible(row)]
    return Reply(200, f"[{','.join(map(render, kept))}]".encode(), headers=headers)


def keyset(call: Call, rows: Sequence[T], render: Callable[[T], str], key: Callable[[T], int], after: str) -> Reply:
    """One keyset page: `rows` are already sorted and start behind the cursor; only Link is sent, and none at the end.

    `after` is the parameter that carries the position: `id_after`, `id_before`, or `cursor` (an opaque string).
    """
    size = _size(call)
    shown = rows[:size]
    headers = {}
    if len(rows) > size:
        last = key(shown[-1])
        position = to_cursor(last) if after == "cursor" else str(last)
        headers["Link"] = _link(call, {after: position, "per_page": str(size)}, "next")
    return Reply(200, f"[{','.join(map(render, shown))}]".encode(), headers=headers)


def to_cursor(number: int) -> str:
    """GitLab's opaque cursor: base64 of a small JSON object."""
    return base64.urlsafe_b64encode(json.dumps({"id": str(number), "_kd": "n"}).encode()).decode()


def from_cursor(text: str) -> int:
    """The id in a cursor; 400 for anything else."""
    try:
        return int(json.loads(base64.urlsafe_b64decode(text.encode()))["id"])
    except (binascii.Error, ValueError, KeyError, TypeError):
        raise invalid("cursor") from None
