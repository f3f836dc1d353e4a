"""Issues on GitLab: find, read and create them. Never two for one failure, however often and wherever it is clicked.

Creating an issue is not idempotent. So each carries the mark of its failure, which is looked for before one is made:
in what is linked here, in the stored issues, by GitLab's search, and among those with its label (the search's index may
lack an issue; app/models/concerns/pg_full_text_searchable.rb). A crash between creating and storing leaves an issue
with a mark, which the next click or the next sync finds (see ``adopt``).
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dashlib.errors import Explained
from dashlib.failures import decisions
from dashlib.failures.decisions import Failure, Issue
from dashlib.failures.issue_draft import Draft
from dashlib.model import Upsert
from dashlib.settings import Settings
from dashlib.sources.gitlab.commits import issue_row
from dashlib.sources.gitlab.shapes import number, texts
from dashlib.sources.tables import ISSUES
from dashlib.store import Store
from dashlib.sync.budget import Budget, PauseTooLong
from dashlib.sync.client import Client, Refused, Unreachable

_RESOURCE = "issues by hand"
_CREATING = threading.Lock()


class TrackerError(Explained):
    """GitLab did not do what was asked; the message says why, and what helps."""


class MayNotWrite(TrackerError):
    """The token must not create issues: GitLab's form does."""


@dataclass(frozen=True)
class Made:
    """An issue for a failure: ``new`` where this call created it."""

    issue: Issue
    url: str | None
    new: bool


class Tracker:
    """One GitLab instance, with the token of the settings. Each call raises TrackerError."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self._settings, self._store = settings, store
        self._may_write: bool | None = None

    def may_write(self) -> bool:
        """Whether the token has the scope api, as far as GitLab tells; asked once."""
        if self._settings.gitlab_token is None:
            return False
        if self._may_write is None:
            try:
                token = self._client().object("token", "/personal_access_tokens/self")
                self._may_write = "api" in texts(token.get("scopes"))
            except Refused as refused:
                # Tokens of another kind, and GitLab before 15.5, do not say: creating tells.
                self._may_write = refused.status == 404
            except (Unreachable, PauseTooLong):
                return False
        return self._may_write

    def create(self, who: str, failure: Failure, draft: Draft, project_id: int) -> Made:
        """The issue of this failure, linked to its signature: the one there is already, else a new one.

        Raises MayNotWrite where the token's scope or its user's role does not allow it.
        """
        with _CREATING:
            known = self._linked(failure) or self._stored(draft.mark)
            if known is not None:
                made = Made(known, self._url(known), new=False)
            else:
                found = self._marked(project_id, draft)
                json = found or self._created(project_id, draft)
                made = self._kept(project_id, json, new=found is None)
            decisions.link_signature(self._store, who, failure, made.issue)
            return made

    def read(self, project_id: int, iid: int) -> Issue:
        """Read one issue and store it as a sync would."""
        try:
            json = self._client().object(_RESOURCE, f"/projects/{project_id}/issues/{iid}")
        except (Refused, Unreachable, PauseTooLong) as error:
            raise TrackerError(f"Issue #{iid} cannot be read: {error}") from error
        return self._kept(project_id, json, new=False).issue

    def _linked(self, failure: Failure) -> Issue | None:
        with self._store.reader() as reader:
            row = reader.execute(
                "select issue_project_id, issue_iid from failure_links"
                " where project_id = $project and job_id = $job and issue_iid is not null",
                {"project": failure.project_id, "job": failure.job_id},
            ).fetchone()
        return None if row is None else Issue(*row)

    def _stored(self, mark: str) -> Issue | None:
        with self._store.reader() as reader:
            row = reader.execute(
                "select project_id, iid from issues where contains(description, $mark)"
                " order by created_at, project_id, iid limit 1",
                {"mark": f"<!-- dash:{mark} -->"},
            ).fetchone()
        return None if row is None else Issue(*row)

    def _url(self, issue: Issue) -> str | None:
        with self._store.reader() as reader:
            row = reader.execute(
                "select web_link(web_url) from issues where project_id = $project and iid = $iid",
                {"project": issue.project_id, "iid": issue.iid},
            ).fetchone()
        return None if row is None else row[0]

    def _marked(self, project_id: int, draft: Draft) -> Mapping[str, Any] | None:
        """The oldest issue there with this mark: by search, else among the newest with the same label."""
        asked: list[dict[str, Any]] = [{"search": draft.mark, "in": "description"}]
        asked += [{"labels": label} for label in draft.labels[:1]]
        client = self._client()
        for query in asked:
            params = {
                "state": "all",
                "scope": "all",
                "order_by": "created_at",
                "sort": "desc",
                "per_page": 100,
                **query,
            }
            try:
                items = client.page(_RESOURCE, f"/projects/{project_id}/issues", params).items
            except (Refused, Unreachable, PauseTooLong) as error:
                raise TrackerError(f"GitLab's issues cannot be searched, so none was made: {error}") from error
            marked: list[Mapping[str, Any]] = [
                item for item in items if f"<!-- dash:{draft.mark} -->" in str(item.get("description"))
            ]
            if marked:
                return min(marked, key=lambda item: number(item.get("iid")) or 0)
        return None

    def _created(self, project_id: int, draft: Draft) -> Mapping[str, Any]:
        body = {"title": draft.title, "description": draft.description, "labels": ",".join(draft.labels)}
        try:
            return self._client().create(_RESOURCE, f"/projects/{project_id}/issues", body)
        except Refused as refused:
            if refused.status in (401, 403):
                self._may_write = False
                raise MayNotWrite(f"The token may not create issues there ({refused}): use GitLab's form.") from refused
            raise TrackerError(f"GitLab refused the issue: {refused}") from refused
        except (Unreachable, PauseTooLong) as error:
            # The answer is lost, the issue may be there.
            found = self._marked(project_id, draft)
            if found is not None:
                return found
            raise TrackerError(
                f"GitLab did not answer: {error}. Try again; one that was made is found then."
            ) from error

    def _kept(self, project_id: int, json: Mapping[str, Any], *, new: bool) -> Made:
        row = issue_row(number(json.get("project_id")) or project_id, json)
        self._store.write(Upsert(ISSUES, [row]))
        return Made(Issue(int(row["project_id"]), int(row["iid"])), row["web_url"], new)

    def _client(self) -> Client:
        settings = self._settings
        if settings.gitlab_token is None:
            raise TrackerError("GITLAB_ACCESS_TOKEN is not set, so GitLab cannot be asked.")
        budget = Budget(settings.calls_per_minute)
        return Client(settings.gitlab_url, settings.gitlab_token, budget, settings.timeout_seconds, 1, tries=2)
