"""A Kafka cluster, read. Nothing here can change it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from types import TracebackType
from typing import Self, TypeVar

from tenacity import Retrying, retry_if_exception_type, stop_before_delay, wait_random_exponential

from elreconcile.desired.config import KafkaConfig
from elreconcile.errors import Unreachable
from elreconcile.systems import kafka_groups, kafka_offsets, kafka_records, kafka_rights, kafka_topics
from elreconcile.systems.deadline import Deadline
from elreconcile.systems.kafka_answers import Call
from elreconcile.systems.kafka_connection import Transient, connect
from elreconcile.systems.kafka_values import (
    Bounds,
    Cluster,
    Commit,
    Found,
    GroupListing,
    Lookup,
    Member,
    Partition,
    Position,
    Record,
    Topic,
    TopicSettings,
)

T = TypeVar("T")


class KafkaReader:
    """Connects at once. Any question raises Unreachable when it is not answered within `deadline` seconds,
    and NotAuthorized when Kafka will not answer us: an empty answer is never a lack of rights that was
    noticed. Not for use by several threads at once.
    """

    def __init__(self, name: str, settings: KafkaConfig, deadline: float) -> None:
        self.name = name
        self._deadline = deadline
        self._connection = connect(f"Kafka {name}", settings, Deadline(deadline))
        self._coordinators: dict[str, int] = {}
        self._leaders: dict[Partition, int] = {}
        self._asked: set[str] = set()

    def cluster(self) -> Cluster:
        connection = self._connection
        return Cluster(connection.cluster_id, len(connection.brokers), connection.version)

    def groups(self) -> Mapping[str, GroupListing]:
        """All groups we may describe. Kafka leaves out the others without a word: see `rights`.

        It also leaves out groups whose coordinator is just moving, unless this reader was asked about them before.
        """
        return self._answer(kafka_groups.list_groups)

    def members(self, groups: Collection[str]) -> Mapping[str, tuple[Member, ...]]:
        """Of classic groups: one of another type, and one that does not exist, looks as if it had none."""
        return self._answer(lambda call: kafka_groups.members(call, groups))

    def commits(self, groups: Collection[str]) -> Mapping[str, Mapping[Partition, Commit]]:
        """By group; an empty mapping for one that does not exist. Kafka leaves out topics we may not see."""
        return self._answer(lambda call: kafka_groups.commits(call, groups))

    def topics(self, names: Collection[str]) -> Mapping[str, Topic]:
        """Those that exist. Asking makes none."""
        return self._answer(lambda call: kafka_topics.topics(call, names))

    def topic_settings(self, topics: Collection[str]) -> Mapping[str, TopicSettings]:
        """Of topics that exist."""
        return self._answer(lambda call: kafka_topics.settings(call, topics))

    def bounds(self, partitions: Collection[Partition]) -> Mapping[Partition, Bounds]:
        """Of partitions that exist. Records of transactions that are still open count."""
        return self._answer(lambda call: kafka_offsets.bounds(call, partitions))

    def offsets_at(self, lookups: Collection[Lookup]) -> Mapping[Lookup, Found | None]:
        """The first record not older than each time; None where all are older."""
        return self._answer(lambda call: kafka_offsets.offsets_at(call, lookups))

    def newest_timestamps(self, partitions: Collection[Partition]) -> Mapping[Partition, Found]:
        """The record with the latest time, not always the last one; partitions without records left out."""
        return self._answer(lambda call: kafka_offsets.newest_timestamps(call, partitions))

    def records(self, positions: Collection[Position]) -> Mapping[Position, Record]:
        """The first record at or after each position, transaction markers left out; absent behind the end.

        Records of open and of aborted transactions count. All values are held in memory.
        """
        return self._answer(lambda call: kafka_records.records(call, positions))

    def rights(self, groups: Collection[str], topics: Collection[str] = ()) -> None:
        """Raises NotAuthorized for what we lack to read about these groups and topics."""
        self._answer(lambda call: kafka_rights.examine_to_read(call, groups, topics))

    def close(self) -> None:
        """Idempotent."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _answer(self, question: Callable[[Call], T]) -> T:
        """Ask until Kafka no longer asks us to try again, within the deadline."""
        call = self._call()
        patience = Retrying(
            retry=retry_if_exception_type(Transient),
            wait=wait_random_exponential(multiplier=0.05, max=1),
            stop=stop_before_delay(self._deadline),
            before_sleep=lambda _: call.forget_places(),
            reraise=True,
        )
        try:
            return patience(question, call)
        except Transient as error:
            raise Unreachable(call.system, str(error), call.deadline.elapsed) from error

    def _call(self) -> Call:
        return Call(self._connection, Deadline(self._deadline), self._coordinators, self._leaders, self._asked)
