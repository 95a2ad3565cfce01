"""What a backfill window lies between, a topic, a database and an operator, and the events that lie in it."""

from __future__ import annotations

import json
import subprocess
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from kafka import KafkaAdminClient
from kafka.structs import OffsetAndMetadata, TopicPartition

from sandbox.addresses import MySqlAddress
from sandbox.eventlogging.mapper import row_of
from sandbox.eventlogging.tables import SCHEMAS, create_table, table_name
from sandbox.events import Capsule, Record, navigation_timing, record
from tests.operator import COMMAND, Operator

START = datetime(2018, 3, 13, 6, tzinfo=UTC)
HOUR = timedelta(hours=1)
LOADS, EDITS = "NavigationTiming_10374055", "Edit_13457736"
Produce = Callable[[str, Mapping[int, Sequence[Record]]], None]
LIMITS = "limits: {purge_horizon: null}\n"
EMPTY = "Nothing to do"


@dataclass(frozen=True, slots=True)
class Field:
    operator: Operator
    database: MySqlAddress
    topic: str
    group: str
    admin: KafkaAdminClient

    def document(self, since: datetime, until: datetime, **other: Any) -> str:
        """Fields of `other` stand above the usual ones; None leaves one out."""
        fields = {
            "kind": "BackfillWindow",
            "name": "window",
            "expires": "2040-01-01T00:00:00Z",
            "since": f"{since:%Y-%m-%dT%H:%M:%SZ}",
            "until": f"{until:%Y-%m-%dT%H:%M:%SZ}",
            "source": {"kafka": "analytics", "topic": self.topic},
            "sink": {"mysql": "m4"},
            "schemas": ["Edit", "NavigationTiming", "ServerSideAccountCreation"],
            "event_schemas": str(SCHEMAS),
        }
        return json.dumps({name: value for name, value in (fields | other).items() if value is not None})

    def commit(self, offsets: Mapping[int, int]) -> None:
        places = {TopicPartition(self.topic, part): OffsetAndMetadata(at, "", -1) for part, at in offsets.items()}
        answers = self.admin.alter_group_offsets(self.group, places)
        assert {answer.__name__ for answer in answers.values()} == {"NoError"}

    def committed(self) -> int:
        return sum(commit.offset for commit in self.admin.list_group_offsets({self.group: None})[self.group].values())

    def execute(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with closing(self.database.connect()) as connection, connection.cursor() as cursor:
            cursor.execute(sql, values)
            return list(cursor.fetchall())

    def create(self, schema: str, revision: int) -> None:
        self.execute(create_table(schema, revision).replace("%", "%%"))

    def insert(self, events: Iterable[Capsule]) -> None:
        """As EventLogging's writer would have, into tables that it makes."""
        by_table: dict[tuple[str, int], list[Capsule]] = defaultdict(list)
        for event in events:
            by_table[event["schema"], event["revision"]].append(event)
        with closing(self.database.connect(autocommit=False)) as connection, connection.cursor() as cursor:
            for (schema, revision), several in by_table.items():
                cursor.execute(create_table(schema, revision))
                for row in map(row_of, several):
                    names = ", ".join(f"`{name}`" for name in row)
                    marks = ", ".join(["%s"] * len(row))
                    cursor.execute(
                        f"INSERT INTO `{table_name(schema, revision)}` ({names}) VALUES ({marks})", list(row.values())
                    )
            connection.commit()

    def tables(self) -> Sequence[str]:
        """Of events: our own are left out."""
        return [name for (name,) in self.execute("SHOW TABLES") if not name.startswith("elreconcile_")]

    def counts(self) -> Mapping[str, int]:
        return {name: self.execute(f"SELECT count(*) FROM `{name}`")[0][0] for name in self.tables()}

    def uuids(self) -> Mapping[str, Sequence[str]]:
        """Sorted, as they are: one twice would show."""
        return {
            name: [uuid for (uuid,) in self.execute(f"SELECT uuid FROM `{name}` ORDER BY uuid")]
            for name in self.tables()
        }

    def planned(self) -> Any:
        """The one change of the plan made now, as JSON."""
        (change,) = self.operator.plan("--json").json["changes"]
        return change

    def counted(self) -> Mapping[str, Sequence[int]]:
        """Eligible, present, missing, pending, misplaced and bots, by table, as the plan shows them."""
        return counted(self.planned())

    def refused(self) -> Sequence[str]:
        """The ids of what forbids the plan, with what they say."""
        return [f"{one['id']}: {one['what']}: {one['value']}" for one in self.planned()["refusals"]]


def counted(change: Any) -> Mapping[str, Sequence[int]]:
    empty: Mapping[str, Any] = {"rows": []}
    table = next((block for block in change["details"] if "bots" in block.get("columns", ())), empty)
    return {row[0]: [int(cell.replace(",", "")) for cell in row[1:7]] for row in table["rows"]}


def uuids_of(events: Iterable[Capsule]) -> Mapping[str, Sequence[str]]:
    """What should stand in the tables, once for each uuid."""
    found: dict[str, set[str]] = defaultdict(set)
    for event in events:
        if not event["userAgent"]["is_bot"]:
            found[table_name(event["schema"], event["revision"])].add(event["uuid"])
    return {table: sorted(uuids) for table, uuids in found.items()}


def loads(count: int, since: datetime = START, step: timedelta = timedelta(seconds=10)) -> list[Capsule]:
    return [navigation_timing(number, since + number * step) for number in range(count)]


def spread(events: Sequence[Capsule]) -> Mapping[int, Sequence[Record]]:
    return {part: [record(event) for event in events[part::12]] for part in range(12)}


def raw(value: bytes, at: datetime = START) -> Record:
    return Record(value, int(at.timestamp() * 1000))


def text(event: Mapping[str, Any], at: datetime = START) -> Record:
    return raw(as_json(event), at)


def as_json(event: Mapping[str, Any] | list[int]) -> bytes:
    return json.dumps(event).encode()


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
