"""What a forked command finds imported and read (``tests/forked.py``)."""

from __future__ import annotations

from importlib import import_module

from dashlib import __main__ as _main
from dashlib.failures.explain import explain_text
from dashlib.store import views

_main.parser()
# What is imported at the first call and the first frame only.
for _late in ("gitlab.v4.objects", "pyarrow.dataset", "pyarrow.pandas_compat"):
    import_module(_late)
# What is read at the first log and the first database.
explain_text("ERROR: Job failed: exit code 1\n")
views.definitions()
