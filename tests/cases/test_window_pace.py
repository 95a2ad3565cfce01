"""How gently a window is filled: what it waits for and says so, and beside a writer."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

from elreconcile.desired.config import MySqlConfig
from elreconcile.systems.event_loading import Loader
from elreconcile.systems.event_tables import describe
from elreconcile.systems.mysql import connect
from sandbox.addresses import Addresses, MySqlAddress
from sandbox.eventlogging.unit import EventLogging
from sandbox.events import record
from sandbox.waiting import until
from tests.operator import COMMAND
from tests.terminal import until_closed
from tests.window import HOUR, LOADS, START, Field, Produce, applying, loads, spread, uuids_of

SECOND = timedelta(seconds=1)


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
