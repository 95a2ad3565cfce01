"""Whatever stands in a source, looking at it never raises."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from elreconcile.kinds.backfill_window.envelope import Event, Unreadable, WithoutTime, examine
from elreconcile.kinds.backfill_window.rows import UNDECODABLE, flat_of, row_of
from elreconcile.systems.event_tables import Column, EventTable
from tests.window import loads

PLAIN = loads(1)[0]
TABLE = "NavigationTiming_10374055"
META = {"id": PLAIN["uuid"], "dt": PLAIN["dt"], "topic": "a.b", "schema_uri": "a/b/1"}

NUMBERS = st.integers() | st.floats() | st.sampled_from([10**18, 10**30, 10**400, 253402300800])
DIGITS = st.text("01²٣", min_size=1, max_size=3) | st.sampled_from(["9" * 5_000, "0" * 14])
MONTHS_TO_SECONDS = [st.integers(0, 61)] * 5
ZONES = st.sampled_from(["", "Z", "+00:00", "-01:00", "+23:59", "-9999"])
TIMES = st.builds("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{}".format, st.integers(0, 9999), *MONTHS_TO_SECONDS, ZONES)
EDGES = st.builds(str.__add__, st.sampled_from(["9999-12-31T23:59:59", "0001-01-01T00:00:00"]), ZONES)
NAMES = st.text(st.characters(), max_size=8) | st.just("x" * 70)
URIS = st.builds("{}/{}".format, NAMES, DIGITS)
ANY = st.recursive(
    st.none() | st.booleans() | NUMBERS | DIGITS | TIMES | EDGES | NAMES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)


def with_odd(fields: Any, **odd: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """These fields, some of them as odd as they come."""
    return st.fixed_dictionaries(
        {name: st.just(value) for name, value in fields.items() if name not in odd},
        optional={name: st.just(fields.get(name)) | each | ANY for name, each in odd.items()},
    )


SEEN = TIMES | EDGES | NUMBERS
METAS = with_odd(META, dt=SEEN, schema_uri=URIS, topic=NAMES)
CAPSULES = with_odd(PLAIN, dt=SEEN, timestamp=SEEN, revision=NUMBERS, topic=NAMES, schema=NAMES, event=ANY)
RECORDS = CAPSULES | with_odd(PLAIN, meta=METAS, event=ANY) | ANY


@given(RECORDS.map(lambda record: json.dumps(record).encode()) | st.binary())
@settings(max_examples=500)
def test_looking_at_a_record_never_raises(value: bytes) -> None:
    event = examine(value)
    assert isinstance(event, Event | Unreadable | WithoutTime)
    if not isinstance(event, Event):
        return
    assert len(event.id) == 16
    assert len(event.time) == 14
    try:
        columns = {name: Column(name, "datetime", None) for name in flat_of(value, event)}
    except UNDECODABLE:
        return
    assert row_of(value, event, EventTable("T", columns, "uuid", "timestamp", True, frozenset(columns))).id == event.id


def _meta(**other: Any) -> dict[str, Any]:
    return {"meta": {**META, **other}}


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ({"dt": "9999-12-31T23:59:59-01:00"}, WithoutTime(TABLE)),
        ({"dt": "0001-01-01T00:00:00+01:00"}, WithoutTime(TABLE)),
        (_meta(schema_uri="a/b/²"), Unreadable("it names no schema and revision")),
        (_meta(schema_uri="a/b/٣"), Unreadable("it names no schema and revision")),
        (_meta(schema_uri="a/b/" + "9" * 5_000), Unreadable("it names no schema and revision")),
    ],
)
def test_what_no_calendar_and_no_counting_knows_is_told_as_that(change: dict[str, Any], wanted: object) -> None:
    assert examine(json.dumps({**PLAIN, **change}).encode()) == wanted


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("20180313060000", "2018-03-13 06:00:00"),
        ("2018-03-13T07:00:00+01:00", "2018-03-13 06:00:00"),
        ("20150230000000", "2015-02-30 00:00:00"),
        ("00000000000000", "0000-00-00 00:00:00"),
        ("00010101000000", "0001-01-01 00:00:00"),
        ("soon", "soon"),
    ],
)
def test_a_time_of_a_datetime_column_is_the_servers_to_judge(sent: str, stored: str) -> None:
    value = json.dumps({**PLAIN, "event": {"at": sent}}).encode()
    event = examine(value)
    assert isinstance(event, Event)
    columns = {name: Column(name, "datetime", None) for name in flat_of(value, event)}
    table = EventTable("T", columns, "uuid", "timestamp", True, frozenset({"event_at"}))
    assert row_of(value, event, table).values["event_at"] == stored
