"""What was seen of a group: frozen, complete for `diff`, and free of any client."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec

from elreconcile.model.change import Refusal
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

Pins = Mapping[str, Mapping[int, int | None]]
"""For each topic and partition the offset to commit; None: forget the commit. Partitions left out are left alone."""


class Clamp(msgspec.Struct, frozen=True):
    """A partition whose target was moved to where its log begins or ends, because the document asks for it."""

    topic: str
    partition: int
    asked: str
    taken: int
    how: str = "clamped to"


class Pinned(msgspec.Struct, frozen=True):
    """A reset turned into numbers, and what could not be."""

    pins: Pins
    refusals: tuple[Refusal, ...] = ()
    clamps: tuple[Clamp, ...] = ()


class Event(msgspec.Struct, frozen=True, gc=False):
    """A record's own time. `source` says where it was found: dt, meta.dt, timestamp, or record (Kafka's time).

    `at` None: the record has no time, or one that no calendar holds.
    """

    at: datetime | None
    source: str


class LastCommit(msgspec.Struct, frozen=True):
    """When the group last committed by its own doing, as Burrow saw it, in ms since 1970; None: Burrow has not.

    `unknown` says why Burrow could not be asked, where it could not.
    """

    timestamp_ms: int | None = None
    unknown: str | None = None


class Rates(msgspec.Struct, frozen=True):
    """Offsets per second: `consumed` from Burrow's recent commits, `produced` in the hour before the newest record."""

    consumed: float | None = None
    produced: float | None = None


class Log(msgspec.Struct, frozen=True):
    """One topic: what Kafka keeps of it. Shared by all groups that read it."""

    topic: Topic
    settings: TopicSettings
    bounds: Mapping[int, Bounds]
    oldest_times: Mapping[int, int]
    """The time, in ms, of the oldest record of each partition that holds one."""


class LiveGroup(msgspec.Struct, frozen=True):
    """A group, the topics of its reset, and the numbers the reset was pinned to."""

    cluster: Cluster
    expected_cluster: str | None
    listing: GroupListing | None
    members: tuple[Member, ...]
    commits: Mapping[Partition, Commit]
    moved: frozenset[Partition]
    """Partitions whose commit differed between the first and the last read of this observation."""
    logs: Mapping[str, Log]
    bounds: Mapping[Partition, Bounds]
    """Of every partition the group has a commit for: what its lag is counted by."""
    pinned: Pinned
    last_commit: LastCommit = LastCommit()
    rates: Mapping[str, Rates] = {}
    events: Mapping[Partition, Event] = {}
    """The event at each partition's target; absent where the target is the end."""
    records: Mapping[Partition, int] = {}
    """Kafka's time, in ms, of the record at each partition's target."""
