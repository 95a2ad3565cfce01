"""The records at all targets, fetched by elreconcile's own reader: `python -m bench.records BOOTSTRAP`.

Prints the seconds it took, connecting and finding the targets left out: no admin call fetches records.
"""

from __future__ import annotations

import sys
import time

from bench.world import GROUPS, asked, places, topic_of
from elreconcile.desired.config import KafkaConfig
from elreconcile.systems.kafka import KafkaReader


def main() -> None:
    with KafkaReader("bench", KafkaConfig(bootstrap_servers=(sys.argv[1],)), deadline=60) as kafka:
        lookups = [
            (place.topic, place.partition, int(asked(number).timestamp() * 1000))
            for number in range(len(GROUPS))
            for place in places(topic_of(number))
        ]
        found = kafka.offsets_at(lookups)
        positions = {(topic, partition, at.offset) for (topic, partition, _), at in found.items() if at}
        began = time.perf_counter()
        kafka.records(positions)
        print(time.perf_counter() - began)


if __name__ == "__main__":
    main()
