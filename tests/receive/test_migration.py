"""A database of the first release learns to tell hooks and API apart."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import duckdb

from dashlib.model import Upsert
from dashlib.sources.gitlab.hooks import shape
from dashlib.sources.gitlab.pipelines import pipeline_row
from dashlib.sources.hook import Hook
from dashlib.sources.tables import PIPELINES
from dashlib.store import open_store
from tests.receive.payloads import RECEIVED, payload

FIRST_RELEASE = """
create schema bookkeeping;
create table bookkeeping.meta (name varchar, value varchar);
insert into bookkeeping.meta values ('version', '1');
create table pipelines (project_id bigint, id bigint, iid bigint, source varchar, ref varchar, sha varchar,
    status varchar, name varchar, web_url varchar,
    created_at timestamp, updated_at timestamp, state_rank tinyint, started_at timestamp,
    finished_at timestamp, duration double, user_id bigint, username varchar, tag boolean, before_sha varchar,
    yaml_errors varchar, coverage double, queued_duration double, detail_started_at timestamp,
    detail_finished_at timestamp, detail_duration double, detail_user_id bigint, detail_username varchar,
    detail_at timestamp, schedule_id bigint, parent_project_id bigint, parent_pipeline_id bigint);
insert into pipelines
    (project_id, id, iid, source, ref, status, created_at, updated_at, state_rank, detail_at, duration)
values (15, 9001, 12, 'schedule', 'develop', 'success', '2026-03-11 01:15:02.481', '2026-03-11 01:31:39.007', 10,
        '2026-03-11 01:31:39.007', 992);
create table jobs (project_id bigint, id bigint, pipeline_id bigint, changed_at timestamp);
insert into jobs values (15, 70012, 9001, '2026-03-11 01:31:38.9');
create table issues (project_id bigint, iid bigint, milestone varchar, updated_at timestamp);
insert into issues values (15, 3, '2.0', '2026-03-11 09:00:00.5');
create table events (source varchar, id bigint, project_id bigint);
insert into events values ('gitlab', 1, 15);
"""


def test_the_first_release_s_rows_count_as_the_api_s(tmp_path: Path) -> None:
    path = tmp_path / "x.duckdb"
    with duckdb.connect(str(path)) as old:
        old.execute(FIRST_RELEASE)
    for _ in range(2):
        with open_store(path) as store:
            reader = store.reader()
            words = "by_api, identified_at, updated_at, changed_at, run_at, run_rank, duration"
            moment, second = datetime(2026, 3, 11, 1, 31, 39, 7000), datetime(2026, 3, 11, 1, 31, 39)
            assert reader.execute(f"select {words} from pipelines").fetchall() == [
                (True, moment, moment, second, second, 10, 992.0)
            ]
            assert reader.execute("select changed_at from jobs").fetchall() == [(datetime(2026, 3, 11, 1, 31, 38),)]
            assert reader.execute("select credited_at = updated_at from issues").fetchall() == [(True,)]
            assert reader.execute("select by_hook from events").fetchall() == [(False,)]
            assert reader.execute("from deliveries").fetchall() == []


def test_an_old_hook_does_not_undo_what_the_first_release_knew(tmp_path: Path) -> None:
    path = tmp_path / "x.duckdb"
    with duckdb.connect(str(path)) as old:
        old.execute(FIRST_RELEASE)
    late = payload("gitlab", "pipeline")
    late["object_attributes"] |= {"status": "running", "finished_at": None}
    late["builds"] = [build | {"finished_at": None} for build in late["builds"]]
    found = shape("pipeline", Hook(late, {}, RECEIVED))
    assert found is not None
    with open_store(path) as store:
        store.write(*found.changes)
        assert store.reader().execute("select status, iid from pipelines").fetchall() == [("success", 12)]
        again = {"id": 9001, "status": "running", "updated_at": "2026-03-11T08:00:00.000Z"}
        store.write(Upsert(PIPELINES, [pipeline_row(15, again)]))
        assert store.reader().execute("select status from pipelines").fetchall() == [("running",)]
