"""Whatever is sent: no 5xx, nothing stored without the secret, row functions that say what they do not understand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashlib.receive.body import Refused
from dashlib.receive.sources import BY_NAME
from dashlib.sources.hook import Hook, Unshapeable
from dashlib.store import merge, schema
from dashlib.store.database import TABLES
from tests.receive.conftest import PATHS, Dashboard
from tests.receive.payloads import RECEIVED, headers, names, payload

SOURCES = sorted(PATHS)
RECORDED = [(source, name) for source in SOURCES for name in names(source)]
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.sampled_from(
        ["2026-03-11 01:15:02 UTC", "0001-01-01T00:00:00Z", "refs/heads/x", "\x00", "9" * 400, "push", "😀"]
    )
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)


def paths(value: Any, here: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a payload."""
    yield here
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in inner:
        yield from paths(part, (*here, name))


def replaced(value: Any, path: tuple[Any, ...], by: Any) -> Any:
    """The payload with one place changed."""
    if not path:
        return by
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(copy[path[0]], path[1:], by)
    return copy


@st.composite
def mutated(draw: st.DrawFn) -> tuple[str, str, Any]:
    """A recorded payload of which up to three places hold something else."""
    source, name = draw(st.sampled_from(RECORDED))
    found = payload(source, name)
    for _ in range(draw(st.integers(1, 3))):
        found = replaced(found, draw(st.sampled_from(list(paths(found)))), draw(VALUES))
    return source, name, found


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    opened = duckdb.connect()
    schema.migrate(opened, TABLES, ())
    yield opened
    opened.close()


@settings(max_examples=200, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(case=mutated())
def test_row_functions_take_anything(connection: duckdb.DuckDBPyConnection, case: tuple[str, str, Any]) -> None:
    """They shape it, keep it or say in one sentence why not; what they make fits the tables."""
    source, name, said = case
    sender = BY_NAME[source]
    told = {key.replace("_", "-").lower(): value for key, value in headers(source, name).items()}
    try:
        opened = sender.open(json.dumps(said).encode(), told)
    except Refused as refused:
        assert refused.status in (400, 422)
        return
    try:
        shaped = sender.shape(opened.kind, Hook(opened.payload, told, RECEIVED))
    except Unshapeable as error:
        assert str(error)
        return
    if shaped is not None:
        connection.execute("begin transaction")
        try:
            merge.apply(connection, shaped.changes)
        finally:
            connection.execute("rollback")


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    source=st.sampled_from(SOURCES),
    body=st.binary(max_size=200)
    | VALUES.map(lambda value: json.dumps(value).encode())
    | mutated().map(lambda case: json.dumps(case[2]).encode()),
    kind=st.sampled_from(["application/json", "application/cloudevents+json", "application/cloudevents-batch+json"])
    | st.sampled_from(["text/plain", "application/x-www-form-urlencoded", "application/octet-stream", "", ";;;"]),
    more=st.dictionaries(
        st.sampled_from(["X-GitHub-Event", "X-Gitlab-Event", "ce-type", "ce-id", "ce-source", "ce-time"]),
        st.text(st.characters(min_codepoint=33, max_codepoint=255, exclude_categories=["Cc"]), max_size=12),
    ),
    secret=st.booleans(),
)  # fmt: skip
def test_no_request_breaks_the_server(
    serving: Dashboard, source: str, body: bytes, kind: str, more: dict[str, str], secret: bool
) -> None:
    before = len(serving.settled())
    told = {name: value.encode("utf-8").decode("latin-1") for name, value in more.items()}
    answer = serving.post(source, body, secret=secret, Content_Type=kind, **told)
    assert answer.status_code in (200, 400, 401, 415, 422)
    assert isinstance(answer.json(), dict)
    after = serving.settled()
    if not secret:
        assert answer.status_code == 401
    if answer.status_code != 200:
        assert len(after) == before, "nothing is stored of what is not taken"
    assert [one["error"] for one in after if (one["error"] or "").startswith("a defect")] == []
