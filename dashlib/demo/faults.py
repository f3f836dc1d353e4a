"""Faults that can be switched on and off while the server runs: what a proxy, a limit or a bad day does to a call."""

from __future__ import annotations

import re
import threading
import time
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Literal, get_args

from dashlib.demo.calls import JSON, Reply
from dashlib.demo.dice import dice

Kind = Literal[
    "retry_later",  # 429 of Rack::Attack: text/plain, Retry-After, RateLimit-*
    "too_many",  # 429 of an application limit before 18.5: JSON, no Retry-After
    "too_many_long",  # the same since 18.5: Retry-After is the whole interval
    "bad_gateway",  # 502 with a proxy's HTML
    "unavailable",  # 503 with a proxy's HTML
    "server_error",  # 500 JSON
    "unauthorized",  # 401: the token was revoked
    "forbidden",  # 403
    "not_found",  # 404: the project is gone
    "moved",  # 301: from a project's path to its id, or from its id to its path; give it `times`
    "reset",  # the connection is reset in the middle of the body
    "cut_short",  # Content-Length says more than is sent
    "slow",  # the body comes in small pieces over `seconds`
    "hang",  # nothing comes for `seconds`, then the answer
    "foreign_link",  # Link rel=next points to another host
    "broken_json",  # 200 and half a JSON document
]
KINDS: tuple[str, ...] = get_args(Kind)
ON_THE_WIRE = {"reset", "cut_short", "slow", "hang"}
TOO_MANY = b'{"message":{"error":"This endpoint has been requested too many times. Try again later."}}'
_PROXY = (
    "<html>\r\n<head><title>{0}</title></head>\r\n<body>\r\n<center><h1>{0}</h1></center>\r\n</body>\r\n</html>\r\n"
)


@dataclass(slots=True)
class Rule:
    """One fault: which calls it may hit, and which of those it does hit. `hits` counts them."""

    kind: Kind
    path: re.Pattern[str] | None = None
    resource: str | None = None
    project: int | str | None = None
    method: str | None = None
    after: int = 0
    times: int | None = None
    every: int = 1
    probability: float = 1.0
    seconds: float = 1.0
    retry_after: int | None = None
    foreign: str = "http://elsewhere.invalid"
    seen: int = 0
    hits: int = 0


@dataclass(slots=True)
class _Budget:
    limit: int
    window: float
    name: str
    ends: float = 0.0
    used: int = 0


@dataclass(slots=True)
class _Asked:
    """A call as the rules see it."""

    method: str
    path: str
    template: str
    project_id: int | None
    project_path: str | None


@dataclass(slots=True)
class Faults:
    """The faults of one server. Safe to change from a test while calls are under way.

    `add("retry_later", resource="/projects/:id/jobs", times=2)` hits the next two calls of that template;
    `path` is a regular expression searched in the path with its query, `project` an id or a full path, `after` skips
    the first matching calls, `every=3` hits each third, `probability` rolls a seeded die.
    """

    seed: int = 0
    rules: list[Rule] = field(default_factory=list)
    _budget: _Budget | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _rolls: int = 0

    def add(self, kind: Kind, *, path: str | None = None, **how: object) -> Rule:
        """Switches a fault on and gives back its rule; `how` are the members of Rule."""
        if kind not in KINDS:
            raise ValueError(f"no fault {kind!r}, only {', '.join(KINDS)}")
        rule = Rule(kind, re.compile(path) if path else None)
        for name, value in how.items():
            if name not in Rule.__dataclass_fields__:
                raise TypeError(f"a rule has no {name!r}")
            setattr(rule, name, value)
        with self._lock:
            self.rules.append(rule)
        return rule

    def remove(self, rule: Rule) -> None:
        """Switches one fault off."""
        with self._lock:
            self.rules = [each for each in self.rules if each is not rule]

    def clear(self) -> None:
        """Switches everything off, the rate limit too."""
        with self._lock:
            self.rules.clear()
            self._budget = None

    def rate_limit(self, limit: int, window: float, name: str = "throttle_authenticated_api") -> None:
        """From now on `limit` calls per `window` seconds: RateLimit-* on every answer, 429 beyond (GITLAB.md 4.2)."""
        with self._lock:
            self._budget = _Budget(limit, window, name)

    def choose(self, method: str, path: str, template: str, project: tuple[int, str] | None) -> Rule | None:
        """The first rule that hits this call, if any; counts the call against every rule it matches until then."""
        number, full_path = project or (None, None)
        asked = _Asked(method, path, template, number, full_path)
        with self._lock:
            for rule in self.rules:
                if _matches(rule, asked) and self._strikes(rule):
                    return rule
        return None

    def _strikes(self, rule: Rule) -> bool:
        rule.seen += 1
        if rule.seen <= rule.after or (rule.times is not None and rule.hits >= rule.times):
            return False
        if (rule.seen - rule.after) % rule.every:
            return False
        self._rolls += 1
        if rule.probability < 1 and dice(self.seed, "fault", self._rolls).random() >= rule.probability:
            return False
        rule.hits += 1
        return True

    def spend(self) -> tuple[dict[str, str], Reply | None]:
        """Counts one call against the rate limit: the headers for its answer, and the 429 if the budget is gone."""
        with self._lock:
            budget, now = self._budget, time.time()
            if budget is None:
                return {}, None
            if now >= budget.ends:
                budget.ends, budget.used = now + budget.window, 0
            budget.used += 1
            left = max(0.0, budget.ends - now)
            headers = _limit_headers(budget, left)
            return headers, retry_later(left) if budget.used > budget.limit else None


def _matches(rule: Rule, asked: _Asked) -> bool:
    return (
        (rule.method is None or rule.method == asked.method)
        and (rule.resource is None or rule.resource == asked.template)
        and (rule.project is None or rule.project in {asked.project_id, asked.project_path})
        and (rule.path is None or rule.path.search(asked.path) is not None)
    )


def _limit_headers(budget: _Budget, left: float) -> dict[str, str]:
    return {
        "RateLimit-Limit": str(budget.limit),
        "RateLimit-Name": budget.name,
        "RateLimit-Observed": str(budget.used),
        "RateLimit-Remaining": str(max(0, budget.limit - budget.used)),
        "RateLimit-Reset": str(int(time.time() + left) + 1),
    }


def retry_later(seconds: float) -> Reply:
    """Rack::Attack's 429: plain text, Retry-After in whole seconds, at least one."""
    wait = max(1, -int(-seconds // 1))
    until = time.time() + wait
    headers = {"Retry-After": str(wait), "RateLimit-ResetTime": formatdate(until, usegmt=True)}
    return Reply(429, b"Retry later\n", "text/plain", headers)


def fault_reply(rule: Rule, answer: Reply, base_url: str, moved_to: str | None) -> Reply:
    """What the fault makes of an answer; faults of the wire leave it as it is, they act while it is sent."""
    kind = rule.kind
    if kind == "retry_later":
        reply = retry_later(rule.retry_after or 1)
        budget = _Budget(2000, 60, "throttle_authenticated_api", used=2001)
        reply.headers.update(_limit_headers(budget, rule.retry_after or 1))
        return reply
    if kind == "foreign_link" and "Link" in answer.headers:
        return Reply(
            answer.status,
            answer.body,
            answer.media_type,
            {**answer.headers, "Link": answer.headers["Link"].replace(base_url, rule.foreign)},
        )
    if kind == "broken_json":
        return Reply(answer.status, answer.body[: max(1, len(answer.body) // 2)], JSON, answer.headers)
    if kind == "moved" and moved_to is not None:
        return Reply(301, b'{"message":"This resource has been moved permanently"}', headers={"Location": moved_to})
    return _FIXED.get(kind, answer)


_FIXED: dict[str, Reply] = {
    "too_many": Reply(429, TOO_MANY),
    "too_many_long": Reply(429, TOO_MANY, headers={"Retry-After": "600"}),
    "bad_gateway": Reply(502, _PROXY.format("502 Bad Gateway").encode(), "text/html"),
    "unavailable": Reply(503, _PROXY.format("503 Service Temporarily Unavailable").encode(), "text/html"),
    "server_error": Reply(500, b'{"message":"500 Internal Server Error"}'),
    "unauthorized": Reply(401, b'{"message":"401 Unauthorized"}'),
    "forbidden": Reply(403, b'{"message":"403 Forbidden"}'),
    "not_found": Reply(404, b'{"message":"404 Project Not Found"}'),
}
