"""The outage of 2015-10-14, found and filled by the command itself, on real servers."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox import outage
from sandbox.eventlogging.unit import EventLogging
from sandbox.waiting import until
from tests.operator import COMMAND
from tests.window import EMPTY, Field, uuids_of

HOURS = [455, 455, 454, 455, 454, 455, 454, 455, 454, 455, 454]
LOADS, EDITS, ACCOUNTS = outage.TABLES


@pytest.fixture
def produced(field: Field, produce: Callable[..., None]) -> Field:
    produce(field.topic, outage.by_partition(outage.capsules()))
    return field


@pytest.fixture
def lost(produced: Field) -> Field:
    """What the writer left, put there directly: 3,000 rows, and everything committed."""
    produced.commit({part: 7_800 // 12 for part in range(12)})
    people = [event for event in outage.capsules() if not event["userAgent"]["is_bot"]]
    produced.insert([event for event in people if event["schema"] == "NavigationTiming"][: outage.INSERTED])
    return produced


def document(field: Field, **other: object) -> str:
    fields = {"sink": {"mysql": "m4", "writer": field.group}} | other
    return field.document(outage.SINCE, outage.UNTIL, **fields)


def hourly(field: Field) -> list[int]:
    rows = field.execute(f"SELECT left(timestamp, 10), count(*) FROM `{LOADS}` GROUP BY 1 ORDER BY 1")
    return [count for _, count in rows]


def assert_repaired(field: Field) -> None:
    assert field.uuids() == uuids_of(outage.capsules())
    assert field.counts() == outage.TABLES
    assert hourly(field) == HOURS


def test_the_writers_own_outage_is_found_filled_and_settled(
    produced: Field, eventlogging: Callable[..., EventLogging]
) -> None:
    """The rows are lost by the writer itself, stopped with SIGTERM after its one batch."""
    consumer = eventlogging(produced.topic)
    consumer.start(60)
    field = replace(produced, group=consumer.group)
    until("all committed", lambda: field.committed() == 7_800, 60)
    consumer.terminate()
    assert field.counts() == {LOADS: 3_000}
    field.operator.write(document(field))

    planned = field.operator.plan("--detailed-exitcode")
    assert planned.code == 2, planned.err
    assert "puts in 4,600 rows in commits of 1,000, after creating 2 tables" in planned.out
    assert field.counted() == {
        EDITS: [2_500, 0, 2_500, 0, 0, 0],
        LOADS: [5_000, 3_000, 2_000, 0, 0, 200],
        ACCOUNTS: [100, 0, 100, 0, 0, 0],
    }
    assert field.counts() == {LOADS: 3_000}, "a plan changes nothing"

    applied = field.operator.apply()
    assert applied.code == 0, applied.err + applied.out
    assert "4,600 rows put in, read back by uuid" in applied.out
    assert_repaired(field)
    assert field.committed() == 7_800, "the live group is left alone"

    again = field.operator.plan("--detailed-exitcode")
    assert (again.code, EMPTY in again.out) == (0, True), again.out
    field.execute(f"DELETE FROM `{ACCOUNTS}`")
    third = field.operator.apply()
    assert third.code == 0
    assert field.counts()[ACCOUNTS] == 0, "a settled window is never refilled"


def test_the_plan_shows_tables_hours_gaps_and_a_heat_map(lost: Field) -> None:
    lost.execute(f"DELETE FROM `{LOADS}` WHERE left(timestamp, 12) BETWEEN '201510140730' AND '201510140744'")
    lost.operator.write(document(lost))
    shown = lost.operator.plan("--full").out
    lines = [line.split() for line in shown.splitlines()]
    heat = {cells[0]: cells[7] for cells in lines if cells and cells[0] in outage.TABLES and len(cells) > 7}
    assert heat[EDITS] == "█" * 11
    assert heat[LOADS] == "·3····4████", "a quarter of 07 is gone, and everything after 3,000 rows"
    assert "missing share by hour" in shown
    assert "CREATE TABLE IF NOT EXISTS `Edit_13457736`" in shown
    gaps = [cells for cells in lines if len(cells) == 4 and cells[0] == LOADS and "T" in cells[1]]
    assert gaps[0] == [LOADS, "2015-10-14T07:30Z", "2015-10-14T07:44Z", "114"]
    assert len(gaps) == 2, "one in the morning, and the rest of the day"


def test_the_same_from_archive_files(lost: Field, tmp_path: Path) -> None:
    lines = [json.dumps(event, sort_keys=True) for event in outage.capsules()]
    archive = tmp_path / "archive"
    archive.mkdir()
    with gzip.open(archive / "all-events.log-20151014.gz", "wt") as packed:
        packed.write("\n".join(lines[:4_000]) + "\n")
    (archive / "all-events.log-20151015").write_text("\n".join(lines[4_000:]) + "\n")
    lost.operator.write(document(lost, source={"files": f"{archive}/all-events.log-2015101*"}, sink={"mysql": "m4"}))
    applied = lost.operator.apply()
    assert applied.code == 0, applied.err + applied.out
    assert "4,600 rows put in" in applied.out
    assert_repaired(lost)
    assert EMPTY in lost.operator.plan().out


def test_killed_in_the_middle_and_run_again(lost: Field) -> None:
    """kill -9 after the first rows; the second run puts in the rest, and nothing twice."""
    lost.operator.write(document(lost, pace={"rows_per_second": 1_000}))
    first = subprocess.Popen(
        [*COMMAND, "apply", str(lost.operator.state), "--yes"],
        env=lost.operator.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until("some rows are in", lambda: put_in(lost) > 500, 60)
    finally:
        os.kill(first.pid, signal.SIGKILL)
        first.wait()
    came = put_in(lost)
    assert 500 < came < 4_600

    resumed = lost.operator.apply("--json")
    assert resumed.code == 0, resumed.err + resumed.out
    assert_repaired(lost)
    (outcome,) = resumed.json["outcomes"]
    assert sum(outcome["evidence"]["inserted"].values()) == 4_600 - came
    assert EMPTY in lost.operator.plan().out


def put_in(field: Field) -> int:
    return sum(field.counts().values()) - outage.INSERTED


def test_killed_after_the_last_row_it_is_read_back_and_settled(lost: Field) -> None:
    """The rows are all there, but nobody has told the ledger: the next run looks, and settles."""
    lost.operator.write(document(lost, pace={"rows_per_second": 1_000}))
    process = subprocess.Popen(
        [*COMMAND, "apply", str(lost.operator.state), "--yes"],
        env=lost.operator.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until("some rows are in", lambda: put_in(lost) > 500, 60)
    finally:
        process.kill()
        process.wait()
    present = {uuid for uuids in lost.uuids().values() for uuid in uuids}
    people = [event for event in outage.capsules() if not event["userAgent"]["is_bot"]]
    lost.insert([event for event in people if event["uuid"] not in present])

    applied = lost.operator.apply()
    assert applied.code == 0, applied.err
    assert "0 rows put in, read back by uuid" in applied.out
    assert EMPTY in lost.operator.plan().out
    assert_repaired(lost)
