"""A group on the real Kafka, and consumers that get in a reset's way."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from confluent_kafka import Consumer
from kafka import KafkaAdminClient, KafkaConsumer
from kafka.structs import OffsetAndMetadata, TopicPartition

from sandbox.addresses import Addresses
from sandbox.events import Record, navigation_timing, record

START = datetime(2018, 3, 13, 13, 29, 11, tzinfo=UTC)
EVENTS = 100


def event(number: int) -> Record:
    """A second apart."""
    return record(navigation_timing(number, START + timedelta(seconds=number)))


class Group:
    """A group and its topic of two partitions, 100 events each, committed at 60."""

    def __init__(self, servers: Addresses, admin: KafkaAdminClient, name: str, topic: str) -> None:
        self.servers = servers
        self.admin = admin
        self.name = name
        self.topic = topic

    def commit(self, *offsets: int) -> None:
        places = {TopicPartition(self.topic, part): OffsetAndMetadata(at, "", -1) for part, at in enumerate(offsets)}
        assert {answer.__name__ for answer in self.admin.alter_group_offsets(self.name, places).values()} == {"NoError"}

    def commits(self) -> list[int | None]:
        found = self.admin.list_group_offsets({self.name: None})[self.name]
        offsets = {place.partition: commit.offset for place, commit in found.items() if place.topic == self.topic}
        return [offsets.get(part) for part in range(2)]

    def consumer(self, **settings: Any) -> KafkaConsumer:
        return KafkaConsumer(
            bootstrap_servers=self.servers.kafka,
            group_id=self.name,
            auto_offset_reset="earliest",
            **settings,
        )

    def member(self, client_id: str) -> Member:
        """Of librdkafka: kafka-python's consumer may wait for minutes until it has partitions of a new topic."""
        settings = {"bootstrap.servers": self.servers.kafka, "group.id": self.name, "client.id": client_id}
        return Member({**settings, "enable.auto.commit": False, "auto.offset.reset": "earliest"})

    def document(self, to: str, more: str = "", id: str = "case", expires: str = "2040-01-01T00:00:00Z") -> str:
        return f"""
kind: ConsumerGroup
name: {self.name}
cluster: analytics
reset:
  id: {id}
  expires: {expires}
  to: {to}
  {more}
  topics: {{{self.topic}: }}
"""

    @property
    def address(self) -> str:
        return f"ConsumerGroup/analytics/{self.name}"

    def metadata(self) -> set[str]:
        """What stands beside its commits."""
        found = self.admin.list_group_offsets({self.name: None})[self.name]
        return {commit.metadata for place, commit in found.items() if place.topic == self.topic}


class Member(Consumer):
    """A consumer that is polled until somebody says stop."""

    stop_polling = False


class polling:
    """Polls a consumer in a thread, as a live one does. Enters with an event that is set once it has partitions."""

    def __init__(self, consumer: Member) -> None:
        self.consumer = consumer
        self.assigned = threading.Event()
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        while not (self.stop.is_set() or self.consumer.stop_polling):
            self.consumer.poll(0.1)
            if self.consumer.assignment():
                self.assigned.set()
            time.sleep(0.05)

    def __enter__(self) -> threading.Event:
        self.thread.start()
        return self.assigned

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        self.thread.join()
