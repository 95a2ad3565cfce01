"""Windows at the ends of the calendar: documents that are wrong, told as that."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from tests.unit.kinds.backfill_window.windows import window


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"until": "9999-12-31T23:59:59Z"}, "until and late together must not go past the year 9999"),
        (
            {"late": "99999d", "until": "9900-01-01T00:00:00Z"},
            "until and late together must not go past the year 9999",
        ),
        ({"since": "0001-01-01T00:00:00Z"}, "since must not be before 2000"),
    ],
)
def test_windows_that_no_calendar_holds(fields: dict[str, str], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        window(**fields)


def test_a_window_up_to_the_last_second_that_can_be_waited_for() -> None:
    assert window(until="9999-12-31T17:59:59Z", late="6h").until.year == 9999
