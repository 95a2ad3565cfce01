"""What the servers hold, as the demo reads it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kafka import KafkaAdminClient
from kafka.admin import OffsetSpec
from kafka.structs import OffsetAndMetadata, TopicPartition

from sandbox.addresses import Addresses
from sandbox.demo.incident import ask_burrow
from sandbox.eventlogging.unit import EventLogging


@dataclass(frozen=True, slots=True)
class World:
    """One group that reads one topic into one database."""

    servers: Addresses
    admin: KafkaAdminClient
    folder: Path  # of the writer's pid file, log and counters
    topic: str
    group: str

    def writer(self, batch_size: int) -> EventLogging:
        """Not started."""
        kafka, mysql = self.servers.kafka, self.servers.mysql
        return EventLogging(kafka, mysql, self.folder, [self.topic], group=self.group, batch_size=batch_size)

    def is_empty(self) -> bool:
        """Whether the group has no member."""
        return not self.admin.describe_groups([self.group])[self.group]["members"]

    def offsets(self) -> Mapping[int, int]:
        """The group's commits on the topic, by partition, as Kafka tells them."""
        found: Mapping[TopicPartition, OffsetAndMetadata] = self.admin.list_group_offsets({self.group: None})[
            self.group
        ]
        return {place.partition: commit.offset for place, commit in found.items() if place.topic == self.topic}

    def committed(self) -> int:
        return sum(self.offsets().values())

    def lag(self) -> int:
        """Of all partitions with a commit."""
        offsets = self.offsets()
        ends = self.admin.list_partition_offsets(
            {TopicPartition(self.topic, part): OffsetSpec.LATEST for part in offsets}
        )
        return sum(int(end.offset) for end in ends.values()) - sum(offsets.values())

    def select(self, sql: str) -> Sequence[tuple[Any, ...]]:
        with closing(self.servers.mysql.connect()) as mysql, mysql.cursor() as cursor:
            cursor.execute(sql)
            return list(cursor.fetchall())

    def rows(self, table: str, what: str = "count(*)") -> int:
        return int(self.select(f"SELECT {what} FROM `{table}`")[0][0])

    def tables(self) -> Sequence[str]:
        """Those of events."""
        return sorted(name for (name,) in self.select("SHOW TABLES") if not name.startswith("elreconcile"))

    def monitored(self) -> Sequence[str]:
        return sorted(ask_burrow(self.servers.burrow, self.group).get("topics", {}))

    def status(self) -> tuple[str, float]:
        """In Burrow's words, and which share of the commits it judges by it has seen."""
        status = ask_burrow(self.servers.burrow, f"{self.group}/status").get("status", {})
        return status.get("status", "unknown"), status.get("complete", 0.0)
