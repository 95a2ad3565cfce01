from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elreconcile.kinds.span import at, told, utc


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "0 s"),
        (0.4, "0 s"),
        (59, "59 s"),
        (59.6, "1 min"),
        (2580, "43 min"),
        (7500, "2 h 5 min"),
        (86_400, "1 d 0 h"),
        (601_200, "6 d 23 h"),
        (1e300, "more than a century"),
        (float("inf"), "more than a century"),
    ],
)
def test_a_length_of_time_in_two_units(seconds: float, text: str) -> None:
    assert told(seconds) == text


@given(st.floats(allow_nan=False))
def test_any_length_of_time_can_be_told(seconds: float) -> None:
    assert told(seconds)


@given(st.integers(-(2**63), 2**63 - 1))
def test_any_time_kafka_may_keep_can_be_told(timestamp_ms: int) -> None:
    assert (at(timestamp_ms) is None) == ("which is no time" in utc(timestamp_ms))


def test_a_time_as_operators_write_it() -> None:
    assert at(1_520_947_751_000) == datetime(2018, 3, 13, 13, 29, 11, tzinfo=UTC)
    assert utc(1_520_947_751_999) == "2018-03-13T13:29:11Z"
    assert utc(-1) == "-1 ms, which is no time,"
