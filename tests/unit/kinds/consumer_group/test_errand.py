from __future__ import annotations

from elreconcile.kinds.consumer_group import diff
from elreconcile.kinds.consumer_group.errand import Errand, errand
from elreconcile.kinds.consumer_group.live import Pinned, Pins
from elreconcile.kinds.consumer_group.marks import before, done
from elreconcile.ledger.entry import State
from elreconcile.systems.kafka_values import Commit
from tests.unit.kinds.consumer_group.worlds import MOMENT, ask, commits, entry, group, live, log

PINS: Pins = {"topic": {0: 831, 1: 900}, "old": {0: None}}
LOGS = {"topic": log((0, 1000), (0, 1000)), "old": log((0, 9))}
SPEC = group(topics={"topic": None, "old": {"to": "none"}})
STOOD = {**commits(1000, None, metadata="own"), ("old", 0): Commit(9)}


def test_a_fresh_reset_sends_everything() -> None:
    change = diff.diff(ask(SPEC), live(LOGS, commits=STOOD, pinned=Pinned(PINS)), MOMENT)
    sent = errand(change)
    assert (sent.address, sent.group, sent.request) == (SPEC.address(), "g", "r1")
    assert sent.commit == {("topic", 0): 831, ("topic", 1): 900}
    assert sent.forget == {("old", 0)}
    assert sent.sent == {}
    assert sent.places == sent.to_send == {("topic", 0), ("topic", 1), ("old", 0)}
    assert [sent.wanted(place) for place in sorted(sent.places)] == [None, 831, 900]


def test_only_a_commit_that_will_be_replaced_is_marked_and_it_can_be_put_back() -> None:
    sent = errand(diff.diff(ask(SPEC), live(LOGS, commits=STOOD, pinned=Pinned(PINS)), MOMENT))
    assert sent.marked() == {("topic", 0): Commit(1000, before("r1"))}
    assert sent.unmarked() == {("topic", 0): Commit(1000, "own")}
    assert sent.placed() == {("topic", 0): Commit(831, done("r1")), ("topic", 1): Commit(900, done("r1"))}


def test_what_an_earlier_run_has_sent_is_only_read_back() -> None:
    image = {place: STOOD.get(place) for place in (("topic", 0), ("topic", 1), ("old", 0))}
    cut_short = entry(State.SENDING, PINS, image, SPEC)
    now = {("topic", 0): Commit(831, done("r1"))}
    sent = errand(diff.diff(ask(SPEC, cut_short), live(LOGS, commits=now, pinned=Pinned(PINS)), MOMENT))
    assert sent.commit == {("topic", 1): 900}
    assert sent.forget == frozenset()
    assert sent.sent == {("topic", 0): 831, ("old", 0): None}
    assert sent.before == image
    assert sent.wanted(("topic", 0)) == 831


def test_an_acknowledged_reset_has_nothing_to_do() -> None:
    acknowledged = entry(State.ACKNOWLEDGED, PINS, {}, SPEC)
    sent: Errand = errand(diff.diff(ask(SPEC, acknowledged), live(LOGS, pinned=Pinned(PINS)), MOMENT))
    assert not sent.to_send
    assert sent.marked() == sent.placed() == sent.unmarked() == {}
