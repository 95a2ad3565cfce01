"""A window whose plan was saved: no more is put in than was reviewed, and nothing is used up in vain."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pytest

from sandbox.events import Capsule
from tests.blacklists import document as blacklist
from tests.blacklists import entry
from tests.operator import Ran
from tests.window import HOUR, LOADS, START, Field, Produce, loads, spread, uuids_of


@dataclass(frozen=True, slots=True)
class SavedWindow:
    """Ten events, of which four have a row, and a plan saved of the other six."""

    field: Field
    events: Sequence[Capsule]

    @property
    def file(self) -> str:
        return str(self.field.operator.home / "plan.json")

    def apply(self) -> Ran:
        return self.field.operator.run("apply", self.file)

    def lose(self, events: Iterable[Capsule]) -> None:
        for event in events:
            self.field.execute(f"DELETE FROM `{LOADS}` WHERE uuid = %s", [event["uuid"]])


@pytest.fixture
def saved(field: Field, produce: Produce) -> SavedWindow:
    window = SavedWindow(field, loads(10))
    produce(field.topic, spread(window.events))
    field.insert(window.events[:4])
    field.operator.write(field.document(START, START + HOUR))
    assert field.operator.plan("--out", window.file).code == 0
    return window


def test_no_more_rows_are_put_in_than_were_reviewed(saved: SavedWindow) -> None:
    saved.lose(saved.events[:2])
    grown = saved.apply()
    assert (grown.code, saved.field.counts()) == (4, {LOADS: 2}), grown
    assert "rows to put in: then 6, now 8" in grown.err
    saved.field.insert([*saved.events[:2], saved.events[4]])
    assert (saved.apply().code, saved.field.uuids()) == (0, uuids_of(saved.events)), "fewer"


def test_a_saved_window_that_was_filled_by_another_hand_is_not_used_up(saved: SavedWindow) -> None:
    saved.field.insert(saved.events[4:])
    skipped = saved.apply()
    assert (skipped.code, skipped.ending("BackfillWindow/m4/window")) == (0, "settled"), skipped
    assert "skipped: it came about by another hand; nothing was done for it" in skipped.out
    assert saved.field.operator.run("ledger", "check").code == 0
    saved.lose(saved.events[4:])
    assert (saved.apply().code, saved.field.uuids()) == (0, uuids_of(saved.events)), "the same file"
    assert "was carried out by run" in saved.apply().err


def test_a_saved_window_whose_schema_is_blacklisted_by_now_waits_and_is_not_told_as_settled(saved: SavedWindow) -> None:
    operator = saved.field.operator
    window = (operator.state / "documents.yaml").read_text()
    operator.write(blacklist(entry("NavigationTiming")))
    assert operator.apply().code == 0
    operator.write(window)
    skipped = saved.apply()
    assert (skipped.code, skipped.ending("BackfillWindow/m4/window")) == (0, "pending"), skipped
    waits = f"the proof that the 10 events of {LOADS} have their rows waits for its schema to be blacklisted no more"
    assert f"skipped: nothing is left for us to do; {waits}" in skipped.out

    operator.write(blacklist())
    assert operator.apply().code == 0
    operator.write(window)
    assert saved.apply().code == 0, "the same file"
    assert saved.field.uuids() == uuids_of(saved.events)
