"""What is read of events, and the rows that become of them."""

from __future__ import annotations

import json
from functools import reduce
from operator import xor
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elreconcile.kinds.backfill_window.compare import Gaps
from elreconcile.kinds.backfill_window.ddl import NoSchema, create_table
from elreconcile.kinds.backfill_window.envelope import (
    Event,
    Unreadable,
    WithoutTime,
    decode_plain,
    digits_of,
    event_of,
    examine,
)
from elreconcile.kinds.backfill_window.live import Gap
from elreconcile.kinds.backfill_window.rows import UnknownFields, flat_of, row_of
from elreconcile.kinds.backfill_window.spill import Spill, xor_of
from elreconcile.kinds.backfill_window.wanted import Wanted
from elreconcile.systems.event_batch import Batch, Slice, cut, joined
from elreconcile.systems.event_tables import Column, EventTable
from sandbox.eventlogging import tables as eventlogging
from sandbox.eventlogging.mapper import row_of as eventloggings_row
from tests.window import loads

LEAVES = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(-1e9, 1e9) | st.text(max_size=20)
KEYS = st.text(st.characters(codec="ascii", categories=["L", "N", "P"]), min_size=1, max_size=8)
EVENTS = st.dictionaries(KEYS, st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner)))


@given(EVENTS, st.dictionaries(st.sampled_from("ab"), LEAVES | st.sampled_from([0, 1, True, False, 1.0, -0.0])))
def test_rows_are_those_of_eventloggings_own_mapper(event: dict[str, Any], agent: dict[str, Any]) -> None:
    capsule = {**loads(1)[0], "event": event, "userAgent": agent}
    value = json.dumps(capsule).encode()
    read = examine(value)
    assert isinstance(read, Event)
    assert flat_of(value, read) == eventloggings_row(capsule)


def test_a_field_without_a_column_is_named() -> None:
    value = json.dumps(loads(1)[0]).encode()
    read = examine(value)
    assert isinstance(read, Event)
    names = flat_of(value, read).keys() - {"event_rtt", "wiki"}
    columns = {name: Column(name, "varchar(9)", 9) for name in names}
    with pytest.raises(UnknownFields, match="event_rtt, wiki"):
        row_of(value, read, EventTable("T", columns, "uuid", "timestamp", True, frozenset()))


@pytest.mark.parametrize("schema", sorted(eventlogging.SCHEMAS.glob("*.json")), ids=lambda path: path.stem)
def test_tables_are_made_as_eventlogging_makes_them(schema: Any) -> None:
    name, _, revision = schema.stem.rpartition("_")
    ours = create_table(schema.stem, name, int(revision), eventlogging.SCHEMAS).statement
    theirs = eventlogging.create_table(name, int(revision))
    assert columns_of(ours) == columns_of(theirs)


def columns_of(statement: str) -> set[str]:
    lines = statement.replace(" PRIMARY KEY,", ",").splitlines()[1:-1]
    return {line.strip().rstrip(",") for line in lines if "PRIMARY" not in line}


def test_a_schema_that_is_not_there_is_named() -> None:
    with pytest.raises(NoSchema, match=r"Edit_1\.json: no such file"):
        create_table("Edit_1", "Edit", 1, eventlogging.SCHEMAS)


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("2018-03-13T06:00:00Z", "20180313060000"),
        ("2018-03-13T06:00:00.999Z", "20180313060000"),
        ("2018-03-13T07:00:00+01:00", "20180313060000"),
        ("2018-03-13T06:00:00", "20180313060000"),
        (1520920800, "20180313060000"),
        (1520920800000, "20180313060000"),
        ("2018-02-30T06:00:00Z", None),
        ("2018-03-13T06:60:00Z", None),
        ("13.3.2018", None),
        ("", None),
        (0, None),
        (1e300, None),
        (None, None),
    ],
)
def test_event_times(said: str | float | None, wanted: str | None) -> None:
    assert digits_of(said) == wanted


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ({"uuid": "5026bc1e6c6c502ab16baf645eda7f6"}, Unreadable("its uuid is not one")),
        ({"uuid": "5026bc1e6c6c502ab16baf645eda7f6 "}, Unreadable("its uuid is not one")),
        ({"uuid": None}, None),
        ({"schema": ""}, Unreadable("it names no schema and revision")),
        ({"revision": -1}, Unreadable("it names no schema and revision")),
        ({"dt": "soon"}, WithoutTime("NavigationTiming_10374055")),
    ],
)
def test_events_that_cannot_be_sorted_in(change: dict[str, Any], wanted: object) -> None:
    found = examine(json.dumps({**loads(1)[0], **change}).encode())
    assert found == wanted if wanted else isinstance(found, Unreadable)


def test_a_plain_event_is_the_same_looked_at_quickly() -> None:
    for event in loads(3):
        value = json.dumps(event).encode()
        assert event_of(decode_plain(value)) == examine(value)
    for odd in ({"dt": "2018-02-30T06:00:00Z"}, {"uuid": "x" * 32}, {"uuid": " " * 32}):
        assert event_of(decode_plain(json.dumps({**loads(1)[0], **odd}).encode())) is None


def test_a_uuid_with_dashes_is_the_same_one() -> None:
    event = loads(1)[0]
    uuid = event["uuid"]
    dashed = {**event, "uuid": f"{uuid[:8]}-{uuid[8:12]}-{uuid[12:16]}-{uuid[16:20]}-{uuid[20:]}"}
    assert examine(json.dumps(dashed).encode()) == examine(json.dumps(event).encode())


@given(st.integers(1, 70))
def test_the_xor_is_that_of_the_first_halves(count: int) -> None:
    ids = [uuid4().bytes for _ in range(count)]
    assert xor_of(b"".join(ids)) == reduce(xor, (int.from_bytes(each[:8]) for each in ids))


def test_ids_come_back_from_the_disk() -> None:
    ids = [uuid4().bytes for _ in range(5)]
    with Spill() as spill:
        spill.add("T", "201803130600", False, b"".join(ids[:3]))
        spill.add("T", "201803130601", True, b"".join(ids[3:]))
        spill.flush()
        cell = spill.cells["T", "2018031306"]
        assert (cell.count, cell.xor) == (5, xor_of(b"".join(ids)))
        assert [(chunk.minute, chunk.pending, list(spill.read(chunk))) for chunk in cell.chunks] == [
            ("201803130600", False, ids[:3]),
            ("201803130601", True, ids[3:]),
        ]


def test_minutes_that_lie_half_in_a_window() -> None:
    wanted = Wanted("20180313060030", "20180313060230", frozenset(), False, frozenset(), {})
    minutes = [f"20180313060{number}" for number in range(4)]
    assert [wanted.covers_minute(minute) for minute in minutes] == [None, True, None, False]
    within = Wanted("20180313060010", "20180313060020", frozenset(), False, frozenset(), {})
    assert [within.covers_minute(minute) for minute in minutes[:2]] == [None, False]


def test_gaps_end_where_a_minute_has_everything() -> None:
    gaps = Gaps()
    gaps.note("A", {"201803130600": 2, "201803130605": 1, "201803130606": 0, "201803130607": 3})
    gaps.note("A", {"201803130700": 1})
    gaps.close()
    gaps.note("A", {"201803130900": 1})
    gaps.note("B", {"201803130901": 1})
    assert gaps.found == [
        Gap("A", "201803130600", "201803130605", 3),
        Gap("A", "201803130607", "201803130700", 4),
        Gap("A", "201803130900", "201803130900", 1),
        Gap("B", "201803130901", "201803130901", 1),
    ]


def test_slices_that_touch_become_one() -> None:
    part, other = ("t", 0), ("t", 1)
    slices = [Slice(part, 10, 20), Slice(part, 0, 10), Slice(other, 5, 5), Slice(part, 30, 40), Slice(other, 1, 3)]
    assert joined(slices) == [Slice(part, 0, 20), Slice(part, 30, 40), Slice(other, 1, 3)]


def test_a_batch_is_cut_at_a_position_also_in_a_gap() -> None:
    batch = Batch(("t", 0), [3, 4, 8], [b"a", b"b", b"c"], 9, lambda: [7, 8, 9])
    before, after = cut(batch, 6)
    assert (before.values, before.times(), after.values, after.times()) == ([b"a", b"b"], [7, 8], [b"c"], [9])
