"""GitHub's webhooks, alerts, cloud events and Kubernetes Events, whole rows at a time."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest

from dashlib.receive.sources import BY_NAME, CLOUD
from dashlib.sources.gitlab.status import rank
from dashlib.sources.hook import Hook, Unshapeable, foreign_id
from tests.receive.payloads import RECEIVED, payload, rows, shaped

REPOSITORY = foreign_id("github", 591427149)
C = "9d3f2e7c4a8157b4d2e3f4a5b6c7d8e9f0a1b2c3"


def at(hour: int, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2026, 3, 11, hour, minute, second)


def test_github_push() -> None:
    found = rows("github", "push")
    [repository] = found["projects"]
    assert repository == dict.fromkeys(repository) | {
        "id": REPOSITORY, "source": "github", "native_id": "591427149", "path_with_namespace": "ostrelune/tide-tables",
        "name": "tide-tables", "namespace": "ostrelune", "web_url": "https://github.com/ostrelune/tide-tables",
        "description": "Open tide tables", "default_branch": "main", "visibility": "public", "archived": False,
        "topics": ["open-data"], "issues_enabled": True, "named": True, "created_at": datetime(2023, 1, 20, 18, 23, 59),
        "updated_at": datetime(2026, 3, 1, 18, 23, 59), "last_activity_at": datetime(2026, 3, 11, 9, 11, 39),
    }  # fmt: skip
    [event] = found["events"]
    assert event == dict.fromkeys(event) | {
        "source": "github", "id": event["id"], "project_id": REPOSITORY, "action_name": "pushed to", "author_id": 5501,
        "author_username": "tide-fan", "author_name": "tide-fan", "created_at": RECEIVED, "push_action": "pushed",
        "ref_type": "branch", "ref": "main", "commit_from": "3b1f0c9d6a7e48f2b5c0d1e2f3a4b5c6d7e8f901",
        "commit_to": C, "commit_count": 1, "commit_title": "Add March", "by_hook": True,
    }  # fmt: skip
    assert found["commits"] == [{
        "project_id": REPOSITORY, "id": C, "title": "Add March", "message": "Add March\n\nFrom the harbour office.",
        "author_name": "Fadwa Telmarine", "author_email": "ftelmarine@ostrelune.example",
        "committed_at": at(9, 11, 35), "co_authors": [],
        "web_url": f"https://github.com/ostrelune/tide-tables/commit/{C}",
        "committer_name": "GitHub", "committer_email": "noreply@github.com",
    }]  # fmt: skip


def test_github_refs_that_come_and_go() -> None:
    told = [
        [rows("github", name)["events"][0][word] for word in ("action_name", "ref_type", "ref", "commit_count")]
        for name in ("push_new_branch", "push_deleted_tag")
    ]
    assert told == [["pushed new", "branch", "april", 0], ["deleted", "tag", "v1", 0]]


def test_github_workflow_run() -> None:
    [run] = rows("github", "workflow_run")["pipelines"]
    ended = at(2, 9, 40)
    assert run == dict.fromkeys(run) | {
        "project_id": REPOSITORY, "id": foreign_id("github", 4747967848), "iid": 231, "source": "schedule",
        "ref": "main", "sha": C, "name": "Nightly",
        "web_url": "https://github.com/ostrelune/tide-tables/actions/runs/4747967848", "created_at": at(2, 0, 10),
        "by_api": False, "identified_at": ended, "status": "failed", "updated_at": ended, "changed_at": ended,
        "state_rank": rank("failed"), "detail_finished_at": ended, "detail_duration": 570.0, "detail_user_id": 5501,
        "detail_username": "tide-fan", "run_at": ended, "run_rank": rank("failed"),
    }  # fmt: skip
    [again] = rows("github", "workflow_run_again")["pipelines"]
    assert (again["id"], again["status"], again["changed_at"]) == (run["id"], "running", at(7, 30, 5))
    [old] = rows("github", "workflow_run_of_2020")["pipelines"]
    assert (old["status"], old["source"], old["name"]) == ("manual", "trigger", "Nightly")


def test_github_workflow_job() -> None:
    [job] = rows("github", "workflow_job")["jobs"]
    assert job == dict.fromkeys(job) | {
        "project_id": REPOSITORY, "id": foreign_id("github", 12877621891),
        "pipeline_id": foreign_id("github", 4747967848), "kind": "build", "name": "tables", "stage": "Nightly",
        "status": "failed", "allow_failure": False, "failure_reason": "script_failure", "created_at": at(2, 0, 12),
        "started_at": at(2, 0, 20), "finished_at": at(2, 9, 38), "duration": 558.0, "queued_duration": 8.0,
        "user_id": 5501, "username": "tide-fan", "runner_id": 7, "runner_description": "GitHub Actions 7",
        "runner_type": "GitHub Actions", "changed_at": at(2, 9, 38), "state_rank": rank("failed"), "ref": "main",
        "sha": C, "tag_list": ["ubuntu-latest"], "run_attempt": 1, "by_api": False,
        "web_url": "https://github.com/ostrelune/tide-tables/actions/runs/4747967848/job/12877621891",
    }  # fmt: skip
    [waiting] = rows("github", "workflow_job_waiting")["jobs"]
    told = ("status", "started_at", "run_attempt", "runner_id")
    assert [waiting[name] for name in told] == ["waiting_for_resource", None, 2, None]


def test_github_ping_makes_the_repository_known() -> None:
    assert rows("github", "ping")["projects"][0]["path_with_namespace"] == "ostrelune/tide-tables"


def test_an_alert() -> None:
    [alert] = rows("alertmanager", "firing")["signals"]
    labels = json.loads(alert.pop("labels"))
    assert labels["pod"] == "runner-7f9c"
    assert alert == {
        "source": "alertmanager", "id": "1a30ba71cca2921f:2026-03-10T23:10:26.739266", "kind": "DiskFull",
        "severity": "critical", "status": "firing", "started_at": datetime(2026, 3, 10, 23, 10, 26, 739266),
        "ended_at": None, "title": "DiskFull on harbour-1", "description": "Runner node is out of disk.",
        "cluster": "harbour-1", "namespace": "ci", "node": "10.1.0.7", "object": "pod/runner-7f9c", "count": 1,
        "web_url": "https://prometheus.ostrelune.example/graph?g0.expr=x&g0.tab=1", "seen_at": None, "state_rank": 0,
    }  # fmt: skip


def test_repeats_and_the_other_alertmanager_are_one_alert() -> None:
    [first] = rows("alertmanager", "firing")["signals"]
    for name in ("firing_repeated", "firing_from_the_other_one"):
        assert rows("alertmanager", name)["signals"] == [first]
    [resolved] = rows("alertmanager", "resolved")["signals"]
    assert (resolved["id"], resolved["status"], resolved["state_rank"]) == (first["id"], "resolved", 1)
    assert resolved["ended_at"] == datetime(2026, 3, 10, 23, 40, 26, 739266)


def test_a_group_of_alerts_and_one_without_a_fingerprint() -> None:
    both = rows("alertmanager", "mixed")["signals"]
    assert [(one["kind"], one["status"], one["severity"]) for one in both] == [
        ("DiskFull", "firing", "critical"), ("RunnerDown", "resolved", "warning"),
    ]  # fmt: skip
    [old] = rows("alertmanager", "of_2018")["signals"]
    assert old["id"].endswith(":2026-03-10T23:10:26.739266")
    assert old["id"] == rows("alertmanager", "of_2018")["signals"][0]["id"]


@pytest.mark.parametrize(
    ("labels", "node"),
    [
        ({"instance": "hall-1:9100"}, "hall-1"), ({"host": "hall-1:22"}, "hall-1"), ({"hostname": "hall-1"}, "hall-1"),
        ({"nodename": "hall-1"}, "hall-1"), ({"kubernetes_node": "hall-1"}, "hall-1"), ({"node": "hall-1"}, "hall-1"),
        ({"instance": "10.0.0.3:8080", "node": "hall-1"}, "hall-1"), ({"instance": "x:1", "hostname": "h"}, "h"),
        ({"node": "", "instance": "hall-1"}, "hall-1"), ({"instance": "[fe80::1]:9100"}, "[fe80::1]"),
        ({"instance": "fe80::1"}, "fe80::1"), ({"instance": "https://hall.example:8443"}, "https://hall.example:8443"),
        ({"instance": ":9100"}, ":9100"), ({"team": "ops"}, None),
    ],
)  # fmt: skip
def test_the_machine_of_an_alert(labels: dict[str, str], node: str | None) -> None:
    alert = {"alerts": [{"labels": {"alertname": "A"} | labels}]}
    assert rows("alertmanager", "firing", payload=alert, headers={})["signals"][0]["node"] == node


def test_a_structured_cloud_event() -> None:
    [event] = rows("cloudevents", "structured")["signals"]
    labels = json.loads(event.pop("labels"))
    assert labels["comexampleothervalue"] == "5"
    assert labels["data.percent"] == "98"
    happened = datetime(2026, 3, 11, 1, 12, 0, 123456)
    assert event == {
        "source": "cloudevents", "id": "/harbour-1/node/runner-7 A234-1234-1234", "kind": "com.ostrelune.disk.full",
        "severity": "critical", "status": "occurred", "started_at": happened, "ended_at": None, "title": "/dev/sda1",
        "description": "98 % used", "cluster": None, "namespace": None, "node": "runner-7", "object": "/dev/sda1",
        "count": 1, "web_url": None, "seen_at": happened, "state_rank": 0,
    }  # fmt: skip


def test_cloud_events_of_other_kinds() -> None:
    [text] = rows("cloudevents", "structured_text")["signals"]
    assert (text["title"], text["description"]) == ("com.ostrelune.disk.full", '<much wow="xml"/>')
    [binary] = rows("cloudevents", "structured_base64")["signals"]
    assert binary["description"] is None
    [least] = rows("cloudevents", "structured_least")["signals"]
    assert (least["id"], least["started_at"], least["seen_at"]) == ("/clock 1", RECEIVED, None)
    [nulls] = rows("cloudevents", "structured_with_nulls")["signals"]
    assert (nulls["title"], nulls["started_at"]) == ("com.ostrelune.disk.full", RECEIVED)
    [old] = rows("cloudevents", "version_0_3")["signals"]
    assert old["id"] == "/old 7"
    assert [one["kind"] for one in rows("cloudevents", "batch")["signals"]] == [
        "com.ostrelune.disk.full", "com.ostrelune.disk.free", "com.ostrelune.disk.full",
    ]  # fmt: skip
    assert shaped("cloudevents", "batch_of_nothing").changes == []


KNOWN: dict[str, dict[str, Any]] = {
    "tekton_pipelinerun": {
        "title": "Failed: PipelineRun/tide-tables-8d2kx", "severity": "error", "namespace": "build",
        "description": "Tasks Completed: 2 (Failed: 1, Cancelled 0), Skipped: 1",
        "object": "PipelineRun/tide-tables-8d2kx",
    },
    "cdevents_pipelinerun": {
        "title": "pipelineRun tide-tables: failure", "severity": "error", "object": "pipelineRun//runs/4711",
        "description": "the tables of March are missing", "web_url": "https://ci.ostrelune.example/runs/4711",
    },
    "cdevents_deployed": {"title": "service tides: deployed", "severity": None, "object": "service/tides"},
    "knative_kubernetes_event": {
        "title": "Evicted: Pod/tides-0", "severity": "warning", "namespace": "build", "node": "runner-7",
        "description": "The node was low on resource: memory.", "object": "Pod/tides-0", "count": 1,
    },
    "harbor_pushed": {
        "title": "artifact pushed: tides/tables", "object": "tides/tables",
        "description": "registry.ostrelune.example/tides/tables:v1.9.1",
    },
}  # fmt: skip
LABELS = {
    "tekton_pipelinerun": {"tekton.dev/pipeline": "tide-tables"},
    "cdevents_pipelinerun": {"data.pipelineName": "tide-tables", "data.outcome": "failure"},
    "cdevents_deployed": {"data.environment": "harbour-1"},
}


@pytest.mark.parametrize("name", KNOWN)
def test_cloud_events_of_well_known_senders(name: str) -> None:
    [event] = rows("cloudevents", name)["signals"]
    assert {key: event[key] for key in KNOWN[name]} == KNOWN[name]
    assert json.loads(event["labels"]).items() >= LABELS.get(name, {}).items()
    assert (event["kind"], event["started_at"]) == (payload("cloudevents", name)["type"], datetime(2026, 3, 11, 1, 12))


@pytest.mark.parametrize("name", KNOWN)
def test_well_known_senders_who_say_something_else(name: str) -> None:
    """Whatever stands in the data, it is a signal: the event around it tells enough."""
    told = payload("cloudevents", name)
    others: tuple[Any, ...] = (None, [], "x", {"a": 1})
    for data in (*others, {}, *({key: other} for key in told["data"] for other in others)):
        [event] = rows("cloudevents", name, payload=told | {"data": data})["signals"]
        assert event["kind"] == told["type"]
        assert event["title"]


def test_a_run_that_was_cancelled_is_no_error() -> None:
    told = payload("cloudevents", "tekton_pipelinerun")
    told["data"]["pipelineRun"]["status"]["conditions"][0]["reason"] = "Cancelled"
    [event] = rows("cloudevents", "tekton_pipelinerun", payload=told)["signals"]
    assert (event["title"], event["severity"]) == ("Cancelled: PipelineRun/tide-tables-8d2kx", "warning")


BINARY = {
    "ce-specversion": "1.0", "ce-type": "com.ostrelune.disk.full", "ce-source": "/harbour-1/node/runner-7",
    "ce-id": "A234-1234-1234", "ce-time": "2026-03-11T01:12:00.123456Z", "ce-subject": "/dev/sda1",
    "ce-severity": "critical", "ce-comexampleothervalue": "5",
}  # fmt: skip


def test_a_binary_cloud_event_is_the_structured_one() -> None:
    data = json.dumps(payload("cloudevents", "structured")["data"])
    [event] = binary(data.encode(), "application/json")
    [structured] = rows("cloudevents", "structured")["signals"]
    assert event == structured


@pytest.mark.parametrize(
    ("data", "told"), [(42, "42"), ([1, "two"], '[1, "two"]'), (True, "true"), ("plain", "plain"), (None, None)]
)
def test_data_that_is_no_object_is_told_as_it_is(data: Any, told: str | None) -> None:
    event = {"specversion": "1.0", "id": "1", "source": "/tides", "type": "level", "data": data}
    [signal] = rows("cloudevents", "structured", payload=event)["signals"]
    assert signal["description"] == told


def test_binary_data_of_any_kind() -> None:
    [text] = binary("Flut für alle".encode(), "text/plain; charset=utf-8")
    assert text["description"] == "Flut für alle"
    [nothing] = binary(b"", "application/json")
    assert nothing["description"] is None
    [odd] = binary(b"\xff\xfe\x00", "application/octet-stream")
    assert odd["kind"] == "com.ostrelune.disk.full"
    [escaped] = binary(b"", "application/json", {"ce-subject": "Euro%20%E2%82%AC"})
    assert escaped["title"] == "Euro €"


def binary(body: bytes, kind: str, more: dict[str, str] | None = None) -> list[dict[str, Any]]:
    """Through what is stored of it, as the receiver does it."""
    from dashlib.receive.sources import extra_headers, stored_payload

    told = BINARY | {"content-type": kind} | (more or {})
    opened = CLOUD.open(body, told)
    kept = CLOUD.headers(told) | extra_headers(CLOUD, body, told)
    found = CLOUD.shape(opened.kind, Hook(stored_payload(CLOUD, opened.text, kept), kept, RECEIVED))
    assert found is not None
    return [dict(row) for change in found.changes for row in change.rows]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"id": None}, "the event has no id"),
        ({"source": None}, "^no valid CloudEvent: Missing required attribute: 'source'$"),
        ({"specversion": "9"}, "^no valid CloudEvent: Attribute 'specversion' must be '1.0'$"),
        ({"time": "soon"}, "no valid CloudEvent"),
    ],
)
def test_what_is_no_cloud_event_says_why(change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Unshapeable, match=sentence):
        shaped("cloudevents", "structured", payload=payload("cloudevents", "structured") | change)


def test_an_attribute_with_a_wrong_name_does_not_lose_its_event() -> None:
    """``my-extension`` is the example of the JavaScript SDK; the specification allows small letters and digits."""
    [structured] = rows("cloudevents", "structured")["signals"]
    odd = payload("cloudevents", "structured") | {"Bad-Name": "x", "my_extension": 5, "": 1}
    assert rows("cloudevents", "structured", payload=odd)["signals"] == [structured]
    [plain] = binary(b"", "application/json")
    assert binary(b"", "application/json", {"ce-my-extension": "x", "ce-data": "y", "ce-": "z"}) == [plain]


@pytest.mark.parametrize("told", ["2026-12-31T23:59:60Z", "2027-01-01T00:59:60.25+01:00"])
def test_a_leap_second_is_the_second_before(told: str) -> None:
    [structured] = rows("cloudevents", "structured", payload=payload("cloudevents", "structured") | {"time": told})[
        "signals"
    ]
    [sent] = binary(b"", "application/json", {"ce-time": told.replace(":", "%3A")})
    assert structured["started_at"] == sent["started_at"]
    assert sent["started_at"].replace(microsecond=0) == datetime(2026, 12, 31, 23, 59, 59)


def test_a_kubernetes_event() -> None:
    [event] = rows("kubernetes", "core_v1")["signals"]
    assert event == {
        "source": "kubernetes", "id": "8f6e7f0c-1b5a-4a0e-9d51-52f1a0f3a001", "kind": "Evicted", "severity": "warning",
        "status": "occurred", "started_at": at(1, 18), "ended_at": None, "title": "Evicted: Pod/runner-7f9c",
        "description": "The node was low on resource: ephemeral-storage.",
        "labels": '{"reporting_component": "kubelet"}', "cluster": None, "namespace": "ci", "node": "runner-7",
        "object": "Pod/runner-7f9c", "count": 1, "web_url": None, "seen_at": at(1, 18), "state_rank": 0,
    }  # fmt: skip
    [again] = rows("kubernetes", "core_v1_again")["signals"]
    assert (again["id"], again["count"], again["started_at"], again["seen_at"]) == (
        event["id"],
        4,
        at(1, 18),
        at(1, 25),
    )


def test_kubernetes_events_in_other_clothes() -> None:
    [new] = rows("kubernetes", "events_v1")["signals"]
    words = ("kind", "count", "description", "namespace", "object", "seen_at", "started_at")
    assert [new[word] for word in words] == [
        "FailedScheduling", 3, "0/3 nodes are available: insufficient memory.", "ci", "Pod/runner-9",
        datetime(2026, 3, 11, 2, 4, 10, 343118), at(2),
    ]  # fmt: skip
    pod, node = rows("kubernetes", "list")["signals"]
    assert (pod["object"], node["object"], node["node"], node["severity"]) == (
        "Pod/runner-7f9c", "Node/runner-7", "runner-7", "info",
    )  # fmt: skip
    [watched] = rows("kubernetes", "watch")["signals"]
    assert watched["kind"] == "Evicted"
    [exported] = rows("kubernetes", "exporter")["signals"]
    assert exported["cluster"] == "harbour-1"
    assert json.loads(exported["labels"]) == {"app": "runner", "team": "platform", "reporting_component": "kubelet"}
    [layout] = rows("kubernetes", "exporter_layout")["signals"]
    asked = ("kind", "severity", "count", "object", "node", "cluster", "namespace", "seen_at")
    assert [layout[word] for word in asked] == [
        "BackOff", "warning", 7, "Pod/runner-7f9c", "runner-7", "north-1", "ci", at(1, 18),
    ]  # fmt: skip
    assert layout["id"] == rows("kubernetes", "exporter_layout")["signals"][0]["id"]


def test_the_layouts_that_the_exporter_documents() -> None:
    """``eventType`` of its README is the name of the thing, not its level; kind, name … may stand beside the reason."""
    asked = ("kind", "severity", "count", "object", "node", "cluster", "namespace", "seen_at", "title")
    [nested] = rows("kubernetes", "exporter_readme_layout")["signals"]
    assert [nested[word] for word in asked] == [
        "Evicted", "warning", 1, "Pod/runner-7f9c", "runner-7", "north-1", "ci", at(1, 18), "Evicted: Pod/runner-7f9c",
    ]  # fmt: skip
    [flat] = rows("kubernetes", "exporter_flat_layout")["signals"]
    assert [flat[word] for word in asked] == [
        "Evicted", "warning", 1, "Pod/runner-7f9c", None, None, "ci", at(1, 18), "Evicted: Pod/runner-7f9c",
    ]  # fmt: skip
    other = payload("kubernetes", "exporter_flat_layout") | {"name": "runner-8a11"}
    [another] = rows("kubernetes", "exporter_flat_layout", payload=other)["signals"]
    assert another["id"] != flat["id"]


@pytest.mark.parametrize(
    ("event_type", "details_type", "type_", "severity"),
    [
        ("kubernetes-event", "Warning", None, "warning"), ("kube-event", "Normal", None, "info"),
        ("kubernetes-event", None, None, None), ("kube-event", None, "Warning", "warning"),
        ("Warning", None, None, "warning"), ("Normal", "Warning", None, "warning"), (None, "Error", None, "error"),
        (None, "Warning", "ADDED", "warning"),
    ],
)  # fmt: skip
def test_the_level_of_a_kubernetes_event(
    event_type: str | None, details_type: str | None, type_: str | None, severity: str | None
) -> None:
    told = {"eventType": event_type, "type": type_, "details": {"reason": "Evicted", "type": details_type}}
    [signal] = rows("kubernetes", "exporter_readme_layout", payload=told)["signals"]
    assert signal["severity"] == severity


def test_one_bad_item_does_not_take_the_good_ones_with_it() -> None:
    good = {"specversion": "1.0", "id": "1", "source": "/x", "type": "t", "time": "2026-03-11T09:00:00Z"}
    bad = {name: value for name, value in good.items() if name != "id"}
    event = {
        "kind": "Event",
        "reason": "Killing",
        "metadata": {"uid": "u", "creationTimestamp": "2026-03-11T09:00:00Z"},
    }
    alert = {"labels": {"alertname": "A"}, "startsAt": "2026-03-11T09:00:00Z"}
    batch = {"headers": {"content-type": "application/cloudevents-batch+json"}}
    cases: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("cloudevents", "batch", {"payload": [good, bad]} | batch),
        ("kubernetes", "event", {"payload": {"kind": "EventList", "items": [{**event, "reason": None}, event]}}),
        ("alertmanager", "firing", {"payload": {"alerts": [alert, {"labels": {}}]}}),
    )
    for source, name, told in cases:
        kind = {"cloudevents": "t", "kubernetes": "EventList", "alertmanager": "alerts"}[source]
        values: dict[str, Any] = {"headers": {}, "received_at": RECEIVED} | told
        found = BY_NAME[source].shape(kind, Hook(**values))
        assert found is not None and found.error is not None and found.error.startswith("1 of 2 left out: "), name
        assert [change.rows[0]["started_at"] for change in found.changes] == [at(9)]


@pytest.mark.parametrize(
    ("labels", "wanted"),
    [
        ({"job": "node", "instance": "10.1.0.7:9100"}, None),
        ({"job": "kube-state-metrics", "job_name": "backup-28"}, "job/backup-28"),
        ({"job": "node", "runner": "big-1"}, "runner/big-1"),
        ({"job": "kubelet", "deployment": "tides", "job_name": "x"}, "deployment/tides"),
    ],
)
def test_the_object_of_an_alert_is_not_what_prometheus_scraped(labels: dict[str, str], wanted: str | None) -> None:
    alert = {"alerts": [{"labels": {"alertname": "A", **labels}}]}
    assert rows("alertmanager", "firing", payload=alert, headers={})["signals"][0]["object"] == wanted


@pytest.mark.parametrize("source", ["kubernetes", "alertmanager"])
def test_what_is_no_object_is_counted_among_the_left_out(source: str) -> None:
    good = {"kind": "Event", "reason": "Killing", "metadata": {"uid": "u"}, "labels": {"alertname": "A"}}
    kind, name = {"kubernetes": ("EventList", "items"), "alertmanager": ("alerts", "alerts")}[source]
    told = Hook({"kind": kind, name: [good, None, {"x": 1}, 7, [good]]}, {}, RECEIVED)
    found = BY_NAME[source].shape(kind, told)
    assert found is not None and found.error is not None
    assert found.error.startswith("4 of 5 left out: ")
    assert [len(change.rows) for change in found.changes] == [1]


def test_other_objects_of_a_kubernetes_list_are_no_events() -> None:
    """``kubectl get events,pods -o json`` gives a List of both."""
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"uid": "p"}, "status": {"reason": "Evicted"}}
    event = {"kind": "Event", "reason": "Killing", "metadata": {"uid": "u"}}
    found = shaped("kubernetes", "core_v1", payload={"kind": "List", "items": [pod, event]}, headers={})
    assert (found.error, [row["id"] for change in found.changes for row in change.rows]) == (None, ["u"])
    assert shaped("kubernetes", "core_v1", payload={"kind": "List", "items": [pod]}, headers={}).changes == []


def test_what_tells_no_time_began_when_it_came() -> None:
    undated = {"kind": "Event", "reason": "Killing", "metadata": {"uid": "u"}}
    [signal] = rows("kubernetes", "core_v1", payload=undated, headers={})["signals"]
    assert signal["started_at"] == RECEIVED
    gone = {"lastTimestamp": "2026-03-11 09:00:00 +0000 UTC"}
    assert rows("kubernetes", "core_v1", payload=undated | gone, headers={})["signals"][0]["started_at"] == at(9)
    alert = {"alerts": [{"labels": {"alertname": "A"}}]}
    assert rows("alertmanager", "firing", payload=alert, headers={})["signals"][0]["started_at"] == RECEIVED
