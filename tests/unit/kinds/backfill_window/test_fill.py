"""Which events are put in."""

from __future__ import annotations

import json

import pytest

from elreconcile.kinds.backfill_window.envelope import Event, Unreadable, examine
from elreconcile.kinds.backfill_window.fill import beginnings, event_within
from tests.window import loads

HOURS = beginnings(["2018031306", "2018031309"])


@pytest.mark.parametrize("time", ["2018-03-13T06:59:59Z", "2018-03-13 06:00:00Z", "2018-03-13 08:30:00.5-01:00"])
def test_an_event_of_these_hours_however_its_time_is_written(time: str) -> None:
    value = json.dumps({**loads(1)[0], "dt": time}).encode()
    found = examine(value)
    assert isinstance(found, Event)
    assert event_within(value, HOURS) == found


def test_an_event_of_another_hour_is_passed_over() -> None:
    assert event_within(json.dumps({**loads(1)[0], "dt": "2018-03-13 07:00:00Z"}).encode(), HOURS) is None


def test_an_event_nested_too_deep_is_passed_over() -> None:
    value = json.dumps({**loads(1)[0], "event": "deep"}).replace('"deep"', "[" * 1_000 + "]" * 1_000).encode()
    assert examine(value) == Unreadable("nested too deep")
    assert event_within(value, HOURS) is None
