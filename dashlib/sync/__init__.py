"""When to ask for what: plan, watermarks, rate limits, checkpoints, progress.

How the rooms hang together, from the outside in:

- ``background`` runs a sync on a timer, never two at once; ``run`` is one sync from settings to report.
- ``loop`` is a queue of tasks in order of urgency; ``context`` is what the tasks of one run share.
- ``client`` asks one thing and knows how to wait; ``budget`` learns how much the server allows.
- ``listing`` reads a list page by page and stores each page with its checkpoint; ``passes`` are those checkpoints.
- ``plan`` holds the decisions, pure, and the formula of what a sync costs.
- ``steps`` say what is asked and what follows from it; ``steps/stages`` says in which order:

      projects ─┬─ pipelines ─ schedules ─┬─ jobs ─ child pipelines ─┬─ trigger jobs
                │                         └─ schedule runs           └─ logs
                ├─ events, commits ─ commits named by events (chase)
                ├─ members
                └─ issues, when all projects are known
"""
