from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elreconcile.kinds.consumer_group.live import LastCommit, LiveGroup
from elreconcile.kinds.consumer_group.unused import type_refusals, unused
from elreconcile.systems.kafka_values import GroupListing
from tests.unit.kinds.consumer_group.worlds import EMPTY, MEMBER, MOMENT, NOW_MS, live

STABLE = GroupListing("Stable", "classic", "consumer")


@pytest.mark.parametrize(
    "world",
    [
        live(listing=None),
        live(listing=EMPTY),
        live(listing=GroupListing("Dead", "classic")),
        live(last_commit=LastCommit(NOW_MS - 30_000)),
        live(last_commit=LastCommit(None, "Burrow is down")),
    ],
    ids=["no group", "empty", "dead", "quiet for long enough", "Burrow is not needed"],
)
def test_a_group_without_a_sign_of_life_is_unused(world: LiveGroup) -> None:
    condition = unused(world, MOMENT)
    assert (condition.holds, condition.now, condition.what) == (True, "unused", "the group to be unused")


@pytest.mark.parametrize(
    ("world", "now"),
    [
        (live(listing=STABLE, members=(MEMBER,)), "1 member: eventlogging on 10.64.21.107"),
        (live(listing=EMPTY, members=(MEMBER,)), "1 member: eventlogging on 10.64.21.107"),
        (
            live(listing=STABLE, members=(MEMBER, MEMBER)),
            "2 members: eventlogging on 10.64.21.107, eventlogging on 10.64.21.107",
        ),
        (live(listing=GroupListing("PreparingRebalance", "classic")), "state PreparingRebalance"),
        (live(listing=GroupListing("Stable", "consumer")), "state Stable"),
        (
            live(moved=frozenset({("topic", 0), ("topic", 1), ("other", 5)})),
            "its commits moved while this was read, on other partition 5, topic partitions 0-1",
        ),
        (
            live(last_commit=LastCommit(NOW_MS - 29_000)),
            "its last commit was 29 s ago, at 2018-03-13T13:59:31Z; wanted 30 s of silence",
        ),
        (
            live(last_commit=LastCommit(NOW_MS + 5000)),
            "its last commit was 0 s ago, at 2018-03-13T14:00:05Z; wanted 30 s of silence",
        ),
    ],
)
def test_any_one_sign_is_enough(world: LiveGroup, now: str) -> None:
    condition = unused(world, MOMENT)
    assert (condition.holds, condition.now) == (False, now)
    assert "SIGINT" in condition.remedy


def test_all_signs_are_told_at_once() -> None:
    world = live(
        listing=STABLE, members=(MEMBER,), moved=frozenset({("topic", 0)}), last_commit=LastCommit(NOW_MS - 1000)
    )
    assert unused(world, MOMENT).now == (
        "1 member: eventlogging on 10.64.21.107; its commits moved while this was read, on topic partition 0; "
        "its last commit was 1 s ago, at 2018-03-13T13:59:59Z; wanted 30 s of silence"
    )


@given(st.integers(0, 120_000))
def test_a_commit_counts_until_it_is_old_enough(age_ms: int) -> None:
    assert unused(live(last_commit=LastCommit(NOW_MS - age_ms)), MOMENT).holds == (age_ms >= 30_000)


@pytest.mark.parametrize("listing", [None, EMPTY, GroupListing("Stable", "consumer")])
def test_types_that_are_understood(listing: GroupListing | None) -> None:
    assert type_refusals(live(listing=listing)) == ()


def test_a_type_that_is_not_is_refused_by_name() -> None:
    (refusal,) = type_refusals(live(listing=GroupListing("Empty", "share")))
    assert (refusal.id, refusal.value, refusal.limit) == ("group-type", "share", "understood: classic and consumer")
    assert not refusal.acceptable
