"""`python -m sandbox.eventlogging --bootstrap HOST:PORT --mysql USER:PASSWORD@HOST:PORT/DB --topics A,B`."""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from confluent_kafka import Consumer, KafkaError, Message, TopicPartition

from sandbox.addresses import mysql_address
from sandbox.eventlogging.tables import SCHEMAS
from sandbox.eventlogging.unit import GROUP
from sandbox.eventlogging.writer import SqlWriter
from sandbox.events import Capsule

AT_ONCE = 500
"""Events taken from Kafka in one call."""

COMMIT_EACH = 1.0
"""Seconds."""


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox.eventlogging", description=__doc__)
    parser.add_argument("--bootstrap", required=True)
    parser.add_argument("--mysql", required=True, type=mysql_address)
    parser.add_argument("--topics", required=True, type=lambda text: text.split(","))
    parser.add_argument("--group", default=GROUP)
    parser.add_argument("--batch-size", type=int, default=3000)
    parser.add_argument("--batch-time", type=float, default=300, help="seconds")
    parser.add_argument("--auto-offset-reset", choices=["latest", "earliest"], default="latest")
    parser.add_argument("--schemas", type=Path, default=SCHEMAS, help="folder of NAME_REVISION.json")
    parser.add_argument("--stats", type=Path, help="JSON file to keep the counters in")
    return parser.parse_args()


def consumer_of(asked: argparse.Namespace) -> Consumer:
    consumer = Consumer(
        {
            "bootstrap.servers": asked.bootstrap,
            "group.id": asked.group,
            "client.id": f"{asked.group}-{socket.getfqdn()}.{os.getpid()}",
            "enable.auto.commit": False,
            "on_commit": tell,
            "auto.offset.reset": asked.auto_offset_reset,
            "session.timeout.ms": 10_000,
            "heartbeat.interval.ms": 3000,
            "fetch.wait.max.ms": 100,
            "topic.metadata.refresh.interval.ms": 5_000,
        }
    )
    consumer.subscribe(asked.topics)
    return consumer


def tell(error: KafkaError | None, _: Sequence[TopicPartition] = ()) -> None:
    """In the log: librdkafka goes on by itself."""
    if error:
        print(error, file=sys.stderr, flush=True)


def events_of(messages: Iterable[Message]) -> Iterator[Capsule]:
    for message in messages:
        if error := message.error():
            tell(error)
        else:
            yield json.loads(message.value() or b"")


def polled(consumer: Consumer) -> list[TopicPartition]:
    """How far it has read, whether that is inserted or not, and whether it moved or not.

    librdkafka's own commits leave out what has not moved; Burrow judges by the last ten.
    """
    return [place for place in consumer.position(consumer.assignment()) if place.offset >= 0]


def write_stats(file: Path | None, consumer: Consumer, writer: SqlWriter) -> None:
    if file is None:
        return
    stats = writer.counters.as_json() | {"buffered": writer.buffered, "assigned": len(consumer.assignment())}
    unfinished = file.with_suffix(".new")
    unfinished.write_text(json.dumps(stats, sort_keys=True) + "\n")
    unfinished.replace(file)


def main() -> int:
    asked = parse()
    writer = SqlWriter(asked.mysql, asked.batch_size, asked.batch_time, asked.schemas, asked.topics)
    interrupted = threading.Event()
    # No handler for SIGTERM, on purpose: the original has none, and loses its buffer.
    signal.signal(signal.SIGINT, lambda *_: interrupted.set())
    consumer = consumer_of(asked)
    committed = time.monotonic()
    while not interrupted.is_set():
        for event in events_of(consumer.consume(AT_ONCE, timeout=0.2)):
            writer.send(event)
        if time.monotonic() - committed >= COMMIT_EACH:
            if places := polled(consumer):
                consumer.commit(offsets=places, asynchronous=True)
            committed = time.monotonic()
        write_stats(asked.stats, consumer, writer)
    writer.flush()
    write_stats(asked.stats, consumer, writer)
    if places := polled(consumer):
        consumer.commit(offsets=places, asynchronous=False)
    consumer.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
