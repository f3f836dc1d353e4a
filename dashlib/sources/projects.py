"""What every source tells of a repository: its path, its name, its address. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any


def called(
    source: str, native_id: Any, path: str, name: str | None, web_url: str | None, as_of: datetime | None
) -> dict[str, Any]:
    """The groups ``path``, ``name`` and ``address`` of a row of ``projects``, so told as of a moment (UTC).

    Where no ``name`` is told the path's end stands in for it, until one is; without ``web_url`` there is no address.
    """
    known = {
        "source": source,
        "native_id": str(native_id),
        "path_with_namespace": path,
        "namespace": path.rpartition("/")[0],
        "changed_at": as_of,
        "name": name or path.rpartition("/")[2],
        "named": bool(name),
        "named_at": as_of,
    }
    return known | ({"web_url": web_url, "addressed_at": as_of} if web_url else {})
