"""Issues on GitLab: find, read and create them. Never two for one failure, however often and wherever it is clicked.

Creating an issue is not idempotent. So each carries the mark of its failure, which is looked for before one is made:
in what is linked here, in the stored issues of all repositories, and, where the issue shall be made and where the
failure is, by GitLab's search and among those with its label (the search's index may lack an issue;
app/models/concerns/pg_full_text_searchable.rb). A crash between creating and storing leaves an issue with a mark, which
the next click or the next sync finds (see ``adopt``).
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dashlib.errors import Explained
from dashlib.failures import decisions, marks
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
_MOST_SEARCHED = 4
_AGAIN_SECONDS = 30.0
_IS_GITLABS = "select 1 from projects where id = $project and source = 'gitlab'"


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
        self._asked: dict[str, float] = {}

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
                self._not_again("")
                return False
        return self._may_write

    def create(
        self, who: str, failure: Failure, draft: Draft, project_id: int, assignee: tuple[str, int] | None = None
    ) -> Made:
        """The issue of this failure, linked to its signature: the one there is already, else a new one.

        A new one is given to ``assignee``, the name and the number of an account of GitLab's. Raises MayNotWrite where
        the token's scope or its user's role does not allow it.
        """
        with _CREATING:
            made = self._known(failure) or self._looked_for(failure, draft, project_id)
            if made is None:
                json = self._created(project_id, draft, assignee[1] if assignee else None)
                made = self._kept(project_id, json, new=True)
            decisions.link_signature(self._store, who, failure, made.issue)
            return made

    def found(self, failure: Failure, draft: Draft, project_id: int) -> Made | None:
        """The issue that a failure has, here or on GitLab; what GitLab did not find is asked again after a while.

        An issue that is only on GitLab is stored, not linked. None as well where GitLab cannot be asked.
        """
        known = self._known(failure)
        wanted = f"{draft.mark} {project_id}"
        if known is not None or self._settings.gitlab_token is None or self._is_fresh(wanted):
            return known
        self._not_again(wanted)
        with contextlib.suppress(TrackerError):
            return self._looked_for(failure, draft, project_id)
        return None

    def assign(self, issue: Issue, user_id: int | None) -> list[str]:
        """Give an issue on GitLab to one account, or to nobody, and store it; gives who has it there now.

        GitLab leaves it as it was for an account that may not see the issue. Raises MayNotWrite as ``create`` does.
        """
        path = f"/projects/{issue.project_id}/issues/{issue.iid}"
        try:
            json = self._client().update(_RESOURCE, path, {"assignee_ids": [user_id or 0]})
        except Refused as refused:
            if refused.status in (401, 403):
                raise MayNotWrite(f"the token may not change it ({refused})") from refused
            raise TrackerError(f"GitLab refused it: {refused}") from refused
        except (Unreachable, PauseTooLong) as error:
            raise TrackerError(f"GitLab did not answer: {error}") from error
        row = issue_row(issue.project_id, json)
        self._store.write(Upsert(ISSUES, [row]))
        return list(row["assignee_usernames"])

    def read(self, project_id: int, iid: int) -> Issue:
        """Read one issue and store it as a sync would."""
        try:
            json = self._client().object(_RESOURCE, f"/projects/{project_id}/issues/{iid}")
        except (Refused, Unreachable, PauseTooLong) as error:
            raise TrackerError(f"Issue #{iid} cannot be read: {error}") from error
        return self._kept(project_id, json, new=False).issue

    def _known(self, failure: Failure) -> Made | None:
        with self._store.reader() as reader:
            issue = marks.issue_of(reader, failure)
        return None if issue is None else Made(issue, self._url(issue), new=False)

    def _looked_for(self, failure: Failure, draft: Draft, project_id: int) -> Made | None:
        """The issue with a mark of this failure on GitLab: where it shall be made, and where the failure is."""
        with self._store.reader() as reader:
            wanted = marks.marks_of(reader, failure)
            here = reader.execute(_IS_GITLABS, {"project": failure.project_id}).fetchone()
        for place in dict.fromkeys((project_id, failure.project_id)):
            try:
                if place == project_id or here is not None:
                    json = self._marked(place, wanted, draft.labels[:1])
                    if json is not None:
                        return self._kept(place, json, new=False)
            except Refused as refused:
                # The failing repository may have no issues at all; the chosen one is where a second one would be.
                if place == project_id:
                    raise TrackerError(f"GitLab's issues cannot be searched, so none was made: {refused}") from refused
            except (Unreachable, PauseTooLong) as error:
                raise TrackerError(f"GitLab's issues cannot be searched, so none was made: {error}") from error
        return None

    def _url(self, issue: Issue) -> str | None:
        with self._store.reader() as reader:
            row = reader.execute(
                "select web_link(web_url) from issues where project_id = $project and iid = $iid",
                {"project": issue.project_id, "iid": issue.iid},
            ).fetchone()
        return None if row is None else row[0]

    def _marked(self, project_id: int, wanted: Sequence[str], labels: Sequence[str]) -> Mapping[str, Any] | None:
        """The oldest issue there with one of the marks: by search, else among the newest with the same label."""
        # The last mark is that of the one failed job.
        searched = wanted[: min(len(wanted) - 1, _MOST_SEARCHED)] or wanted
        asked: list[dict[str, Any]] = [{"search": mark, "in": "description"} for mark in searched]
        asked += [{"labels": label} for label in labels]
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
            items = client.page(_RESOURCE, f"/projects/{project_id}/issues", params).items
            marked: list[Mapping[str, Any]] = [
                item for item in items if marks.carries(str(item.get("description")), wanted)
            ]
            if marked:
                return min(marked, key=lambda item: number(item.get("iid")) or 0)
        return None

    def _created(self, project_id: int, draft: Draft, assignee_id: int | None) -> Mapping[str, Any]:
        body: dict[str, Any] = {
            "title": draft.title,
            "description": draft.description,
            "labels": ",".join(draft.labels),
        }
        body |= {"assignee_ids": [assignee_id]} if assignee_id is not None else {}
        try:
            return self._client().create(_RESOURCE, f"/projects/{project_id}/issues", body)
        except Refused as refused:
            if refused.status in (401, 403):
                self._may_write = False
                raise MayNotWrite(f"The token may not create issues there ({refused}): use GitLab's form.") from refused
            raise TrackerError(f"GitLab refused the issue: {refused}") from refused
        except (Unreachable, PauseTooLong) as error:
            # The answer is lost, the issue may be there.
            with contextlib.suppress(Refused, Unreachable, PauseTooLong):
                found = self._marked(project_id, (draft.mark, draft.mark), draft.labels[:1])
                if found is not None:
                    return found
            raise TrackerError(
                f"GitLab did not answer: {error}. Try again; one that was made is found then."
            ) from error

    def _is_fresh(self, wanted: str) -> bool:
        """Whether GitLab was asked this, or did not answer, just now."""
        return any(self._asked.get(each, 0.0) > time.monotonic() for each in (wanted, ""))

    def _not_again(self, wanted: str) -> None:
        self._asked[wanted] = time.monotonic() + _AGAIN_SECONDS

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
