"""Huawei CodeArts Repo's sync: the pushes of the repositories that DASH_CODEARTS_REPOSITORIES names, nothing else.

Its API tells no more (ListRepositoryEvents: "only push dynamics"). ``before`` is its "start date" and ``after`` its
"end date", the opposite of GitLab's words, and nothing says how they are written: neither is ever sent. What is older
than the window is left out here, and a list that comes newest first is left where it is known already.
"""
