"""Run the command, and let Kafka forget the beginning of a topic right before the Nth time the ledger is written to.

`python -m tests.laws.trimmed N BOOTSTRAP TOPIC OFFSET WORDS…`: of its partition 0.
"""

from __future__ import annotations

import sys
from contextlib import closing

from kafka import KafkaAdminClient, TopicPartition

from elreconcile.cli.main import main
from elreconcile.ledger.store import LedgerWriter
from tests.laws.killed import STEPS, Count


def trim(bootstrap: str, topic: str, offset: int) -> None:
    with closing(KafkaAdminClient(bootstrap_servers=bootstrap)) as admin:
        admin.delete_records({TopicPartition(topic, 0): offset})


if __name__ == "__main__":
    number, bootstrap, topic, offset = sys.argv[1:5]
    strike = Count(2 * int(number) - 1, lambda: trim(bootstrap, topic, int(offset)))
    strike.watch({LedgerWriter: STEPS[LedgerWriter]})
    sys.argv[1:] = sys.argv[5:]
    main()
