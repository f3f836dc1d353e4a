"""What some well-known senders of CloudEvents say inside their data, in the columns of a signal. Pure.

A CloudEvent has no words for how something ended, nor for why. Tekton puts the run itself into the data, with its
conditions (github.com/tektoncd/pipeline, docs/events.md); CDEvents have a subject with content (cdevents.dev, the
CloudEvents binding); Knative's ApiServerSource forwards Kubernetes Events; Harbor names what was pushed or scanned.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from dashlib.model import Row
from dashlib.sources import kubernetes
from dashlib.sources.gitlab.shapes import text, thing, things
from dashlib.sources.hook import Unshapeable

_RUNS = {"pipelineRun": "PipelineRun", "taskRun": "TaskRun", "customRun": "CustomRun", "run": "Run"}
_OUTCOMES = {
    "success": "info", "pass": "info", "failure": "error", "fail": "error", "error": "error", "cancel": "warning",
}  # fmt: skip
"""CDEvents' words for how a run, a build or a test ended."""
_OF_KUBERNETES = ("severity", "title", "description", "cluster", "namespace", "node", "object", "count")
_WITHOUT_TIME = datetime(1970, 1, 1)  # noqa: DTZ001 - the event around it tells the time; rows hold naive UTC


def told(kind: str, data: Mapping[str, Any]) -> Row:
    """Columns of the signal that this data tells better than the event around it; empty for an unknown sender.

    ``kind`` is the event's type. ``labels`` are additional ones, as strings.
    """
    for knows in KNOWN:
        if found := knows(kind, data):
            return {name: value for name, value in found.items() if value is not None}
    return {}


def _tekton(kind: str, data: Mapping[str, Any]) -> Row:
    if not kind.startswith("dev.tekton.event."):
        return {}
    word = next((word for word in _RUNS if thing(data.get(word))), None)
    if word is None:
        return {}
    run = thing(data[word])
    meta = thing(run.get("metadata"))
    conditions = things(thing(run.get("status")).get("conditions"))
    ended = next((one for one in conditions if one.get("type") == "Succeeded"), {})
    reason, name = text(ended.get("reason")), text(meta.get("name"))
    level = "error" if ended.get("status") == "False" else "info"
    labels = {key: said for key, value in thing(meta.get("labels")).items() if (said := text(value)) is not None}
    what = f"{_RUNS[word]}/{name}" if name else _RUNS[word]
    return {
        "title": f"{reason}: {what}" if reason else what,
        "severity": "warning" if level == "error" and "cancel" in (reason or "").lower() else level,
        "description": text(ended.get("message")),
        "namespace": text(meta.get("namespace")),
        "object": what,
        "labels": labels,
    }


def _cdevents(kind: str, data: Mapping[str, Any]) -> Row:
    subject = thing(data.get("subject"))
    if not kind.startswith("dev.cdevents.") or not subject:
        return {}
    content, words = thing(subject.get("content")), kind.split(".")
    what = text(subject.get("type")) or words[2]
    name = next((said for key in ("pipelineName", "taskName", "name") if (said := text(content.get(key)))), None)
    outcome, done = text(content.get("outcome")), words[3] if len(words) > 3 else "told"
    # An environment, an artifact, a repository stand as objects with an id.
    labels = {f"data.{key}": said for key, value in content.items() if (said := _named(value))}
    return {
        "title": f"{what} {name or text(subject.get('id')) or ''}".strip() + f": {outcome or done}",
        "severity": _OUTCOMES.get((outcome or "").lower()),
        "description": text(content.get("errors")) or text(content.get("description")) or text(content.get("reason")),
        "object": f"{what}/{said}" if (said := text(subject.get("id"))) else None,
        "web_url": text(content.get("url")) or text(content.get("uri")),
        "labels": labels,
    }


def _named(value: Any) -> str | None:
    return text(value) or text(thing(value).get("name")) or text(thing(value).get("id"))


def _kubernetes(_: str, data: Mapping[str, Any]) -> Row:
    if data.get("kind") != "Event" or data.get("apiVersion") not in ("v1", "events.k8s.io/v1", "events.k8s.io/v1beta1"):
        return {}
    try:
        row = kubernetes.signal_of(data, _WITHOUT_TIME)
    except Unshapeable:
        return {}
    return {name: row[name] for name in _OF_KUBERNETES}


def _harbor(kind: str, data: Mapping[str, Any]) -> Row:
    if not kind.startswith("harbor."):
        return {}
    where = [said for one in things(data.get("resources")) if (said := text(one.get("resource_url")))]
    repository = text(thing(data.get("repository")).get("repo_full_name"))
    what = kind.removeprefix("harbor.").replace(".", " ")
    return {
        "title": f"{what}: {repository}" if repository else what,
        "description": ", ".join(where[:3]) or None,
        "object": repository,
    }


KNOWN: tuple[Callable[[str, Mapping[str, Any]], Row], ...] = (_tekton, _cdevents, _kubernetes, _harbor)
"""The senders, the first that knows the event tells of it."""
