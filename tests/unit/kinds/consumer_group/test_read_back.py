"""What the commits that stand say of a reset that was sent."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from elreconcile.kinds.consumer_group import marks
from elreconcile.kinds.consumer_group.errand import Errand
from elreconcile.kinds.consumer_group.read_back import Standing, image, not_given_up, standing, verdict
from elreconcile.model.address import Address
from elreconcile.model.outcome import Ending
from elreconcile.systems.kafka_values import Commit, Partition
from tests.unit.kinds.consumer_group.worlds import commits

PLACE = ("topic", 0)
OURS = marks.done("r1")


def errand(
    commit: Mapping[Partition, int] | None = None,
    before: Mapping[Partition, Commit | None] | None = None,
    forget: frozenset[Partition] = frozenset(),
    sent: Mapping[Partition, int | None] | None = None,
) -> Errand:
    address = Address("ConsumerGroup", "analytics", "g")
    return Errand(address, "r1", commit or {}, forget, sent or {}, before or {})


REWIND = errand({PLACE: 831}, {PLACE: Commit(1000)})
SKIP = errand({PLACE: 1000}, {PLACE: Commit(831)})
FRESH = errand({PLACE: 831}, {PLACE: None})
FORGET = errand(forget=frozenset({PLACE}), before={PLACE: Commit(1000)})
SENT = errand(sent={PLACE: 831}, before={PLACE: Commit(1000)})


@pytest.mark.parametrize(
    ("each", "live", "used", "settled"),
    [
        (REWIND, Commit(831, OURS), False, True),
        (SENT, Commit(831, OURS), False, True),
        (REWIND, Commit(900), False, True),
        (REWIND, Commit(830), False, False),
        (REWIND, Commit(1000), False, False),
        (REWIND, Commit(1200), False, False),
        (REWIND, Commit(1200), True, True),
        (REWIND, Commit(830), True, False),
        (REWIND, None, False, False),
        (REWIND, None, True, False),
        (SKIP, Commit(1000, OURS), False, True),
        (SKIP, Commit(1200), False, True),
        (SKIP, Commit(832), False, False),
        (FRESH, Commit(831, OURS), False, True),
        (FRESH, Commit(5000), False, True),
        (FRESH, Commit(5), False, False),
        (FORGET, None, False, True),
        (FORGET, Commit(1000), False, False),
        (FORGET, Commit(1000), True, True),
    ],
)
def test_our_commit_or_one_that_follows_from_it(each: Errand, live: Commit | None, used: bool, settled: bool) -> None:
    ending, _ = verdict(each, {PLACE: live} if live else {}, used)
    assert ending is (Ending.SETTLED if settled else Ending.OVERWRITTEN)


def test_settled_says_that_it_was_read_back() -> None:
    assert verdict(REWIND, {PLACE: Commit(831, OURS)}, used=False) == (Ending.SETTLED, "read back")


def test_overwritten_says_what_stands_there_now() -> None:
    five = {("topic", number): 831 for number in range(5)}
    each = errand(five, dict.fromkeys(five, Commit(1000)))
    ending, reason = verdict(each, commits(831, 1000, None, 12_000, 1000, metadata=OURS), used=False)
    assert ending is Ending.OVERWRITTEN
    assert reason == (
        "acknowledged by Kafka, then overwritten by somebody: now topic[1] stands at 1,000, "
        "topic[2] has no commit, topic[3] stands at 12,000 and 1 more"
    )


def test_standing_counts_what_was_done_what_was_not_and_what_cannot_be_told() -> None:
    places = {("topic", number): 831 for number in range(4)}
    each = errand(places, dict.fromkeys(places, Commit(1000)), frozenset({("topic", 9)}))
    live = {
        ("topic", 0): Commit(831, OURS),
        ("topic", 1): Commit(1000, marks.before("r1")),
        ("topic", 2): Commit(1000),
        ("topic", 3): Commit(700),
    }
    told = standing(each, live)
    assert told == Standing(done=2, not_done=1, uncertain=2)
    assert str(told) == "2 of 5 partitions moved, 1 not, 2 cannot be told"


@pytest.mark.parametrize(
    ("told", "nothing", "everything"),
    [
        (Standing(0, 3, 0), True, False),
        (Standing(3, 0, 0), False, True),
        (Standing(1, 2, 0), False, False),
        (Standing(0, 2, 1), False, False),
        (Standing(2, 0, 1), False, False),
    ],
)
def test_standing_in_short(told: Standing, nothing: bool, everything: bool) -> None:
    assert (told.nothing, told.everything) == (nothing, everything)


@pytest.mark.parametrize("ending", list(Ending))
def test_a_fresh_reset_ends_as_it_ended(ending: Ending) -> None:
    assert not_given_up(REWIND, ending, "why") == (ending, "why")


@pytest.mark.parametrize("ending", [Ending.BLOCKED, Ending.REFUSED])
def test_a_reset_that_was_half_sent_is_never_given_up(ending: Ending) -> None:
    half = errand({("topic", 1): 831}, sent={PLACE: 831})
    told = not_given_up(half, ending, "a member joined")
    assert told == (Ending.FAILED, "a member joined; an earlier run has moved 1 of 2 partitions, the rest is open")
    assert not_given_up(half, Ending.SETTLED, "read back") == (Ending.SETTLED, "read back")


def test_the_evidence_is_what_stands_at_each_partition() -> None:
    each = errand({PLACE: 831}, forget=frozenset({("old", 3)}))
    live = {PLACE: Commit(831, OURS), ("other", 0): Commit(7)}
    assert image(each, live) == {"old": {"3": None}, "topic": {"0": {"offset": 831, "metadata": OURS}}}
