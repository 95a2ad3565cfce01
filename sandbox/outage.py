"""The outage of 2015-10-14: the database writer lost most of what it had read, with lag 0.

7,800 events over eleven hours, evenly for each schema: 5,000 page loads (and 200 of bots), 2,500 edits, 100 new
accounts. One batch of 3,000 page loads was inserted; the rest was in the writer's memory when it was stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from kafka import KafkaAdminClient

from sandbox.eventlogging.unit import EventLogging
from sandbox.events import Capsule, Record, account_creation, capsule, edit, navigation_timing, produce, record
from sandbox.waiting import until

SINCE = datetime(2015, 10, 14, 6, tzinfo=UTC)
UNTIL = datetime(2015, 10, 14, 17, tzinfo=UTC)
PARTITIONS = 12
PAGE_LOADS, BOTS, EDITS, ACCOUNTS = 5_000, 200, 2_500, 100
TABLES = {
    "NavigationTiming_10374055": PAGE_LOADS,
    "Edit_13457736": EDITS,
    "ServerSideAccountCreation_5487345": ACCOUNTS,
}
INSERTED = 3_000
BLACKLISTED = "MobileWikiAppShareAFact"


def make(admin: KafkaAdminClient, topic: str, writer: EventLogging, committed: Callable[[], int]) -> None:
    """As it happened, in a new topic: leaves the writer stopped, all committed, and the first batch in its table."""
    admin.create_topics({topic: {"num_partitions": PARTITIONS, "replication_factor": 1}})
    events = capsules()
    loads = [event for event in events if event["schema"] == "NavigationTiming" and not event["userAgent"]["is_bot"]]
    batch = 1 + events.index(loads[INSERTED - 1])
    writer.auto_offset_reset = "earliest"
    writer.start(60)
    produce(writer.kafka, topic, by_partition(events[:batch]))
    until("the first batch is in its table", lambda: writer.stats().get("inserted") == INSERTED, 60)
    produce(writer.kafka, topic, by_partition(events[batch:], batch))
    until("all of it is committed", lambda: committed() == len(events), 60)
    writer.terminate()


def share(bootstrap: str, topic: str, count: int) -> None:
    """Events of the schema that is kept out arrive, a minute apart, after the outage."""
    events = [
        capsule(
            BLACKLISTED,
            {"action": "share"},
            revision=11331974,
            seq_id=40_000 + number,
            dt=UNTIL + timedelta(minutes=number),
        )
        for number in range(count)
    ]
    produce(bootstrap, topic, by_partition(events))


def capsules() -> Sequence[Capsule]:
    """All events, in the order of their times; each with a uuid of its own."""
    loads = [navigation_timing(number, at) for number, at in _evenly(PAGE_LOADS, 0)]
    bots = [navigation_timing(number, at, bot=True) for number, at in _evenly(BOTS, 10_000)]
    edits = [edit(number, at) for number, at in _evenly(EDITS, 20_000)]
    accounts = [account_creation(number, at) for number, at in _evenly(ACCOUNTS, 30_000)]
    return sorted([*loads, *bots, *edits, *accounts], key=lambda event: (event["dt"], event["seqId"]))


def by_partition(events: Iterable[Capsule], first: int = 0) -> Mapping[int, Sequence[Record]]:
    """Event i to partition i % 12, counted from `first`."""
    placed: dict[int, list[Record]] = {part: [] for part in range(PARTITIONS)}
    for number, event in enumerate(events, first):
        placed[number % PARTITIONS].append(record(event))
    return placed


def _evenly(count: int, first: int) -> Iterable[tuple[int, datetime]]:
    """Sequence numbers and times, evenly over the window."""
    length = UNTIL - SINCE
    return (
        (first + number, SINCE + timedelta(seconds=number * length.total_seconds() // count)) for number in range(count)
    )
