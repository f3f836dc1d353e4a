"""An issue as it is written for a failure: the whole of it once, then what must not break it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from urllib.parse import parse_qs, urlsplit

from dashlib.failures.issue_draft import LONGEST_TITLE, LONGEST_URL, Facts, form_url, mark_of, written

SIGNATURE = "test_failure: assert <n> == <n> in test_tide.py"
FACTS = Facts(
    reason="AssertionError: assert 3 == 4",
    job_name="unit",
    path="acme/core/engine",
    lines=("E   assert 3 == 4", "FAILED test_tide.py::test_ebb"),
    category="test_failure",
    signature=SIGNATURE,
    project_id=1,
    job_id=42,
    count=3,
    since=datetime(2026, 3, 8, 1, 30),
    jobs=(
        ("unit", "acme/core/engine", "https://gitlab.example/acme/core/engine/-/jobs/42", datetime(2026, 3, 10, 1, 30)),
        ("unit", "acme/web/site", None, None),
    ),
    compare_url="https://gitlab.example/acme/core/engine/-/compare/aaa...bbb",
    commits=(("0a1b2c3d", "Round tides down"),),
    passed_at=datetime(2026, 3, 7, 1, 30),
)
WHOLE = f"""`unit` of `acme/core/engine` failed: `AssertionError: assert 3 == 4`

Category: test failure; 3 failed jobs since 2026-03-08 01:30 UTC.

```text
E   assert 3 == 4
FAILED test_tide.py::test_ebb
```

**Failed jobs, newest first**

- 2026-03-10 01:30 UTC `unit` of `acme/core/engine`: https://gitlab.example/acme/core/engine/-/jobs/42
-  `unit` of `acme/web/site`

**Commits between the last pass and the first failure** (passed last on 2026-03-07 01:30 UTC)

Compare: https://gitlab.example/acme/core/engine/-/compare/aaa...bbb

- `0a1b2c3d` `Round tides down`

Fingerprint: {mark_of(SIGNATURE, 0, 0)}

<!-- dash:{mark_of(SIGNATURE, 0, 0)} -->"""


def test_the_whole_of_it() -> None:
    draft = written(FACTS, "failed-job, nightly ,")
    assert draft.title == "unit: AssertionError: assert 3 == 4"
    assert draft.labels == ("failed-job", "nightly")
    assert draft.description == WHOLE
    assert draft.mark == mark_of(SIGNATURE, 7, 7) != mark_of(None, 7, 7)


def test_the_form_is_filled_with_the_same_and_what_the_api_takes_apart() -> None:
    parts = urlsplit(form_url("https://gitlab.example/acme/core/engine", FACTS, "failed-job", "ada.l"))
    assert parts.path == "/acme/core/engine/-/issues/new"
    said = parse_qs(parts.query)
    assert said["issue[title]"] == ["unit: AssertionError: assert 3 == 4"]
    assert said["issue[description]"] == [f'{WHOLE}\n\n/label ~"failed-job"\n\n/assign @ada.l']
    assert "/assign" not in form_url("https://g.example/a", FACTS, assignee="ada\n/close")


def test_a_long_form_is_cut_and_keeps_the_marks_and_the_links_of_what_was_picked() -> None:
    jobs = tuple((f"job {n}", "acme/core/engine", f"https://gitlab.example/e/-/jobs/{n}", None) for n in range(30))
    long = replace(FACTS, lines=("x" * 900,) * 5, commits=(("0a1b2c3d", "c" * 300),) * 10, jobs=jobs)
    picked = replace(long, picked=tuple((1, n) for n in range(30)))
    few, all_of_them = (form_url("https://gitlab.example/a", each) for each in (long, picked))
    assert len(few) <= LONGEST_URL and len(all_of_them) <= LONGEST_URL
    said = parse_qs(urlsplit(all_of_them).query)["issue[description]"][0]
    for number in range(30):
        assert f"/-/jobs/{number}\n" in said and mark_of(None, 1, number) in said
    assert mark_of(SIGNATURE, 0, 0) in few
    many = replace(picked, jobs=jobs * 20, picked=tuple((1, n) for n in range(600)))
    assert len(form_url("https://gitlab.example/a", many)) <= LONGEST_URL


def test_a_title_is_one_line_without_what_it_took() -> None:
    assert written(replace(FACTS, reason="slow\n test (12.3s)")).title == "unit: slow test"
    assert len(written(replace(FACTS, reason="y" * 999)).title) == LONGEST_TITLE
