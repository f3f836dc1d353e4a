"""Who posts what, declared: route, secret, content types, what a delivery is known by, and its row functions.

A new source of webhooks is one more entry here; the routes, the command line and the metrics go through this list.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from dashlib.failures.mask import mask
from dashlib.receive import verify
from dashlib.receive.body import Refused, form_payload, parsed
from dashlib.receive.secrets import cleaned
from dashlib.settings import Settings
from dashlib.sources import alertmanager, cloudevents, kubernetes
from dashlib.sources.github import hooks as github_hooks
from dashlib.sources.gitlab import hooks as gitlab_hooks
from dashlib.sources.hook import Hook, Shaped, pushed
from dashlib.sync import plan as gitlab_plan
from dashlib.sync.github import plan as github_plan

Headers = Mapping[str, str]


@dataclass(frozen=True)
class Opened:
    """A body that was read: the text to store (no secrets in it), its JSON, its kind."""

    text: str
    payload: Any
    kind: str


def _nothing(_: str, __: Mapping[str, Any]) -> dict[str, Any]:
    return {}


def _no_push(_: str, __: Any) -> None:
    return None


def _any_project(_: str | None, __: Settings) -> bool:
    return True


@cache
def _prefixes(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in names if name.endswith("-"))


@dataclass(frozen=True)
class Source:
    """One sender. ``secrets`` are the settings that open its route, any of them; ``signed`` says that who posts is
    known only with the body at hand. ``kept`` are the headers stored with a delivery, ``known_by`` those that make two
    deliveries of one body one or two, ``keys`` those of them that alone tell a repetition from a new delivery.
    ``pushed``: of a push its ref and both ends. ``chooses``: whether the settings choose the project of that path (None
    where it is not known); of others the deliveries are stored, and no rows are made.
    """

    name: str
    path: str
    secrets: tuple[str, ...]
    verify: Callable[[Headers, bytes, Settings, float], bool]
    signed: Callable[[Headers, Settings], bool]
    takes: Callable[[str, Headers], bool]
    open: Callable[[bytes, Headers], Opened]
    shape: Callable[[str, Hook], Shaped | None]
    kept: tuple[str, ...] = ("user-agent",)
    known_by: tuple[str, ...] = ()
    reply: Callable[[str, Mapping[str, Any]], dict[str, Any]] = _nothing
    keys: tuple[str, ...] = ()
    pushed: Callable[[str, Any], tuple[str, str, str] | None] = _no_push
    chooses: Callable[[str | None, Settings], bool] = _any_project

    def is_open(self, settings: Settings) -> bool:
        """Whether a secret is set for it at all."""
        return any(getattr(settings, name) for name in self.secrets)

    def keyed(self, headers: Headers) -> bool:
        """Whether the sender said by a key of its own which delivery this is."""
        return any(headers.get(name) for name in self.keys)

    def headers(self, headers: Headers) -> dict[str, str]:
        """The headers to store; a name that ends in ``-`` stands for all that begin so."""
        prefixes = _prefixes(self.kept)
        return {
            name: value
            for name, value in headers.items()
            if name in self.kept or (prefixes and name.startswith(prefixes))
        }


def _is_json(content_type: str, _: Headers) -> bool:
    """``application/json`` and what is built on it (``application/…+json``)."""
    return content_type == "application/json" or (
        content_type.startswith("application/") and content_type.endswith("+json")
    )


def _object(kind_of: Callable[[Mapping[str, Any], Headers], str | None]) -> Callable[[bytes, Headers], Opened]:
    """How to open a body that must be one JSON object that names its kind."""

    def open_body(raw: bytes, headers: Headers) -> Opened:
        payload = parsed(raw)
        if not isinstance(payload, dict):
            raise Refused(422, "the body is not a JSON object")
        kind = kind_of(payload, headers)
        if kind is None:
            raise Refused(422, "the delivery names no kind")
        text, clean = cleaned(raw, payload)
        return Opened(text, clean, kind)

    return open_body


def _open_github(raw: bytes, headers: Headers) -> Opened:
    form = headers.get("content-type", "").lower().startswith("application/x-www-form-urlencoded")
    return _object(github_hooks.kind_of)(form_payload(raw) if form else raw, headers)


def _open_cloud(raw: bytes, headers: Headers) -> Opened:
    """Structured and batched events are JSON; the data of a binary one may be anything, its attributes are headers."""
    mode = cloudevents.mode(headers)
    if mode != cloudevents.BINARY:
        payload = parsed(raw)
        if cloudevents.is_plain(headers):
            _must_be_event(payload)
        # One bad event of a batch does not take the good ones with it: its row functions leave it out, and say so.
        if not isinstance(payload, list if mode == cloudevents.BATCH else dict):
            raise Refused(422, "the body is not a CloudEvent, or a batch of them")
        text, clean = cleaned(raw, payload)
    else:
        text, clean = _data(raw, headers)
    kind = cloudevents.kind_of(clean, headers) if clean != [] else cloudevents.BATCH
    if kind is None:
        raise Refused(422, "the event names no type" + (": no header ce-type" if mode == cloudevents.BINARY else ""))
    return Opened(text, clean, kind)


def _must_be_event(payload: Any) -> None:
    """Raises Refused (422) for JSON that neither its headers nor its attributes call a CloudEvent."""
    hint = "application/cloudevents-batch+json is the content type of a batch, ce-type a header of a binary event"
    if not isinstance(payload, dict):
        raise Refused(422, f"the body is not one CloudEvent ({hint})")
    missing = [name for name in cloudevents.ATTRIBUTES if not payload.get(name)]
    if missing:
        raise Refused(422, f"the body is no CloudEvent without {', '.join(missing)} ({hint})")


def _data(raw: bytes, headers: Headers) -> tuple[str, Any]:
    if raw and _is_json(_bare(headers.get("content-type", "")), headers):
        return cleaned(raw, parsed(raw))
    try:
        text = mask(raw.decode())
    except UnicodeDecodeError:
        text = base64.b64encode(raw).decode()
    return text, text


def stored_payload(source: Source, text: str, headers: Headers) -> Any:
    """The JSON of a stored delivery, as its row functions take it."""
    if source is CLOUD and cloudevents.mode(headers) == cloudevents.BINARY:
        return text
    return parsed(text.encode("utf-8", "replace"))


def extra_headers(source: Source, raw: bytes, headers: Headers) -> dict[str, str]:
    """What has to be remembered of a body that was stored in another form: binary data stands there as base64."""
    if source is not CLOUD or cloudevents.mode(headers) != cloudevents.BINARY:
        return {}
    try:
        raw.decode()
    except UnicodeDecodeError:
        return {"content-transfer-encoding": "base64"}
    return {}


def _bare(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def bare_content_type(headers: Headers) -> str:
    """The content type without its parameters, in lower case."""
    return _bare(headers.get("content-type", ""))


def _bearer(headers: Headers, _: bytes, settings: Settings, __: float) -> bool:
    return verify.bearer(headers.get("authorization"), settings.hook_token)


def _never(_: Headers, __: Settings) -> bool:
    return False


def _chosen_on_gitlab(path: str | None, settings: Settings) -> bool:
    """DASH_GROUPS and DASH_PROJECTS; where neither is set a project whose path is not known is taken, too."""
    if not (settings.groups or settings.projects):
        return True
    return path is not None and gitlab_plan.chosen(path, settings.groups, settings.projects)


def _chosen_on_github(path: str | None, settings: Settings) -> bool:
    """DASH_GITHUB_REPOSITORIES, as for what is read from GitHub; where it is not set any repository is taken."""
    if not settings.github_repositories:
        return True
    return path is not None and github_plan.chosen(path, settings.github_repositories)


GITLAB = Source(
    name="gitlab",
    path="/gitlab/events",
    secrets=("gitlab_webhook_token", "gitlab_signing_token"),
    verify=lambda headers, body, settings, now: verify.gitlab(
        headers, body, settings.gitlab_webhook_token, settings.gitlab_signing_token, now
    ),
    signed=lambda headers, settings: bool(settings.gitlab_signing_token) and "webhook-signature" in headers,
    takes=_is_json,
    open=_object(gitlab_hooks.kind_of),
    shape=gitlab_hooks.shape,
    kept=(
        "user-agent", "x-gitlab-event", "x-gitlab-instance", "x-gitlab-event-uuid", "x-gitlab-webhook-uuid",
        "idempotency-key", "webhook-id",
    ),
    known_by=("idempotency-key", "webhook-id"),
    keys=("idempotency-key", "webhook-id"),
    pushed=pushed,
    chooses=_chosen_on_gitlab,
    reply=gitlab_hooks.push_reply,
)  # fmt: skip
GITHUB = Source(
    name="github",
    path="/github/events",
    secrets=("github_webhook_secret",),
    verify=lambda headers, body, settings, _: verify.github(
        headers.get("x-hub-signature-256"), body, settings.github_webhook_secret
    ),
    signed=lambda headers, _: "x-hub-signature-256" in headers,
    takes=lambda kind, headers: kind == "application/x-www-form-urlencoded" or _is_json(kind, headers),
    open=_open_github,
    shape=github_hooks.shape,
    kept=("user-agent", "x-github-event", "x-github-delivery", "x-github-hook-id", "x-github-enterprise-host"),
    known_by=("x-github-event", "x-github-delivery"),
    keys=("x-github-delivery",),
    pushed=pushed,
    chooses=_chosen_on_github,
)
ALERTS = Source(
    name=alertmanager.SOURCE, path="/alerts/events", secrets=("hook_token",), verify=_bearer, signed=_never,
    takes=_is_json, open=_object(alertmanager.kind_of), shape=alertmanager.shape,
)  # fmt: skip
CLOUD = Source(
    name=cloudevents.SOURCE,
    path="/cloud/events",
    secrets=("hook_token",),
    verify=_bearer,
    signed=_never,
    takes=lambda kind, headers: (
        kind in ("application/cloudevents+json", "application/cloudevents-batch+json", "application/json")
        or (not kind.startswith("application/cloudevents") and any(name.startswith("ce-") for name in headers))
    ),
    open=_open_cloud,
    shape=cloudevents.shape,
    kept=("user-agent", "content-type", "ce-"),
    known_by=("ce-id", "ce-source"),
)
KUBERNETES = Source(
    name=kubernetes.SOURCE, path="/k8s/events", secrets=("hook_token",), verify=_bearer, signed=_never,
    takes=_is_json, open=_object(kubernetes.kind_of), shape=kubernetes.shape,
)  # fmt: skip

SOURCES = (GITLAB, GITHUB, ALERTS, CLOUD, KUBERNETES)
BY_NAME = {source.name: source for source in SOURCES}
