"""What the Burrows that watch a cluster know of its groups: how fast each commits, and when it last did."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from elreconcile.desired.config import Config
from elreconcile.errors import Unreachable
from elreconcile.kinds.consumer_group.live import LastCommit
from elreconcile.kinds.consumer_group.marks import is_ours
from elreconcile.systems import ReadingSystems
from elreconcile.systems.burrow_values import PartitionSeen
from elreconcile.systems.kafka_values import Commit, Partition

if TYPE_CHECKING:
    from elreconcile.systems.burrow import BurrowReader

Seen = Mapping[str, tuple[PartitionSeen, ...]] | str | None
"""What Burrow knows of a group by topic; None: nothing; a text: why it could not be asked."""


def seen_by_burrows(systems: ReadingSystems, kafka: str, groups: Sequence[str]) -> Mapping[str, Seen]:
    """For each group the word of the first Burrow that knows it; else why one could not be asked."""
    seen: dict[str, Seen] = dict.fromkeys(groups)
    for name in burrows_of(systems.config, kafka):
        unknown = [group for group, word in seen.items() if not isinstance(word, Mapping)]
        if unknown:
            seen.update(_words(systems.burrow(name), unknown))
    return seen


def burrows_of(config: Config, kafka: str) -> Sequence[str]:
    return sorted(name for name, settings in config.burrow.items() if settings.kafka == kafka)


def _words(burrow: BurrowReader, groups: Sequence[str]) -> Iterator[tuple[str, Seen]]:
    """Of one Burrow. Once it was waited for in vain it is not asked again: each group would take a whole deadline."""
    silent = _not_ready(burrow)
    for group in groups:
        try:
            word = silent or burrow.consumer(group)
        except Unreachable as error:
            word = str(error)
            silent = word if error.tried_seconds else None
        if word is not None:
            yield group, word


def _not_ready(burrow: BurrowReader) -> str | None:
    """Without this question a cluster it does not have looks like groups that it does not know."""
    try:
        burrow.ready()
    except Unreachable as error:
        return str(error)
    return None


def last_commit(seen: Seen, commits: Mapping[Partition, Commit]) -> LastCommit:
    """The newest commit that is not one of ours: ours stand in Kafka with our mark on them."""
    if isinstance(seen, str):
        return LastCommit(None, seen)
    times = [
        partition.offsets[-1].timestamp_ms
        for topic, partitions in (seen or {}).items()
        for partition in partitions
        if partition.offsets and not is_ours(commits.get((topic, partition.partition)))
    ]
    return LastCommit(max(times, default=None))
