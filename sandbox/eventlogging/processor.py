"""`python -m sandbox.eventlogging.processor @FILE`: passes events on from topic to topic, as EventLogging's processor.

FILE holds its arguments, one a line, and is read once, when it starts. The original parses raw lines on the way; this
one takes events that are valid already. What it does with its URIs is the original's: bin/eventlogging-processor,
eventlogging/factory.py and handlers.py of github.com/wikimedia/eventlogging.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from dataclasses import dataclass
from typing import NoReturn, Self
from urllib.parse import parse_qsl, urlsplit

from confluent_kafka import Consumer
from kafka import KafkaProducer

from sandbox.events import Capsule, record


@dataclass(frozen=True, slots=True)
class Uri:
    brokers: str
    topic: str
    blacklist: re.Pattern[str] | None

    @classmethod
    def parse(cls, text: str) -> Self:
        parts = urlsplit(text)
        values = dict(parse_qsl(parts.query))
        pattern = values.get("blacklist")
        return cls(parts.path.strip("/"), values["topic"], re.compile(pattern) if pattern else None)


class Writer:
    def __init__(self, uri: Uri) -> None:
        self.uri = uri
        self.producer = KafkaProducer(bootstrap_servers=uri.brokers)

    def send(self, event: Capsule) -> None:
        if self.uri.blacklist and self.uri.blacklist.match(event["schema"]):
            return
        message = record(event)
        topic = self.uri.topic.format(schema=event["schema"])
        self.producer.send(topic, message.value, timestamp_ms=message.timestamp_ms).get(timeout=30)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox.eventlogging.processor", fromfile_prefix_chars="@")
    parser.add_argument("format")
    parser.add_argument("input", type=Uri.parse)
    parser.add_argument("output", nargs="+", type=Uri.parse)
    parser.add_argument("--sid", required=True)
    return parser.parse_args()


def main() -> NoReturn:
    asked = parse()
    writers = [Writer(uri) for uri in asked.output]
    consumer = Consumer(
        {
            "bootstrap.servers": asked.input.brokers,
            "group.id": asked.sid,
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "session.timeout.ms": 6000,
            "topic.metadata.refresh.interval.ms": 5_000,
        }
    )
    consumer.subscribe([asked.input.topic])
    while True:
        for message in consumer.consume(1, timeout=1):
            if error := message.error():  # librdkafka goes on by itself
                print(error, file=sys.stderr, flush=True)
                continue
            for writer in writers:
                writer.send(json.loads(message.value() or b""))
            consumer.commit(message=message, asynchronous=False)


if __name__ == "__main__":
    main()
