"""One page or one log from a small server: what is asked again, what is not, and where the token never goes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from dashlib.sync.budget import Budget, PauseTooLong, Stopped
from dashlib.sync.client import Client, Refused, Unreachable
from tests.sync.unit.clock import Clock, budget
from tests.sync.unit.small_server import Answer, Asked, Respond, Small, in_turn, small_server

CANARY = "canary-token-0123456789"
GOOD = Answer([{"id": 1}], headers={"Date": "Wed, 11 Mar 2026 02:00:00 GMT"})


@contextmanager
def client_of(respond: Respond, path: str = "", token: str = CANARY, **other: Any) -> Iterator[tuple[Client, Small]]:
    with small_server(respond) as server:
        clock = Clock()
        settings: dict[str, Any] = {"budget": budget(clock), "timeout": 5.0} | other
        yield Client(server.url + path, token, **settings), server


def test_a_page() -> None:
    with client_of(in_turn(GOOD)) as (client, server):
        page = client.page(
            "jobs", "/projects/1/jobs", {"per_page": 100, "scope[]": ["failed", "canceled"], "all": True}
        )
    assert page.items == [{"id": 1}]
    assert (page.next, page.total_pages, page.answered_at) == (None, None, datetime(2026, 3, 11, 2))
    assert server.asked[0].path == "/api/v4/projects/1/jobs"
    assert server.asked[0].query["per_page"] == ["100"]
    assert server.asked[0].query["scope[]"] == ["failed", "canceled"]
    assert server.asked[0].headers["PRIVATE-TOKEN"] == CANARY
    assert client.calls == {"jobs": 1}


def test_the_environments_proxy_is_used_and_netrc_is_not(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".netrc").write_text("machine gitlab.test login someone password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    with small_server(in_turn(GOOD)) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        client = Client("http://gitlab.test", CANARY, budget(Clock()), timeout=5.0)
        assert client.page("jobs", "/projects/1/jobs", {}).items == [{"id": 1}]
    assert proxy.asked[0].headers["Host"] == "gitlab.test"
    assert proxy.asked[0].headers["PRIVATE-TOKEN"] == CANARY
    assert "Authorization" not in proxy.asked[0].headers


def test_an_oauth_token_goes_as_bearer() -> None:
    with client_of(in_turn(Answer({"id": 1})), token="0" * 64) as (client, server):
        assert client.object("user", "/user") == {"id": 1}
    assert server.asked[0].headers["Authorization"] == f"Bearer {'0' * 64}"
    assert "PRIVATE-TOKEN" not in server.asked[0].headers


TROUBLES = {
    "500": Answer({"message": "500"}, 500),
    "502 of a proxy": Answer(b"<html><h1>502 Bad Gateway</h1></html>", 502, {"Content-Type": "text/html"}),
    "503": Answer(b"", 503),
    "522": Answer(b"", 522),
    "half a body": Answer([{"id": n} for n in range(50)], cut=True),
    "bad JSON": Answer(b'[{"id": 1},'),
    "a page of a proxy": Answer(b"<html>please log in</html>", 200, {"Content-Type": "text/html"}),
    "no UTF-8": Answer(b'["\xff\xfe\xfa"]'),
    "a reset": Answer(reset=True),
    "half an error": Answer({"message": "x" * 500}, 500, cut=True),
}


@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES)
def test_a_passing_trouble_is_asked_again(trouble: Answer) -> None:
    with client_of(in_turn(trouble, trouble, GOOD)) as (client, server):
        assert client.page("jobs", "/projects/1/jobs", {}).items == [{"id": 1}]
    assert len(server.asked) == 3
    assert (client.calls["jobs"], client.retries) == (3, 2)


@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES)
def test_a_lasting_trouble_is_told_in_one_line(trouble: Answer) -> None:
    with client_of(in_turn(trouble), tries=3) as (client, server), pytest.raises(Unreachable) as told:
        client.page("jobs", "/projects/1/jobs", {})
    assert len(server.asked) == 3
    assert str(told.value).endswith("(3 tries)")
    assert "\n" not in str(told.value)
    assert "<" not in str(told.value)
    assert CANARY not in str(told.value)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 410, 422])
def test_a_refusal_is_not_asked_again(status: int) -> None:
    with client_of(in_turn(Answer({"message": f"{status} No"}, status), GOOD)) as (client, server):
        with pytest.raises(Refused) as told:
            client.page("jobs", "/projects/1/jobs", {})
        assert len(server.asked) == 1
    assert told.value.status == status
    assert str(told.value) == f"HTTP {status}: {status} No"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"error": "invalid_token", "error_description": "revoked"}, "HTTP 403: invalid_token"),
        (b"<html>blocked</html>", "HTTP 403"),
        (b"", "HTTP 403"),
        ({"message": {"base": ["two\nlines"]}}, "HTTP 403: {'base': ['two\\nlines']}"),
        ([1, 2], "HTTP 403: [1, 2]"),
        (b"x" * 5000, "HTTP 403: " + "x" * 200),
    ],
)
def test_what_a_refusal_says(body: Any, said: str) -> None:
    with client_of(in_turn(Answer(body, 403))) as (client, _), pytest.raises(Refused) as told:
        client.object("user", "/user")
    assert str(told.value) == said


@pytest.mark.parametrize("body", [{"message": "no list"}, "text", 5, None])
def test_a_list_that_is_none(body: Any) -> None:
    with client_of(in_turn(Answer(body))) as (client, _), pytest.raises(Unreachable, match="jobs: expected a list"):
        client.page("jobs", "/projects/1/jobs", {})


def test_an_object_that_is_none() -> None:
    with client_of(in_turn(Answer([]))) as (client, _), pytest.raises(Unreachable, match="user: expected an object"):
        client.object("user", "/user")


def test_nobody_there() -> None:
    with small_server(in_turn(GOOD)) as gone:
        url = gone.url
    client = Client(url, CANARY, budget(Clock()), timeout=1, tries=2)
    with pytest.raises(Unreachable, match=r"the connection was refused: nothing listens there \(2 tries\)"):
        client.page("jobs", "/projects/1/jobs", {})


def test_an_answer_that_does_not_come_is_not_waited_for_for_ever() -> None:
    never = threading.Event()
    with client_of(in_turn(Answer([], wait=never), GOOD), timeout=0.2) as (client, server):
        assert client.page("jobs", "/projects/1/jobs", {}).items == [{"id": 1}]
        never.set()
    assert len(server.asked) == 2


# 429


LIMITS = {
    "Rack::Attack": Answer(
        b"Retry later\n", 429,
        {"Retry-After": "7", "RateLimit-Limit": "60", "RateLimit-Remaining": "0", "Content-Type": "text/plain"},
    ),
    "an endpoint": Answer({"message": {"error": "This endpoint has been requested too many times."}}, 429),
    "an endpoint since 18.5": Answer({"message": {"error": "too many times"}}, 429, {"Retry-After": "600"}),
    "a proxy": Answer(b"<html>slow down</html>", 429, {"Content-Type": "text/html"}),
}  # fmt: skip


@pytest.mark.parametrize("limit", LIMITS.values(), ids=LIMITS)
def test_a_limit_is_waited_for_and_is_no_try(limit: Answer) -> None:
    with client_of(in_turn(*[limit] * 4, GOOD), tries=2) as (client, server):
        assert client.page("jobs", "/projects/1/jobs", {}).items == [{"id": 1}]
        assert client.budget.waited > 5
    assert (len(server.asked), client.retries) == (5, 0)


def test_a_limit_of_an_hour_is_told() -> None:
    limit = Answer(b"Retry later", 429, {"Retry-After": "3600", "RateLimit-Limit": "60"})
    with client_of(in_turn(limit)) as (client, server), pytest.raises(PauseTooLong):
        client.page("jobs", "/projects/1/jobs", {})
    assert len(server.asked) == 1


def test_stop_ends_the_waiting() -> None:
    with client_of(in_turn(TROUBLES["503"]), budget=Budget()) as (client, _):
        client.budget.stop.set()
        with pytest.raises(Stopped):
            client.page("jobs", "/projects/1/jobs", {})


# Next pages


def linked(url: str, **headers: str) -> Answer:
    return Answer([1], headers={"Link": f'<{url}>; rel="next", <{url}>; rel="first"', **headers})


@pytest.mark.parametrize(
    ("headers", "following"),
    [
        ({}, None),
        ({"X-Next-Page": ""}, None),
        ({"X-Next-Page": "2"}, {"per_page": 100, "page": "2"}),
        ({"X-Next-Page": "two"}, None),
        ({"Link": "<http://h/api/v4/x?page=2&per_page=100>; rel=next"}, {"per_page": "100", "page": "2"}),
        (
            {"Link": '<http://h/x?page=1>; rel="prev", <http://h/x?page=3>; rel="next"', "X-Next-Page": "9"},
            {"per_page": 100, "page": "3"},
        ),
        ({"Link": '<http://h/x?page=1>; rel="first"', "X-Next-Page": "2"}, {"per_page": 100, "page": "2"}),
        ({"Link": '<http://h/x?cursor=a%2Bb%3D&per_page=100>; rel="next"'}, {"per_page": "100", "cursor": "a+b="}),
        (
            {"Link": '<http://h/x?scope[]=a&scope[]=b&page=2>; rel="next"'},
            {"per_page": 100, "scope[]": ["a", "b"], "page": "2"},
        ),
        ({"Link": '<http://h/x?page=2&private_token=leak>; rel="next"'}, {"per_page": 100, "page": "2"}),
        ({"Link": "nonsense"}, None),
        ({"Link": '<http://h/x?per_page=100>; rel="next"'}, None),
        ({"X-Next-Page": "1"}, None),
    ],
)
def test_the_next_page(headers: dict[str, str], following: dict[str, Any] | None) -> None:
    with client_of(in_turn(Answer([1], headers=headers))) as (client, _):
        assert client.page("jobs", "/x", {"per_page": 100}).next == following


def test_pages_to_the_end_below_a_path_of_their_own() -> None:
    """An instance at a relative URL root, whose links name its public address."""

    def respond(asked: Asked) -> Answer:
        page = int(asked.query.get("page", ["1"])[0])
        link = (
            {"Link": f'<https://public.example/git/api/v4/x?page={page + 1}&per_page=2>; rel="next"'}
            if page < 4
            else {}
        )
        return Answer([page], headers=link)

    with client_of(respond, "/git") as (client, server):
        query: dict[str, Any] | None = {"per_page": 2}
        seen: list[int] = []
        while query is not None:
            page = client.page("jobs", "/x", query)
            seen += page.items
            query = page.next
    assert seen == [1, 2, 3, 4]
    assert set(server.paths()) == {"/git/api/v4/x"}


def test_total_pages() -> None:
    with client_of(in_turn(Answer([], headers={"X-Total-Pages": "12"}), Answer([], headers={"X-Total-Pages": ""}))) as (
        client,
        _,
    ):
        assert [client.page("jobs", "/x", {}).total_pages for _ in range(2)] == [12, None]


# The token


def leaks(server: Small, token: str = CANARY) -> list[Asked]:
    """Requests that told the token, in whatever place."""
    return [one for one in server.asked if token in repr(one)]


@pytest.mark.parametrize("token", [CANARY, "ab" * 32], ids=["personal", "oauth"])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_the_token_does_not_follow_a_redirect_to_another_host(token: str, status: int) -> None:
    with small_server(in_turn(Answer(b"the log"))) as storage:
        moved = Answer(b"", status, {"Location": f"{storage.url}/bucket/log"})
        with client_of(in_turn(moved), token=token) as (client, server):
            assert client.stream("logs", "/projects/1/jobs/2/trace", b"".join) == b"the log"
        assert len(leaks(server, token)) == 1
        assert storage.paths() == ["/bucket/log"]
        assert leaks(storage, token) == []
        assert not {"Authorization", "Private-Token", "PRIVATE-TOKEN", "Cookie"} & set(storage.asked[0].headers)


def test_the_token_stays_on_a_redirect_at_home() -> None:
    """A project that moved (301 since 16.7)."""
    moved = Answer(b"", 301, {"Location": "/api/v4/projects/new"})
    with client_of(lambda asked: Answer({"id": 7}) if asked.path.endswith("new") else moved) as (client, server):
        assert client.object("projects", "/projects/old") == {"id": 7}
    assert [one.headers.get("PRIVATE-TOKEN") for one in server.asked] == [CANARY, CANARY]


def test_the_token_does_not_follow_a_link_to_another_host() -> None:
    with small_server(in_turn(Answer([]))) as other:
        with client_of(in_turn(linked(f"{other.url}/api/v4/x?page=2"), GOOD)) as (client, server):
            page = client.page("jobs", "/x", {})
            assert page.next is not None
            client.page("jobs", "/x", page.next)
        assert other.asked == []
        assert server.asked[1].query["page"] == ["2"]


def test_the_token_is_not_in_the_clients_words() -> None:
    with client_of(in_turn(GOOD)) as (client, _):
        assert CANARY not in repr(client)


# Logs


def test_a_log_cut_off_is_read_anew() -> None:
    with client_of(in_turn(Answer(b"half", cut=True), Answer(b"the whole log"))) as (client, server):
        assert client.stream("logs", "/projects/1/jobs/2/trace", b"".join) == b"the whole log"
    assert len(server.asked) == 2


def test_threads_have_clients_of_their_own() -> None:
    with client_of(in_turn(GOOD)) as (client, server):
        threads = [threading.Thread(target=client.page, args=("jobs", "/x", {})) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert client.calls["jobs"] == len(server.asked) == 6
