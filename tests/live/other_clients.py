"""What others do on a Kafka: produce, consume as members of a group, read everything."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

from kafka import KafkaConsumer, TopicPartition

from elreconcile.systems.kafka_values import Position, Record
from sandbox import events

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

    def consume() -> None:
        with closing(
            KafkaConsumer(topic, bootstrap_servers=bootstrap, group_id=group, client_id="a-consumer")
        ) as consumer:
            while not stop.is_set():
                consumer.poll(timeout_ms=100)
                if consumer.assignment():
                    assigned.set()

    thread = threading.Thread(target=consume)
    thread.start()
    try:
        assert assigned.wait(30)
        yield
    finally:
        stop.set()
        thread.join()


def read_all(bootstrap: str, topic: str) -> dict[Position, Record]:
    """Every record of a topic, by another client."""
    with closing(KafkaConsumer(bootstrap_servers=bootstrap, consumer_timeout_ms=1000)) as consumer:
        places = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic)]
        consumer.assign(places)
        consumer.seek_to_beginning()
        return {
            (each.topic, each.partition, each.offset): Record(each.offset, each.timestamp, each.value)
            for each in consumer
        }
