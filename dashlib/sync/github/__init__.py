"""GitHub's sync: repositories, and of each its workflows, runs, jobs, logs of failures and commits.

The same loop, listings, checkpoints and tables as GitLab's; ``plan`` says what is asked and what it costs, ``limits``
how fast, ``client`` how. A step is a file:

    repositories ─┬─ workflows ─ runs ─ jobs ─ logs
                  └─ commits
"""
