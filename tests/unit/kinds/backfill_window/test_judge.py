"""How a window ends."""

from __future__ import annotations

import pytest

from elreconcile.kinds.backfill_window.diff import Work
from elreconcile.kinds.backfill_window.judge import Left, judge
from elreconcile.kinds.backfill_window.sending import Filled
from elreconcile.model.address import Address
from elreconcile.model.outcome import Ending
from tests.unit.kinds.backfill_window.windows import window

ADDRESS = Address("BackfillWindow", "m4", "window")


def job(stays_open: str | None = None) -> Work:
    spec = window(sink={"mysql": "m4", "replica": "copy"})
    return Work(spec, {}, {}, frozenset(), frozenset(), (), missing=3, stays_open=stays_open, goes_on=False)


@pytest.mark.parametrize(
    ("left", "stays_open", "ending", "said"),
    [
        (Left(0, 0, 0, 0), None, Ending.SETTLED, "0 rows put in, read back by uuid"),
        (Left(2, 0, 0, None), None, Ending.FAILED, "2 events still have no row"),
        (Left(0, 3, 0, None), None, Ending.FAILED, "the window stays open: 3 events wait for the writer"),
        (Left(0, 0, 0, None), "one came late", Ending.FAILED, "the window stays open: one came late"),
        (Left(0, 0, 0, 4), None, Ending.FAILED, "the window stays open: 4 of its rows are not on the replica copy"),
    ],
)
def test_a_window_is_settled_once_every_event_has_its_row(
    left: Left, stays_open: str | None, ending: Ending, said: str
) -> None:
    outcome = judge(ADDRESS, job(stays_open), Filled(), left, {})
    assert (outcome.ending, outcome.reason.split("; ")[-1]) == (ending, said)
