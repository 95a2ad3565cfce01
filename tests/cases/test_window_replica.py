"""A window is filled no faster than its replica follows, and stays open until the replica has the rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from kafka import KafkaAdminClient

from elreconcile.desired.config import MySqlConfig
from elreconcile.systems.event_tables import describe
from elreconcile.systems.mysql import connect
from elreconcile.systems.mysql_replica import Replica as Copy
from elreconcile.systems.mysql_replica import Unknown
from sandbox.addresses import Addresses, MySqlAddress
from sandbox.events import navigation_timing
from sandbox.mariadb import EVENTS
from sandbox.owned import own_folder
from sandbox.ports import Ports
from sandbox.replica import Copying, Primary, Replica
from sandbox.waiting import until
from tests.operator import TIMING, Operator
from tests.relay import Fault, relay_to
from tests.window import EMPTY, HOUR, LIMITS, LOADS, START, Field, Produce, applying, loads, spread, uuids_of

SECOND = timedelta(seconds=1)


@pytest.fixture(scope="module")
def copies() -> Iterator[tuple[Primary, Replica]]:
    folder = own_folder(f"replica-{uuid4().hex[:8]}")
    folder.mkdir(parents=True)
    ports = Ports(folder / "ports.json")
    ports.choose("primary", "replica")
    servers = Primary(folder, ports), Replica(folder, ports)
    try:
        for server in servers:
            server.start()
        yield servers
    finally:
        for server in servers:
            server.stop()


@pytest.fixture
def copied(
    copies: tuple[Primary, Replica],
    stack: Addresses,
    make_topic: Callable[..., str],
    unique: Callable[[str], str],
    admin: KafkaAdminClient,
    tmp_path: Path,
) -> Iterator[Field]:
    """As `field`, on a server that has a copy: `copy` in the configuration."""
    primary, replica = copies
    database = replace(stack.mysql, host="127.0.0.1", port=primary.port, user="root", password="", database=EVENTS)
    operator = Operator.at(tmp_path / "operator", replace(stack, mysql=database), TIMING + LIMITS)
    copy = f"mysql:\n  copy: {{host: 127.0.0.1, port: {replica.port}, user: root, database: {EVENTS}}}\n"
    operator.configure(operator.config.read_text().replace("mysql:\n", copy, 1))
    field = Field(operator, database, make_topic(partitions=12, configs={"retention.ms": "-1"}), unique("g"), admin)
    yield field
    for server in copies:
        for table in field.tables() if server is primary else tables_of(replica):
            with closing(server.connect()) as mysql, mysql.cursor() as cursor:
                cursor.execute(f"DROP TABLE IF EXISTS `{table}`")


def tables_of(server: Replica) -> list[str]:
    with closing(server.connect()) as mysql, mysql.cursor() as cursor:
        cursor.execute("SHOW TABLES")
        return [name for (name,) in cursor.fetchall()]


def on_copy(replica: Replica) -> Mapping[str, list[str]]:
    with closing(replica.connect()) as mysql, mysql.cursor() as cursor:
        cursor.execute(f"SELECT uuid FROM `{LOADS}` ORDER BY uuid")
        return {LOADS: [uuid for (uuid,) in cursor.fetchall()]}


def test_it_waits_for_a_copy_fed_by_a_script(copied: Field, copies: tuple[Primary, Replica], produce: Produce) -> None:
    """No replication status: how far the newest rows lie apart is the lag."""
    primary, replica = copies
    events = loads(1_200, step=SECOND)
    produce(copied.topic, spread(events))
    copied.insert(events[::100])
    live = [navigation_timing(900_000 + number, START + timedelta(days=1, minutes=number)) for number in range(60)]
    copied.insert(live[:1])
    sink = {"mysql": "m4", "replica": "copy"}
    copied.operator.write(copied.document(START, START + HOUR, sink=sink, pace={"max_replica_lag": "1m"}))
    with Copying(primary, replica) as copying:
        until("the copy is made", lambda: LOADS in tables_of(replica) and len(on_copy(replica)[LOADS]) == 13)
        copying.hold()
        copied.insert(live[1:])
        with applying(copied) as (process, said):
            until("it says why it waits", lambda: "waits: " in said() or process.poll() is not None, 60)
            assert "the replica is 3540 s behind, 60 s are allowed" in said()
            assert copied.counts() == {LOADS: 12 + 60}
            copying.go_on()
            assert process.wait(90) == 0, said()
            assert "1,188 rows put in, read back by uuid" in said()
    assert on_copy(replica) == copied.uuids() == uuids_of([*events, *live])


def test_it_waits_for_a_native_replica(copied: Field, copies: tuple[Primary, Replica], produce: Produce) -> None:
    primary, replica = copies
    events = loads(1_200, step=SECOND)
    produce(copied.topic, spread(events))
    replica.follow(primary)
    copied.insert(events[::100])
    until("the copy is made", lambda: LOADS in tables_of(replica) and len(on_copy(replica)[LOADS]) == 12)
    replica.run("STOP SLAVE SQL_THREAD")
    sink = {"mysql": "m4", "replica": "copy"}
    copied.operator.write(copied.document(START, START + HOUR, sink=sink, pace={"max_replica_lag": "10s"}))
    with applying(copied) as (process, said):
        until("it says why it waits", lambda: "not known: replication does not run: IO Yes, SQL No" in said(), 60)
        assert copied.counts() == {LOADS: 12}
        replica.run("START SLAVE SQL_THREAD")
        assert process.wait(90) == 0, said()
        assert "1,188 rows put in, read back by uuid" in said()
    assert on_copy(replica) == copied.uuids() == uuids_of(events)
    replica.run("STOP SLAVE")
    replica.run("RESET SLAVE ALL")


def test_a_replica_that_hears_nothing_is_not_taken_for_near(copied: Field, copies: tuple[Primary, Replica]) -> None:
    """Its threads run and it says 0 s, for it knows of nothing; what it has not reached tells."""
    primary, replica = copies
    replica.follow(primary)
    copied.execute("CREATE TABLE Edit_1 (uuid CHAR(32) PRIMARY KEY)")
    until("the copy is made", lambda: "Edit_1" in tables_of(replica))
    here, there = (
        connect(name, MySqlConfig(host="127.0.0.1", port=server.port, user="root", database=EVENTS), 30)
        for name, server in (("m4", primary), ("copy", replica))
    )
    with closing(here), closing(there), relay_to(primary.port) as network:
        replica.run("STOP SLAVE")
        assert "replication does not run: IO No, SQL No" in unknown(Copy(here, there, ()))
        replica.run(f"CHANGE MASTER TO MASTER_PORT={network.port}")
        replica.run("START SLAVE")
        before = Copy(here, there, ())
        until("it has caught up", lambda: near(before))
        network.fail(Fault.SILENT)
        copied.execute("INSERT INTO Edit_1 VALUES ('a')")
        (status,) = there.named("SHOW SLAVE STATUS")
        told = [status[name] for name in ("Slave_IO_Running", "Slave_SQL_Running", "Seconds_Behind_Master")]
        assert told == ["Yes", "Yes", 0]
        until("its lag grows", lambda: before.lag() > 1)
        assert "it has not reached" in unknown(Copy(here, there, ())), "how long ago it last did is not known"
        replica.run("STOP SLAVE")
        replica.run(f"CHANGE MASTER TO MASTER_PORT={primary.port}")
        replica.run("START SLAVE")
        until("it has caught up", lambda: near(before))
    replica.run("STOP SLAVE")
    replica.run("RESET SLAVE ALL")


def near(copy: Copy) -> bool:
    try:
        return copy.lag() == 0
    except Unknown:
        return False


def unknown(copy: Copy) -> str:
    with pytest.raises(Unknown) as told:
        copy.lag()
    return str(told.value)


def test_a_newest_row_whose_time_is_none_says_nothing(database: MySqlAddress) -> None:
    settings = MySqlConfig(host=database.host, port=database.port, user=database.user, database=database.database)
    with closing(connect("m4", settings, 30)) as mysql:
        mysql.execute("CREATE TABLE Edit_1 (uuid CHAR(32) PRIMARY KEY, timestamp VARCHAR(14))")
        mysql.execute("INSERT INTO Edit_1 VALUES ('a', 'unknown')")
        table = describe(mysql, "Edit_1")
        assert table is not None
        assert unknown(Copy(mysql, mysql, [table])) == "the newest timestamp of Edit_1 is no time: 'unknown'"


def test_rows_that_do_not_reach_the_copy_are_told(
    copied: Field, copies: tuple[Primary, Replica], produce: Produce
) -> None:
    """A script that copies by timestamp passes over rows older than its newest.

    The window stays open until they are there, though the next run finds nothing to put in.
    """
    primary, replica = copies
    events = loads(300, step=SECOND)
    produce(copied.topic, spread(events))
    copied.insert(events[-5:])
    copied.execute(f"ALTER TABLE `{LOADS}` DROP COLUMN id")
    sink = {"mysql": "m4", "replica": "copy"}
    copied.operator.write(copied.document(START, START + HOUR, sink=sink))
    with Copying(primary, replica):
        until("the copy is made", lambda: LOADS in tables_of(replica) and len(on_copy(replica)[LOADS]) == 5)
        applied = copied.operator.apply("--json")
    (outcome,) = applied.json["outcomes"]
    assert (applied.code, outcome["ending"]) == (3, "failed"), outcome
    assert "the window stays open: 295 of its rows are not on the replica copy" in outcome["reason"]
    assert copied.uuids() == uuids_of(events)
    with applying(copied) as (process, said):
        told = "295 rows are not on the replica yet"
        until("it says what it waits for", lambda: told in said() or process.poll() is not None, 60)
        assert told in said()
        rows = copied.execute(f"SELECT * FROM `{LOADS}`")
        with closing(replica.connect()) as mysql, mysql.cursor() as cursor:
            cursor.executemany(f"INSERT IGNORE INTO `{LOADS}` VALUES ({', '.join(['%s'] * len(rows[0]))})", rows)
        assert process.wait(90) in (0, 3), said()
    assert on_copy(replica) == uuids_of(events)
    assert copied.operator.apply().code == 0
    assert EMPTY in copied.operator.plan().out
