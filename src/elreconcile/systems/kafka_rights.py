"""What we may do, asked before "nothing there" is believed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from kafka.admin import ACLOperation

from elreconcile.systems.kafka_answers import Call
from elreconcile.systems.kafka_groups import describe_groups
from elreconcile.systems.kafka_places import describe_topics

OF_READERS = {
    "Describe": ACLOperation.DESCRIBE,
    "DescribeConfigs": ACLOperation.DESCRIBE_CONFIGS,
    "Read": ACLOperation.READ,
}
OF_COMMITTERS = {"Describe": ACLOperation.DESCRIBE, "Read": ACLOperation.READ}
OF_DELETERS = {"Delete": ACLOperation.DELETE}


def examine_to_read(call: Call, groups: Collection[str], topics: Collection[str]) -> None:
    """Raises NotAuthorized for groups we may not describe, and for topics we may not describe or read."""
    describe_groups(call, sorted(set(groups)))
    _examine_topics(call, topics)


def examine_to_commit(
    call: Call, groups: Collection[str], topics: Collection[str], forgetting: Collection[str]
) -> None:
    """The same, for groups we may not commit for, and for those of `forgetting` whose commits we may not delete."""
    described = describe_groups(call, sorted(set(groups)))
    held = {name: group.authorized_operations for name, group in described.items()}
    _examine(call, "group", held, OF_COMMITTERS)
    _examine(call, "group", {name: held[name] for name in forgetting}, OF_DELETERS)
    _examine_topics(call, topics)


def _examine_topics(call: Call, topics: Collection[str]) -> None:
    described = describe_topics(call, sorted(set(topics)), with_rights=True)
    held = {name: topic.authorized_operations for name, topic in described.items()}
    _examine(call, "topic", held, OF_READERS)


def _examine(call: Call, resource: str, held: Mapping[str, Any], operations: Mapping[str, ACLOperation]) -> None:
    """A broker may not tell our rights: None then, and its later answers decide."""
    for operation, code in operations.items():
        lacking = [name for name, rights in held.items() if rights is not None and code.value not in rights]
        call.examine_rights(operation, resource, lacking)
