"""What Kafka says, as frozen values. Offsets are positions in a partition; times are ms since 1970 UTC."""

from __future__ import annotations

from typing import TypeAlias

import msgspec

Partition: TypeAlias = tuple[str, int]
"""A topic's name and a partition's number."""

Position: TypeAlias = tuple[str, int, int]
"""A topic's name, a partition's number and an offset in it."""

Lookup: TypeAlias = tuple[str, int, int]
"""A topic's name, a partition's number and a time to look for in it."""

NO_ANSWER = "no answer"
"""In place of the name of an error: the request was sent, and nothing tells whether it was done."""

NOT_SENT = "not sent"
"""In place of the name of an error: Kafka had stopped to answer before, so nothing was done."""

IN_USE = frozenset(
    ("UNKNOWN_MEMBER_ID", "REBALANCE_IN_PROGRESS", "ILLEGAL_GENERATION", "NON_EMPTY_GROUP", "GROUP_SUBSCRIBED_TO_TOPIC")
)
"""The names of the errors by which Kafka refuses because the group has members."""


class Cluster(msgspec.Struct, frozen=True, gc=False):
    """`version` as the API versions that a broker offers tell it: 3.9 for any 3.9.x."""

    id: str
    brokers: int
    version: str | None


class GroupListing(msgspec.Struct, frozen=True, gc=False):
    """Kafka's own words. `state`: Stable, Empty, PreparingRebalance, …; `type`: classic, consumer, share, …

    `protocol` is "consumer" where members of a classic group are Kafka consumers, "connect" for Kafka
    Connect, and "" for a group that only ever had offsets committed to it.
    """

    state: str
    type: str
    protocol: str = ""


class Member(msgspec.Struct, frozen=True, gc=False):
    """`host` as the broker saw it, without its leading slash. `topics` are those assigned to it, sorted."""

    member_id: str
    client_id: str
    host: str
    topics: tuple[str, ...]


class Commit(msgspec.Struct, frozen=True, gc=False):
    """A committed offset: the next record the group will read."""

    offset: int
    metadata: str = ""


class Topic(msgspec.Struct, frozen=True, gc=False):
    """`id` changes when a topic is deleted and made again under the same name."""

    id: str
    partitions: int


class Bounds(msgspec.Struct, frozen=True, gc=False):
    """`oldest`: the first offset kept; `newest`: the one the next record will get. Equal: nothing is kept."""

    oldest: int
    newest: int


class Found(msgspec.Struct, frozen=True, gc=False):
    """A record's place and the time Kafka keeps for it."""

    offset: int
    timestamp_ms: int


class TopicSettings(msgspec.Struct, frozen=True, gc=False):
    """None: unlimited (Kafka writes -1). `cleanup_policy` holds delete, compact or both.

    `timestamp_type` is CreateTime (the producer's clock) or LogAppendTime (the broker's).
    """

    retention_ms: int | None
    retention_bytes: int | None
    cleanup_policy: frozenset[str]
    timestamp_type: str


class Record(msgspec.Struct, frozen=True, gc=False):
    """`offset` may lie after the position asked for: transaction markers and compaction leave gaps."""

    offset: int
    timestamp_ms: int
    value: bytes | None
