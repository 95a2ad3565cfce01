"""One plan blacklists a schema and rewinds the group that feeds the tables: what is replayed leaves the schema out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kafka import KafkaAdminClient
from kafka.structs import OffsetAndMetadata, TopicPartition

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


def test_nothing_is_replayed_where_the_blacklist_could_not_be_kept(
    stack: Addresses,
    admin: KafkaAdminClient,
    database: MySqlAddress,
    make_topic: Any,
    produce: Any,
    unique: Any,
    tmp_path: Path,
) -> None:
    """By an account that may read the database and no more."""
    topic, group = make_topic(), unique("group")
    produce(topic, {0: [events.record(loads(n, BEGIN)) for n in range(5)]})
    place = TopicPartition(topic, 0)
    admin.alter_group_offsets(group, {place: OffsetAndMetadata(5, "", -1)})
    with database.connect() as connection, connection.cursor() as cursor:
        cursor.execute("CREATE OR REPLACE USER reader@'127.0.0.1' IDENTIFIED BY 'only'")
        cursor.execute(f"GRANT SELECT ON `{database.database}`.* TO reader@'127.0.0.1'")

    reader = replace(stack, mysql=replace(database, user="reader", password="only"))
    operator = Operator.at(tmp_path / "home", reader)
    text = DOCUMENTS.read_text().replace("eventlogging-valid-mixed", topic)
    operator.write(text.replace("eventlogging_consumer_mysql_00", group))
    applied = operator.apply("--wait", "30s")
    assert applied.code == 69, applied
    assert operator.run("history").out.count("1 not reached") == 1
    assert applied.ending(f"ConsumerGroup/analytics/{group}") == "not reached"
    assert "what comes after relies on it" in applied.out
    assert admin.list_group_offsets({group: None})[group][place].offset == 5

    whole = (f"user: {database.user}", f"password: {json.dumps(database.password)}")
    operator.configure(operator.config.read_text().replace('user: reader, password: "only"', ", ".join(whole)))
    assert operator.apply("--wait", "30s").code == 0


def loads(number: int, dt: datetime) -> events.Capsule:
    return events.navigation_timing(number, dt)
