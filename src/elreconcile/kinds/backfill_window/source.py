"""What of a source is read for a window: the pins, and what forbids or qualifies reading it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from elreconcile.kinds.backfill_window.spec import BackfillWindow, Files, Topic
from elreconcile.kinds.contract import Moment
from elreconcile.kinds.wrong_cluster import wrong_cluster
from elreconcile.model.change import Refusal
from elreconcile.model.json import Json
from elreconcile.systems.event_batch import Part, Reader, Slice
from elreconcile.systems.event_files import EventFiles, matching, size

if TYPE_CHECKING:
    from elreconcile.systems import ReadingSystems
    from elreconcile.systems.kafka import KafkaReader
    from elreconcile.systems.kafka_values import Bounds, Partition

WHOLE = (0, 1 << 62)
"""All positions: how many lines a file has is known once it was read."""

Ranges = Mapping[Part, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Found:
    """`commits`: the writer's, by partition; empty where no writer is named."""

    ranges: Ranges
    guards: Mapping[str, str]
    commits: Mapping[Part, int] = field(default_factory=dict)
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


def clipped(slices: Sequence[Slice], ranges: Ranges) -> list[Slice]:
    """Only what the pins allow to be read."""
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
    paths = matching(source.files) if given is None else sorted(path for path, _ in given)
    if not paths:
        refusal = Refusal(
            "no-source", "the files", source.files, "no file matches", "name the files that hold the window"
        )
        return Found({}, {}, refusals=(refusal,))
    return Found(
        dict.fromkeys(((path, 0) for path in paths), WHOLE), {f"size of {path}": str(size(path)) for path in paths}
    )


def neighbours(paths: Sequence[str]) -> tuple[str, str]:
    """What the files of the day before the first one, and after the last one, would be called."""
    return _shifted(min(paths), -1), _shifted(max(paths), 1)


def _shifted(path: str, days: int) -> str:
    def other(found: re.Match[str]) -> str:
        try:
            day = datetime.strptime(found[0], "%Y%m%d").replace(tzinfo=UTC)
        except ValueError:
            return found[0]
        return (day + timedelta(days=days)).strftime("%Y%m%d")

    return re.sub(r"(?<!\d)\d{8}(?!\d)", other, path)


def _topics(
    spec: BackfillWindow, source: Topic, given: Ranges | None, systems: ReadingSystems, moment: Moment
) -> Found:
    kafka, wanted = systems.kafka(source.kafka), list(spec.topics())
    wrong = tuple(wrong_cluster(systems.config.kafka[source.kafka].cluster_id, kafka.cluster().id))
    if wrong:
        return Found({}, {}, refusals=wrong)
    kafka.rights([spec.sink.writer] if spec.sink.writer else [], wanted)
    topics = kafka.topics(wanted)
    guards = {"Kafka cluster": kafka.cluster().id}
    guards |= {f"topic {name}": f"{topic.id}, {topic.partitions} partitions" for name, topic in topics.items()}
    refusals = [_no_topic(name) for name in wanted if name not in topics]
    settings = kafka.topic_settings(list(topics))
    refusals += [_compacted(name) for name in topics if "compact" in settings[name].cleanup_policy]
    places = [(name, number) for name, topic in topics.items() for number in range(topic.partitions)]
    bounds = kafka.bounds(places)
    ranges = _ranges(spec, kafka, bounds) if given is None else given
    refusals += _cut_off(spec, kafka, bounds, ranges)
    commits, unknown = _commits(spec, kafka, places)
    return Found(ranges, guards, commits, (*refusals, *unknown))


def _ranges(spec: BackfillWindow, kafka: KafkaReader, bounds: Mapping[Partition, Bounds]) -> Ranges:
    """From the first record as young as `since` to the first as young as `until` and `late`, by the broker's clock."""
    since, end = _ms(spec.since), _ms(spec.until + spec.late)
    found = kafka.offsets_at([(*place, at) for place in bounds for at in (since, end)])
    ranges = {}
    for place, bound in bounds.items():
        first, last = found[(*place, since)], found[(*place, end)]
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
    kept = (
        "nothing is kept"
        if left is None
        else f"the earliest kept is {datetime.fromtimestamp(left / 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"
    )
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
