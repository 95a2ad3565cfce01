"""The outage of 2015-10-14, found and filled by the command itself, on real servers."""

from __future__ import annotations

import gzip
import re
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from elreconcile.systems.event_files import EventFiles
from sandbox import outage
from sandbox.eventlogging.mapper import row_of
from sandbox.eventlogging.unit import EventLogging
from sandbox.events import capsule, record
from sandbox.waiting import until
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
    """The same rows as the writer would have put in, and no others."""
    assert field.uuids() == uuids_of(outage.capsules())
    assert field.counts() == outage.TABLES
    assert hourly(field) == HOURS
    wanted = {event["uuid"]: row_of(event) for event in outage.capsules() if not event["userAgent"]["is_bot"]}
    for table in outage.TABLES:
        assert all(row == wanted[row["uuid"]] for row in rows(field, table))


def rows(field: Field, table: str) -> Iterator[Mapping[str, object]]:
    """Without what the server gives them itself."""
    names = [name for (name, *_) in field.execute(f"SHOW COLUMNS FROM `{table}`") if name != "id"]
    listed = ", ".join(f"`{name}`" for name in names)
    for row in field.execute(f"SELECT {listed} FROM `{table}`"):
        yield {name: value for name, value in zip(names, row, strict=True) if value is not None}


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
    drift = field.operator.run("drift", str(field.operator.state))
    assert (drift.code, drift.out.splitlines()[0]) == (0, "No drift was seen in 1 document."), drift
    for told in (third.out, drift.out):
        assert re.search(r"1 request was settled on \d{4}-\d\d-\d\d and not looked at again\.$", told, re.MULTILINE)


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


FIRST_PART = 2_000
"""Events of the outage in the first lines that are worked off together; the writer left out 667 of them."""


def archived(folder: Path) -> str:
    """Two days of the archive, the outage among events of other schemas, which make the first file a long one."""
    ours = [record(event).value for event in outage.capsules()]
    other = record(capsule("Popups", {}, revision=1, seq_id=1, dt=outage.SINCE)).value
    others = [other] * (EventFiles.chunk - FIRST_PART)
    day = [*ours[:FIRST_PART], *others, *ours[FIRST_PART : 2 * FIRST_PART], *others]
    (folder / "all-events.log-20151014.gz").write_bytes(gzip.compress(b"\n".join(day) + b"\n"))
    (folder / "all-events.log-20151015").write_bytes(b"\n".join(ours[2 * FIRST_PART :]) + b"\n")
    return str(folder / "all-events.log-2015101*")


def test_the_same_from_archive_files(lost: Field, tmp_path: Path) -> None:
    lost.operator.write(document(lost, source={"files": archived(tmp_path)}, sink={"mysql": "m4"}))
    applied = lost.operator.apply()
    assert applied.code == 0, applied.err + applied.out
    assert "4,600 rows put in" in applied.out
    assert_repaired(lost)
    assert EMPTY in lost.operator.plan().out


MIDDLE, END = range(1, 4_600), range(4_600, 4_601)


@pytest.mark.parametrize(
    ("source", "step", "point", "rows_in"),
    [
        ("topic", "Loader.load", 5, MIDDLE),
        ("topic", "LedgerWriter.record", 5, END),
        ("files", "LedgerWriter.record", 6, range(667, 4_600)),
        ("files", "Loader.load", 11, MIDDLE),
        ("files", "LedgerWriter.record", 9, END),
    ],
    ids=["topic", "topic, last row", "files, between two parts", "files, within a part", "files, last row"],
)
def test_killed_in_mid_fill_and_run_again(
    source: str, step: str, point: int, rows_in: range, lost: Field, tmp_path: Path
) -> None:
    """kill -9 at a step: the second run puts in the rest, and nothing twice. After the last row it reads back."""
    files = {"source": {"files": archived(tmp_path)}, "sink": {"mysql": "m4"}}
    lost.operator.write(document(lost, **(files if source == "files" else {})))
    killed = lost.operator.apply(command=(sys.executable, "-m", "tests.laws.struck", "SIGKILL", str(point), step))
    came = put_in(lost)
    assert (killed.code, came in rows_in) == (-signal.SIGKILL, True), (came, killed)

    resumed = lost.operator.apply("--json")
    assert resumed.code == 0, resumed.err + resumed.out
    (outcome,) = resumed.json["outcomes"]
    assert outcome["reason"] == f"{4_600 - came:,} rows put in, read back by uuid"
    assert sum(outcome["evidence"]["inserted"].values()) == 4_600 - came
    assert_repaired(lost)

    third = lost.operator.apply()
    assert (third.code, EMPTY in third.out, "nothing to do" in third.err) == (0, True, True), third
    assert_repaired(lost)


def put_in(field: Field) -> int:
    return sum(field.counts().values()) - outage.INSERTED
