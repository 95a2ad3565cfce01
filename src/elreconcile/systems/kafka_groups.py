"""What Kafka knows of consumer groups."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from kafka.protocol.admin import DescribeGroupsRequest, ListGroupsRequest
from kafka.protocol.consumer import OffsetFetchRequest
from kafka.protocol.consumer.metadata import ConsumerProtocolAssignment

from elreconcile.systems.kafka_answers import (
    GROUP_NOT_FOUND,
    NOT_ALLOWED_ON_GROUP,
    NOT_ALLOWED_ON_TOPIC,
    Call,
)
from elreconcile.systems.kafka_connection import Transient
from elreconcile.systems.kafka_places import by_coordinator
from elreconcile.systems.kafka_values import Commit, GroupListing, Member, Partition


def list_groups(call: Call) -> Mapping[str, GroupListing]:
    """All groups we may describe. Those we may not are left out by Kafka without a word.

    So are those whose coordinator is just moving, or not yet at work again. Hence a group that was asked about and
    is absent has to be confirmed: by its coordinator, which knows it only if it is a classic one, and by another list.
    """
    listings = _list(call)
    absent = call.asked - listings.keys()
    if not absent:
        return listings
    known = [name for name, group in describe_groups(call, sorted(absent)).items() if group.group_state != "Dead"]
    listings = _list(call)
    missed = {*known, *call.asked - absent} - listings.keys()
    if missed:
        raise Transient(f"group {min(missed)} is known, but listed by no broker")
    return listings


def _list(call: Call) -> Mapping[str, GroupListing]:
    listings: dict[str, GroupListing] = {}
    for answer in call.ask([(broker, ListGroupsRequest(min_version=4)) for broker in call.connection.brokers]):
        call.examine(answer.error_code, "the list of groups")
        for group in answer.groups:
            # Kafka that does not tell types yet has classic groups only.
            kind = group.group_type if answer.API_VERSION >= 5 else "classic"
            listings[group.group_id] = GroupListing(group.group_state, kind, group.protocol_type)
    return listings


def describe_groups(call: Call, groups: Collection[str]) -> Mapping[str, Any]:
    """Kafka's description of each group as a classic one: a missing one and one of another type look Dead."""
    asks = [
        (broker, DescribeGroupsRequest(groups=list(held), include_authorized_operations=True))
        for broker, held in by_coordinator(call, groups).items()
    ]
    described = {group.group_id: group for answer in call.ask(asks) for group in answer.groups}
    denied = [name for name, group in described.items() if group.error_code == NOT_ALLOWED_ON_GROUP]
    call.examine_rights("Describe", "group", denied)
    for name, group in described.items():
        if group.error_code != GROUP_NOT_FOUND:
            call.examine(group.error_code, f"group {name}")
    return described


def members(call: Call, groups: Collection[str]) -> Mapping[str, tuple[Member, ...]]:
    described = describe_groups(call, groups)
    return {name: tuple(_member(member) for member in group.members) for name, group in described.items()}


def _member(member: Any) -> Member:
    assigned = _assigned_topics(member.member_assignment)
    return Member(member.member_id, member.client_id, member.client_host.removeprefix("/"), assigned)


def _assigned_topics(assignment: bytes | None) -> tuple[str, ...]:
    """A member that waits for its first assignment has none."""
    if not assignment:
        return ()
    decoded = ConsumerProtocolAssignment.decode(assignment)
    return tuple(sorted({each.topic for each in decoded.assigned_partitions}))


def commits(call: Call, groups: Collection[str]) -> Mapping[str, Mapping[Partition, Commit]]:
    """Each group's committed offsets, of topics we may describe."""
    asks = [(broker, _fetch_offsets(held)) for broker, held in by_coordinator(call, groups).items()]
    answered = {group.group_id: group for answer in call.ask(asks) for group in answer.groups}
    denied = [name for name, group in answered.items() if group.error_code == NOT_ALLOWED_ON_GROUP]
    call.examine_rights("Describe", "group", denied)
    return {name: _commits(call, group) for name, group in answered.items()}


def _fetch_offsets(groups: Sequence[str]) -> OffsetFetchRequest:
    each = OffsetFetchRequest.OffsetFetchRequestGroup
    return OffsetFetchRequest(
        groups=[each(group_id=group, topics=None) for group in groups], min_version=8, max_version=8
    )


def _commits(call: Call, group: Any) -> Mapping[Partition, Commit]:
    call.examine(group.error_code, f"the offsets of group {group.group_id}")
    found: dict[Partition, Commit] = {}
    for topic in group.topics:
        for partition in topic.partitions:
            if partition.error_code == NOT_ALLOWED_ON_TOPIC:
                call.examine_rights("Describe", "topic", [topic.name])
            call.examine(partition.error_code, f"the offsets of group {group.group_id} on {topic.name}")
            if partition.committed_offset >= 0:
                place = topic.name, partition.partition_index
                found[place] = Commit(partition.committed_offset, partition.metadata or "")
    return found
