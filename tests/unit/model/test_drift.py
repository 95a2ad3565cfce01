"""What is drift, and what is not."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from elreconcile.model.address import Address
from elreconcile.model.change import Action, Change, Finding, Pending, Request, Sort
from elreconcile.model.drift import Drift, drift_of, not_observed, notes
from elreconcile.model.plan import Plan, Source

AT = datetime(2018, 3, 13, tzinfo=UTC)
PLACE = Address("BurrowMonitor", "analytics", "g")
LEVEL = Change(PLACE, Action.NONE, "1 stale topic")
REQUEST = replace(LEVEL, request=Request("r1", AT, None, "print"))
WAITING = Pending("topic", "the next commit")


def plan(*changes: Change) -> Plan:
    return Plan("test", Source("state"), "ledger", (), changes, AT)


def found(sort: Sort) -> Change:
    return replace(LEVEL, findings=(Finding("lag", "5", "at most 3", "see", sort),))


@pytest.mark.parametrize(
    ("change", "sort", "told"),
    [
        (replace(LEVEL, action=Action.REMOVE), "level", "remove: 1 stale topic"),
        (replace(LEVEL, pending=(WAITING,)), "level", "topic waits for the next commit"),
        (found(Sort.EXPECTATION), "expectation", "lag: 5; wanted: at most 3"),
    ],
)
def test_a_level_that_differs_and_an_expectation_that_is_not_met_are_drift(
    change: Change, sort: str, told: str
) -> None:
    assert drift_of(plan(change)) == (Drift(PLACE, sort, told),)
    assert (notes(plan(change)), not_observed(plan(change), {})) == ((), {})


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (replace(REQUEST, pending=(WAITING,)), "topic waits for the next commit"),
        (found(Sort.NOTE), "lag: 5; wanted: at most 3"),
    ],
)
def test_what_a_request_waits_for_and_what_nobody_expects_is_noted(change: Change, told: str) -> None:
    assert (drift_of(plan(change)), notes(plan(change))) == ((), (Drift(PLACE, "note", told),))


def test_what_could_not_be_seen_is_no_drift() -> None:
    other = Address("BurrowMonitor", "analytics", "a")
    change = found(Sort.UNKNOWN)
    assert (drift_of(plan(change)), notes(plan(change))) == ((), ())
    assert not_observed(plan(change), {other: "down"}) == {other: "down", PLACE: "lag: 5"}
