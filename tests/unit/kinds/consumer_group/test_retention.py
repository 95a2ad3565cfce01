from __future__ import annotations

from typing import Any

import pytest

from elreconcile.kinds.consumer_group.progress import Progress
from elreconcile.kinds.consumer_group.retention import remaining, short_lived
from tests.unit.kinds.consumer_group.worlds import MINUTE_MS, MOMENT, NOW_MS, live, log

WEEK_MS = 7 * 24 * 60 * MINUTE_MS
PLACE = ("topic", 0)


@pytest.mark.parametrize(
    ("settings", "at", "seconds"),
    [
        ({}, NOW_MS - MINUTE_MS, 7 * 86_400 - 60),
        ({}, NOW_MS - WEEK_MS - MINUTE_MS, -60),
        ({"cleanup_policy": frozenset({"compact", "delete"})}, NOW_MS, 7 * 86_400),
        ({"cleanup_policy": frozenset({"compact"})}, NOW_MS, None),
        ({"retention_ms": None}, NOW_MS, None),
        ({}, None, None),
        ({}, -1, None),
    ],
)
def test_how_long_the_target_is_kept(settings: dict[str, Any], at: int | None, seconds: float | None) -> None:
    world = live({"topic": log((0, 9), **settings)}, records={} if at is None else {PLACE: at})
    assert remaining(world, PLACE, MOMENT) == seconds


def test_a_target_that_will_soon_be_deleted_is_refused_for_the_worst_of_its_partitions() -> None:
    soon, sooner = NOW_MS - WEEK_MS + 59 * MINUTE_MS, NOW_MS - WEEK_MS + 43 * MINUTE_MS
    just = NOW_MS - WEEK_MS + 60 * MINUTE_MS
    world = live(
        {"topic": log((0, 9), (0, 9), (0, 9), (0, 9), (0, 9)), "other": log((0, 9))},
        records={("topic", 0): just, ("topic", 1): soon, ("topic", 2): sooner, ("topic", 3): 0, ("other", 0): NOW_MS},
    )
    standing = {place: Progress.TO_DO for place in world.bounds} | {("topic", 3): Progress.DONE}
    (refusal,) = short_lived(world, standing, MOMENT)
    assert (refusal.id, refusal.what) == ("retention-margin", "topic, partitions 1-2")
    assert refusal.value == "retention deletes the target in 43 min"
    assert refusal.limit == "limits.min_retention_left is 1 h 0 min"
    assert refusal.remedy == "raise retention.ms of topic (604800000), or choose a later target"
    assert refusal.acceptable
