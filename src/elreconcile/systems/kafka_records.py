"""Single records at many positions, fetched without a consumer.

A consumer would fetch a megabyte for each seek. Here a request asks for a few kilobytes of each of many
partitions; where they end before the first batch does, it is asked for again with more. Positions that lie close
together are fetched together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from kafka.errors import CorruptRecordError
from kafka.protocol.consumer import FetchRequest, IsolationLevel

from elreconcile.errors import Unreachable
from elreconcile.systems.kafka_answers import NOT_ALLOWED_ON_TOPIC, OFFSET_OUT_OF_RANGE, Call
from elreconcile.systems.kafka_batches import locate
from elreconcile.systems.kafka_connection import LANES
from elreconcile.systems.kafka_offsets import bounds
from elreconcile.systems.kafka_places import by_leader
from elreconcile.systems.kafka_values import Partition, Position, Record

FIRST_FETCH = 16 * 1024
GROWTH = 4
ANSWER = 2 * 1024 * 1024
"""Bytes of one answer, so that memory stays bounded; a single batch may be larger."""

AT_ONCE = 2 * LANES
"""Answers held in memory: while one is received, Kafka makes the next ready."""


@dataclass(slots=True)
class Search:
    """What is still looked for in a partition. `wanted` ascends; the log is read from `at`."""

    wanted: list[int]
    at: int
    size: int

    def strike(self, found: Collection[int]) -> None:
        self.wanted = [offset for offset in self.wanted if offset not in found]

    def go_on(self, after: int, read: int) -> None:
        """Behind `after`, to which so many bytes were read: to the last one at once, unless steps would read less."""
        each = read / max(after - self.at, 1)
        self.at = max([after, *self.wanted[:1]])
        if self.wanted:
            rest = int((self.wanted[-1] - self.at) * each) + self.size
            self.size = min(rest, ANSWER) if rest <= self.size * len(self.wanted) else self.size


Searches = dict[Partition, Search]


def records(call: Call, positions: Collection[Position]) -> Mapping[Position, Record]:
    """The first record at or after each position; none where the log ends before one."""
    searches = _searches(positions)
    found: dict[Position, Record] = {}
    while searches:
        chunks = _chunks(call, searches)
        while some := list(islice(chunks, AT_ONCE)):
            asks = [(broker, _request({place: searches[place] for place in chunk})) for broker, chunk in some]
            for answer in call.renewed().ask(asks):
                _read(call, answer, searches, found)
        searches = {place: search for place, search in searches.items() if search.wanted}
    return found


def _searches(positions: Collection[Position]) -> Searches:
    wanted: dict[Partition, set[int]] = defaultdict(set)
    for topic, partition, offset in positions:
        wanted[topic, partition].add(offset)
    return {
        place: Search(sorted(offsets), min(offsets), FIRST_FETCH * min(len(offsets), GROWTH))
        for place, offsets in wanted.items()
    }


def _chunks(call: Call, searches: Searches) -> Iterator[tuple[int, list[Partition]]]:
    """Partitions to ask one broker for at once."""
    for broker, places in by_leader(call, searches).items():
        chunk: list[Partition] = []
        size = 0
        for place in places:
            if chunk and size + searches[place].size > ANSWER:
                yield broker, chunk
                chunk, size = [], 0
            chunk.append(place)
            size += searches[place].size
        yield broker, chunk


def _request(searches: Searches) -> FetchRequest:
    by_topic: dict[str, list[Any]] = defaultdict(list)
    each_topic = FetchRequest.FetchTopic
    each = each_topic.FetchPartition
    for (topic, partition), search in searches.items():
        by_topic[topic].append(each(partition=partition, fetch_offset=search.at, partition_max_bytes=search.size))
    return FetchRequest(
        max_wait_ms=0,
        min_bytes=0,
        max_bytes=ANSWER,
        isolation_level=IsolationLevel.READ_UNCOMMITTED.value,
        session_epoch=-1,  # no session
        topics=[each_topic(topic=topic, partitions=partitions) for topic, partitions in by_topic.items()],
        min_version=4,
        max_version=11,  # the last one without tagged fields, which are slow to write
    )


def _read(call: Call, answer: Any, searches: Searches, found: dict[Position, Record]) -> None:
    call.examine(answer.error_code, "fetching records")
    denied: set[str] = set()
    outside: list[Partition] = []
    for topic in answer.responses:
        for part in topic.partitions:
            place = topic.topic, part.partition_index
            if part.error_code == NOT_ALLOWED_ON_TOPIC:
                denied.add(topic.topic)
            elif part.error_code == OFFSET_OUT_OF_RANGE:
                outside.append(place)
            else:
                call.examine(part.error_code, f"records of {topic.topic}, partition {part.partition_index}")
                _advance(call, place, part, searches[place], found)
    call.examine_rights("Read", "topic", denied)
    _bring_inside(call, {place: searches[place] for place in outside})


def _advance(call: Call, place: Partition, part: Any, search: Search, found: dict[Position, Record]) -> None:
    try:
        located = locate(part.records or b"", search.at, search.wanted)
    except CorruptRecordError as error:
        where = f"topic {place[0]}, partition {place[1]}"
        raise Unreachable(call.system, f"{where} holds what is no record: {error}", call.deadline.elapsed) from error
    found.update({(*place, offset): record for offset, record in located.found.items()})
    search.strike(located.found)
    if located.after is not None:
        search.go_on(located.after, len(part.records))
    elif search.at < part.high_watermark and search.size <= ANSWER:
        search.size *= GROWTH  # one of more than ANSWER is asked for alone, and then not cut off
    else:
        search.wanted = []


def _bring_inside(call: Call, searches: Searches) -> None:
    """Positions before the log's start mean its start; those behind its end, nothing."""
    for place, limits in bounds(call, searches).items():
        search = searches[place]
        search.wanted = [offset for offset in search.wanted if offset < limits.newest]
        search.at = max(search.at, limits.oldest)
