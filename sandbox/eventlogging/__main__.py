"""`python -m sandbox.eventlogging --bootstrap HOST:PORT --mysql USER:PASSWORD@HOST:PORT/DB --topics A,B`."""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import sys
import threading
from pathlib import Path

from kafka import KafkaConsumer

from sandbox.addresses import mysql_address
from sandbox.eventlogging.tables import SCHEMAS
from sandbox.eventlogging.unit import GROUP
from sandbox.eventlogging.writer import SqlWriter


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


def consumer_of(asked: argparse.Namespace) -> KafkaConsumer:
    """Commits each second what has been polled, whether inserted or not."""
    return KafkaConsumer(
        *asked.topics,
        bootstrap_servers=asked.bootstrap,
        group_id=asked.group,
        client_id=f"{asked.group}-{socket.getfqdn()}.{os.getpid()}",
        enable_auto_commit=True,
        auto_commit_interval_ms=1000,
        auto_offset_reset=asked.auto_offset_reset,
        metadata_max_age_ms=5_000,  # who leads the group with stale metadata assigns nothing until it is renewed
        session_timeout_ms=10_000,
        heartbeat_interval_ms=3000,
    )


def write_stats(file: Path | None, consumer: KafkaConsumer, writer: SqlWriter) -> None:
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
    while not interrupted.is_set():
        for records in consumer.poll(timeout_ms=200).values():
            for record in records:
                writer.send(json.loads(record.value))
        write_stats(asked.stats, consumer, writer)
    writer.flush()
    write_stats(asked.stats, consumer, writer)
    consumer.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
