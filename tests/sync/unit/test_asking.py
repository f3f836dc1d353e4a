"""What GitHub's and CodeArts' clients share: time-outs, deadlines, and a token that does not leave its host."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from dashlib.sync.asking import Asking
from dashlib.sync.budget import Budget
from dashlib.sync.client import Refused, Unreachable
from dashlib.sync.codearts.client import CodeArtsClient
from dashlib.sync.github.client import GitHubClient
from dashlib.sync.github.limits import GitHubBudget
from dashlib.sync.github.plan import MINE, Query, api, chosen, queries
from tests.sync.unit.small_server import Answer, Asked, in_turn, small_server

CANARY = "canary-token-0123456789"
CLIENTS: dict[str, tuple[Any, Any]] = {"github": (GitHubClient, GitHubBudget), "codearts": (CodeArtsClient, Budget)}


def client(name: str, url: str, **more: Any) -> Asking:
    made, budget = CLIENTS[name]
    values: dict[str, Any] = {"timeout": 5.0, "tries": 2} | more
    asking: Asking = made(url, CANARY, budget(), **values)
    return asking


@pytest.mark.parametrize("name", CLIENTS)
def test_the_token_goes_to_its_own_host_only(name: str) -> None:
    """A redirect to another host or port is followed without it; one to the same host keeps it."""

    def respond(asked: Asked) -> Answer:
        return Answer([{"id": 1}])

    with small_server(respond) as away, small_server(respond) as home:
        place = away.url.replace("127.0.0.1", "localhost")
        home.respond = lambda asked: (
            Answer(b"", 302, {"Location": f"{home.url}/there"}) if asked.path == "/here"
            else Answer(b"", 302, {"Location": f"{place}/store"}) if asked.path == "/there"
            else Answer([])
        )  # fmt: skip
        asking = client(name, home.url)
        assert asking.page("logs", "/here", {}).items == [{"id": 1}]
        assert all(CANARY in str(asked.headers) for asked in home.asked)
        assert len(home.asked) == 2
        assert CANARY not in str(away.asked)
        assert len(away.asked) == 1
        asking.close()


@pytest.mark.parametrize("name", CLIENTS)
@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (Answer(b"<html>It works!</html>"), "not valid JSON"),
        (Answer({"no": "list"}), "expected a list"),
        (Answer([{}], cut=True), "the answer was cut off"),
        (Answer(reset=True), "the answer was cut off"),
        (Answer(b"<html>502</html>", 502), "HTTP 502"),
    ],
)
def test_what_is_no_answer(name: str, answer: Answer, told: str) -> None:
    with small_server(lambda _: answer) as server:
        asking = client(name, server.url)
        with pytest.raises(Unreachable, match=told):
            asking.page("events", "/list", {})
        asking.close()


@pytest.mark.parametrize("name", CLIENTS)
def test_another_try_brings_it(name: str) -> None:
    with small_server(in_turn(Answer(reset=True), Answer(b"", 503), Answer([1]))) as server:
        asking = client(name, server.url, tries=5)
        assert asking.page("events", "/list", {}).items == [1]
        assert (asking.retries, sum(asking.calls.values())) == (2, 3)
        asking.close()


@pytest.mark.parametrize("name", CLIENTS)
def test_nobody_there(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Unreachable, match="nothing listens there"):
        client(name, "http://127.0.0.1:9", tries=1).page("events", "/list", {})

    def unknown(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(Unreachable, match="the host name cannot be resolved"):
        client(name, "http://no.such.invalid", tries=1).page("events", "/list", {})


@pytest.mark.parametrize("name", CLIENTS)
def test_a_refusal_that_echoes_the_token_is_told_without_it(name: str) -> None:
    said = {"message": f"bad token {CANARY}", "error_msg": f"bad token {CANARY}", "error_code": "CH.1"}
    with small_server(lambda _: Answer(said, 403)) as server:
        asking = client(name, server.url)
        with pytest.raises(Refused) as refused:
            asking.page("events", "/list", {})
        assert CANARY not in refused.value.message + repr(asking)
        assert "bad token" in refused.value.message
        asking.close()


@contextmanager
def dripping() -> Iterator[str]:
    """A server that sends a byte now and then, for ever."""
    listener = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def serve() -> None:
        try:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(
                    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n["
                )
                while not over.wait(0.05):
                    connection.sendall(b" ")
        except OSError:
            return

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        over.set()
        listener.close()
        thread.join(5)


@pytest.mark.parametrize("name", CLIENTS)
def test_an_answer_that_drips_for_ever_has_a_deadline(name: str) -> None:
    with dripping() as url:
        asking = client(name, url, timeout=0.1, tries=1)
        with pytest.raises(Unreachable, match="no answer in time"):
            asking.page("events", "/list", {})


def test_lists_beside_a_count_and_links_to_the_next_page() -> None:
    def respond(asked: Asked) -> Answer:
        page = int(asked.query.get("page", ["1"])[0])
        link = {"Link": f'<https://elsewhere.invalid/list?page={page + 1}&per_page=2>; rel="next"'} if page < 3 else {}
        return Answer({"total_count": 3, "runs": [{"id": page}]}, headers=link)

    with small_server(respond) as server:
        asking = client("github", server.url)
        query: dict[str, Any] | None = {"per_page": 2}
        found = []
        while query is not None:
            page = asking.page("pipelines", "/list", query)
            found += page.items
            query = page.next
        assert [item["id"] for item in found] == [1, 2, 3]
        assert {asked.path for asked in server.asked} == {"/list"}, "the link's host is not asked"
        asking.close()


@pytest.mark.parametrize(
    ("web", "where"),
    [
        ("https://github.com", "https://api.github.com"), ("https://www.github.com", "https://api.github.com"),
        ("https://api.github.com", "https://api.github.com"), ("https://fjord.ghe.com", "https://api.fjord.ghe.com"),
        ("https://github.fjord.example", "https://github.fjord.example/api/v3"),
        ("https://github.fjord.example/api/v3", "https://github.fjord.example/api/v3"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/api/v3"),
    ],
)  # fmt: skip
def test_where_the_api_is(web: str, where: str) -> None:
    assert api(web) == where


def test_which_lists_hold_the_chosen_repositories() -> None:
    assert queries(()) == queries(("*",)) == queries(("*/tides",)) == [MINE]
    assert queries(("fjord/tides",)) == [Query("/repos/fjord/tides", single=True)]
    of_owner = Query("/orgs/fjord/repos", (("type", "all"),))
    for pattern in ("fjord", "fjord/*", "fjord/tide-*"):
        [query] = queries((pattern,))
        assert (query.path, query.params, query.instead[1]) == (of_owner.path, of_owner.params, MINE)
    assert len(queries(("fjord/a", "fjord/*", "fjord/b*", "lys/c"))) == 3


@pytest.mark.parametrize(
    ("path", "patterns", "is_one"),
    [
        ("Fjord/Tides", ("fjord/tides",), True), ("fjord/tides", ("fjord",), True), ("fjord/tides", ("*",), True),
        ("fjord/tides", ("fjord/t*",), True), ("fjord/tides", ("lys/*",), False), ("fjord/tides", (), True),
        ("fjordlys/tides", ("fjord",), False),
    ],
)  # fmt: skip
def test_chosen(path: str, patterns: tuple[str, ...], is_one: bool) -> None:
    assert chosen(path, patterns) is is_one
