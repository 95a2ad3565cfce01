"""A group on the real Kafka, the smallest there can be: one partition, ten records, committed at 6."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from kafka import KafkaAdminClient
from kafka.structs import OffsetAndMetadata, TopicPartition

from sandbox.events import Record
from tests.conftest import MakeTopic, Produce, Unique

MakeGroup = Callable[[], "Group"]


@dataclass(frozen=True, slots=True)
class Group:
    admin: KafkaAdminClient
    name: str
    topic: str

    @classmethod
    def made(cls, admin: KafkaAdminClient, make_topic: MakeTopic, produce: Produce, unique: Unique) -> Group:
        group = cls(admin, unique("group"), make_topic())
        produce(group.topic, {0: [Record(b"{}", 1_000_000 + number) for number in range(10)]})
        answers = admin.alter_group_offsets(group.name, {TopicPartition(group.topic, 0): OffsetAndMetadata(6, "", -1)})
        assert {answer.__name__ for answer in answers.values()} == {"NoError"}
        return group

    @property
    def address(self) -> str:
        return f"ConsumerGroup/analytics/{self.name}"

    def committed(self) -> int:
        found = self.admin.list_group_offsets({self.name: None})[self.name]
        offset: int = found[TopicPartition(self.topic, 0)].offset
        return offset

    def reset(self, to: str, more: str = "") -> str:
        return f"""\
kind: ConsumerGroup
name: {self.name}
cluster: analytics
expect: {{max_lag: 9007199254740993}}
reset: {{id: r, expires: 2040-01-01T00:00:00Z, to: {to}, {more} topics: {{{self.topic}: }}}}
"""

    def watched(self, max_lag: int = 0) -> str:
        return f"{{kind: ConsumerGroup, name: {self.name}, cluster: analytics, expect: {{max_lag: {max_lag}}}}}\n"
