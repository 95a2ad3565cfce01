from __future__ import annotations

import pytest

from elreconcile.kinds.consumer_group.rates import catch_up, consumed
from elreconcile.systems.burrow_values import OffsetSeen, PartitionSeen


def seen(*commits: tuple[int, int]) -> PartitionSeen:
    """A partition with commits of (offset, seconds)."""
    offsets = tuple(OffsetSeen(offset, seconds * 1000, None) for offset, seconds in commits)
    return PartitionSeen(0, offsets, 0, "", "")


@pytest.mark.parametrize(
    ("partitions", "rate"),
    [
        ((seen((0, 0), (50, 5), (100, 10)),), 10.0),
        ((seen((0, 0), (100, 10)), seen((0, 0), (60, 30))), 12.0),
        ((seen((100, 0), (0, 10)), seen((0, 0), (60, 30))), 2.0),
        ((seen((100, 0), (0, 10)),), None),
        ((seen((5, 0), (5, 10)),), None),
        ((seen((0, 0), (1, 9_000)),), 1 / 9_000),
        ((seen((0, 0), (1, 11_000)),), None),
        ((seen((0, 7), (100, 7)),), None),
        ((seen((5, 0)),), None),
        ((seen(),), None),
        ((), None),
    ],
    ids=[
        "steady",
        "two partitions",
        "a rewind is no rate",
        "only that",
        "idle",
        "slow",
        "as good as idle",
        "in no time",
        "one",
        "none",
        "nothing",
    ],
)
def test_how_fast_a_topic_is_read(partitions: tuple[PartitionSeen, ...], rate: float | None) -> None:
    assert consumed({"topic": partitions}, "topic") == rate


@pytest.mark.parametrize("unknown", [None, "Burrow is down", {}])
def test_without_burrow_it_is_not_known(unknown: str | None) -> None:
    assert consumed(unknown, "topic") is None


def test_catching_up_takes_the_lag_at_the_rate() -> None:
    assert catch_up(2028, 507.0) == 4.0
