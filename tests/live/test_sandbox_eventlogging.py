"""The sandbox's consumer loses and keeps rows exactly as EventLogging's own did."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pymysql
import pytest
from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import OffsetSpec
from kafka.errors import NoError
from kafka.structs import OffsetAndMetadata

from sandbox import events
from sandbox.addresses import MySqlAddress
from sandbox.eventlogging.mapper import row_of
from sandbox.eventlogging.unit import EventLogging
from sandbox.events import Capsule, Record
from sandbox.ports import free_port
from sandbox.process import life_of
from sandbox.waiting import until

BEGIN = datetime(2015, 10, 14, 6, tzinfo=UTC)
TABLE = "NavigationTiming_10374055"
NO_SUCH_TABLE = 1146


def spread(capsules: list[Capsule], partitions: int = 3) -> Mapping[int, list[Record]]:
    return {
        partition: [events.record(one) for one in capsules[partition::partitions]] for partition in range(partitions)
    }


def page_loads(count: int, *, bots: bool = False) -> list[Capsule]:
    """Events one second apart, each with a uuid of its own; of bots, with uuids of their own too."""
    first = 10_000 if bots else 0
    return [
        events.navigation_timing(seq_id, BEGIN + timedelta(seconds=seq_id), bot=bots)
        for seq_id in range(first, first + count)
    ]


def uuids(database: MySqlAddress, table: str = TABLE) -> list[str]:
    """Sorted; empty where the table does not exist."""
    with database.connect() as connection, connection.cursor() as cursor:
        try:
            cursor.execute(f"SELECT uuid FROM `{table}` ORDER BY uuid")
        except pymysql.ProgrammingError as error:
            if error.args[0] == NO_SUCH_TABLE:
                return []
            raise
        return [row[0] for row in cursor.fetchall()]


def expected(capsules: list[Capsule]) -> list[str]:
    return sorted(one["uuid"] for one in capsules)


def lag(admin: KafkaAdminClient, group: str, topic: str, partitions: int = 3) -> int:
    parts = [TopicPartition(topic, partition) for partition in range(partitions)]
    ends = admin.list_partition_offsets(dict.fromkeys(parts, OffsetSpec.LATEST))
    committed = admin.list_group_offsets({group: parts})[group]
    return sum(ends[part].offset - max(0, committed[part].offset) for part in parts)


@pytest.fixture
def consumed(
    eventlogging: Callable[..., EventLogging],
    make_topic: Callable[..., str],
    produce: Callable[..., None],
    admin: KafkaAdminClient,
) -> Callable[..., EventLogging]:
    """A running consumer that has taken in all of the events and committed them."""

    def run(capsules: list[Capsule], **options: Any) -> EventLogging:
        topic = make_topic(partitions=3)
        produce(topic, spread(capsules))
        consumer = eventlogging(topic, **options)
        consumer.start()
        until("all committed", lambda: lag(admin, consumer.group, topic) == 0)
        until("all taken in", lambda: consumer.stats()["messages"] == len(capsules))
        return consumer

    return run


def test_sigint_inserts_what_it_holds(consumed: Callable[..., EventLogging], database: MySqlAddress) -> None:
    loads = page_loads(120)
    consumer = consumed(loads)
    assert uuids(database) == [], "lag is 0 and not one row is there"

    assert consumer.stop() == 0

    assert uuids(database) == expected(loads)
    assert consumer.stats() == {
        "assigned": 3,
        "blacklisted": 0,
        "bots": 0,
        "buffered": 0,
        "ignored": 0,
        "inserted": 120,
        "messages": 120,
    }


@pytest.mark.parametrize("end", [EventLogging.terminate, EventLogging.kill])
def test_sigterm_and_sigkill_lose_what_it_holds(
    end: Callable[[EventLogging], int],
    consumed: Callable[..., EventLogging],
    database: MySqlAddress,
    admin: KafkaAdminClient,
) -> None:
    consumer = consumed(page_loads(250), batch_size=100)
    signum = signal.SIGTERM if end is EventLogging.terminate else signal.SIGKILL

    assert end(consumer) == -signum

    assert len(uuids(database)) == 200, "two full batches"
    assert lag(admin, consumer.group, consumer.topics[0]) == 0, "the lost 50 count as consumed"


def test_a_replay_adds_only_what_is_missing(
    consumed: Callable[..., EventLogging], database: MySqlAddress, admin: KafkaAdminClient
) -> None:
    loads = page_loads(150)
    consumer = consumed(loads, batch_size=100)
    consumer.kill()
    assert len(uuids(database)) == 100
    (topic,) = consumer.topics
    until(
        "the group is empty", lambda: admin.describe_groups([consumer.group])[consumer.group]["group_state"] == "Empty"
    )
    start = OffsetAndMetadata(0, "", -1)
    answers = admin.alter_group_offsets(consumer.group, {TopicPartition(topic, part): start for part in range(3)})
    assert set(answers.values()) == {NoError}

    consumer.start()
    until("all taken in", lambda: consumer.stats()["messages"] == 150)
    consumer.stop()

    assert uuids(database) == expected(loads)
    assert consumer.stats()["inserted"] == 50
    assert consumer.stats()["ignored"] == 100


def test_bots_are_left_out(consumed: Callable[..., EventLogging], database: MySqlAddress) -> None:
    people, bots = page_loads(30), page_loads(10, bots=True)
    consumer = consumed([*people, *bots])
    consumer.stop()
    assert uuids(database) == expected(people)
    assert consumer.stats()["bots"] == 10


def test_age_is_looked_at_only_when_another_event_comes(
    consumed: Callable[..., EventLogging], database: MySqlAddress, produce: Callable[..., None]
) -> None:
    first, second = page_loads(2)
    consumer = consumed([first], batch_time=1)
    time.sleep(2)
    assert uuids(database) == []
    produce(consumer.topics[0], spread([second]))
    until("both inserted", lambda: uuids(database) == expected([first, second]))


def test_it_dies_of_a_database_that_is_down(consumed: Callable[..., EventLogging], database: MySqlAddress) -> None:
    down = MySqlAddress(database.host, free_port(), database.user, database.password, database.database)
    consumer = consumed(page_loads(20), mysql=down)
    assert consumer.stop() == 1
    assert "Can't connect to MySQL server" in consumer.process.log_end()


def test_its_member_carries_group_host_and_pid(consumed: Callable[..., EventLogging], admin: KafkaAdminClient) -> None:
    consumer = consumed(page_loads(3))
    (member,) = admin.describe_groups([consumer.group])[consumer.group]["members"]
    assert member["client_id"].startswith(f"{consumer.group}-")
    assert member["client_id"].endswith(f".{consumer.process.pid}")
    assert life_of(int(member["client_id"].rpartition(".")[2]))
    consumer.stop()
    assert admin.describe_groups([consumer.group])[consumer.group]["members"] == []


def test_each_schema_has_its_table(consumed: Callable[..., EventLogging], database: MySqlAddress) -> None:
    edit, account = events.edit(1, BEGIN), events.account_creation(2, BEGIN)
    consumed([edit, account, *page_loads(1)]).stop()
    assert uuids(database, "Edit_13457736") == [edit["uuid"]]
    assert uuids(database, "ServerSideAccountCreation_5487345") == [account["uuid"]]
    with database.connect() as connection, connection.cursor(pymysql.cursors.DictCursor) as cursor:
        cursor.execute("SELECT * FROM `Edit_13457736`")
        row = cursor.fetchone()
    assert row is not None
    assert row["timestamp"] == "20151014060000"
    assert row["dt"] is None
    assert row["event_page.id"] == 1
    assert row["event_action.abort.type"] is None


def test_a_row_is_flat() -> None:
    event = {"a": {"b": {"c": 1}}, "d.e": "x", "list": [1, "two"]}
    row = row_of(events.capsule("Edit", event, seq_id=1, dt=BEGIN))
    assert {name: value for name, value in row.items() if name.startswith("event")} == {
        "event_a_b_c": 1,
        "event_d.e": "x",
        "event_list": '[1, "two"]',
    }
    assert set(row) >= {"uuid", "timestamp", "userAgent", "webHost", "wiki"}
    assert not {"dt", "ip", "recvFrom", "revision", "schema", "seqId"} & set(row)


def test_uuids_follow_eventloggings_recipe() -> None:
    """An event that EventLogging's own parser gave this uuid."""
    dt = datetime(2019, 3, 15, 18, 10, 34, tzinfo=UTC)
    assert events.navigation_timing(438763, dt)["uuid"] == "5026bc1e6c6c502ab16baf645eda7f64"
