"""Each page over a filled and an empty database: right numbers, filters, hostile text, strange links."""

from __future__ import annotations

from datetime import timedelta

import pytest
from streamlit.testing.v1 import AppTest

from dashlib import runtime, widgets
from dashlib.charts.wording import plain
from dashlib.model import Put
from dashlib.store import StoreError, bookkeeping
from dashlib.widgets import empty as empty_page
from tests.pages.conftest import HOSTILE, YESTERDAY, Open

PAGES = ("nightlies", "commits", "activity", "sources")


def numbers(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def charts(app: AppTest) -> int:
    return len(app.get("vega_lite_chart"))


@pytest.mark.parametrize("page", PAGES)
def test_every_page_over_a_filled_database(filled: Open, page: str) -> None:
    app = filled(page)
    assert [title.value for title in app.title] == [page.title()]
    assert app.dataframe


@pytest.mark.parametrize("page", PAGES)
def test_an_empty_database_offers_two_ways_in(empty: Open, page: str) -> None:
    app = empty(page)
    shown = "\n".join(code.value for code in app.code)
    for word in ("GITLAB_URL", "GITLAB_ACCESS_TOKEN", "DASH_PROJECTS", "python -m dashlib serve", "make demo"):
        assert word in shown
    assert not charts(app)


@pytest.mark.parametrize("page", PAGES)
def test_nothing_can_be_chosen_where_there_is_nothing(empty: Open, page: str) -> None:
    app = empty(page)
    assert not [*app.selectbox, *app.multiselect, *app.get("button_group"), *app.text_input, *app.toggle]
    assert not [caption.value for caption in app.caption if "–" in caption.value]


def test_sources_of_nothing_set_up_lead_to_the_next_step_only(empty: Open) -> None:
    app = empty("sources")
    assert not [button for button in app.button if button.key == "sync_now"]
    assert "timer" not in " ".join(markdown.value for markdown in app.markdown)


@pytest.mark.parametrize("page", PAGES)
def test_a_gitlab_that_is_connected_and_brought_nothing_yet(
    empty: Open, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITLAB_ACCESS_TOKEN", "glpat-x")
    monkeypatch.setenv("GITLAB_URL", "https://gitlab.example")
    app = empty(page)
    assert "Sync now" in app.info[0].value and "python -m dashlib doctor" in app.info[0].value
    assert not app.code
    if page == "sources":
        assert "DASH_SYNC_MINUTES=0" in " ".join(markdown.value for markdown in app.markdown)
        assert app.button(key="sync_now")


def test_a_first_sync_that_found_nothing_says_why(empty: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITLAB_ACCESS_TOKEN", "glpat-x")
    load = dict.fromkeys(bookkeeping.LOADS.columns) | {"source": "gitlab", "error": f"HTTP 401 {HOSTILE}"}
    times = {"started_at": YESTERDAY, "finished_at": YESTERDAY}
    empty()
    runtime.runtime().store.write(Put(bookkeeping.LOADS, [load | times]))
    for page in PAGES:
        app = empty(page)
        assert [error.value for error in app.error] == [f"The last sync found nothing: {plain(f'HTTP 401 {HOSTILE}')}"]


def test_commits_of_another_kind_are_not_no_commits(filled: Open) -> None:
    app = filled("commits", person="renovate[bot]")
    assert "none of this kind" in app.info[0].value
    app.selectbox(key="bots").select("with").run()
    assert numbers(app)["Commits"] == "1"


def test_last_night(filled: Open) -> None:
    app = filled()
    assert numbers(app) == {
        "Failed": "2",
        "New": "1",
        "Still red": "1",
        "Never ran": "0",
        "Recovered": "1",
        "Warned": "0",
        "Passed": "1",
        "Other": "0",
    }
    assert [metric.delta for metric in app.metric] == ["0", "-1", "1", "0", "1", "0", "0", "0"]
    assert any("3 of 3 nightlies ran; 2 jobs failed" in caption.value for caption in app.caption)
    jobs = app.dataframe[0].value
    assert sorted(zip(jobs["job_name"], jobs["red_for"], strict=True)) == sorted(
        [("lint", "2 nights"), (HOSTILE, "new")]
    )
    assert list(jobs["job_web_url"].str.startswith("https://gitlab.example/")) == [True, True]
    assert charts(app) == 1


def test_another_night(filled: Open) -> None:
    app = filled()
    assert app.selectbox(key="night").value == f"{YESTERDAY:%Y-%m-%d}"
    app.text_input(key="search").set_value("site").run()
    assert not [table for table in app.dataframe if "job_name" in table.value]
    app.selectbox(key="night").select_index(1).run()
    assert app.text_input(key="search").value == ""
    assert sorted(app.dataframe[0].value["job_name"]) == ["e2e", "lint", "unit"]
    assert dict(app.query_params) == {"night": f"{YESTERDAY - timedelta(days=1):%Y-%m-%d}"}


def test_a_search_says_that_it_hides_jobs_and_can_be_cleared(filled: Open) -> None:
    app = filled(search="lint")
    app.button(key="show_all_jobs").click().run()
    assert len(app.dataframe[0].value) == 2
    assert not [button for button in app.button if button.key == "show_all_jobs"]


def test_a_grid_that_its_own_filters_emptied_says_so_and_lets_them_go(filled: Open) -> None:
    app = filled(find="no such thing", fresh="true", state="failed")
    assert not app.success
    assert [info.value for info in app.info] == ["No row of the grid is left."]
    [told] = [button for button in app.button if button.key == "show_all_rows"]
    for words in ("no such thing", "only new, failed on", "state failed"):
        assert words in told.label
    told.click().run()
    assert not app.exception and dict(app.query_params) == {} and not app.info
    assert not [button for button in app.button if button.key == "show_all_rows"]


def test_search_and_only_new(filled: Open) -> None:
    app = filled(search="lint")
    assert list(app.dataframe[0].value["job_name"]) == ["lint"]
    app.toggle(key="new").set_value(True).run()
    assert not [table for table in app.dataframe if "job_name" in table.value]
    assert "No failed job that matches." in [caption.value for caption in app.caption]


def test_filters_in_the_link(filled: Open) -> None:
    app = filled(repo="acme/web/site", period="7 days")
    assert numbers(app)["Passed"] == "1"
    assert app.multiselect(key="repo").value == ["acme/web/site"]
    app.switch_page("commits.py").run()
    assert app.multiselect(key="repo").value == ["acme/web/site"]
    assert numbers(app)["Commits"] == "5"


def test_a_group_and_a_person(filled: Open) -> None:
    app = filled("commits", group="acme/core")
    assert numbers(app)["Commits"] == "5"
    app = filled("commits", person="Ada Lovelace")
    assert numbers(app)["Commits"] == "5"
    app.selectbox(key="role").select("both").run()
    assert numbers(app)["Commits"] == "10"


@pytest.mark.parametrize("page", PAGES)
def test_unknown_values_in_a_link_are_ignored_and_told(filled: Open, page: str) -> None:
    query: dict[str, str | list[str]] = {
        "repo": ["no/such", "acme/web/site"],
        "group": "nobody",
        "person": "<b>x</b>",
        "period": "7 years",
        "from": "yesterday",
        "night": "1999-01-01",
        "split": "; drop table jobs",
        "top": "many",
    }
    app = filled(page, **query)
    told = " ".join(warning.value for warning in app.warning)
    assert "<b>" not in told
    assert ("no/such" in told and "7 years" in told) is (page != "sources")
    assert ("1999" in told) is (page == "nightlies")
    assert ("no choice “night”" in told) is (page != "nightlies")


def test_no_rows_for_these_filters_is_not_an_empty_database(filled: Open) -> None:
    app = filled("commits", period="custom", **{"from": "2020-01-01", "to": "2020-01-31"})
    assert "No commits for these filters" in app.info[0].value
    app.button(key="clear_filters").click().run()
    assert numbers(app)["Commits"] == "10"


def test_commits_add_up(filled: Open) -> None:
    app = filled("commits")
    ranking = app.dataframe[0].value
    assert ranking["commits"].sum() == int(numbers(app)["Commits"]) == 10
    app.selectbox(key="merges").select("with").run()
    app.selectbox(key="bots").select("with").run()
    assert numbers(app)["Commits"] == "12"
    assert charts(app) == 2


def test_activity(filled: Open) -> None:
    app = filled("activity", activity_view="list")
    assert numbers(app)["Events"] == "10"
    app.multiselect(key="action").select("opened").run()
    assert numbers(app)["Events"] == "5"
    assert set(app.dataframe[0].value["target"]) == {"issue"}


def test_sources_tell_what_is_wrong_and_keep_secrets(filled: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITLAB_ACCESS_TOKEN", "glpat-very-secret")
    app = filled("sources")
    assert numbers(app)["Calls, last sync"] == "1234"
    assert app.dataframe[0].value["message"].tolist() == [HOSTILE]
    everything = " ".join(str(element) for element in app.main)
    assert "very-secret" not in everything


def test_without_a_token_sync_now_is_off_with_the_reason(filled: Open) -> None:
    app = filled("sources")
    assert app.button(key="sync_now").disabled
    assert any("GITLAB_ACCESS_TOKEN" in caption.value for caption in app.caption)


@pytest.mark.parametrize(
    ("address", "headers", "allowed"),
    [(None, {}, True), ("203.0.113.9", {}, False), (None, {"X-Forwarded-For": "203.0.113.9"}, False)],
)
def test_sync_now_is_for_this_machine_only(
    filled: Open, monkeypatch: pytest.MonkeyPatch, address: str | None, headers: dict[str, str], allowed: bool
) -> None:
    context = type("Context", (), {"ip_address": address, "headers": headers, "url": None})()
    monkeypatch.setattr("dashlib.widgets.freshness.st.context", context)
    monkeypatch.setenv("GITLAB_ACCESS_TOKEN", "glpat-x")
    app = filled("sources")
    assert app.button(key="sync_now").disabled is not allowed
    refused = [caption for caption in app.caption if "Only a browser on the machine" in caption.value]
    assert bool(refused) is not allowed


@pytest.mark.parametrize("page", PAGES)
def test_hostile_text_is_never_markup(filled: Open, page: str) -> None:
    app = filled(page)
    for element in [*app.markdown, *app.caption, *app.info, *app.warning, *app.error, *app.header, *app.title]:
        assert "onerror=alert" not in element.value or "\\" in element.value
        assert not getattr(element, "allow_html", False) or "onerror" not in element.value


def test_settings_that_cannot_be_used_are_one_sentence(filled: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DASH_TIMEZONE", "Mars/Olympus")
    runtime.close()
    app = filled()
    assert "Mars/Olympus" in app.error[0].value


def test_a_page_that_breaks_off_says_so_and_keeps_the_trace_for_the_log(
    filled: Open, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What Streamlit itself says of it goes to a standard output that nobody reads."""
    app = filled(period="7 days")
    monkeypatch.setattr(widgets, "broke_off", empty_page.broke_off)
    with monkeypatch.context() as patch:

        def broken(*_: object, **__: object) -> None:
            raise ZeroDivisionError(f"/srv/secret {HOSTILE}")

        patch.setattr(widgets, "header", broken)
        app.run()
        assert not app.exception
        [told] = [error.value for error in app.error]
        assert "This page broke off" in told and "python -m dashlib serve" in told and "(UTC)" in told
        assert "secret" not in " ".join(str(element) for element in app.main)
        [record] = [record for record in caplog.records if record.name == "dashlib.pages"]
        assert record.getMessage() == "the page nightlies broke off"
        assert record.exc_info is not None and record.exc_info[0] is ZeroDivisionError
        assert dict(app.query_params) == {"period": "7 days"}
    app.button(key="clear_broken").click().run()
    assert not app.error and app.dataframe and dict(app.query_params) == {}


def test_a_page_that_breaks_off_for_a_reason_that_is_told_tells_it(
    filled: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = filled()
    monkeypatch.setattr(widgets, "broke_off", empty_page.broke_off)

    def broken(*_: object, **__: object) -> None:
        raise StoreError(f"the disk is full {HOSTILE}")

    monkeypatch.setattr(widgets, "header", broken)
    app.run()
    assert plain(f"the disk is full {HOSTILE}") in app.error[0].value
