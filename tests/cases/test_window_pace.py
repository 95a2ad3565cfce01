"""How gently a window is filled: what it waits for and says so, beside a writer, and onto a replica."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from kafka import KafkaAdminClient

from elreconcile.desired.config import MySqlConfig
from elreconcile.systems.event_loading import Loader
from elreconcile.systems.event_tables import describe
from elreconcile.systems.mysql import connect
from elreconcile.systems.mysql_replica import Replica as Copy
from elreconcile.systems.mysql_replica import Unknown
from sandbox.addresses import Addresses, MySqlAddress
from sandbox.eventlogging.unit import EventLogging
from sandbox.events import navigation_timing, record
from sandbox.mariadb import EVENTS
from sandbox.owned import own_folder
from sandbox.ports import Ports
from sandbox.replica import Copying, Primary, Replica
from sandbox.waiting import until
from tests.cases.test_windows import HOUR, LOADS, START, Produce, loads, spread
from tests.operator import COMMAND, TIMING, Operator
from tests.relay import Fault, relay_to
from tests.terminal import until_closed
from tests.window import EMPTY, LIMITS, Field, uuids_of

SECOND = timedelta(seconds=1)


@contextmanager
def applying(field: Field) -> Iterator[tuple[subprocess.Popen[bytes], Callable[[], str]]]:
    """An apply under way, and what it has written to stderr."""
    said = field.operator.home / "stderr"
    with said.open("w") as errors:
        command = [*COMMAND, "apply", str(field.operator.state), "--yes"]
        process = subprocess.Popen(command, env=field.operator.environment, stdout=errors, stderr=errors)
        try:
            yield process, said.read_text
        finally:
            process.kill()
            process.wait()


def test_a_stop_file_threads_and_a_rate_make_it_wait(field: Field, produce: Produce, tmp_path: Path) -> None:
    events = loads(2_500, step=SECOND)
    produce(field.topic, spread(events))
    stop = tmp_path / "stop"
    stop.touch()
    pace = {"rows_per_second": 1_000, "max_threads_running": 20, "stop_file": str(stop)}
    field.create("NavigationTiming", 10374055)
    field.operator.write(field.document(START, START + HOUR, pace=pace))
    with applying(field) as (process, said):
        until("it says why it waits", lambda: f"waits: {stop} exists" in said().replace("\n", ""), 60)
        assert field.counts() == {LOADS: 0}
        with busy(field, 25):
            until("they run", lambda: threads_running(field) > 20)
            stop.unlink()
            until("it says why it waits", lambda: "threads run on the server, 20 are allowed" in said(), 60)
            assert field.counts() == {LOADS: 0}
        until("the first rows are in", lambda: field.counts()[LOADS] > 0, 60)
        began = time.monotonic()
        assert process.wait(60) == 0, said()
        assert time.monotonic() - began > 0.5, "1,500 more rows at 1,000 rows/s"
    assert field.uuids() == uuids_of(events)


@contextmanager
def applying_at_a_terminal(field: Field, columns: int) -> Iterator[tuple[subprocess.Popen[bytes], Callable[[], str]]]:
    """An apply under way, and what its terminal has shown: every picture after the one before it, without colours."""
    ours, theirs = pty.openpty()
    environment = field.operator.environment | {"TERM": "xterm", "COLUMNS": str(columns)}
    command = [*COMMAND, "apply", str(field.operator.state), "--yes"]
    shown: list[bytes] = []
    with os.fdopen(ours, "rb", buffering=0) as terminal:
        process = subprocess.Popen(command, env=environment, stdin=theirs, stdout=theirs, stderr=theirs)
        os.close(theirs)
        reading = threading.Thread(target=lambda: shown.extend(until_closed(terminal.fileno())))
        reading.start()
        try:
            yield process, lambda: re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", b"".join(shown).decode(errors="replace"))
        finally:
            process.kill()
            process.wait()
            reading.join()


def test_a_terminal_shows_rows_their_rate_the_time_left_and_why_it_waits(field: Field, tmp_path: Path) -> None:
    """In a narrow window, too: the reason takes the lines it needs, and rows stay in sight."""
    events, stop, place = loads(4_800, step=SECOND / 2), tmp_path / "stop", tmp_path / "all-events.log"
    place.write_bytes(b"".join(record(event).value + b"\n" for event in events))
    field.create("NavigationTiming", 10374055)
    pace = {"rows_per_second": 500, "stop_file": str(stop)}
    field.operator.write(field.document(START, START + timedelta(minutes=40), source={"files": str(place)}, pace=pace))
    with applying_at_a_terminal(field, 60) as (process, shown):
        until("the first rows are in", lambda: field.counts()[LOADS] > 0, 60)
        stop.touch()
        told = f"window waits: {stop} exists".replace(" ", "")
        until("it says why it waits", lambda: told in re.sub(r"\s", "", shown()), 60)
        assert re.search(r"\d,000 of 4,800 rows, (\d+ rows/s, )?waits", shown())
        stop.unlink()
        assert process.wait(60) == 0, shown()
        until("the end is shown", lambda: "1 settled" in shown(), 60)
    told_left = re.findall(r"(\d,000) of 4,800 rows, (\d+) rows/s, (\d+) s left", shown())
    assert told_left
    for done, rate, left in told_left:
        assert abs(int(left) - (4_800 - int(done.replace(",", ""))) / int(rate)) < 1
    assert re.search(r"4,800 of 4,800 rows, [\d,]+ rows/s\r\nsettled   BackfillWindow/m4/window ", shown())
    assert field.uuids() == uuids_of(events)


@contextmanager
def busy(field: Field, number: int) -> Iterator[None]:
    """So many threads of the server that wait for a lock which we hold."""
    with closing(field.database.connect()) as holding, holding.cursor() as cursor:
        cursor.execute("SELECT GET_LOCK('busy', 0)")
        statement = ("SELECT GET_LOCK('busy', 25)",)
        threads = [threading.Thread(target=field.execute, args=statement) for _ in range(number)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            cursor.execute("DO RELEASE_ALL_LOCKS()")
            for thread in threads:
                thread.join()


def threads_running(field: Field) -> int:
    return int(field.execute("SHOW GLOBAL STATUS LIKE 'Threads_running'")[0][1])


def test_beside_a_writer_on_the_same_rows(
    field: Field, produce: Produce, eventlogging: Callable[..., EventLogging]
) -> None:
    """EventLogging's writer puts in the very rows that are filled: no error in either, nothing twice."""
    events = loads(6_000, step=timedelta(seconds=0.5))
    produce(field.topic, spread(events))
    field.insert(events[::20])
    consumer = eventlogging(field.topic, batch_size=100)
    field.operator.write(field.document(START, START + HOUR))
    consumer.start(60)
    applied = field.operator.apply()
    assert applied.code == 0, applied.out + applied.err
    until("the writer has read everything", lambda: consumer.stats()["messages"] == 6_000, 60)
    assert consumer.stop() == 0
    assert field.uuids() == uuids_of(events)


def test_a_deadlock_is_tried_again(database: MySqlAddress, stack: Addresses) -> None:
    """The loader is the one the server gives up: its rows are fewer than the other transaction's."""
    settings = MySqlConfig(host=database.host, port=database.port, user=database.user, database=database.database)
    first, second = ({"uuid": uuid4().hex, "timestamp": "20180313060000"} for _ in range(2))
    with (
        closing(database.connect(autocommit=False)) as other,
        other.cursor() as cursor,
        closing(connect("m4", settings, 30, local_infile=True)) as mysql,
    ):
        cursor.execute("CREATE TABLE Edit_1 (uuid CHAR(32) PRIMARY KEY, timestamp VARCHAR(14))")
        table = describe(mysql, "Edit_1")
        assert table is not None
        put = "INSERT INTO Edit_1 VALUES (%s, %s)"
        cursor.executemany(put, [(uuid4().hex, "20180313060000") for _ in range(100)])
        cursor.execute(put, list(second.values()))
        inserted: list[int] = []
        loader = Loader(mysql)
        ready = loader.ready(table, [first, second])
        loading = threading.Thread(target=lambda: inserted.append(loader.load(ready).inserted))
        loading.start()
        with closing(database.connect()) as watching, watching.cursor() as looking:

            def waits() -> bool:
                looking.execute("SELECT count(*) FROM information_schema.innodb_lock_waits")
                return bool(looking.fetchone()[0])

            until("the loader waits for our row", waits)
        cursor.execute(put, list(first.values()))
        other.commit()
        loading.join(30)
        cursor.execute("SELECT count(*) FROM Edit_1")
        assert cursor.fetchone() == (102,)
    assert inserted == [0], "it came second with both rows, and did not fail"


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
