"""What others do on a Kafka: produce, consume as members of a group, read everything."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, TopicPartition

from elreconcile.systems.kafka_values import Position, Record
from sandbox import events
from sandbox.waiting import until

START = 1_520_900_000_000


def numbered(count: int, size: int = 100, start: int = 0) -> list[events.Record]:
    """Records a second apart, none like another, that compress badly."""
    bytes_of = random.Random(start)  # noqa: S311
    return [
        events.Record(b"%08d" % number + bytes_of.randbytes(size), START + number * 1000)
        for number in range(start, start + count)
    ]


@contextmanager
def consuming(bootstrap: str, group: str, topic: str) -> Iterator[None]:
    """A live member of the group, that has its partitions."""
    stop, assigned = threading.Event(), threading.Event()
    settings = {"bootstrap.servers": bootstrap, "group.id": group, "client.id": "a-consumer"}

    def consume() -> None:
        with closing(Consumer({**settings, "enable.auto.commit": False})) as consumer:
            consumer.subscribe([topic])
            while not stop.is_set():
                consumer.poll(0.1)
                if consumer.assignment():
                    assigned.set()

    thread = threading.Thread(target=consume)
    thread.start()
    try:
        assert assigned.wait(60)
        yield
    finally:
        stop.set()
        thread.join()


def read_all(bootstrap: str, topic: str) -> dict[Position, Record]:
    """Every record of a topic, by another client; also those of transactions that were given up."""
    settings = {"bootstrap.servers": bootstrap, "group.id": "none of its own", "isolation.level": "read_uncommitted"}
    found: dict[Position, Record] = {}
    ended: set[int] = set()
    with closing(Consumer({**settings, "enable.partition.eof": True})) as consumer:
        partitions = set(consumer.list_topics(topic, 60).topics[topic].partitions)
        consumer.assign([TopicPartition(topic, number, OFFSET_BEGINNING) for number in partitions])

        def is_read() -> bool:
            for message in consumer.consume(500, timeout=1):
                partition, offset, error = message.partition(), message.offset(), message.error()
                assert partition is not None
                if error is None:
                    assert offset is not None
                    found[topic, partition, offset] = Record(offset, message.timestamp()[1], message.value())
                else:
                    assert error.code() == KafkaError._PARTITION_EOF, error
                    ended.add(partition)
            return ended == partitions

        until(f"all of {topic} is read", is_read)
    return found
