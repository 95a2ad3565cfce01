from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from elreconcile.kinds.consumer_group.event_time import event_time
from elreconcile.kinds.consumer_group.live import Event
from elreconcile.systems.kafka_values import Record

AT = datetime(2018, 3, 13, 13, 29, 11, tzinfo=UTC)
STORED_MS = 1_520_949_600_000
STORED = Event(datetime(2018, 3, 13, 14, 0, tzinfo=UTC), "record")


def record(document: Any) -> Record:
    return Record(0, STORED_MS, json.dumps(document).encode())


@pytest.mark.parametrize(
    ("document", "source"),
    [
        ({"dt": "2018-03-13T13:29:11Z"}, "dt"),
        ({"dt": "2018-03-13T14:29:11+01:00"}, "dt"),
        ({"dt": "2018-03-13T13:29:11"}, "dt"),
        ({"meta": {"dt": "2018-03-13T13:29:11+00:00"}}, "meta.dt"),
        ({"timestamp": 1520947751}, "timestamp"),
        ({"timestamp": 1520947751.0}, "timestamp"),
        ({"dt": "2018-03-13T13:29:11Z", "meta": {"dt": "2001-01-01T00:00:00Z"}, "timestamp": 0}, "dt"),
        ({"dt": "long ago", "meta": {"dt": "2018-03-13T13:29:11Z"}, "timestamp": 0}, "meta.dt"),
        ({"dt": None, "meta": {"dt": 1e300}, "timestamp": 1520947751}, "timestamp"),
        ({"dt": True, "meta": "none", "timestamp": 1520947751}, "timestamp"),
    ],
)
def test_the_first_field_that_holds_a_time_is_the_events(document: Any, source: str) -> None:
    assert event_time(record(document)) == Event(AT, source)


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"",
        b"not JSON",
        b"\xff\xfe",
        b"[" * 200_000,
        b'["2018-03-13T13:29:11Z"]',
        b"{}",
        b'{"dt": "soon", "meta": [], "timestamp": false}',
        b'{"timestamp": 1520947751000000}',
        b'{"timestamp": NaN}',
        b'{"timestamp": Infinity}',
        b'{"dt": "0001-01-01T00:00:00+05:00"}',
    ],
    ids=lambda value: repr(value)[:40],
)
def test_without_one_it_is_kafkas_time_of_the_record(value: bytes | None) -> None:
    assert event_time(Record(0, STORED_MS, value)) == STORED


@pytest.mark.parametrize("timestamp_ms", [-1, 1_520_947_751_000_000])
def test_a_record_may_have_no_time_or_one_no_calendar_holds(timestamp_ms: int) -> None:
    assert event_time(Record(0, timestamp_ms, None)) == Event(None, "record")
