"""What was seen of a group in Burrow, and of the same group in Kafka: frozen, and free of any client."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from elreconcile.systems.burrow_values import Filters, PartitionSeen, Status


class LiveMonitor(msgspec.Struct, frozen=True):
    """`monitored` None: Burrow does not know the group. `status` None likewise.

    `expected_cluster_id`: the one in elreconcile.yaml, where it names one. `filters` of what reads commits and of
    what keeps them: a group must pass both. `met` are the topics Burrow has heard of at all: it drops commits for any
    other. `committed` are those the group has commits for in Kafka; `exists`: Kafka lists the group.
    `forgets_topics`: this Burrow can forget one topic; an older one only the whole group.
    """

    cluster: str
    kafka_cluster_id: str
    expected_cluster_id: str | None
    monitored: Mapping[str, tuple[PartitionSeen, ...]] | None
    status: Status | None
    filters: tuple[Filters, ...]
    met: frozenset[str]
    forgets_topics: bool
    exists: bool
    committed: frozenset[str]

    @property
    def topics(self) -> frozenset[str]:
        return frozenset(self.monitored or {})
