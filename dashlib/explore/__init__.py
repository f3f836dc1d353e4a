"""Questions in SQL from people whom nobody checks: each runs in a process of its own that can be stopped.

``child`` is that process, ``running`` starts and stops it, ``fault`` says what is wrong with a query and where,
``formats`` writes answers as files, ``literals`` writes values into SQL, ``catalog`` tells which tables there are,
``examples`` holds questions to begin with, ``picture`` draws an answer.
"""
