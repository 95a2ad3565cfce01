"""MariaDB dies in the middle of a write, of events or of the ledger: the next run ends it, nothing is done twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaAdminClient

from sandbox.addresses import Addresses, MySqlAddress
from sandbox.mariadb import MariaDb
from sandbox.stack import Sandbox
from sandbox.waiting import until
from tests.laws.worlds import ConsumerGroupWorld, events
from tests.operator import COMMAND, TIMING, Operator, Ran
from tests.window import EMPTY, HOUR, LIMITS, LOADS, START, Field, Produce, loads, spread, uuids_of

Unique = Callable[[str], str]


@pytest.fixture
def mariadb(own_sandbox: Sandbox) -> MariaDb:
    own_sandbox.mariadb.start()
    return own_sandbox.mariadb


@pytest.fixture
def database(mariadb: MariaDb, unique: Unique) -> MySqlAddress:
    name = unique("db").replace("-", "_")[-60:]
    run(mariadb, f"CREATE DATABASE `{name}`")
    return MySqlAddress("127.0.0.1", mariadb.port, "root", "", name)


def run(mariadb: MariaDb, sql: str) -> Sequence[tuple[Any, ...]]:
    with closing(mariadb.connect()) as connection, connection.cursor() as cursor:
        cursor.execute(sql)
        rows: Sequence[tuple[Any, ...]] = cursor.fetchall()
        return rows


@contextmanager
def killed_at(mariadb: MariaDb, table: str, condition: str) -> Iterator[None]:
    """Stops at the first row of the table of which the condition holds, within its transaction, and kills the server.

    It runs again afterwards.
    """
    stop = f"BEGIN IF {condition} THEN DO SLEEP(60); END IF; END"
    schema = table.split(".")[0]
    run(mariadb, f"CREATE TRIGGER {schema}.stop BEFORE INSERT ON {table} FOR EACH ROW {stop}")
    sleeping = "SELECT 1 FROM information_schema.processlist WHERE state = 'User sleep'"
    try:
        yield
        until("it is in the middle of it", lambda: run(mariadb, sleeping), 60)
        mariadb.kill()
    finally:
        mariadb.start()
        run(mariadb, f"DROP TRIGGER {schema}.stop")


def applied_until_killed(
    operator: Operator, mariadb: MariaDb, table: str, condition: str, command: tuple[str, ...] = COMMAND
) -> Ran:
    with ThreadPoolExecutor() as beside:
        with killed_at(mariadb, table, condition):
            applying = beside.submit(operator.apply, command=command)
        return applying.result()


@pytest.mark.parametrize("row", [0, 2_500, -1])
def test_in_mid_fill(
    row: int,
    mariadb: MariaDb,
    database: MySqlAddress,
    stack: Addresses,
    admin: KafkaAdminClient,
    make_topic: Callable[..., str],
    produce: Produce,
    unique: Unique,
    tmp_path: Path,
) -> None:
    """At the first row, at one in the middle and at the last one, of 3,000 that are missing."""
    operator = Operator.at(tmp_path / "operator", replace(stack, mysql=database), TIMING + LIMITS)
    topic = make_topic(partitions=12, configs={"retention.ms": "-1"})
    field = Field(operator, database, topic, unique("group"), admin)
    happened = loads(4_000, step=HOUR / 2_000)
    produce(topic, spread(happened))
    field.insert(happened[::4])
    operator.write(field.document(START, START + 2 * HOUR))
    missing = sorted(event["uuid"] for number, event in enumerate(happened) if number % 4)
    at = f"NEW.uuid = '{missing[row]}'"

    temporary = tmp_path / "temporary"
    temporary.mkdir()
    command = ("env", f"TMPDIR={temporary}", *COMMAND)
    lost = applied_until_killed(operator, mariadb, f"`{database.database}`.`{LOADS}`", at, command)
    assert lost.code == 69, lost
    assert list(temporary.iterdir()) == [], "rows that were made ready"
    assert lost.ending("BackfillWindow/m4/window") == "failed"
    ((rows, uuids),) = field.execute(f"SELECT count(*), count(DISTINCT uuid) FROM `{LOADS}`")
    assert 1_000 <= rows == uuids < 4_000

    again = operator.apply("--wait", "30s")
    assert again.code == 0, again
    assert f"{4_000 - rows:,} rows put in, read back by uuid" in again.out
    ((rows, uuids),) = field.execute(f"SELECT count(*), count(DISTINCT uuid) FROM `{LOADS}`")
    assert rows == uuids == 4_000
    assert field.uuids() == uuids_of(happened)
    assert EMPTY in operator.plan().out


@pytest.mark.parametrize("state", ["started", "sending", "acknowledged", "settled"])
def test_in_mid_ledger_write(
    state: str,
    mariadb: MariaDb,
    database: MySqlAddress,
    stack: Addresses,
    admin: KafkaAdminClient,
    make_topic: Callable[..., str],
    produce: Callable[[str, Mapping[int, Any]], None],
    unique: Unique,
    tmp_path: Path,
) -> None:
    """While a word of a shift is written: the group is moved once."""
    topic = make_topic(partitions=2)
    produce(topic, {0: events(), 1: events()})
    world = ConsumerGroupWorld(stack, admin, unique("group"), topic, tmp_path)
    world.diverged()
    operator = Operator.at(
        tmp_path / "operator", replace(stack, mysql=database), ledger=f"mysql: m4, database: {database.database}"
    )
    operator.write(world.document)

    table = f"`{database.database}`.elreconcile_history"
    lost = applied_until_killed(operator, mariadb, table, f"NEW.state = '{state}'")
    assert lost.code in (3, 69), lost
    sent = {"uncertain"} if state in ("acknowledged", "settled") else {"failed", "not reached", "uncertain"}
    assert lost.ending(f"ConsumerGroup/analytics/{world.name}") in sent, lost
    assert set(world.commits().values()) == ({60} if state in ("started", "sending") else {20})

    again = operator.apply("--wait", "30s")
    assert again.code == 0, again
    assert world.is_converged(), world.commits()
    world.commit(topic, {0: 100, 1: 100})
    assert operator.apply().code == 0
    assert set(world.commits().values()) == {100}, "carried out once"
    assert operator.plan("--detailed-exitcode").code == 0
