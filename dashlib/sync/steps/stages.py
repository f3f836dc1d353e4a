"""The order of work: what the nightlies page needs comes before everything else."""

from __future__ import annotations

PROJECTS = 0.0
PIPELINES = 1.0
SCHEDULES = 1.1
CHILDREN = 1.2
JOBS = 2.0
SCHEDULE_LINKS = 3.0
NIGHTLY_LOGS = 4.0
BRIDGES = 5.0
LOGS = 5.5
EVENTS = 6.0
COMMITS = 6.1
ISSUES = 6.5
MEMBERS = 6.3
MAILMAPS = 6.35
CHASE = 6.4
DOUBTS = 8.0
GREEN_LOGS = 9.0

NAMES = {
    PROJECTS: "projects",
    PIPELINES: "pipelines",
    SCHEDULES: "schedules",
    CHILDREN: "child pipelines",
    JOBS: "jobs",
    SCHEDULE_LINKS: "which schedule ran",
    NIGHTLY_LOGS: "logs of nightlies",
    BRIDGES: "trigger jobs",
    LOGS: "logs",
    EVENTS: "events",
    COMMITS: "commits",
    ISSUES: "issues",
    MEMBERS: "members",
    MAILMAPS: "mailmaps",
    CHASE: "commits pushed late",
    DOUBTS: "what webhooks left in doubt",
    GREEN_LOGS: "green logs",
}
