"""From what was found of a window to the change."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from elreconcile.desired.config import Limits
from elreconcile.desired.load import Resource
from elreconcile.kinds.backfill_window.diff import diff
from elreconcile.kinds.backfill_window.live import Hour, LiveWindow, TableSeen
from elreconcile.kinds.contract import Ask, Moment
from elreconcile.model.change import Change
from elreconcile.planning.policy import over_the_limit
from tests.unit.kinds.backfill_window.windows import window

MOMENT = Moment(now=datetime(2018, 3, 20, tzinfo=UTC), grace=5.0, quiet=30.0, min_retention_left=3600.0)
EDITS, LOADS, LOGINS = "Edit_1", "NavigationTiming_2", "ServerSideAccountCreation_3"


def hour(table: str, hour: str, missing: int) -> Hour:
    return Hour(table, hour, present=10, missing=missing, pending=0, misplaced=0, duplicates=0, proven=not missing)


def change(*hours: Hour) -> Change:
    """Of a window with these hours, in tables that are there."""
    spec = window()
    tables = tuple(TableSeen(name, name, 1, exists=True) for name in sorted({each.table for each in hours}))
    return diff(Ask(Resource(spec.address(), spec, "f.yaml", 1)), LiveWindow({}, {}, hours, tables=tables), MOMENT)


FOUND = change(
    hour(EDITS, "2018031306", 3), hour(LOADS, "2018031306", 4), hour(LOADS, "2018031307", 5), hour(LOGINS, "18", 0)
)


@pytest.mark.parametrize(("name", "does"), [("rows", 12), ("tables", 2)])
def test_a_window_counts_by_its_rows_and_its_tables(name: str, does: int) -> None:
    assert over_the_limit([FOUND], Limits.model_validate({name: does})) == ()
    (refusal,) = over_the_limit([FOUND], Limits.model_validate({name: does - 1}))
    assert (refusal.id, refusal.value) == (f"limit-{name}", str(does))


def test_what_a_writer_adds_meanwhile_makes_no_other_effect() -> None:
    fewer = change(hour(EDITS, "2018031306", 1), hour(LOADS, "2018031307", 2))
    assert fewer.effect == FOUND.effect
    assert fewer.size != FOUND.size
