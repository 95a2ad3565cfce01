"""How fast a group reads and a topic grows: what the catch-up estimate is made from."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from elreconcile.kinds.consumer_group.burrow import Seen
from elreconcile.kinds.consumer_group.live import Log
from elreconcile.systems.burrow_values import PartitionSeen

if TYPE_CHECKING:
    from elreconcile.systems.kafka import KafkaReader

HOUR_MS = int(timedelta(hours=1).total_seconds() * 1000)
SLOWEST = 0.0001
"""Offsets per second; what is slower, one in some hours, tells nothing of how long anything takes."""


def consumed(seen: Seen, topic: str) -> float | None:
    """Offsets per second over the commits Burrow remembers of the topic; None: it saw none, or too little to tell."""
    if not isinstance(seen, Mapping):
        return None
    speed = sum(_speed(partition) for partition in seen.get(topic, ()))
    return speed if speed >= SLOWEST else None


def _speed(seen: PartitionSeen) -> float:
    if len(seen.offsets) < 2:
        return 0.0
    first, last = seen.offsets[0], seen.offsets[-1]
    seconds = (last.timestamp_ms - first.timestamp_ms) / 1000
    return max(last.offset - first.offset, 0) / seconds if seconds > 0 else 0.0


def produced(kafka: KafkaReader, logs: Mapping[str, Log]) -> Mapping[str, float]:
    """Offsets per second that arrived in the hour before each topic's newest record; topics without one left out."""
    places = [(topic, partition) for topic, log in logs.items() for partition in log.bounds]
    newest = kafka.newest_timestamps(places)
    hour_before = kafka.offsets_at({(*place, found.timestamp_ms - HOUR_MS) for place, found in newest.items()})
    rates: dict[str, float] = {}
    for (topic, partition, _), start in hour_before.items():
        if start is not None:
            arrived = max(logs[topic].bounds[partition].newest - start.offset, 0)  # the bounds were read before
            rates[topic] = rates.get(topic, 0.0) + arrived / (HOUR_MS / 1000)
    return rates


def per_second(rate: float) -> str:
    """With two digits that say something: 67.2/s, 0.033/s."""
    return f"{rate:,.1f}/s" if rate >= 1 else f"{rate:.2g}/s"


def catch_up(lag: int, rate: float) -> float:
    """Seconds to read `lag` offsets at `rate` offsets per second."""
    return lag / rate
