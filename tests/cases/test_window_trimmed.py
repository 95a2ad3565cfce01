"""A topic that forgets the beginning of a window: between two runs, and between the look and the filling of one."""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing

import pytest

from sandbox.addresses import Addresses
from sandbox.events import Record, record
from tests.laws.trimmed import trim
from tests.operator import Operator
from tests.window import HOUR, LOADS, START, Field, Produce, loads

STARTED = 2
"""The time the ledger is written to right before a window is carried out: the run was written first."""


def kept(operator: Operator) -> list[str]:
    """The states of all requests."""
    with closing(sqlite3.connect(operator.home / "ledger.sqlite")) as ledger:
        return [state for (state,) in ledger.execute("SELECT state FROM elreconcile_entries")]


@pytest.mark.parametrize(
    ("goes_on", "ending", "state"),
    [(False, "refused", "released"), (True, "failed", "sending")],
    ids=["new", "goes on"],
)
def test_what_was_half_filled_is_not_forgotten(
    field: Field, stack: Addresses, produce: Produce, goes_on: bool, ending: str, state: str
) -> None:
    events = loads(60)
    produce(field.topic, {0: [record(event) for event in events]})
    field.operator.write(field.document(START, START + HOUR, late="9999d" if goes_on else "6h"))
    if goes_on:
        assert "the window stays open" in field.operator.apply().out
        for event in events[30:40]:
            field.execute(f"DELETE FROM `{LOADS}` WHERE uuid = %s", [event["uuid"]])
    before = field.counts()
    command = (sys.executable, "-m", "tests.laws.trimmed", str(STARTED), stack.kafka, field.topic, "20")
    applied = field.operator.apply(command=command)
    assert applied.ending("BackfillWindow/m4/window") == ending, applied
    assert "nothing was put in: the window begins" in " ".join(applied.out.split())
    assert (field.counts(), kept(field.operator)) == (before, [state])


def test_the_earliest_kept_has_a_time_that_no_calendar_holds(field: Field, stack: Addresses, produce: Produce) -> None:
    """Its producer counts in microseconds."""
    records = [record(event) for event in loads(30)]
    produce(field.topic, {0: [*records[:20], *(Record(one.value, one.timestamp_ms * 1000) for one in records[20:])]})
    trim(stack.kafka, field.topic, 20)
    field.operator.write(field.document(START, START + HOUR))
    (refused,) = field.refused()
    at = records[20].timestamp_ms * 1000
    assert f"the earliest kept is {at} ms, which is no time, on 1 of 12 partitions" in refused
