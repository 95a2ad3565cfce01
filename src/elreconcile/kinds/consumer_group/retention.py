"""How long the records at a reset's targets will still be there. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from elreconcile.kinds.consumer_group.live import LiveGroup
from elreconcile.kinds.consumer_group.pin import name_partitions
from elreconcile.kinds.consumer_group.progress import Progress
from elreconcile.kinds.contract import Moment
from elreconcile.kinds.span import told
from elreconcile.model.change import Refusal
from elreconcile.systems.kafka_values import Partition


def short_lived(live: LiveGroup, standing: Mapping[Partition, Progress], moment: Moment) -> Iterator[Refusal]:
    """Targets that retention will delete before a consumer can be expected to have read them."""
    for topic, log in live.logs.items():
        left = {
            place[1]: remaining(live, place, moment)
            for place, how in standing.items()
            if place[0] == topic and how is Progress.TO_DO
        }
        short = {number: span for number, span in left.items() if span is not None and span < moment.min_retention_left}
        if short:
            yield Refusal(
                "retention-margin",
                f"{topic}, {name_partitions(short)}",
                f"retention deletes the target in {told(min(short.values()))}",
                f"limits.min_retention_left is {told(moment.min_retention_left)}",
                f"raise retention.ms of {topic} ({log.settings.retention_ms}), or choose a later target",
                acceptable=True,
            )


def remaining(live: LiveGroup, place: Partition, moment: Moment) -> float | None:
    """Seconds until retention may delete the record at the target; None: kept for ever, or no time to go by."""
    retention, at = live.logs[place[0]].settings.retention_ms, live.records.get(place)
    if retention is None or at is None or at < 0 or "delete" not in live.logs[place[0]].settings.cleanup_policy:
        return None
    return (at + retention) / 1000 - moment.now.timestamp()
