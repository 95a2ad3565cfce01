"""From what was found of a window to the change."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from elreconcile.desired.config import Limits
from elreconcile.desired.load import Resource
from elreconcile.kinds.backfill_window.diff import diff, work
from elreconcile.kinds.backfill_window.live import Hour, LiveWindow, TableSeen
from elreconcile.kinds.contract import Ask, Moment
from elreconcile.ledger.entry import Entry, State
from elreconcile.model.change import Action, Change
from elreconcile.planning.policy import over_the_limit
from tests.unit.kinds.backfill_window.windows import window

MOMENT = Moment(now=datetime(2018, 3, 20, tzinfo=UTC), grace=5.0, quiet=30.0, min_retention_left=3600.0)
EDITS, LOADS, LOGINS = "Edit_1", "NavigationTiming_2", "ServerSideAccountCreation_3"


def hour(table: str, hour: str, missing: int) -> Hour:
    return Hour(table, hour, present=10, missing=missing, pending=0, misplaced=0, proven=not missing)


def change(*hours: Hour, blacklisted: Mapping[str, int] | None = None, entry: Entry | None = None) -> Change:
    """Of a window with these hours, in tables that are there. `blacklisted`: events by schema; `entry`: of a run."""
    spec = window()
    tables = tuple(TableSeen(name, (name,), 1, exists=True) for name in sorted({each.table for each in hours}))
    left_out = tuple(
        TableSeen(f"{name}_2", (name,), 2, True, blacklisted=of) for name, of in (blacklisted or {}).items()
    )
    live = LiveWindow({}, {}, hours, tables=(*tables, *left_out), blacklisted=frozenset(blacklisted or ()))
    return diff(Ask(Resource(spec.address(), spec, "f.yaml", 1), entry=entry), live, MOMENT)


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


def begun(*blacklisted: str) -> Entry:
    """By a plan that left these tables out."""
    before = {"blacklisted": dict.fromkeys(blacklisted, 8)}
    return Entry("BackfillWindow/m4/window", "window", "f", {}, State.SENDING, {}, before, {}, "run", MOMENT.now)


WAITS = "the proof that the 8 events of NavigationTiming_2 have their rows"


@pytest.mark.parametrize(
    ("missing", "blacklisted", "entry", "action", "waits"),
    [
        (0, {}, None, Action.NONE, False),
        (0, {}, begun(LOADS), Action.REQUEST, False),
        (0, {"NavigationTiming": 8}, None, Action.NONE, True),
        (0, {"NavigationTiming": 8}, begun(), Action.NONE, True),
        (0, {"NavigationTiming": 8}, begun(LOADS), Action.REQUEST, False),
        (3, {"NavigationTiming": 8}, None, Action.REQUEST, False),
        (3, {"NavigationTiming": 8}, begun(), Action.REQUEST, True),
        (3, {"NavigationTiming": 8}, begun(LOADS), Action.REQUEST, False),
    ],
)
def test_events_keep_a_window_open_unless_they_were_blacklisted_when_it_was_begun(
    missing: int, blacklisted: Mapping[str, int], entry: Entry | None, action: Action, waits: bool
) -> None:
    made = change(hour(EDITS, "2018031306", missing), blacklisted=blacklisted, entry=entry)
    assert (made.action, [each.what for each in made.pending]) == (action, [WAITS] if waits else [])
    told = [each.remedy for each in made.findings if each.what == "schemas NavigationTiming"]
    assert ["for ever under this name" in each for each in told] == [not waits for _ in blacklisted]
    if action is Action.REQUEST:
        job = work(made)
        assert job.stays_open == (f"8 events of {LOADS} are blacklisted by now" if waits else None)
        assert job.blacklisted == ({LOADS: 8} if blacklisted and not waits else {})
