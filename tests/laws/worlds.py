"""For each kind, the three worlds the laws ask for, made on the real servers, and a look at what is there."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import requests
from kafka import KafkaAdminClient
from kafka.structs import OffsetAndMetadata, TopicPartition

from elreconcile.kinds.consumer_group.marks import is_ours
from elreconcile.systems import mysql_blacklist
from elreconcile.systems.kafka_values import Commit
from sandbox.addresses import Addresses
from sandbox.eventlogging.mapper import row_of
from sandbox.eventlogging.tables import SCHEMAS, create_table
from sandbox.events import Record, edit, produce, record
from sandbox.waiting import until
from tests import blacklists
from tests.operator import Operator

EVENTS = 100


class World(ABC):
    """One document's part of the world. `look` gives back everything of it that an apply may change."""

    kind: ClassVar[str]
    fills_what_is_absent: ClassVar[bool] = False
    document: str

    def __init__(self, servers: Addresses, admin: KafkaAdminClient, name: str, topic: str, folder: Path) -> None:
        self.folder = folder
        self.servers = servers
        self.admin = admin
        self.name = name
        self.topic = topic

    @abstractmethod
    def absent(self) -> None:
        """What the document speaks of is not there."""

    @abstractmethod
    def diverged(self) -> None:
        """It is there, and not as the document says."""

    def converge(self, operator: Operator) -> None:
        """As the document says, by the tool's own hand."""
        self.diverged()
        done = operator.apply("--wait", "30s")
        assert done.code == 0, done

    @abstractmethod
    def look(self) -> Any: ...

    @abstractmethod
    def is_converged(self) -> bool: ...

    def commit(self, topic: str, offsets: dict[int, int]) -> None:
        places = {TopicPartition(topic, part): OffsetAndMetadata(offset, "", -1) for part, offset in offsets.items()}
        answers = self.admin.alter_group_offsets(self.name, places)
        assert {answer.__name__ for answer in answers.values()} == {"NoError"}, answers

    def commits(self) -> dict[tuple[str, int], int]:
        found = self.admin.list_group_offsets({self.name: None})[self.name]
        return {(place.topic, place.partition): commit.offset for place, commit in found.items() if commit.offset >= 0}

    def words(self) -> set[str]:
        """What stands beside the group's commits."""
        return {commit.metadata for commit in self.admin.list_group_offsets({self.name: None})[self.name].values()}

    def marks(self) -> dict[tuple[str, int], bool]:
        found = self.admin.list_group_offsets({self.name: None})[self.name]
        return {
            (place.topic, place.partition): is_ours(Commit(commit.offset, commit.metadata))
            for place, commit in found.items()
            if commit.offset >= 0
        }


class ConsumerGroupWorld(World):
    """A shift of -40 from 60: what was carried out twice shows as 20 or less."""

    kind = "ConsumerGroup"

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.document = f"""
kind: ConsumerGroup
name: {self.name}
cluster: analytics
reset:
  id: law
  expires: 2040-01-01T00:00:00Z
  to: {{shift: -40}}
  topics: {{{self.topic}: }}
"""

    def absent(self) -> None:
        """A group that has never committed."""

    def diverged(self) -> None:
        self.commit(self.topic, {0: 60, 1: 60})

    def look(self) -> Any:
        return self.commits(), self.marks()

    def is_converged(self) -> bool:
        return self.commits() == {(self.topic, 0): 20, (self.topic, 1): 20}


class BurrowMonitorWorld(World):
    """A group that once read a second topic."""

    kind = "BurrowMonitor"

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.stale = f"{self.topic}-stale"
        self.document = f"""
kind: BurrowMonitor
name: {self.name}
burrow: analytics
topics: [{self.topic}]
"""

    def absent(self) -> None:
        """Burrow has never heard of the group."""

    def diverged(self) -> None:
        if self.stale not in self.admin.list_topics():
            self.admin.create_topics({self.stale: {"num_partitions": 1, "replication_factor": 1}})
        until("Burrow has met the topics", lambda: {self.topic, self.stale} <= set(self._get("topic")["topics"]))
        self.commit(self.stale, {0: 0})
        self.commit(self.topic, {0: 60, 1: 60})
        until("Burrow monitors both", lambda: self.look() == [self.topic, self.stale])

    def look(self) -> Any:
        return sorted(self._get(f"consumer/{self.name}").get("topics", {}))

    def is_converged(self) -> bool:
        """The wanted topic can only come back with a commit of the group's own."""
        return self.look() in ([], [self.topic])

    def _get(self, path: str) -> Any:
        burrow = self.servers.burrow
        return requests.get(f"{burrow.url}/v3/kafka/{burrow.cluster}/{path}", timeout=5).json()


class SchemaBlacklistWorld(World):
    """A table and a writer's file. `name` is the output, which no other test uses."""

    kind = "SchemaBlacklist"
    fills_what_is_absent = True

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.document = blacklists.document(
            blacklists.entry("Edit", "2040-01-01T00:00:00Z"),
            blacklists.entry("Popups"),
            output=self.name,
            enforce_in=self.folder / self.topic / "processor*",
        )
        self.uri = f"kafka:///kafka1012:9092?topic={self.name}&blacklist=^(Analytics)$"

    @property
    def file(self) -> Path:
        return self.folder / self.topic / "processor"

    def absent(self) -> None:
        """No row of it, and a writer that knows nothing of it."""
        self._write(self.uri)

    def diverged(self) -> None:
        """A row with another reason, one too many, and their schemas in the file."""
        self._write(f"{self.uri}%7C%28%3F%23elreconcile%29%5E%28Edit%7CPrint%29%24")
        values = [(self.name, schema, True, "old", "ops") for schema in ("Edit", "Print")]
        with self.servers.mysql.connect() as connection, connection.cursor() as cursor:
            cursor.execute(mysql_blacklist.DDL)
            columns = "output, schema_name, managed, reason, added_by"
            cursor.executemany(f"REPLACE INTO {mysql_blacklist.TABLE} ({columns}) VALUES (%s, %s, %s, %s, %s)", values)

    def look(self) -> Any:
        """Rows, the file, and everything beside it."""
        beside = sorted(path.name for path in self.file.parent.iterdir() if path.is_file())
        return self._rows(), self.file.read_bytes(), [name for name in beside if "processor" in name]

    def is_converged(self) -> bool:
        wanted = (("Edit", "T120000", "2040-01-01 00:00:00.000000"), ("Popups", "T120000", None))
        names = ("Analytics", "Edit", "Popups", "Print")
        through = blacklists.lets_through(blacklists.uri_of(self.file, self.name), *names)
        rows, _, files = self.look()
        return rows == wanted and list(through.values()) == [False, False, False, True] and files == ["processor"]

    def _write(self, uri: str) -> None:
        self.file.parent.mkdir(exist_ok=True)
        self.file.write_text(blacklists.processor(uri))

    def _rows(self) -> Any:
        columns = "schema_name, reason, CAST(expires AS CHAR)"
        sql = f"SELECT {columns} FROM {mysql_blacklist.TABLE} WHERE output = %s ORDER BY 1"
        with self.servers.mysql.connect() as connection, connection.cursor() as cursor:
            cursor.execute(mysql_blacklist.DDL)
            cursor.execute(sql, (self.name,))
            return cursor.fetchall()


class BackfillWindowWorld(World):
    """Events of an hour two days ago, of a schema and a table that no other test uses."""

    kind = "BackfillWindow"
    fills_what_is_absent = True

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.schema = "Law" + re.sub("[^A-Za-z0-9]", "", self.topic)[-12:]
        since = (datetime.now(UTC) - timedelta(days=2)).replace(minute=0, second=0, microsecond=0)
        self.capsules = [
            {**edit(number, since + timedelta(seconds=number)), "schema": self.schema, "revision": 1}
            for number in range(2_200)
        ]
        produce(self.servers.kafka, self.topic, {0: [record(capsule) for capsule in self.capsules]})
        schemas = self.folder / f"schemas-{self.schema}"
        schemas.mkdir()
        (schemas / f"{self.schema}_1.json").write_text((SCHEMAS / "Edit_13457736.json").read_text())
        self.document = f"""
kind: BackfillWindow
name: {self.name}
expires: 2040-01-01T00:00:00Z
since: {since:%Y-%m-%dT%H:%M:%SZ}
until: {since + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}
source: {{kafka: analytics, topic: {self.topic}}}
sink: {{mysql: m4}}
schemas: [{self.schema}]
event_schemas: {schemas}
"""

    def absent(self) -> None:
        """No table, and so not one row."""

    def diverged(self) -> None:
        """Every third row is there."""
        with self.servers.mysql.connect() as connection, connection.cursor() as cursor:
            cursor.execute(create_table(self.schema, 1, self.folder / f"schemas-{self.schema}"))
            rows = [(each["uuid"], row_of(each)["timestamp"]) for each in self.capsules[::3]]
            cursor.executemany(f"INSERT INTO {self.schema}_1 (uuid, timestamp) VALUES (%s, %s)", rows)

    def look(self) -> Any:
        with self.servers.mysql.connect() as connection, connection.cursor() as cursor:
            cursor.execute("SHOW TABLES LIKE %s", (f"{self.schema}_1",))
            if not cursor.fetchall():
                return None
            cursor.execute(f"SELECT uuid, timestamp, event_action FROM {self.schema}_1 ORDER BY uuid")
            return cursor.fetchall()

    def is_converged(self) -> bool:
        return [row[0] for row in self.look()] == sorted(each["uuid"] for each in self.capsules)


WORLDS: dict[str, Callable[..., World]] = {
    world.kind: world for world in (ConsumerGroupWorld, BurrowMonitorWorld, SchemaBlacklistWorld, BackfillWindowWorld)
}


def events() -> list[Record]:
    return [Record(b'{"dt": "2018-03-13T13:29:11Z"}', 1_520_947_751_000 + number * 1000) for number in range(EVENTS)]
