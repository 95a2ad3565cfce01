"""Events to measure with: page loads of 600 bytes and more, evenly over some hours, and the table for their rows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import NAMESPACE_URL, uuid5

from confluent_kafka import Producer

from sandbox.addresses import MySqlAddress
from sandbox.eventlogging.tables import create_table
from sandbox.events import navigation_timing

TABLE = "NavigationTiming_10374055"
PARTITIONS = 12
PADDING = 120
"""Characters that bring an event past 600 bytes."""


def events(count: int, since: datetime, length: timedelta) -> Iterator[tuple[datetime, bytes]]:
    """Time, and the event as it lies in Kafka; times are even, in order."""
    sample = navigation_timing(0, since)
    sample["event"]["pageTitle"] = "x" * PADDING
    sample |= {"uuid": "%s", "dt": "%s", "seqId": "%d"}
    template = json.dumps(sample, sort_keys=True).replace('"%d"', "%d")  # dt, seqId, uuid: as they are sorted
    step = length.total_seconds() / count
    for number in range(count):
        at = since + timedelta(seconds=int(number * step))
        dt = at.strftime("%Y-%m-%dT%H:%M:%SZ")
        uuid = uuid5(NAMESPACE_URL, f"event://cp1054.eqiad.wmnet/?seqId={number}&dt={dt}").hex
        yield at, (template % (dt, number, uuid)).encode()


def produce(bootstrap: str, topic: str, count: int, since: datetime, length: timedelta) -> int:
    """Event i to partition i % 12, with its own time. Returns the bytes of one event."""
    producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 50, "compression.type": "lz4", "acks": 1})
    size = 0
    for number, (at, value) in enumerate(events(count, since, length)):
        size = len(value)
        while True:
            try:
                producer.produce(topic, value, partition=number % PARTITIONS, timestamp=int(at.timestamp() * 1000))
                break
            except BufferError:
                producer.poll(0.1)
    producer.flush()
    return size


def make_table(mysql: MySqlAddress) -> None:
    """Empty, with every key a real one has."""
    with mysql.connect() as connection, connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS `{TABLE}`")
        cursor.execute(create_table("NavigationTiming", 10374055))
