"""CodeArts Repo's API: one page of events, with its token, its way of paging and its error codes.

Huawei's own SDK would bring request signing, which a token needs not, and ``datetime`` parameters for two dates that
are never sent; the transport is what GitHub's client uses.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx

from dashlib.sync.asking import TRANSIENT, Answer, Asking, Hiccup, Limited, answered, parsed, shortened
from dashlib.sync.client import Page, Refused, Unreachable

LIMIT = 100
_LONGEST_ERROR = 64 * 1024

T = TypeVar("T")


@dataclass
class CodeArtsClient(Asking):
    """``url`` is the region's host, such as ``https://codehub-ext.cn-north-4.myhuaweicloud.com``."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._client = httpx.Client(
            base_url=self.url,
            headers={"X-Auth-Token": self.token, "Accept": "application/json"},
            timeout=self.timeout,
            transport=self.transport,
            trust_env=False,
            follow_redirects=True,
            max_redirects=3,
        )

    def page(self, resource: str, path: str, params: Mapping[str, Any]) -> Page:
        """One page by ``offset`` and ``limit``. Raises Refused, Unreachable, PauseTooLong or Stopped.

        A page may be short with more behind it: the end is where ``X-Total`` says, or an empty page where it says
        nothing. The next offset counts what came, not what was asked: then nothing is left out, and what is told twice
        is one row.
        """
        offset = int(params.get("offset") or 0)
        asked = {name: value for name, value in params.items() if name not in ("per_page", "page")}
        asked |= {"offset": offset, "limit": LIMIT}
        answer = self._ask(resource, lambda: self._send(path, asked, parsed))
        if not isinstance(answer.body, list):
            raise Unreachable(f"{resource}: expected a list")
        total = answer.headers.get("X-Total", "").strip()
        end = int(total) if total.isdecimal() else None
        behind = offset + (len(answer.body) or LIMIT)
        done = behind >= end if end is not None else not answer.body
        return Page(answer.body, None if done else {"offset": behind}, answered(answer.headers), None, end)

    def _send(self, path: str, params: Mapping[str, Any], read: Callable[[Iterable[bytes]], T]) -> Answer[T]:
        with self._client.stream("GET", path, params=dict(params)) as response:
            if response.status_code == 429:
                raise Limited(response.headers)
            if response.status_code >= 300:
                raise _failed(response)
            return Answer(read(response.iter_bytes()), response.headers)


def _failed(response: httpx.Response) -> Exception:
    """What an error status means: another try, or the end of it, with the code that Huawei's documents explain."""
    status, body = response.status_code, bytearray()
    for chunk in response.iter_bytes():
        body += chunk
        if len(body) > _LONGEST_ERROR:
            break
    try:
        told = json.loads(body)
    except ValueError:
        told = None
    code, message = (told.get("error_code"), told.get("error_msg")) if isinstance(told, dict) else (None, None)
    said = ": ".join(part for part in (code, message) if isinstance(part, str) and part)
    error = shortened(status, said)
    return Hiccup(error) if status in TRANSIENT else Refused(status, error)
