"""One world and one server for all tests of the demo; a test that changes a world makes its own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import gitlab
import pytest
import requests
from starlette.applications import Starlette

from dashlib.demo import READ_TOKEN, Faults, World, create_app, serving

END = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


class Client:
    """A plain client: paths below /api/v4, the raw answers."""

    def __init__(self, url: str, token: str = READ_TOKEN) -> None:
        self.url = url
        self.session = requests.Session()
        self.session.headers["PRIVATE-TOKEN"] = token

    def get(self, path: str, **params: Any) -> requests.Response:
        url = path if path.startswith("http") else f"{self.url}/api/v4{path}"
        redirects = params.pop("allow_redirects", True)
        return self.session.get(url, params=params or None, timeout=10, allow_redirects=redirects)

    def post(self, path: str, **body: Any) -> requests.Response:
        return self.session.post(f"{self.url}/api/v4{path}", json=body, timeout=60)

    def put(self, path: str, **body: Any) -> requests.Response:
        return self.session.put(f"{self.url}/api/v4{path}", json=body, timeout=60)

    def pages(self, path: str, **params: Any) -> list[list[Any]]:
        """Every page until there is no next link, however short or empty they are."""
        found, answer = [], self.get(path, **params)
        while True:
            assert answer.status_code == 200, answer.text
            found.append(answer.json())
            following = answer.links.get("next", {}).get("url")
            if following is None:
                return found
            answer = self.get(following)

    def all(self, path: str, **params: Any) -> list[Any]:
        """The rows of all pages."""
        return [row for page in self.pages(path, **{"per_page": 100, **params}) for row in page]


@pytest.fixture(scope="session")
def world() -> World:
    return World(7, END, repos=22, days=30)


@pytest.fixture(scope="session")
def faults() -> Faults:
    return Faults(seed=3)


@pytest.fixture(scope="session")
def app(world: World, faults: Faults) -> Starlette:
    return create_app(world, faults=faults)


@pytest.fixture(scope="session")
def url(app: Starlette) -> Iterator[str]:
    with serving(app) as base:
        yield base


@pytest.fixture(autouse=True)
def no_faults(faults: Faults) -> Iterator[None]:
    yield
    faults.clear()


@pytest.fixture(scope="session")
def http(url: str) -> Client:
    return Client(url)


@pytest.fixture(scope="session")
def gl(url: str) -> gitlab.Gitlab:
    return gitlab.Gitlab(url, oauth_token=READ_TOKEN, timeout=60)
