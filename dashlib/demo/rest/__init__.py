"""The resources of the REST API, one file each; all of them are `Call -> Reply`."""

from __future__ import annotations

from dashlib.demo.calls import Routes
from dashlib.demo.rest import commits, events, files, hooks, issues, jobs, people, pipelines, projects, schedules

PREFIX = "/api/v4"


def routes() -> Routes:
    """Every endpoint this GitLab has, without the prefix."""
    found = Routes()
    for resource in (people, projects, schedules, pipelines, jobs, commits, files, events, issues, hooks):
        for method, template, handler in resource.ENDPOINTS:
            found.add(method, template, handler)
    return found
