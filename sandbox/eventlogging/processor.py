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
from typing import Self
from urllib.parse import parse_qsl, urlsplit

from kafka import KafkaConsumer, KafkaProducer

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


def main() -> int:
    asked = parse()
    writers = [Writer(uri) for uri in asked.output]
    consumer = KafkaConsumer(
        asked.input.topic,
        bootstrap_servers=asked.input.brokers,
        group_id=asked.sid,
        auto_offset_reset="earliest",
        session_timeout_ms=6000,
    )
    for message in consumer:
        for writer in writers:
            writer.send(json.loads(message.value))
        consumer.commit()
    return 0


if __name__ == "__main__":
    sys.exit(main())
