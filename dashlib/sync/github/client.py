"""GitHub's API through githubkit: one page, one object, one log, or a page of GraphQL.

githubkit brings the addresses, the authentication, redirects, and which answers are rate limits. What it would do by
itself and a sync must not is off: its retries sleep through a person's Ctrl-C, its cache keeps whole bodies in memory,
and proxies of the environment would be read at each call.

Conditional requests (docs.github.com, best practices for the REST API): an answer 304 costs nothing of the hourly
budget. The first page of a list is asked with the ETag under which it was stored; 304 is Refused like any other status,
and a Listing for which it is ``optional`` is done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

import httpx
from githubkit import GitHub
from githubkit.exception import GitHubException, GraphQLFailed, RateLimitExceeded, RequestFailed
from requests.utils import parse_header_links

from dashlib.sync.asking import TRANSIENT, Answer, Asking, Hiccup, Limited, answered, parsed, shortened, what
from dashlib.sync.client import Page, Refused, Unreachable
from dashlib.sync.github import graph

VERSION = "2022-11-28"
"""Of the REST API: the one that every GitHub Enterprise Server since 3.9 knows, too."""
_HEADERS = {"X-GitHub-Api-Version": VERSION}
_UNCHANGED = 304
_TRIES_OF_MANY = 2

T = TypeVar("T")


@dataclass
class GitHubClient(Asking):
    """``url`` is the API's, such as ``https://api.github.com``. ``etags`` are those of lists as they are stored."""

    etags: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__post_init__()
        self._told: dict[str, str] = {}
        self._github = GitHub(
            self.token,
            base_url=self.url,
            timeout=self.timeout,
            transport=self.transport,
            trust_env=False,
            http_cache=False,
            auto_retry=False,
        )

    def page(self, resource: str, path: str, params: Mapping[str, Any]) -> Page:
        """One page; a list may come alone, or in an object beside its ``total_count``. Raises Refused (304: it is as
        ``etags`` says), Unreachable, PauseTooLong or Stopped.
        """
        if path.startswith(graph.PREFIX):
            return self._graph_page(resource, path, params)
        known = self.etags.get(path) if str(params.get("page", 1)) == "1" else None
        answer = self._ask(resource, lambda: self._send(path, params, parsed, known))
        items, total = _listed(answer.body)
        if items is None:
            raise Unreachable(f"{resource}: expected a list")
        if "etag" in answer.headers and str(params.get("page", 1)) == "1":
            self._told[path] = answer.headers["etag"]
        return Page(items, _next(answer.headers, params), answered(answer.headers), None, total)

    def told(self, path: str) -> str | None:
        """The ETag of the first page of a list, as this run read it."""
        return self._told.get(path)

    def object(self, resource: str, path: str, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """One object, of GraphQL where the path names one of ``graph``'s questions. Raises like ``page``."""
        if path.startswith(graph.PREFIX):
            return self._ask(resource, lambda: self._graph(path, params or {})).body
        return super().object(resource, path, params)

    def _graph_page(self, resource: str, path: str, params: Mapping[str, Any]) -> Page:
        """A page of commits. Where GitHub cannot count the lines of so many in time, fewer are asked."""
        asked = dict(params)
        while True:
            size = asked["first"] = int(asked.get("first") or asked.get("per_page") or 100)
            try:
                tries = None if size <= graph.FEWEST else _TRIES_OF_MANY
                answer = self._ask(resource, lambda: self._graph(path, asked), tries)
            except Unreachable:
                if size <= graph.FEWEST:
                    raise
                asked["first"] = max(graph.FEWEST, size // 4)
                continue
            items, cursor = graph.commits(answer.body)
            following = {**asked, "after": cursor} if cursor else None
            return Page(items, following, answered(answer.headers), None)

    def _graph(self, path: str, params: Mapping[str, Any]) -> Answer[dict[str, Any]]:
        query, names = graph.QUESTIONS[path]
        variables = {name: params[name] for name in names if params.get(name) is not None}
        headers: dict[str, str] = {}
        try:
            return Answer(self._github.graphql.request(query, variables), headers)
        except RateLimitExceeded as limited:
            raise Limited(limited.response.headers) from limited
        except GraphQLFailed as failed:
            raise _graph_refused(failed) from failed
        except RequestFailed as failed:
            raise _failed(failed.response.raw_response, failed) from failed
        except GitHubException as error:
            raise Hiccup(what(error)) from error

    def _send(
        self, path: str, params: Mapping[str, Any], read: Callable[[Iterable[bytes]], T], etag: str | None = None
    ) -> Answer[T]:
        headers = _HEADERS | ({"If-None-Match": etag} if etag else {})
        try:
            response = self._github.request("GET", path, params=dict(params), headers=headers, stream=True).raw_response
        except RateLimitExceeded as limited:
            raise Limited(limited.response.headers) from limited
        except RequestFailed as failed:
            raise _failed(failed.response.raw_response, failed) from failed
        except GitHubException as error:
            raise Hiccup(what(error)) from error
        try:
            if response.status_code == _UNCHANGED:
                raise Refused(_UNCHANGED, "unchanged")
            if response.status_code >= 300:
                raise Refused(response.status_code, "the server redirects somewhere else")
            return Answer(read(response.iter_bytes()), response.headers)
        finally:
            response.close()


def _failed(response: httpx.Response, error: Exception) -> Exception:
    """What an error status means: a pause, another try, or the end of it."""
    status, message = response.status_code, _message(response)
    if status == 429 or (status == 403 and "rate limit" in message.lower()):
        return Limited(response.headers)
    told = shortened(status, message)
    return Hiccup(told) if status in TRANSIENT else Refused(status, told)


def _message(response: httpx.Response) -> str:
    try:
        told = response.json()
    except (ValueError, httpx.HTTPError):
        return ""
    return str(told.get("message") or "") if isinstance(told, dict) else ""


def _graph_refused(failed: GraphQLFailed) -> Exception:
    """GraphQL says 200 to everything; a kind of error that asking again will not change has a ``type``."""
    errors = failed.response.errors or []
    told = "; ".join(str(one.message) for one in errors)
    kinds = {one.type for one in errors}
    if "NOT_FOUND" in kinds:
        return Refused(404, shortened(404, told))
    if kinds & {"FORBIDDEN", "INSUFFICIENT_SCOPES"}:
        return Refused(403, shortened(403, told))
    return Hiccup(shortened(200, told))


def _listed(body: Any) -> tuple[list[Any] | None, int | None]:
    if isinstance(body, list):
        return body, None
    lists = [value for value in body.values() if isinstance(value, list)] if isinstance(body, dict) else []
    total = body.get("total_count") if isinstance(body, dict) else None
    return (lists[0], total if isinstance(total, int) else None) if len(lists) == 1 else (None, None)


def _next(headers: Mapping[str, str], params: Mapping[str, Any]) -> dict[str, Any] | None:
    """The next page's query: the link's own, whatever host it names."""
    for link in parse_header_links(headers.get("link", "")):
        if link.get("rel") == "next":
            query = parse_qs(urlsplit(link["url"]).query, keep_blank_values=True)
            found = {**params, **{name: values[-1] for name, values in query.items()}}
            return None if found == {name: str(value) for name, value in params.items()} else found
    return None
