"""What of a source is read for a window: the pins, and what forbids or qualifies reading it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from elreconcile.kinds.backfill_window.spec import BackfillWindow, Files, Topic
from elreconcile.kinds.contract import Moment
from elreconcile.kinds.span import utc
from elreconcile.kinds.wrong_cluster import wrong_cluster
from elreconcile.model.change import Refusal
from elreconcile.model.json import Json
from elreconcile.systems.event_batch import Part, Reader, Slice
from elreconcile.systems.event_files import EventFiles, beginning, matching

if TYPE_CHECKING:
    from elreconcile.systems import ReadingSystems
    from elreconcile.systems.kafka import KafkaReader
    from elreconcile.systems.kafka_values import Bounds, Partition

WHOLE = (1, 1 << 62)
"""All lines of a file."""

SKEW = timedelta(hours=1)
"""How far the clocks that give events their time may run ahead of the source's."""

Ranges = Mapping[Part, tuple[int, int]]


class Found(msgspec.Struct, frozen=True):
    """What is read now, `ranges`, and what of it is kept as pins: a source may have grown since, but not shrunk.

    `read_to`: the time of arrival up to which all was read; None: the source knows none. `commits`: the writer's, by
    partition; empty where no writer is named.
    """

    ranges: Ranges
    guards: Mapping[str, str]
    pins: Ranges
    commits: Mapping[Part, int] = {}
    read_to: datetime | None = None
    refusals: tuple[Refusal, ...] = ()


def find(spec: BackfillWindow, given: Ranges | None, systems: ReadingSystems, moment: Moment) -> Found:
    """`given`: pins that were reviewed, or that an apply began with."""
    if isinstance(spec.source, Files):
        return _files(spec.source, given)
    return _topics(spec, spec.source, given, systems, moment)


@contextmanager
def opened(spec: BackfillWindow, systems: ReadingSystems) -> Iterator[Reader]:
    """Reads the window's source in bulk."""
    if isinstance(spec.source, Files):
        yield EventFiles()
        return
    from elreconcile.systems.event_log import EventLog

    name = spec.source.kafka
    with EventLog(name, systems.config.kafka[name], systems.deadline) as log:
        yield log


def slices(ranges: Ranges) -> list[Slice]:
    return [Slice(part, start, end) for part, (start, end) in sorted(ranges.items())]


def as_read(ranges: Ranges, ends: Mapping[Part, int]) -> Ranges:
    """Only as far as there were records: how many lines a file has is known once it was read."""
    return {part: (start, ends[part]) for part, (start, _) in ranges.items() if part in ends}


def clipped(slices: Sequence[Slice], ranges: Ranges) -> list[Slice]:
    """Only what was there to be read when it was looked at."""
    cut = []
    for each in slices:
        start, end = ranges[each.part]
        cut.append(Slice(each.part, max(each.start, start), min(each.end, end)))
    return cut


def write_ranges(ranges: Ranges) -> Json:
    shaped: dict[str, dict[str, Json]] = {}
    for (name, number), (start, end) in sorted(ranges.items()):
        shaped.setdefault(name, {})[str(number)] = [start, end]
    return shaped


def read_ranges(stored: Any) -> Ranges:
    return {
        (name, int(number)): (start, end) for name, parts in stored.items() for number, (start, end) in parts.items()
    }


def _files(source: Files, given: Ranges | None) -> Found:
    """All that match now, and those of the pins. An empty one is not pinned, as nothing tells it from another."""
    pinned = [path for path, _ in given or ()]
    beginnings = {path: beginning(path) for path in sorted({*matching(source.files), *pinned})}
    if not beginnings:
        refusal = Refusal(
            "no-source", "the files", source.files, "no file matches", "name the files that hold the window"
        )
        return Found({}, {}, {}, refusals=(refusal,))
    guarded = pinned or [path for path, first in beginnings.items() if first is not None]
    return Found(
        dict.fromkeys(((path, 0) for path in beginnings), WHOLE),
        {f"first line of {path}": beginnings[path] or "none" for path in guarded},
        given or {},
    )


def _topics(
    spec: BackfillWindow, source: Topic, given: Ranges | None, systems: ReadingSystems, moment: Moment
) -> Found:
    kafka, wanted = systems.kafka(source.kafka), list(spec.topics())
    wrong = tuple(wrong_cluster(systems.config.kafka[source.kafka].cluster_id, kafka.cluster().id))
    if wrong:
        return Found({}, {}, {}, refusals=wrong)
    kafka.rights([spec.sink.writer] if spec.sink.writer else [], wanted)
    topics = kafka.topics(wanted)
    guards = {"Kafka cluster": kafka.cluster().id}
    guards |= {f"topic {name}": f"{topic.id}, {topic.partitions} partitions" for name, topic in topics.items()}
    refusals = [_no_topic(name) for name in wanted if name not in topics]
    settings = kafka.topic_settings(list(topics))
    refusals += [_compacted(name) for name in topics if "compact" in settings[name].cleanup_policy]
    places = [(name, number) for name, topic in topics.items() for number in range(topic.partitions)]
    bounds = kafka.bounds(places)
    end = spec.until + spec.late
    by_time = _by_time(kafka, bounds, spec.since - SKEW, end)
    pins = by_time if given is None else given
    arrival = {name for name, each in settings.items() if each.timestamp_type == "LogAppendTime"}
    ends = {place: last if place[0] in arrival else bounds[place].newest for place, (_, last) in by_time.items()}
    ranges = {place: (start, max(pinned, ends.get(place, 0))) for place, (start, pinned) in pins.items()}
    refusals += _cut_off(spec, kafka, bounds, ranges)
    commits, unknown = _commits(spec, kafka, places)
    read_to = end if arrival else moment.now
    return Found(ranges, guards, pins, commits, read_to, (*refusals, *unknown))


def _by_time(kafka: KafkaReader, bounds: Mapping[Partition, Bounds], since: datetime, end: datetime) -> Ranges:
    """From the first record as young as `since` to the first as young as `end`, by Kafka's times of them.

    That is an end only where these are times of arrival: one that a producer gave says nothing of what lies behind.
    """
    times = [_ms(since), _ms(end)]
    found = kafka.offsets_at([(*place, at) for place in bounds for at in times])
    ranges = {}
    for place, bound in bounds.items():
        first, last = (found[(*place, at)] for at in times)
        ranges[place] = (first.offset if first else bound.newest, last.offset if last else bound.newest)
    return ranges


def _cut_off(
    spec: BackfillWindow, kafka: KafkaReader, bounds: Mapping[Partition, Bounds], ranges: Ranges
) -> list[Refusal]:
    """Partitions whose oldest record is younger than what is asked for, and was not always the first one."""
    trimmed = {place: bound.oldest for place, bound in bounds.items() if bound.oldest > 0}
    begins = {place for place, oldest in trimmed.items() if place in ranges and ranges[place][0] <= oldest}
    oldest = kafka.records([(*place, trimmed[place]) for place in sorted(begins)])
    times = {
        place: oldest[(*place, trimmed[place])].timestamp_ms for place in begins if (*place, trimmed[place]) in oldest
    }
    short = [place for place in begins if times.get(place, _ms(spec.since) + 1) > _ms(spec.since)]
    if not short:
        return []
    left = max((times[place] for place in short if place in times), default=None)
    kept = "nothing is kept" if left is None else f"the earliest kept is {utc(left)}"
    return [
        Refusal(
            "past-retention",
            f"the window begins {spec.since:%Y-%m-%dT%H:%M:%SZ}",
            f"{kept} on {len(short)} of {len(bounds)} partitions",
            "all of a window must still be in its source",
            "begin the window later, or take the archived files as its source",
        )
    ]


def _commits(
    spec: BackfillWindow, kafka: KafkaReader, places: Sequence[Partition]
) -> tuple[Mapping[Part, int], tuple[Refusal, ...]]:
    writer = spec.sink.writer
    if writer is None:
        return {}, ()
    found = kafka.commits([writer])[writer]
    if not any(place in found for place in places):
        value = "it has committed nothing of this topic"
        refusal = Refusal(
            "no-writer",
            f"the writer {writer}",
            value,
            "its commits tell pending from missing",
            "name the group that writes these tables, or none",
        )
        return {}, (refusal,)
    return {place: found[place].offset if place in found else 0 for place in places}, ()


def _no_topic(name: str) -> Refusal:
    return Refusal(
        "no-topic", f"the topic {name}", "it does not exist", "the window is read from it", "correct the name"
    )


def _compacted(name: str) -> Refusal:
    return Refusal(
        "compacted",
        f"the topic {name}",
        "compacted: older events of a key may be gone",
        "cleanup.policy delete",
        "take the archived files as source",
    )


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
