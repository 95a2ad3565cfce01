"""The document: a window of event time whose missing rows are to be put into MySQL, once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import Discriminator, Field, Tag, model_validator

from elreconcile.desired.spec import Instant, KafkaName, MySqlName, Name, Span, Spec, Strict
from elreconcile.kinds.backfill_window.clock import FIRST_YEAR
from elreconcile.model.address import Address

LAST = datetime.max.replace(tzinfo=UTC)

SCHEMA = "{schema}"
"""Stands in a topic's name for each schema."""


class Topic(Strict):
    """Events as they lie in Kafka."""

    kafka: KafkaName = Field(description="A Kafka system named in elreconcile.yaml.")
    topic: Name = Field(description="The topic; `eventlogging_{schema}` where each schema has its own.")


class Files(Strict):
    """Events as EventLogging archived them, one JSON text a line, plain or gzip."""

    files: str = Field(description="A glob; a relative one starts at this document's folder.", min_length=1)


Source: TypeAlias = Annotated[
    Annotated[Topic, Tag("topic")] | Annotated[Files, Tag("files")],
    Discriminator(lambda value: "files" if _has_files(value) else "topic"),
]


def _has_files(value: object) -> bool:
    return "files" in value if isinstance(value, dict) else isinstance(value, Files)


class Sink(Strict):
    """Where the rows belong."""

    mysql: MySqlName = Field(description="A MySQL server named in elreconcile.yaml.")
    writer: Name | None = Field(
        None, description="The group that writes there: events past its commits are pending, not missing."
    )
    buffer: Span = Field(
        timedelta(minutes=5), description="How long the writer may hold a row in memory: EventLogging's batch_time."
    )
    replica: MySqlName | None = Field(None, description="A copy of the tables that must get the rows too.")


class Pace(Strict):
    """How gently the window is read and filled. The first reason to wait is shown."""

    events_per_second: Annotated[int, Field(gt=0)] | None = Field(None, description="Events read, at most.")
    rows_per_second: Annotated[int, Field(gt=0)] | None = Field(None, description="Rows put in, at most.")
    max_replica_lag: Span | None = Field(None, description="Wait while the replica is further behind than this.")
    max_threads_running: Annotated[int, Field(gt=0)] | None = Field(
        None, description="Wait while the server has more threads running."
    )
    stop_file: str | None = Field(
        None, description="Wait while this file exists; a relative path starts at this document's folder.", min_length=1
    )


class BackfillWindow(Spec):
    """A request: find the events of a window that have no row, and put exactly those in."""

    kind: Literal["BackfillWindow"]
    expires: Instant = Field(description="Past this time it is never carried out, settled or not.")
    reason: str | None = Field(None, description="For people: a ticket, an incident.")
    since: Instant = Field(description="The first event time of the window.")
    until: Instant = Field(description="The first event time after the window.")
    late: Span = Field(timedelta(hours=6), description="How long after `until` its events may have reached the source.")
    source: Source
    sink: Sink
    schemas: tuple[Name, ...] = Field(
        description="Schemas, of every revision, or Schema_revision; for EventBus its topics.", min_length=1
    )
    eligible: Literal["without_bots", "all"] = Field(
        "without_bots", description="Which events belong in MySQL: EventLogging leaves out bots but MediaWiki's own."
    )
    event_schemas: str | None = Field(
        None, description="A folder of Schema_revision.json, on this machine or beside the document.", min_length=1
    )
    pace: Pace = Pace()

    @model_validator(mode="after")
    def _since_before_until(self) -> BackfillWindow:
        if self.until <= self.since:
            raise ValueError(f"until ({self.until:%Y-%m-%dT%H:%M:%SZ}) must be later than since")
        if self.since.microsecond or self.until.microsecond:
            raise ValueError("since and until are whole seconds: the tables know no finer time")
        return self

    @model_validator(mode="after")
    def _within_a_calendar(self) -> BackfillWindow:
        if self.since.year < FIRST_YEAR:
            raise ValueError(f"since must not be before {FIRST_YEAR}: no event is, whatever time it tells")
        if self.late > LAST - self.until:
            raise ValueError("until and late together must not go past the year 9999")
        return self

    @model_validator(mode="after")
    def _fits_together(self) -> BackfillWindow:
        if self.sink.writer and isinstance(self.source, Files):
            raise ValueError("sink.writer says nothing about files: its commits are offsets of a topic")
        if self.pace.max_replica_lag is not None and self.sink.replica is None:
            raise ValueError("pace.max_replica_lag needs sink.replica, the copy whose lag is meant")
        return self

    def anchored(self, folder: Path) -> BackfillWindow:
        """The same, with relative paths starting at the folder of its document."""
        changed: dict[str, object] = {}
        if isinstance(self.source, Files):
            changed["source"] = Files(files=str(folder / self.source.files))
        if self.event_schemas is not None:
            changed["event_schemas"] = str(folder / self.event_schemas)
        if self.pace.stop_file is not None:
            changed["pace"] = self.pace.model_copy(update={"stop_file": str(folder / self.pace.stop_file)})
        return self.model_copy(update=changed)

    def address(self) -> Address:
        return Address(self.kind, self.sink.mysql, self.name)

    def topics(self) -> tuple[str, ...]:
        """The topics to read; none for files."""
        if isinstance(self.source, Files):
            return ()
        if SCHEMA not in self.source.topic:
            return (self.source.topic,)
        names = dict.fromkeys(self.source.topic.replace(SCHEMA, schema_of(name)) for name in self.schemas)
        return tuple(names)


def schema_of(name: str) -> str:
    """`Edit` of both `Edit` and `Edit_13457736`."""
    schema, _, revision = name.rpartition("_")
    return schema if schema and revision.isdigit() else name
