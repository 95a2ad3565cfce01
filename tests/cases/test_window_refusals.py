"""Windows that may not be filled: each says what, which value, and what to do instead; nothing is put in."""

from __future__ import annotations

import gzip
import json
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sandbox.eventlogging.tables import create_table
from sandbox.events import record
from tests.window import HOUR, LOADS, START, Field, Produce, counted, loads, spread, uuids_of


def assert_refused(field: Field, *wanted: str) -> None:
    """Exactly these ids, and apply ends with 4 and leaves no row."""
    change = field.planned()
    assert [each["id"] for each in change["refusals"]] == list(wanted), change["refusals"]
    before = field.counts()
    applied = field.operator.apply()
    assert applied.code == 4, applied.out + applied.err
    assert field.counts() == before


def said(field: Field) -> str:
    return "\n".join(field.refused())


def test_until_before_since(field: Field) -> None:
    field.operator.write(field.document(START, START - HOUR), "bad.yaml")
    ran = field.operator.plan()
    assert ran.code == 65
    assert "bad.yaml:1:" in ran.err
    assert "must be later than since" in ran.err


def test_purged_windows_and_the_writers_buffer(field: Field, produce: Produce) -> None:
    produce(field.topic, spread(loads(5)))
    field.operator.configure(field.operator.config.read_text().replace("limits: {purge_horizon: null}\n", ""))
    field.operator.write(field.document(START, START + HOUR))
    assert_refused(field, "purge-horizon")
    assert "nothing of it is left" in said(field)
    now = datetime.now(UTC).replace(microsecond=0)
    field.operator.write(field.document(now - HOUR, now - timedelta(minutes=1)))
    assert_refused(field, "writers-buffer")


def test_what_the_source_no_longer_keeps(field: Field, produce: Produce, make_topic: Callable[..., str]) -> None:
    events = loads(60)
    produce(field.topic, {0: [record(event) for event in events]})
    from kafka import TopicPartition

    field.admin.delete_records({TopicPartition(field.topic, 0): 20})
    field.operator.write(field.document(START, START + HOUR))
    assert_refused(field, "past-retention")
    assert "the earliest kept is 2018-03-13T06:03:20Z on 1 of 12 partitions" in said(field)
    field.operator.write(field.document(START + timedelta(minutes=5), START + HOUR))
    assert field.refused() == []
    compacted = make_topic(configs={"cleanup.policy": "compact"})
    field.operator.write(field.document(START, START + HOUR, source={"kafka": "analytics", "topic": compacted}))
    assert_refused(field, "compacted")


def test_names_that_are_not_there(field: Field, produce: Produce) -> None:
    produce(field.topic, spread(loads(5)))
    field.operator.write(field.document(START, START + HOUR, source={"kafka": "analytics", "topic": "no-such-topic"}))
    assert_refused(field, "no-topic")
    field.operator.write(field.document(START, START + HOUR, sink={"mysql": "m4", "writer": "no-such-group"}))
    assert_refused(field, "no-writer")
    field.operator.write(field.document(START, START + HOUR, schemas=["NavigationTimnig", "NavigationTiming"]))
    found = [one["what"] for one in field.planned()["findings"]]
    assert found == ["events of NavigationTimnig"]
    field.operator.configure(field.operator.config.read_text().replace('"]}', '"], cluster_id: another}', 1))
    assert_refused(field, "wrong-cluster")


def test_tables_that_cannot_take_rows_once(field: Field, produce: Produce) -> None:
    produce(field.topic, spread(loads(5)))
    field.execute(create_table("NavigationTiming", 10374055).replace("UNIQUE KEY", "KEY"))
    field.operator.write(field.document(START, START + HOUR))
    assert_refused(field, "table")
    assert "no unique key on its uuid" in said(field)
    field.execute(f"DROP TABLE `{LOADS}`")
    field.operator.write(field.document(START, START + HOUR, event_schemas=None))
    assert_refused(field, "table")
    assert "there is no such table" in said(field)
    field.execute(f"CREATE TABLE `{LOADS}` (name TEXT)")
    assert_refused(field, "table")
    assert "no columns uuid and timestamp" in said(field)


def test_a_field_without_a_column_is_named(field: Field, produce: Produce) -> None:
    events = loads(30)
    events[12]["event"] |= {"newField": 1, "nested": {"deep": True}}
    produce(field.topic, spread(events))
    field.operator.write(field.document(START, START + HOUR))
    assert_refused(field, "unknown-field")
    assert "no column for event_nested_deep, event_newField" in said(field)


def test_files_must_cover_the_window(field: Field, tmp_path: Path) -> None:
    def written(name: str, events: list[Any]) -> Path:
        path = tmp_path / name
        with gzip.open(path, "wt") as packed:
            packed.writelines(json.dumps(event) + "\n" for event in events)
        return path

    day = loads(300, START + 2 * HOUR)
    written("all-events.log-20180313.gz", day)
    source = {"files": f"{tmp_path}/all-events.log-*.gz"}
    field.operator.write(field.document(START, START + 2 * HOUR + timedelta(minutes=50), source=source))
    assert_refused(field, "not-covered")
    assert "no event from 2018-03-13T06:00Z to 2018-03-13T08:00Z; the first event is of 2018-03-13T08:00Z" in said(
        field
    )
    assert f"{tmp_path}/all-events.log-20180312.gz is not among the files" in said(field)
    night = loads(30, START, timedelta(minutes=4))
    written("all-events.log-20180312.gz", night)
    applied = field.operator.apply()
    assert (applied.code, "330 rows put in" in applied.out) == (0, True), applied.out + applied.err
    assert field.uuids() == uuids_of([*night, *day])

    field.operator.write(field.document(START, START + HOUR, source={"files": f"{tmp_path}/none-*"}, name="second"))
    assert_refused(field, "no-source")


@pytest.mark.parametrize(
    ("kept", "trailer", "behind", "cause"),
    [
        (-5_000, b"", 1, "the gzip is cut short: "),
        (-8, b"\0" * 8, 0, "the gzip is damaged here or before: crc check failed 0x0 != 0x"),
    ],
    ids=["cut short", "checksum"],
)
def test_files_must_be_whole(kept: int, trailer: bytes, behind: int, cause: str, field: Field, tmp_path: Path) -> None:
    """Told with the line where it ends, counted as gzip itself shows them."""
    file = tmp_path / "all-events.log-20180313.gz"
    packed = gzip.compress(b"".join(record(event).value + b"\n" for event in loads(6_000)))
    file.write_bytes(packed[:kept] + trailer)
    whole = subprocess.run(["gzip", "-dc", file], capture_output=True, check=False).stdout.count(b"\n")
    place = f"{file}:{whole + behind}"
    field.operator.write(field.document(START, START + HOUR, source={"files": str(file)}))
    assert_refused(field, "unreadable-source")
    assert said(field).startswith(f"unreadable-source: {place}: {cause}")
    assert f"refused (unreadable-source): {place}: {cause}" in field.operator.plan().out


def test_blacklisted_schemas_are_left_out(field: Field, produce: Produce) -> None:
    from elreconcile.systems.mysql_blacklist import DDL, TABLE

    produce(field.topic, spread(loads(5)))
    field.execute(DDL)
    field.execute(
        f"INSERT INTO {TABLE} (output, schema_name, reason, added_by) VALUES (%s, 'NavigationTiming', 'r', 'me')",
        [field.topic],
    )
    field.operator.write(field.document(START, START + HOUR, schemas=["NavigationTiming"]))
    change = field.planned()
    assert (change["action"], counted(change)) == ("none", {LOADS: [0, 0, 0, 0, 0, 0]})
    assert [(one["what"], one["value"]) for one in change["findings"]] == [
        ("schemas NavigationTiming", "blacklisted now")
    ]
    field.execute(f"UPDATE {TABLE} SET expires = '2019-01-01'")
    assert field.counted() == {LOADS: [5, 0, 5, 0, 0, 0]}, "an expired entry counts as absent"


def test_insert_ignore_where_local_infile_is_off(field: Field, produce: Produce) -> None:
    events = loads(2_100, step=timedelta(seconds=1))
    produce(field.topic, spread(events))
    field.insert(events[::7])
    field.operator.write(field.document(START, START + HOUR))
    field.execute("SET GLOBAL local_infile = 0")
    try:
        applied = field.operator.apply()
    finally:
        field.execute("SET GLOBAL local_infile = 1")
    assert (applied.code, "1,800 rows put in" in applied.out) == (0, True), applied.out + applied.err
    assert field.uuids() == uuids_of(events)


def test_a_file_of_a_window_that_goes_on_is_gone(field: Field, produce: Produce, tmp_path: Path) -> None:
    """It forbids this window; the other one is planned as ever."""
    file = tmp_path / "all-events.log"
    file.write_text("".join(json.dumps(event) + "\n" for event in loads(30)))
    window = {"source": {"files": str(file)}, "late": "9999d"}
    until = START + timedelta(minutes=5)
    field.operator.write(field.document(START, until, **window))
    assert "the window stays open" in field.operator.apply().out
    file.unlink()
    produce(field.topic, spread(loads(5)))
    field.operator.write(field.document(START, until, name="other"), "other.yaml")
    planned = field.operator.plan("--json")
    refusals = {
        change["address"]: [(one["id"], one["what"]) for one in change["refusals"]]
        for change in planned.json["changes"]
    }
    assert refusals == {
        "BackfillWindow/m4/window": [("unreadable-source", str(file))],
        "BackfillWindow/m4/other": [],
    }
