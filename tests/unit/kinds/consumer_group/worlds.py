"""Small worlds: what a document wants, what Kafka holds, what the ledger remembers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from msgspec.structs import replace

from elreconcile.desired.load import Resource
from elreconcile.kinds.consumer_group import ConsumerGroupKind
from elreconcile.kinds.consumer_group.live import LiveGroup, Log, Pinned, Pins
from elreconcile.kinds.consumer_group.shape import write_image, write_pins
from elreconcile.kinds.consumer_group.spec import ConsumerGroup, Reset
from elreconcile.kinds.contract import Ask, Moment
from elreconcile.ledger.entry import Entry, State
from elreconcile.systems.kafka_values import (
    Bounds,
    Cluster,
    Commit,
    GroupListing,
    Member,
    Partition,
    Topic,
    TopicSettings,
)

NOW = datetime(2018, 3, 13, 14, 0, tzinfo=UTC)
NOW_MS = 1_520_949_600_000
MINUTE_MS = 60_000
MOMENT = Moment(now=NOW, grace=5.0, quiet=30.0, min_retention_left=3600.0)
EMPTY = GroupListing("Empty", "classic", "consumer")
MEMBER = Member("eventlogging-1", "eventlogging", "10.64.21.107", ("topic",))


def reset(**fields: Any) -> Reset:
    """A reset of one topic to its end, or as the fields say, read as the loader reads it."""
    return Reset.model_validate_json(json.dumps(_reset(fields)))


def _reset(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": "r1", "expires": "2018-03-20T00:00:00Z", "to": "latest", "topics": {"topic": None}} | dict(fields)


def group(expect: Mapping[str, Any] | None = None, **fields: Any) -> ConsumerGroup:
    """The document of that reset; `no_reset=True` leaves it out."""
    document: dict[str, Any] = {"kind": "ConsumerGroup", "name": "g", "cluster": "analytics"}
    if expect is not None:
        document |= {"expect": expect}
    if not fields.pop("no_reset", False):
        document |= {"reset": _reset(fields)}
    return ConsumerGroup.model_validate_json(json.dumps(document))


def ask(spec: ConsumerGroup, entry: Entry | None = None, pins: Pins | None = None, still_open: bool = True) -> Ask[Any]:
    begun = entry.pins if entry else None if pins is None else write_pins(pins)
    request = ConsumerGroupKind().request(spec)
    return Ask(Resource(spec.address(), spec, "f.yaml", 1), request, entry, begun, still_open)


def entry(state: State, pins: Pins, before: Mapping[Partition, Commit | None], spec: ConsumerGroup) -> Entry:
    """What the ledger holds of the document's reset."""
    request = ConsumerGroupKind().request(spec)
    assert request is not None
    return Entry(
        address=str(spec.address()),
        request_id=request.id,
        fingerprint=request.fingerprint,
        meaning=request.meaning,
        state=state,
        pins=write_pins(pins),
        before=write_image(before),
        evidence={},
        run="run-1",
        at=NOW,
    )


def log(*bounds: tuple[int, int], oldest_times: Mapping[int, int] | None = None, **settings: Any) -> Log:
    """A topic with one partition for each pair of oldest and newest offset, kept for a week."""
    kept: dict[str, Any] = {
        "retention_ms": 7 * 24 * 60 * MINUTE_MS,
        "retention_bytes": None,
        "cleanup_policy": frozenset({"delete"}),
        "timestamp_type": "CreateTime",
    }
    return Log(
        Topic("topic-id", len(bounds)),
        TopicSettings(**kept | settings),
        {number: Bounds(*pair) for number, pair in enumerate(bounds)},
        oldest_times or {},
    )


def live(logs: Mapping[str, Log] | None = None, **known: Any) -> LiveGroup:
    """An idle group without commits, or as said."""
    logs = {"topic": log((0, 1000))} if logs is None else logs
    world = LiveGroup(
        cluster=Cluster("cluster-id", 1, "3.9"),
        expected_cluster=None,
        listing=EMPTY,
        members=(),
        commits={},
        moved=frozenset(),
        logs=logs,
        bounds={(topic, number): held for topic, one in logs.items() for number, held in one.bounds.items()},
        pinned=Pinned({}),
    )
    return replace(world, **known)


def commits(*offsets: int | None, topic: str = "topic", metadata: str = "") -> dict[Partition, Commit]:
    """A commit for each partition in turn; None: none."""
    return {(topic, number): Commit(at, metadata) for number, at in enumerate(offsets) if at is not None}
