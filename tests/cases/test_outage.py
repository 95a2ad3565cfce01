"""The outage of 2015-10-14, found and filled by the command itself, on real servers."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaAdminClient

from sandbox import outage
from sandbox.addresses import Addresses, MySqlAddress
from sandbox.eventlogging.tables import SCHEMAS
from sandbox.eventlogging.unit import EventLogging
from sandbox.waiting import until
from tests.operator import COMMAND, TIMING, Operator

HOURS = [455, 455, 454, 455, 454, 455, 454, 455, 454, 455, 454]
LIMITS = "limits: {purge_horizon: null}\n"
EMPTY = "Nothing to do"


@dataclass(frozen=True, slots=True)
class Scene:
    operator: Operator
    database: MySqlAddress
    topic: str
    group: str

    def document(self, **other: Any) -> str:
        fields = {
            "kind": "BackfillWindow",
            "name": "2015-10-14-mysql-outage",
            "expires": "2030-01-01T00:00:00Z",
            "since": "2015-10-14T06:00:00Z",
            "until": "2015-10-14T17:00:00Z",
            "source": {"kafka": "analytics", "topic": self.topic},
            "sink": {"mysql": "m4", "writer": self.group},
            "schemas": ["Edit", "NavigationTiming", "ServerSideAccountCreation"],
            "event_schemas": str(SCHEMAS),
        }
        return json.dumps(fields | other)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with self.database.connect() as connection, connection.cursor() as cursor:
            cursor.execute(sql)
            return list(cursor.fetchall())

    def counts(self) -> Mapping[str, int]:
        return {name: self.rows(f"SELECT count(*) FROM `{name}`")[0][0] for (name,) in self.rows("SHOW TABLES")}

    def uuids(self) -> Mapping[str, set[str]]:
        return {
            name: {uuid for (uuid,) in self.rows(f"SELECT uuid FROM `{name}`")} for (name,) in self.rows("SHOW TABLES")
        }


def wanted_uuids() -> Mapping[str, set[str]]:
    found: dict[str, set[str]] = {}
    for event in outage.capsules():
        if not event["userAgent"]["is_bot"]:
            found.setdefault(f"{event['schema']}_{event['revision']}", set()).add(event["uuid"])
    return found


@pytest.fixture
def scene(
    stack: Addresses,
    database: MySqlAddress,
    make_topic: Callable[..., str],
    produce: Callable[..., None],
    eventlogging: Callable[..., EventLogging],
    admin: KafkaAdminClient,
    tmp_path: Path,
) -> Iterator[Scene]:
    """After the outage: everything committed, 3,000 rows of one table."""
    topic = make_topic(partitions=outage.PARTITIONS, configs={"retention.ms": "-1"})
    produce(topic, outage.by_partition(outage.capsules()))
    consumer = eventlogging(topic)
    consumer.start()
    until("all committed", lambda: committed(admin, consumer.group) == 7_800, 60)
    consumer.terminate()
    operator = Operator.at(tmp_path / "operator", replace(stack, mysql=database), TIMING + LIMITS)
    yield Scene(operator, database, topic, consumer.group)


def committed(admin: KafkaAdminClient, group: str) -> int:
    return sum(commit.offset for commit in admin.list_group_offsets({group: None})[group].values())


def hourly(scene: Scene, table: str) -> list[int]:
    rows = scene.rows(f"SELECT left(timestamp, 10), count(*) FROM `{table}` GROUP BY 1 ORDER BY 1")
    return [count for _, count in rows]


def test_the_outage_is_found_filled_and_settled(scene: Scene, admin: KafkaAdminClient) -> None:
    assert scene.counts() == {"NavigationTiming_10374055": 3_000}
    scene.operator.write(scene.document())

    planned = scene.operator.plan("--detailed-exitcode")
    assert planned.code == 2, planned.err
    table = {cells[0]: cells[1:7] for cells in map(str.split, planned.out.splitlines()) if len(cells) > 7}
    assert table["NavigationTiming_10374055"] == ["5,000", "3,000", "2,000", "0", "0", "200"]
    assert table["Edit_13457736"] == ["2,500", "0", "2,500", "0", "0", "0"]
    assert table["ServerSideAccountCreation_5487345"] == ["100", "0", "100", "0", "0", "0"]
    assert "puts in 4,600 rows" in planned.out
    assert scene.counts() == {"NavigationTiming_10374055": 3_000}, "a plan changes nothing"

    applied = scene.operator.apply()
    assert applied.code == 0, applied.err + applied.out
    assert "4,600 rows put in, read back by uuid" in applied.out
    assert scene.uuids() == wanted_uuids()
    assert scene.counts() == outage.TABLES
    assert hourly(scene, "NavigationTiming_10374055") == HOURS
    assert committed(admin, scene.group) == 7_800, "the live group is left alone"

    again = scene.operator.plan("--detailed-exitcode")
    assert (again.code, EMPTY in again.out) == (0, True), again.out
    assert scene.operator.apply().code == 0
    assert scene.counts() == outage.TABLES
