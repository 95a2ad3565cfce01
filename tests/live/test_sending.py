"""Rows on their way into a table: never more under way than told of, and counted also where one load fails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field

import pytest

from elreconcile.desired.config import MySqlConfig
from elreconcile.errors import ElreconcileError
from elreconcile.kinds.backfill_window.rows import Row
from elreconcile.kinds.backfill_window.sending import AHEAD, COMMIT, Filled, Sender
from elreconcile.systems.event_loading import Loader
from elreconcile.systems.event_tables import describe
from elreconcile.systems.mysql import MySqlConnection, connect
from sandbox.addresses import MySqlAddress


@dataclass
class Sending:
    sender: Sender
    filled: Filled
    told: list[int] = field(default_factory=list)


@pytest.fixture
def mysql(database: MySqlAddress) -> Iterator[MySqlConnection]:
    settings = MySqlConfig.model_validate(
        {"host": database.host, "port": database.port, "database": database.database, "user": database.user}
    )
    with closing(connect("m4", settings, 60, local_infile=True)) as connection:
        yield connection


@pytest.fixture
def sending(mysql: MySqlConnection) -> Iterator[Sending]:
    mysql.execute("CREATE TABLE Edit_1 (uuid CHAR(32) PRIMARY KEY, timestamp VARCHAR(14))")
    table = describe(mysql, "Edit_1")
    assert table is not None
    filled, told = Filled(), list[int]()
    with closing(Sender({"Edit_1": table}, Loader(mysql), filled, told.append)) as sender:
        yield Sending(sender, filled, told)


def row(number: int, **more: str) -> Row:
    id_ = number.to_bytes(16)
    return Row(id_, {"uuid": id_.hex(), "timestamp": "20180313060000", **more})


def in_table(mysql: MySqlConnection) -> object:
    return mysql.execute("SELECT count(*) FROM Edit_1")[0][0]


def test_no_more_are_under_way_than_were_told_of(sending: Sending, mysql: MySqlConnection) -> None:
    rows = [row(number) for number in reversed(range(3 * COMMIT + 500))]
    sending.sender.add("Edit_1", rows)
    sending.sender.go_on()
    assert sending.told == [COMMIT] * AHEAD
    assert sending.filled.samples[0] == ("Edit_1", row(0)), "sorted by id"

    sending.sender.send_all()
    assert sending.told == [COMMIT] * 3 + [500]
    assert sending.filled.inserted == {"Edit_1": len(rows)}
    assert in_table(mysql) == len(rows)


def test_a_load_that_fails_is_raised_and_the_others_are_counted(sending: Sending, mysql: MySqlConnection) -> None:
    wrong = [row(number, nope="x") for number in range(COMMIT)]
    sending.sender.add("Edit_1", [*wrong, *(row(COMMIT + number) for number in range(2 * COMMIT))])
    sending.sender.go_on()
    with pytest.raises(ElreconcileError, match="nope"):
        sending.sender.finish()

    sending.sender.close()
    assert sending.filled.inserted == {"Edit_1": COMMIT}
    assert in_table(mysql) == COMMIT, "the third load was not begun"
