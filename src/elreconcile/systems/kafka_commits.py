"""Committing and forgetting offsets for groups that nobody is a member of, and what Kafka answered."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, TypeAlias

from kafka import errors
from kafka.protocol.consumer import OffsetCommitRequest, OffsetDeleteRequest, OffsetDeleteResponse

from elreconcile.errors import Unreachable
from elreconcile.systems.kafka_answers import COORDINATOR_MOVES, LOADING, Call, error_name
from elreconcile.systems.kafka_connection import Transient
from elreconcile.systems.kafka_places import by_coordinator
from elreconcile.systems.kafka_values import NO_ANSWER, NOT_SENT, Commit, Partition

NOT_DONE = frozenset((NOT_SENT, LOADING, *COORDINATOR_MOVES))
"""Worth another try, which is harmless: the same commit twice is one commit."""

MAYBE_DONE = frozenset((*COORDINATOR_MOVES, errors.RequestTimedOutError.errno, errors.UnknownError.errno))
"""A coordinator that could not replicate a commit in time says so after it has written it."""

PAUSE = 0.1
"""Seconds between tries."""

Request: TypeAlias = Callable[[str, Collection[Partition]], Any]
"""Makes the request for a group and some of its partitions."""

Codes: TypeAlias = Mapping[str, dict[Partition, int | str]]
"""By group and partition: Kafka's error code, 0 for success; or NO_ANSWER, or NOT_SENT."""

Answers: TypeAlias = Mapping[str, Mapping[Partition, str | None]]
"""By group and partition: None when acknowledged, else Kafka's name for the error, NO_ANSWER or NOT_SENT."""


def commit(call: Call, groups: Mapping[str, Mapping[Partition, Commit]]) -> Answers:
    """Raises nothing: what was acknowledged is never lost over what was not."""

    def request(group: str, places: Collection[Partition]) -> Any:
        return _commit_request(group, {place: groups[group][place] for place in places})

    return _until_answered(call, groups, request)


def forget(call: Call, group: str, partitions: Collection[Partition]) -> Mapping[Partition, str | None]:
    """Raises nothing, for the same reason."""
    return _until_answered(call, {group: partitions}, _delete_request)[group]


def _until_answered(call: Call, wanted: Mapping[str, Iterable[Partition]], request: Request) -> Answers:
    """What is not done because a coordinator moves or loads is sent again while there is time."""
    codes: Codes = {group: dict.fromkeys(places, NOT_SENT) for group, places in wanted.items()}
    while (waiting := _not_done(codes)) and _coordinators_found(call, waiting):
        for group, answered in _send(call, waiting, request).items():
            codes[group].update(answered)
    return {group: {place: _word(code) for place, code in answered.items()} for group, answered in codes.items()}


def _not_done(codes: Codes) -> Mapping[str, Collection[Partition]]:
    places = {
        group: [place for place, code in answered.items() if code in NOT_DONE] for group, answered in codes.items()
    }
    return {group: left for group, left in places.items() if left}


def _coordinators_found(call: Call, groups: Collection[str]) -> bool:
    """False when the deadline passes, or Kafka will not tell."""
    while call.deadline.left > PAUSE:
        try:
            by_coordinator(call, groups)
        except Transient:
            _pause(call)
        except Unreachable:
            return False
        else:
            return True
    return False


def _pause(call: Call) -> None:
    call.forget_places()
    time.sleep(PAUSE)


def _send(call: Call, wanted: Mapping[str, Collection[Partition]], request: Request) -> Codes:
    """Everything at once, to each group's coordinator."""
    asked = [(broker, group) for broker, held in by_coordinator(call, wanted).items() for group in held]
    asks = [(broker, request(group, wanted[group])) for broker, group in asked]
    try:
        answers = call.connection.try_to_ask(asks, call.deadline)
    except Unreachable as error:
        answers = [error] * len(asks)
    codes = {group: _codes(answer, wanted[group]) for (_, group), answer in zip(asked, answers, strict=True)}
    if _not_done(codes):
        _pause(call)
    return codes


def _codes(answer: Any, places: Iterable[Partition]) -> dict[Partition, int | str]:
    if isinstance(answer, Exception):
        return dict.fromkeys(places, NO_ANSWER)
    if isinstance(answer, OffsetDeleteResponse) and answer.error_code:  # about the whole group
        return dict.fromkeys(places, answer.error_code)
    told = {(topic.name, one.partition_index): one.error_code for topic in answer.topics for one in topic.partitions}
    return {place: told.get(place, NO_ANSWER) for place in places}


def _word(code: int | str) -> str | None:
    if isinstance(code, str):
        return code
    if code in MAYBE_DONE:
        return NO_ANSWER
    return error_name(code) if code else None


def _commit_request(group: str, commits: Mapping[Partition, Commit]) -> OffsetCommitRequest:
    each_topic = OffsetCommitRequest.OffsetCommitRequestTopic
    each = each_topic.OffsetCommitRequestPartition
    by_topic: dict[str, list[Any]] = defaultdict(list)
    for (topic, partition), target in commits.items():
        by_topic[topic].append(
            each(
                partition_index=partition,
                committed_offset=target.offset,
                committed_leader_epoch=-1,
                committed_metadata=target.metadata,
            )
        )
    return OffsetCommitRequest(
        group_id=group,
        generation_id_or_member_epoch=-1,  # of nobody: refused as soon as the group has a member
        member_id="",
        group_instance_id=None,
        retention_time_ms=-1,
        topics=[each_topic(name=topic, partitions=partitions) for topic, partitions in by_topic.items()],
        max_version=7,  # the last one without tagged fields, which are slow to write
    )


def _delete_request(group: str, partitions: Collection[Partition]) -> OffsetDeleteRequest:
    each_topic = OffsetDeleteRequest.OffsetDeleteRequestTopic
    each = each_topic.OffsetDeleteRequestPartition
    by_topic: dict[str, list[Any]] = defaultdict(list)
    for topic, partition in partitions:
        by_topic[topic].append(each(partition_index=partition))
    return OffsetDeleteRequest(
        group_id=group,
        topics=[each_topic(name=topic, partitions=numbers) for topic, numbers in by_topic.items()],
    )
