"""Small worlds: what a document wants Burrow to monitor, and what Burrow and Kafka say."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from msgspec.structs import replace

from elreconcile.desired.load import Resource
from elreconcile.kinds.burrow_monitor.live import LiveMonitor
from elreconcile.kinds.burrow_monitor.spec import BurrowMonitor
from elreconcile.kinds.contract import Ask, Moment
from elreconcile.systems.burrow_values import Filters, OffsetSeen, PartitionSeen, PartitionStatus, Status

NOW = datetime(2018, 3, 13, 14, 0, tzinfo=UTC)
MOMENT = Moment(now=NOW, grace=5.0, quiet=30.0, min_retention_left=3600.0)
OPEN = Filters("", None, "consumer.local", "group-allowlist", "group-denylist")


def monitor(*topics: str, expect: Mapping[str, Any] | None = None) -> BurrowMonitor:
    document = {"kind": "BurrowMonitor", "name": "g", "burrow": "analytics", "topics": topics, "expect": expect}
    return BurrowMonitor.model_validate_json(json.dumps(document))


def ask(spec: BurrowMonitor) -> Ask[BurrowMonitor]:
    return Ask(Resource(spec.address(), spec, "f.yaml", 1))


def partition(*ages: int, lag: int = 0) -> PartitionSeen:
    """A partition with a commit for each age in seconds, oldest first."""
    now = int(NOW.timestamp() * 1000)
    offsets = tuple(OffsetSeen(10 + number, now - age * 1000, None) for number, age in enumerate(ages))
    return PartitionSeen(0, offsets, lag, "", "")


def status(word: str = "OK", complete: float = 1.0, total_lag: int = 0, **topics: str) -> Status:
    return Status(
        word,
        complete,
        total_lag,
        tuple(PartitionStatus(topic, number, said, 0, 1.0) for topic, said in topics.items() for number in range(2)),
    )


def live(monitored: Mapping[str, tuple[PartitionSeen, ...]] | None = None, **known: Any) -> LiveMonitor:
    """A group that exists, on topics that Burrow and Kafka know, or as said."""
    topics = frozenset(monitored or {})
    world = LiveMonitor(
        cluster="local",
        kafka_cluster_id="cluster-id",
        expected_cluster_id=None,
        monitored=monitored,
        status=None if monitored is None else status(),
        filters=(OPEN,),
        met=topics | {"valid-mixed"},
        forgets_topics=True,
        exists=True,
        committed=frozenset({"valid-mixed"}),
    )
    return replace(world, **known)
