"""Events to measure with: page loads of 600 bytes and more, evenly over some hours, and the table for their rows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from tempfile import NamedTemporaryFile
from uuid import NAMESPACE_URL, uuid5

from confluent_kafka import Producer

from sandbox.addresses import MySqlAddress
from sandbox.eventlogging.mapper import row_of
from sandbox.eventlogging.tables import create_table
from sandbox.events import Capsule, navigation_timing

TABLE = "NavigationTiming_10374055"
PARTITIONS = 12
WRITER = "writer.example.org"
"""Host of the events that a writer puts in meanwhile, to tell them from the window's."""

PADDING = 120
"""Characters that bring an event past 600 bytes."""


def events(count: int, since: datetime, length: timedelta) -> Iterator[tuple[datetime, str, bytes]]:
    """Time, uuid, and the event as it lies in Kafka; times are even, in order."""
    template = json.dumps({**_sample(since), "uuid": "%s", "dt": "%s", "seqId": "%d"}, sort_keys=True)
    template = template.replace('"%d"', "%d")  # dt, seqId, uuid: as they are sorted
    step = length.total_seconds() / count
    for number in range(count):
        at = since + timedelta(seconds=int(number * step))
        dt = at.strftime("%Y-%m-%dT%H:%M:%SZ")
        uuid = uuid5(NAMESPACE_URL, f"event://cp1054.eqiad.wmnet/?seqId={number}&dt={dt}").hex
        yield at, uuid, (template % (dt, number, uuid)).encode()


def _sample(since: datetime) -> Capsule:
    sample = navigation_timing(0, since)
    sample["event"]["pageTitle"] = "x" * PADDING
    return sample


def produce(bootstrap: str, topic: str, count: int, since: datetime, length: timedelta) -> int:
    """Event i to partition i % 12, with its own time. Returns the bytes of one event."""
    producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 50, "compression.type": "lz4", "acks": 1})
    size = 0
    for number, (at, _, value) in enumerate(events(count, since, length)):
        size = len(value)
        while True:
            try:
                producer.produce(topic, value, partition=number % PARTITIONS, timestamp=int(at.timestamp() * 1000))
                break
            except BufferError:
                producer.poll(0.1)
    producer.flush()
    return size


def insert_all(mysql: MySqlAddress, count: int, since: datetime, length: timedelta) -> None:
    """A row for each event, into a table with every key a real one has."""
    row = {name: int(value) if isinstance(value, bool) else value for name, value in row_of(_sample(since)).items()}
    with mysql.connect(local_infile=True, read_timeout=600) as connection, connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS `{TABLE}`")
        cursor.execute(create_table("NavigationTiming", 10374055))
        columns = ", ".join(f"`{name}`" for name in row)
        every = events(count, since, length)
        while several := list(islice(every, 50_000)):
            with NamedTemporaryFile("w") as file:
                for at, uuid, _ in several:
                    own = row | {"uuid": uuid, "timestamp": f"{at:%Y%m%d%H%M%S}"}
                    file.write("\t".join(map(str, own.values())) + "\n")
                file.flush()
                cursor.execute(f"LOAD DATA LOCAL INFILE %s INTO TABLE `{TABLE}` ({columns})", [file.name])
