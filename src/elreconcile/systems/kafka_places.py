"""Which broker to ask: the coordinator of a group, the leader of a partition."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kafka.protocol.metadata import CoordinatorType, FindCoordinatorRequest, MetadataRequest

from elreconcile.errors import Unreachable
from elreconcile.systems.kafka_answers import (
    INVALID_TOPIC,
    NOT_ALLOWED_ON_GROUP,
    NOT_ALLOWED_ON_TOPIC,
    UNKNOWN_TOPIC,
    Call,
)
from elreconcile.systems.kafka_connection import Transient
from elreconcile.systems.kafka_values import Partition


def by_coordinator(call: Call, groups: Iterable[str]) -> Mapping[int, Sequence[str]]:
    """The groups each broker coordinates. Raises NotAuthorized for those we may not describe."""
    wanted = list(dict.fromkeys(groups))
    call.asked.update(wanted)
    unknown = [group for group in wanted if group not in call.coordinators]
    if unknown:
        _find_coordinators(call, unknown)
    found: dict[int, list[str]] = defaultdict(list)
    for group in wanted:
        found[call.coordinators[group]].append(group)
    return found


def by_leader(call: Call, partitions: Iterable[Partition]) -> Mapping[int, Sequence[Partition]]:
    """The partitions each broker leads. Raises Unreachable for partitions that do not exist."""
    wanted = list(dict.fromkeys(partitions))
    unknown = {topic for topic, partition in wanted if (topic, partition) not in call.leaders}
    if unknown:
        describe_topics(call, sorted(unknown))
    found: dict[int, list[Partition]] = defaultdict(list)
    for place in wanted:
        found[_leader(call, place)].append(place)
    return found


def describe_topics(call: Call, topics: Sequence[str], with_rights: bool = False) -> Mapping[str, Any]:
    """Kafka's description of each topic that exists; asking never makes one. Remembers their leaders.

    A topic we may not see raises NotAuthorized: Kafka does not tell then whether it exists.
    """
    request = MetadataRequest(
        topics=[MetadataRequest.MetadataRequestTopic(name=topic) for topic in topics],
        allow_auto_topic_creation=False,
        include_topic_authorized_operations=with_rights,
        min_version=4,  # before, asking could make a topic
        max_version=12,
    )
    described = {topic.name: topic for topic in call.ask_one(None, request).topics} if topics else {}
    hidden = [name for name, topic in described.items() if topic.error_code == NOT_ALLOWED_ON_TOPIC]
    call.examine_rights("Describe", "topic", hidden)
    found = {name: topic for name, topic in described.items() if topic.error_code not in (UNKNOWN_TOPIC, INVALID_TOPIC)}
    for name, topic in found.items():
        call.examine(topic.error_code, f"topic {name}")
        call.leaders.update({(name, one.partition_index): one.leader_id for one in topic.partitions})
    return found


def _find_coordinators(call: Call, groups: Sequence[str]) -> None:
    request = FindCoordinatorRequest(key_type=CoordinatorType.GROUP.value, coordinator_keys=list(groups), min_version=4)
    found = call.ask_one(None, request).coordinators
    denied = [one.key for one in found if one.error_code == NOT_ALLOWED_ON_GROUP]
    call.examine_rights("Describe", "group", denied)
    for one in found:
        call.examine(one.error_code, f"the coordinator of group {one.key}")
        call.coordinators[one.key] = one.node_id


def _leader(call: Call, place: Partition) -> int:
    leader = call.leaders.get(place)
    if leader is None:
        topic, partition = place
        raise Unreachable(call.system, f"topic {topic} has no partition {partition}", call.deadline.elapsed)
    if leader < 0:
        raise Transient(f"partition {place[1]} of topic {place[0]} has no leader")
    return leader
