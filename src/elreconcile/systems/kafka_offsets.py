"""Where the records of a partition begin, end, and stand at a time (Kafka's ListOffsets)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from kafka.protocol.consumer import IsolationLevel, ListOffsetsRequest, OffsetSpec

from elreconcile.systems.kafka_answers import NOT_ALLOWED_ON_TOPIC, Call
from elreconcile.systems.kafka_places import by_leader
from elreconcile.systems.kafka_values import Bounds, Found, Lookup, Partition

OLDEST = OffsetSpec.EARLIEST.value
NEWEST = OffsetSpec.LATEST.value
NEWEST_TIMESTAMP = OffsetSpec.MAX_TIMESTAMP.value

NOT_FLEXIBLE = 1, 5
"""The versions without tagged fields, which are slow to write."""

TELLING_NEWEST_TIMESTAMP = 7, 8

Times = Mapping[Partition, int]
"""One time for each partition: a request may hold a partition only once."""

WAVES_AT_ONCE = 4
"""Requests to a broker under one deadline. Looking up times in a thousand partitions may take it a second."""


def bounds(call: Call, partitions: Collection[Partition]) -> Mapping[Partition, Bounds]:
    """The newest counts records of transactions that are not committed yet."""
    found = _look_up(call, [(*place, bound) for place in partitions for bound in (OLDEST, NEWEST)])
    return {place: Bounds(found[*place, OLDEST].offset, found[*place, NEWEST].offset) for place in partitions}


def offsets_at(call: Call, lookups: Collection[Lookup]) -> Mapping[Lookup, Found | None]:
    # Below zero a time would mean something else to Kafka.
    asked = {(topic, partition, time): (topic, partition, max(time, 0)) for topic, partition, time in lookups}
    found = _look_up(call, set(asked.values()))
    return {lookup: _record(found[looked_up]) for lookup, looked_up in asked.items()}


def newest_timestamps(call: Call, partitions: Collection[Partition]) -> Mapping[Partition, Found]:
    found = _look_up(call, [(*place, NEWEST_TIMESTAMP) for place in partitions])
    return {(topic, partition): one for (topic, partition, _), one in found.items() if _record(one)}


def _record(found: Found) -> Found | None:
    """Kafka writes -1 for no record, and for a record without a time."""
    return found if found.offset >= 0 and found.timestamp_ms >= 0 else None


def _look_up(call: Call, lookups: Collection[Lookup]) -> Mapping[Lookup, Found]:
    found: dict[Lookup, Found] = {}
    waves = list(_waves(lookups))
    for start in range(0, len(waves), WAVES_AT_ONCE):
        found.update(_send(call.renewed(), waves[start : start + WAVES_AT_ONCE]))
    return found


def _send(call: Call, waves: Sequence[Times]) -> Mapping[Lookup, Found]:
    asked = [(broker, led, wave) for wave in waves for broker, led in by_leader(call, wave).items()]
    answers = call.ask((broker, _request(led, wave)) for broker, led, wave in asked)
    denied = {
        topic.name
        for answer in answers
        for topic in answer.topics
        if any(one.error_code == NOT_ALLOWED_ON_TOPIC for one in topic.partitions)
    }
    call.examine_rights("Describe", "topic", denied)
    return {
        lookup: found
        for (_, _, wave), answer in zip(asked, answers, strict=True)
        for lookup, found in _read(call, wave, answer)
    }


def _read(call: Call, wave: Times, answer: Any) -> Iterator[tuple[Lookup, Found]]:
    for topic in answer.topics:
        for one in topic.partitions:
            call.examine(one.error_code, f"offsets of {topic.name}, partition {one.partition_index}")
            place = topic.name, one.partition_index
            yield (*place, wave[place]), Found(one.offset, one.timestamp)


def _waves(lookups: Collection[Lookup]) -> Iterator[Times]:
    times: dict[Partition, list[int]] = defaultdict(list)
    for topic, partition, time in lookups:
        times[topic, partition].append(time)
    while times:
        yield {place: waiting.pop() for place, waiting in times.items()}
        times = {place: waiting for place, waiting in times.items() if waiting}


def _request(partitions: Sequence[Partition], times: Times) -> ListOffsetsRequest:
    lowest, highest = TELLING_NEWEST_TIMESTAMP if NEWEST_TIMESTAMP in times.values() else NOT_FLEXIBLE
    by_topic: dict[str, list[int]] = defaultdict(list)
    for topic, partition in partitions:
        by_topic[topic].append(partition)
    each_topic = ListOffsetsRequest.ListOffsetsTopic
    each = each_topic.ListOffsetsPartition
    return ListOffsetsRequest(
        isolation_level=IsolationLevel.READ_UNCOMMITTED.value,
        topics=[
            each_topic(
                name=topic,
                partitions=[each(partition_index=number, timestamp=times[topic, number]) for number in numbers],
            )
            for topic, numbers in by_topic.items()
        ],
        min_version=lowest,
        max_version=highest,
    )
