"""Reading at a window's pace, paths beside its document, and events that turn out odd while it is filled."""

from __future__ import annotations

import gzip
import json
import subprocess
import time
from contextlib import closing
from datetime import timedelta

from elreconcile.desired.config import MySqlConfig
from elreconcile.kinds.backfill_window.fields import EVENTS
from elreconcile.systems.event_files import EventFiles
from elreconcile.systems.event_loading import STATEMENT, Loader
from elreconcile.systems.event_tables import describe
from elreconcile.systems.mysql import connect
from sandbox.addresses import MySqlAddress
from sandbox.eventlogging.tables import SCHEMAS
from sandbox.events import record
from sandbox.waiting import until
from tests.operator import COMMAND
from tests.window import EMPTY, HOUR, LOADS, START, Field, Produce, counted, loads, spread, uuids_of

SECOND = timedelta(seconds=1)


def test_a_plan_reads_at_the_same_pace(field: Field, produce: Produce) -> None:
    """The stop file lies beside the document; the command runs elsewhere."""
    produce(field.topic, spread(loads(2_400, step=SECOND)))
    stop = field.operator.state / "stop"
    stop.touch()
    field.operator.write(field.document(START, START + HOUR, pace={"events_per_second": 1_000, "stop_file": "stop"}))
    said = field.operator.home / "stderr"
    with said.open("w") as errors:
        command = [*COMMAND, "plan", str(field.operator.state), "--json"]
        process = subprocess.Popen(command, env=field.operator.environment, stdout=subprocess.PIPE, stderr=errors)
    try:
        until("it says why it waits", lambda: f"waits: {stop} exists" in said.read_text(), 60)
        assert process.poll() is None
        began = time.monotonic()
        stop.unlink()
        out, _ = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    assert time.monotonic() - began > 1, "2,400 events, the first batch of them at once"
    (change,) = json.loads(out)["changes"]
    assert counted(change) == {LOADS: [2_400, 0, 2_400, 0, 0, 0]}


def test_paths_start_at_the_folder_of_the_document(field: Field) -> None:
    events = loads(30)
    place = field.operator.state / "m4"
    (place / "archive").mkdir(parents=True)
    (place / "schemas").symlink_to(SCHEMAS)
    with gzip.open(place / "archive" / "all-events.log-20180313.gz", "wt") as packed:
        packed.writelines(json.dumps(event) + "\n" for event in events)
    source = {"files": "archive/all-events.log-*.gz"}
    document = field.document(START, START + timedelta(minutes=5), source=source, event_schemas="schemas")
    field.operator.write(document, "m4/window.yaml")
    applied = field.operator.apply()
    assert (applied.code, "30 rows put in" in applied.out) == (0, True), applied.out + applied.err
    assert field.uuids() == uuids_of(events)
    assert EMPTY in field.operator.plan().out


def test_filling_stops_by_name_where_a_later_event_has_no_column(field: Field, produce: Produce) -> None:
    """Further behind than the plan looks: it says how far, and nothing is cut off or passed over."""
    events = loads(EVENTS + 500, step=timedelta(seconds=0.3))
    events[-1]["event"] |= {"newField": 1}
    produce(field.topic, {0: [record(event) for event in events]})
    field.operator.write(field.document(START, START + HOUR))
    planned = field.operator.plan()
    assert f"fields: the first {EVENTS:,} events of {LOADS} were looked at" in planned.out
    applied = field.operator.apply()
    assert applied.code == 3, applied.out + applied.err
    assert f"the table {LOADS} has no column for event_newField (uuid {events[-1]['uuid']})" in applied.out
    rows = sum(field.counts().values())
    assert f"{rows:,} rows were put in before it, and stay" in applied.out
    field.execute(f"ALTER TABLE `{LOADS}` ADD COLUMN event_newField BIGINT")
    applied = field.operator.apply()
    assert applied.code == 0, applied.out + applied.err
    assert f"{len(events) - rows:,} rows put in, read back by uuid" in applied.out
    assert field.uuids() == uuids_of(events)


def test_spread_holes_and_late_events_of_other_minutes(field: Field, produce: Produce) -> None:
    """Every tenth row of dense minutes is missing, and one event comes long after its minute."""
    events = loads(6_000, step=timedelta(seconds=0.05))
    late = loads(1, START + timedelta(minutes=50))[0] | {"uuid": "f" * 32}
    records = spread([*events, late])
    produce(field.topic, records)
    field.insert([event for number, event in enumerate(events) if number % 10])
    field.operator.write(field.document(START, START + HOUR))
    applied = field.operator.apply()
    assert (applied.code, "601 rows put in" in applied.out) == (0, True), applied.out + applied.err
    assert field.uuids() == uuids_of([*events, late])


def test_warnings_of_every_statement_are_told(database: MySqlAddress) -> None:
    """Rows that fill several INSERTs: each has values that are cut."""
    settings = MySqlConfig(host=database.host, port=database.port, user=database.user, database=database.database)
    rows = [{"uuid": f"{number:032x}", "timestamp": "20180313060000", "title": "x" * 300_000} for number in range(5)]
    assert sum(len(row["title"]) for row in rows) > 2 * STATEMENT
    with closing(connect("m4", settings, 30)) as mysql:
        mysql.execute("CREATE TABLE Edit_1 (uuid CHAR(32) PRIMARY KEY, timestamp VARCHAR(14), title VARCHAR(10))")
        table = describe(mysql, "Edit_1")
        assert table is not None
        loader = Loader(mysql)
        loader.by_file = False
        loaded = loader.load(loader.ready(table, rows))
        assert (loaded.inserted, loaded.changed) == (5, {"title": 5})
        again = loader.load(loader.ready(table, rows))
        assert again.inserted == 0
        assert mysql.execute("SELECT count(*), max(title) FROM Edit_1") == ((5, "x" * 10),)


def test_files_are_worked_off_in_chunks(field: Field) -> None:
    """What has a hole is read again by whole chunks of lines."""
    count = EventFiles.chunk + 2_000
    events = loads(count, step=timedelta(seconds=0.05))
    place = field.operator.state / "all-events.log-20180313"
    place.write_text("".join(json.dumps(event) + "\n" for event in events))
    field.create("NavigationTiming", 10374055)
    field.operator.write(
        field.document(START, START + HOUR, source={"files": place.name}, schemas=["NavigationTiming"])
    )
    change = field.planned()
    assert change["before"]["slices"] == [[str(place), 0, 0, 2 * EventFiles.chunk]]
