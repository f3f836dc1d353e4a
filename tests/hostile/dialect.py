"""What differs between the GitLabs of this world: by version, by plan and by the proxy before them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Dialect:
    """What differs from version to version and from proxy to proxy."""

    prefix: str = ""
    other_host: str | None = None
    """The base of the URLs in Link headers and Location, where external_url differs from the URL in use."""
    links: str = "both"
    """Offset pages: ``both``, ``link`` only or ``xnext`` only."""
    keyset: str = "yes"
    """``yes``, ``405`` or ``ignored``."""
    strings: bool = False
    duplicates: bool = False
    extras: bool = True
    schedule_order: str = "asc"
    schedule_params: bool = False
    schedule_source: str = "schedule"
    trace_elsewhere: str | None = None
    long_refs: bool = True
    old_projects: bool = False
    """No updated_at and nothing about what is switched on (older versions, the short form)."""
    says_open_issues: bool = True
    retried_by_default: bool = False
    group_issues: bool = True
    downstream_project: bool = True
    """downstream_pipeline says whose it is."""
    user_namespace: bool = False
    """/groups/:id/projects answers 404."""
