"""One plan blacklists a schema and rewinds the group that feeds the tables: what is replayed leaves the schema out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kafka import KafkaAdminClient

from sandbox import events
from sandbox.addresses import Addresses, MySqlAddress
from sandbox.waiting import until
from tests.operator import Operator

DOCUMENTS = Path(__file__).parent / "blacklist_before_replay/state/schema-blacklist.yaml"
BEGIN = datetime(2015, 12, 22, 6, tzinfo=UTC)


def tables(database: MySqlAddress) -> Sequence[str]:
    with database.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SHOW TABLES")
        return [name for (name,) in cursor.fetchall() if not name.startswith("elreconcile")]


def test_a_schema_is_blacklisted_before_its_events_are_replayed(
    stack: Addresses,
    admin: KafkaAdminClient,
    database: MySqlAddress,
    eventlogging: Any,
    make_topic: Any,
    produce: Any,
    unique: Any,
    tmp_path: Path,
) -> None:
    topic, group = make_topic(), unique("group")
    produce(topic, {0: [events.record(make(n, BEGIN)) for n in range(5) for make in (events.edit, loads)]})

    def committed() -> int:
        return sum(commit.offset for commit in admin.list_group_offsets({group: None})[group].values())

    lost = eventlogging(topic, group=group, batch_size=100)
    lost.start()
    until("it has read everything", lambda: lost.stats()["buffered"] == 10)
    until("and committed that", lambda: committed() == 10)
    lost.kill()  # with all rows in its memory
    assert tables(database) == []

    operator = Operator.at(tmp_path / "home", replace(stack, mysql=database))
    text = DOCUMENTS.read_text().replace("eventlogging-valid-mixed", topic)
    operator.write(text.replace("eventlogging_consumer_mysql_00", group))
    changes = operator.plan("--json").json["changes"]
    assert [change["kind"] for change in changes] == ["SchemaBlacklist", "ConsumerGroup"]
    applied = operator.apply("--wait", "30s")
    assert applied.code == 0, applied

    writer = eventlogging(topic, group=group, batch_size=5)
    writer.start()
    until("the events of the other schema are in", lambda: writer.stats().get("inserted") == 5)
    until("those of the blacklisted one were left out", lambda: writer.stats()["blacklisted"] == 5)
    assert tables(database) == ["NavigationTiming_10374055"]
    assert operator.plan("--detailed-exitcode").code == 0


def loads(number: int, dt: datetime) -> events.Capsule:
    return events.navigation_timing(number, dt)
