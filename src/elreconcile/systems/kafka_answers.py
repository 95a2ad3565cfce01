"""Kafka's error codes, read without mistaking "not allowed" or "not now" for "not there"."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from kafka import errors

from elreconcile.errors import Unreachable
from elreconcile.systems.deadline import Deadline
from elreconcile.systems.kafka_connection import Ask, Connection, Transient
from elreconcile.systems.kafka_values import Partition
from elreconcile.systems.not_authorized import NotAuthorized

OFFSET_OUT_OF_RANGE = errors.OffsetOutOfRangeError.errno
UNKNOWN_TOPIC = errors.UnknownTopicOrPartitionError.errno
INVALID_TOPIC = errors.InvalidTopicError.errno
NOT_ALLOWED_ON_TOPIC = errors.TopicAuthorizationFailedError.errno
NOT_ALLOWED_ON_GROUP = errors.GroupAuthorizationFailedError.errno
GROUP_NOT_FOUND = errors.GroupIdNotFoundError.errno

LOADING = errors.CoordinatorLoadInProgressError.errno
COORDINATOR_MOVES = (errors.CoordinatorNotAvailableError.errno, errors.NotCoordinatorError.errno)
LEADER_MOVES = (
    UNKNOWN_TOPIC,  # also what a broker says that has not heard of a new topic yet
    errors.LeaderNotAvailableError.errno,
    errors.NotLeaderForPartitionError.errno,
    errors.FencedLeaderEpochError.errno,
    errors.UnknownLeaderEpochError.errno,
    errors.ReplicaNotAvailableError.errno,
    errors.KafkaStorageError.errno,
)
TRANSIENT = frozenset((LOADING, *COORDINATOR_MOVES, *LEADER_MOVES))


@dataclass(slots=True)
class Call:
    """One question to a cluster, however many requests it takes, within one deadline.

    `coordinators` and `leaders` are remembered from one question to the next; forgotten when Kafka says that
    they moved. `asked` are the groups that any question was about.
    """

    connection: Connection
    deadline: Deadline
    coordinators: dict[str, int]
    leaders: dict[Partition, int]
    asked: set[str]

    @property
    def system(self) -> str:
        return self.connection.system

    def renewed(self) -> Call:
        """For one of many steps, each of which may take as long as a question."""
        return replace(self, deadline=Deadline(self.deadline.seconds))

    def forget_places(self) -> None:
        """They moved: the next question looks for them again."""
        self.coordinators.clear()
        self.leaders.clear()
        self.connection.learn_brokers(self.deadline)

    def ask(self, asks: Iterable[Ask]) -> list[Any]:
        return self.connection.ask(asks, self.deadline)

    def ask_one(self, node: int | None, request: Any) -> Any:
        return self.ask([(node, request)])[0]

    def examine(self, code: int, what: str) -> None:
        """Nothing on success. Raises Transient, or Unreachable for what Kafka will not answer."""
        if code in TRANSIENT:
            raise Transient(f"Kafka says {error_name(code)} about {what}")
        if code:
            cause = f"Kafka says {error_name(code)} about {what}"
            raise Unreachable(self.system, cause, self.deadline.elapsed)

    def examine_rights(self, operation: str, resource: str, names: Iterable[str]) -> None:
        """Raises NotAuthorized unless `names`, which Kafka would not let us `operation`, is empty."""
        denied = sorted(set(names))
        if denied:
            raise NotAuthorized(
                self.system,
                f"{operation} {resource} {_some(denied)}",
                grant(self.connection.principal, operation, resource, denied),
            )


def error_name(code: int) -> str:
    """As Kafka's protocol calls it, e.g. UNKNOWN_MEMBER_ID."""
    error = errors.for_code(code)
    return str(error.message) if error.__name__ != "UnrecognizedBrokerError" else f"error {code}"


def grant(principal: str, operation: str, resource: str, names: Iterable[str]) -> str:
    """The command that grants it."""
    where = " ".join(f"--{resource} '{name}'" for name in names)
    return f"kafka-acls --add --allow-principal '{principal}' --operation {operation} {where}"


def _some(names: list[str], shown: int = 5) -> str:
    rest = f" and {len(names) - shown} more" if len(names) > shown else ""
    return ", ".join(names[:shown]) + rest
