"""The description of the routes against a running server: what it allows, what it does not, and what it promises."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from requests.auth import AuthBase
from schemathesis import Case
from schemathesis.checks import CHECKS

import dashlib.receive
from dashlib.receive.setup import SETTING_NAMES
from dashlib.receive.sources import SOURCES
from tests.receive.conftest import PATHS, Dashboard, proof

DESCRIPTION = Path(dashlib.receive.__file__).with_name("openapi.yaml")
SCHEMA = schemathesis.openapi.from_path(DESCRIPTION)
# Else four hundred requests of a kind for each route: each field of a payload in turn.
SCHEMA.config.phases.coverage.enabled = False
HOOKS = SCHEMA.include(method="POST")
STRICT = HOOKS.exclude(path="/cloud/events")
CLOUD = SCHEMA.include(path="/cloud/events")
"""Of what a binary event's body may be, no schema says enough: only there a body within its bounds may be refused."""
NAMES = {path: source for source, path in PATHS.items()}
NOT_OURS = (
    "use_after_free", "ensure_resource_availability", "object_level_authorization", "negative_data_rejection",
    "missing_required_header", "ignored_auth",
)  # fmt: skip
"""Nothing is made here that has an address. What is odd in a body that names its kind is taken, and kept. The secrets
have tests of their own: these bring the right one, or none."""


class Signed(AuthBase):
    """What lets a delivery in, made when the body stands."""

    def __init__(self, source: str) -> None:
        self._source = source

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        body = request.body or b""
        request.headers.pop("webhook-signature", None)
        request.headers.update(proof(self._source, body.encode() if isinstance(body, str) else body))
        return request


def checks(*without: str) -> list[Any]:
    return [CHECKS.get_one(name) for name in CHECKS.get_all_names() if name not in (*NOT_OURS, *without)]


BOUNDED = settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def sent(case: Case, dashboard: Dashboard, **more: Any) -> Any:
    session = requests.Session()
    session.trust_env = False
    return case.call(base_url=dashboard.url, session=session, timeout=30, **more)


@STRICT.parametrize()
@BOUNDED
def test_what_the_description_allows_is_taken(serving: Dashboard, case: Case) -> None:
    """And whatever else is sent is answered as it says; no 5xx, no traceback. Stored is what was answered 200."""
    before = len(serving.settled())
    answer = sent(case, serving, auth=Signed(NAMES[case.path]))
    case.validate_response(answer, checks=checks())
    looked_at(serving, before, answer)


@CLOUD.parametrize()
@BOUNDED
def test_cloud_events_as_well(serving: Dashboard, case: Case) -> None:
    before = len(serving.settled())
    answer = sent(case, serving, auth=Signed("cloudevents"))
    case.validate_response(answer, checks=checks("positive_data_acceptance"))
    looked_at(serving, before, answer)


def looked_at(dashboard: Dashboard, before: int, answer: Any) -> None:
    assert "Traceback" not in answer.text
    after = dashboard.settled()
    assert len(after) <= before + (answer.status_code == 200)
    assert [one["error"] for one in after if (one["error"] or "").startswith("a defect")] == []


@HOOKS.parametrize()
@settings(BOUNDED, max_examples=6)
def test_without_the_secret_nothing_is_taken(serving: Dashboard, case: Case) -> None:
    """Whatever the secret is guessed to be. Where the body is signed its type is looked at before it is read."""
    before = len(serving.settled())
    answer = sent(case, serving)
    assert answer.status_code in ((401, 415) if case.path in ("/gitlab/events", "/github/events") else (401,))
    case.validate_response(answer, checks=checks("positive_data_acceptance"))
    assert len(serving.settled()) == before


METHODS = ("GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY", "BREW", "post")


@settings(BOUNDED, max_examples=60)
@given(
    path=st.sampled_from(sorted(PATHS.values())),
    tail=st.sampled_from(["", "/", "//", "?x=%00", "?", "/x", "%2F", "/.."]),
    method=st.sampled_from(METHODS),
    headers=st.dictionaries(
        st.from_regex(r"[A-Za-z][A-Za-z0-9-]{0,20}", fullmatch=True)
        | st.sampled_from(["Content-Encoding", "X-HTTP-Method-Override", "Content-Type", "Upgrade", "Accept"]),
        st.from_regex(r"[!-~]{0,30}", fullmatch=True),
        max_size=4,
    ),
    body=st.binary(max_size=100),
)
def test_other_methods_and_paths_store_nothing(
    serving: Dashboard, path: str, tail: str, method: str, headers: dict[str, str], body: bytes
) -> None:
    """With every secret there is; whatever else stands in the headers."""
    before = len(serving.settled())
    chosen = {name: value for name, value in headers.items() if name.lower() not in FRAMING}
    every = {name: value for source in PATHS for name, value in proof(source, body).items()}
    with requests.Session() as session:
        session.trust_env = False
        answer = session.request(
            method, serving.url + path + tail, data=body, headers=chosen | every, timeout=30, allow_redirects=False
        )
    assert 300 <= answer.status_code < 500
    assert "Traceback" not in answer.text
    assert len(serving.settled()) == before


FRAMING = {"host", "content-length", "transfer-encoding", "connection", "expect", "upgrade"}
"""What says where a request ends: made otherwise it is another request."""


@SCHEMA.include(method="GET").parametrize()
@settings(BOUNDED, max_examples=5)
def test_what_watches(serving: Dashboard, case: Case) -> None:
    case.validate_response(sent(case, serving), checks=checks())


def test_it_names_every_route_every_secret_and_every_answer() -> None:
    told = yaml.safe_load(DESCRIPTION.read_text("utf-8"))
    posts = {path: route["post"] for path, route in told["paths"].items() if "post" in route}
    assert {path: route["operationId"] for path, route in posts.items()} == {one.path: one.name for one in SOURCES}
    for route in posts.values():
        assert set(route["responses"]) == {"200", "400", "401", "408", "413", "415", "422", "503"}
    secrets = " ".join(scheme["description"] for scheme in told["components"]["securitySchemes"].values())
    assert [name for name in SETTING_NAMES.values() if name not in secrets] == []


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_the_content_types_it_names_are_taken(source: Any) -> None:
    told = yaml.safe_load(DESCRIPTION.read_text("utf-8"))["paths"][source.path]["post"]["requestBody"]["content"]
    for kind in told:
        assert source.takes(kind, {"ce-type": "x"})
    assert not source.takes("text/html", {})
