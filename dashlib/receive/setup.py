"""How each sender of webhooks is set up: where it posts to, which secret it shows, what to tick, and a delivery to try.

The trial deliveries are of kinds or lists that no row is made of: they are answered 200, stored, shown as kept, and
change nothing else. Secrets come from the shell's environment and reach ``curl`` on its standard input: they stand
neither on a command line, where every user of the machine could read them, nor on a page.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from dashlib.receive.sources import ALERTS, CLOUD, GITHUB, GITLAB, KUBERNETES, Source
from dashlib.settings import Settings

SETTING_NAMES = {
    "gitlab_webhook_token": "DASH_GITLAB_WEBHOOK_TOKEN",
    "gitlab_signing_token": "DASH_GITLAB_SIGNING_TOKEN",
    "github_webhook_secret": "DASH_GITHUB_WEBHOOK_SECRET",
    "hook_token": "DASH_HOOK_TOKEN",
}
"""The secrets of the routes as a person writes them."""
GITLAB_TRIGGERS = {
    "push_events": "Push events",
    "tag_push_events": "Tag push events",
    "note_events": "Comments",
    "issues_events": "Issues events",
    "merge_requests_events": "Merge request events",
    "job_events": "Job events",
    "pipeline_events": "Pipeline events",
}
"""What GitLab calls a trigger in its API, and on its form. Confidential issues and comments are left out: whoever sees
the dashboard would see their titles."""
GITLAB_GROUP_TRIGGERS = {
    "member_events": "Member events",
    "project_events": "Project events",
    "subgroup_events": "Subgroup events",
}
"""What only a group's webhook can ask for besides (docs.gitlab.com/api/group_webhooks); who does not know one of them
ignores it (project events: before 17.6)."""


@dataclass(frozen=True)
class Guide:
    """One sender: its ``source``, its name for people, ``where`` it is set up, ``secret_goes`` (where its form or
    configuration wants the secret), the ``triggers`` to choose, and a trial delivery: body and headers that are no
    secret. ``example`` is a configuration to copy, in ``language``; ``{url}`` in it is the address to post to."""

    source: Source
    title: str
    where: str
    secret_goes: str
    triggers: tuple[str, ...]
    trial: str
    headers: tuple[str, ...]
    example: str = ""
    language: str = "yaml"

    @property
    def settings(self) -> tuple[str, ...]:
        """The names of the settings that open the route; any of them does."""
        return tuple(SETTING_NAMES[field] for field in self.source.secrets)

    def url(self, base: str) -> str:
        """Where to post to, for a dashboard at ``base``."""
        return base.rstrip("/") + self.source.path

    def filled(self, base: str) -> str:
        """The configuration to copy."""
        return self.example.replace("{url}", self.url(base))

    def is_set(self, settings: Settings) -> dict[str, bool]:
        """Each setting that opens the route, and whether it has a value."""
        return {SETTING_NAMES[field]: bool(getattr(settings, field)) for field in self.source.secrets}

    def set_in(self, settings: Settings) -> str:
        """Those of them that have a value, by name."""
        return " and ".join(name for name, is_set in self.is_set(settings).items() if is_set)

    def curl(self, base: str) -> str:
        """A command for a POSIX shell that posts the trial delivery; the secret is in the variable of its setting."""
        given = " ".join(f"-H '{header}'" for header in ("Content-Type: application/json", *self.headers))
        if any(header.startswith("Content-Type:") for header in self.headers):
            given = " ".join(f"-H '{header}'" for header in self.headers)
        name = self.settings[0]
        first, proof = _PROOFS[self.source.name]
        lines = [f"body='{self.trial}'", *first]
        lines.append(f"printf '{proof[0]}' \"{proof[1].replace('SECRET', name)}\" |")
        lines.append(f"  curl -sS --fail-with-body -H @- {given} \\")
        lines.append(f"    --data \"$body\" '{self.url(base)}'")
        return "\n".join(lines).replace("SECRET", name)


_BEARER: tuple[tuple[str, ...], tuple[str, str]] = ((), ("Authorization: Bearer %s", "$SECRET"))
_PROOFS: dict[str, tuple[tuple[str, ...], tuple[str, str]]] = {
    GITLAB.name: ((), ("X-Gitlab-Token: %s", "$SECRET")),
    GITHUB.name: (
        (
            "export SECRET",
            "proof=$(python3 -c 'import hmac, os, sys; "
            'print(hmac.new(os.environ["SECRET"].encode(), sys.argv[1].encode(), "sha256").hexdigest())\' "$body")',
        ),
        ("X-Hub-Signature-256: sha256=%s", "$proof"),
    ),
    ALERTS.name: _BEARER,
    CLOUD.name: _BEARER,
    KUBERNETES.name: _BEARER,
}
"""How the trial delivery shows its secret: lines before the command, and the header as printf's format and value."""

GUIDES = (
    Guide(
        GITLAB,
        "GitLab",
        "In a group (*Settings → Webhooks*, GitLab Premium; it covers every repository below) or in a repository "
        "(*Settings → Webhooks*). A system hook of the instance works as well.",
        "Secret token",
        (*GITLAB_TRIGGERS.values(), *(f"{name} (of a group)" for name in GITLAB_GROUP_TRIGGERS.values())),
        '{"object_kind": "dashboard_test"}',
        ("X-Gitlab-Event: Test Hook",),
    ),
    Guide(
        GITHUB,
        "GitHub",
        "In an organisation or a repository: *Settings → Webhooks → Add webhook*, content type `application/json`.",
        "Secret",
        ("Pushes", "Workflow runs", "Workflow jobs"),
        '{"zen": "dashboard test"}',
        ("X-GitHub-Event: ping",),
    ),
    Guide(
        ALERTS,
        "Alertmanager",
        "In `alertmanager.yml`, as a receiver of the routes whose alerts shall be seen. Each of several replicas may "
        "post: an alert is stored once.",
        "http_config.authorization.credentials_file",
        ("firing", "resolved (send_resolved)"),
        '{"version": "4", "status": "resolved", "alerts": []}',
        (),
        "receivers:\n  - name: dashboard\n    webhook_configs:\n      - url: {url}\n        send_resolved: true\n"
        "        http_config:\n          authorization:\n            type: Bearer\n"
        "            credentials_file: /etc/alertmanager/dashboard-token",
    ),
    Guide(
        CLOUD,
        "CloudEvents",
        "In whatever sends CloudEvents 1.0 over HTTP: structured, binary or batched.",
        "header Authorization: Bearer",
        ("any type",),
        "[]",
        ("Content-Type: application/cloudevents-batch+json",),
    ),
    Guide(
        KUBERNETES,
        "Kubernetes",
        "In the configuration of kubernetes-event-exporter, or in anything that posts Events of core/v1 or "
        "events.k8s.io/v1, one at a time or as a list.",
        "header Authorization: Bearer",
        ("Warning", "Normal, where they tell something"),
        '{"kind": "EventList", "apiVersion": "v1", "items": []}',
        (),
        "receivers:\n  - name: dashboard\n    webhook:\n      endpoint: {url}\n      headers:\n"
        "        Content-Type: application/json\n        Authorization: Bearer ${DASH_HOOK_TOKEN}\n"
        "route:\n  routes:\n    - match:\n        - type: Warning\n          receiver: dashboard",
    ),
)
BY_TITLE = {guide.title: guide for guide in GUIDES}


def is_loopback(base: str) -> bool:
    """Whether an address means the machine itself: nobody else can post there."""
    host = urlsplit(base).hostname or ""
    return host in ("localhost", "::1") or host.startswith("127.")
