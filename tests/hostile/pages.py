"""How this GitLab answers with a list: offset pages, keyset pages, and what it puts on each object."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from tests.hostile.dialect import Dialect
from tests.hostile.wire import Answer, Asked, Wire, as_json
from tests.hostile.world import Json, World

KEYSET_OFF = {"error": "Keyset pagination is not yet available for this type of request"}


@dataclass
class Pages:
    """What every resource needs: the world, the dialect, and the wire whose address stands in links."""

    world: World
    dialect: Dialect = field(default_factory=Dialect)
    wire: Wire = field(init=False)

    def _list(
        self,
        asked: Asked,
        items: Sequence[Any],
        total: bool = True,
        keep: Callable[[Any], bool] | None = None,
        render: Callable[[Any], Json] = lambda item: item,
    ) -> Answer:
        """Offset pages; ``keep`` is the visibility filter, which comes after the paging."""
        per = max(1, min(100, int(asked.one("per_page", "20") or 20)))
        page = max(1, int(asked.one("page", "1") or 1))
        shown = list(items[(page - 1) * per : page * per])
        more = len(items) > page * per
        if keep is not None:
            shown = [item for item in shown if keep(item)]
        headers = {"X-Page": str(page), "X-Per-Page": str(per), "X-Prev-Page": str(page - 1) if page > 1 else ""}
        links = []
        if more:
            links.append(f'<{self._again(asked, page=page + 1, per_page=per)}>; rel="next"')
        if page > 1:
            links.insert(0, f'<{self._again(asked, page=page - 1, per_page=per)}>; rel="prev"')
        links.append(f'<{self._again(asked, page=1, per_page=per)}>; rel="first"')
        if total and len(items) <= 10_000:
            headers["X-Total"], headers["X-Total-Pages"] = str(len(items)), str(max(1, -(-len(items) // per)))
            links.append(f'<{self._again(asked, page=max(1, -(-len(items) // per)), per_page=per)}>; rel="last"')
        if self.dialect.links != "link":
            headers["X-Next-Page"] = str(page + 1) if more else ""
        if self.dialect.links != "xnext":
            headers["Link"] = ", ".join(links)
        return self._page([render(item) for item in shown], headers)

    def _keyset(self, asked: Asked, items: list[Any], cursor: str, render: Callable[[Any], Json]) -> Answer:
        """Pages by id; only a Link, and none at the end."""
        per = max(1, min(100, int(asked.one("per_page", "20") or 20)))
        rising = asked.one("sort", "desc") == "asc"
        items = sorted(items, key=lambda item: item.id, reverse=not rising)
        name = ("id_after" if rising else "id_before") if cursor == "id" else "cursor"
        if after := asked.one(name):
            edge = int(after.removeprefix("eyJpZCI6")) if name == "cursor" else int(after)
            items = [item for item in items if (item.id > edge if rising else item.id < edge)]
        shown, headers = items[:per], {}
        if len(items) > per:
            value = f"eyJpZCI6{shown[-1].id}" if name == "cursor" else str(shown[-1].id)
            headers["Link"] = f'<{self._again(asked, **{name: value})}>; rel="next"'
        return self._page([render(item) for item in shown], headers)

    def _again(self, asked: Asked, **changes: Any) -> str:
        query = {name: values if name.endswith("[]") else values[-1] for name, values in asked.query.items()} | changes
        return f"{self.dialect.other_host or self.wire.url}{asked.path}?{urlencode(query, doseq=True)}"

    def _page(self, items: list[Json], headers: dict[str, str]) -> Answer:
        shown = [self._dress(item) for item in items]
        if self.dialect.duplicates and shown:
            shown.insert(len(shown) // 2, shown[-1])
        answer = as_json(shown)
        answer.headers = headers
        return answer

    def _dress(self, item: Json) -> Json:
        """Without our own notes; with fields from the future, and numbers as strings where the dialect has them."""
        dressed = {name: value for name, value in item.items() if not name.startswith("_")}
        if self.dialect.extras:
            dressed |= {"field_from_the_future": {"nested": [1, None, {"id": 5}]}, "_links": {"self": "x"}}
        return strings_for_numbers(dressed) if self.dialect.strings else dressed


def strings_for_numbers(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: strings_for_numbers(part) for name, part in value.items()}
    if isinstance(value, list):
        return [strings_for_numbers(part) for part in value]
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value
