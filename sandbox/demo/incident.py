"""The incident of the on-call page: 12 partitions of 1,000 events, all committed, a tenth of the rows lost.

It is made the way it happened: the writer reads and commits, holds rows in memory, and is stopped with SIGTERM.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import requests
from kafka import KafkaAdminClient
from kafka.structs import OffsetAndMetadata, TopicPartition

from sandbox.addresses import Addresses, BurrowAddress
from sandbox.eventlogging.unit import GROUP, EventLogging
from sandbox.events import TOPIC, Record, navigation_timing, produce, record
from sandbox.waiting import until

PARTITIONS = 12
EVENTS = 1_000
LOST_FROM = 900
TABLE = "NavigationTiming_10374055"
STALE = "codfw.mediawiki.page-undelete"
STALE_LAG = 31
TARGET = 831
AT_TARGET = datetime(2018, 3, 13, 13, 29, 11, tzinfo=UTC)
"""When event 831 of partition 0 happened; each partition is a second later, each event 15 s."""


def make(admin: KafkaAdminClient, addresses: Addresses, consumer: EventLogging) -> None:
    """Leaves the consumer stopped, everything committed, and Burrow alarming about a topic nobody reads.

    Its member stays in the group until its session ends, 10 s later.
    """
    topics = {TOPIC: PARTITIONS, STALE: 1}
    admin.create_topics({name: {"num_partitions": count, "replication_factor": 1} for name, count in topics.items()})
    until(
        "Burrow has met the topics", lambda: set(topics) <= set(ask_burrow(addresses.burrow, "", "topic")["topics"]), 60
    )
    _go_stale(admin, addresses)
    consumer.auto_offset_reset = "earliest"
    _consume(addresses, consumer, range(LOST_FROM))
    consumer.stop()
    _consume(addresses, consumer, range(LOST_FROM, EVENTS))
    consumer.terminate()


def ask_burrow(burrow: BurrowAddress, group: str, what: str = "consumer") -> Mapping[str, Any]:
    """One answer of Burrow's; empty where it does not know the group."""
    url = f"{burrow.url}/v3/kafka/{burrow.cluster}/{what}/{group}".rstrip("/")
    answer: Mapping[str, Any] = requests.get(url, timeout=5).json()
    return answer


def _go_stale(admin: KafkaAdminClient, addresses: Addresses) -> None:
    """The group once read this topic; it stopped `STALE_LAG` events before the end."""
    produce(addresses.kafka, STALE, {0: [_event(0, number) for number in range(100)]})
    admin.alter_group_offsets(GROUP, {TopicPartition(STALE, 0): OffsetAndMetadata(100 - STALE_LAG, "", -1)})
    until("Burrow monitors it", lambda: STALE in ask_burrow(addresses.burrow, GROUP).get("topics", {}), 60)


def _consume(addresses: Addresses, consumer: EventLogging, events: range) -> None:
    """Produce these events of every partition and let the consumer commit them all."""
    produced = {part: [_event(part, number) for number in events] for part in range(PARTITIONS)}
    produce(addresses.kafka, TOPIC, produced)
    consumer.start(60)
    with closing(KafkaAdminClient(bootstrap_servers=addresses.kafka)) as admin:
        until("all of it is committed", lambda: _committed(admin) == events.stop * PARTITIONS, 60)


def _committed(admin: KafkaAdminClient) -> int:
    found = admin.list_group_offsets({GROUP: None})[GROUP]
    return sum(commit.offset for place, commit in found.items() if place.topic == TOPIC)


def _event(part: int, number: int) -> Record:
    at = AT_TARGET + timedelta(seconds=15 * (number - TARGET) + part)
    return record(navigation_timing(number * PARTITIONS + part, at))
