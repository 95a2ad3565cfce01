"""Read everything about all groups of one cluster, in as few calls as Kafka allows, and pin their resets.

Commits are read first and once more last: what moved in between belongs to a consumer that is alive, whatever the
group's state says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from elreconcile.kinds.consumer_group.burrow import Seen, last_commit, seen_by_burrows
from elreconcile.kinds.consumer_group.event_time import event_time
from elreconcile.kinds.consumer_group.live import LiveGroup, Log, Pinned, Pins, Rates
from elreconcile.kinds.consumer_group.pin import asked_time, pin
from elreconcile.kinds.consumer_group.rates import consumed, produced
from elreconcile.kinds.consumer_group.shape import read_pins
from elreconcile.kinds.consumer_group.spec import ConsumerGroup, Measured, Target
from elreconcile.kinds.contract import Ask, Moment
from elreconcile.model.address import Address
from elreconcile.systems import ReadingSystems, WritingSystems
from elreconcile.systems.kafka_values import (
    Bounds,
    Cluster,
    Commit,
    Found,
    GroupListing,
    Member,
    Partition,
    Position,
    Record,
)

if TYPE_CHECKING:
    from elreconcile.systems.kafka import KafkaReader

Asks = Sequence[Ask[ConsumerGroup]]
"""Documents of one cluster."""


class Look(msgspec.Struct, frozen=True):
    """All that was read about one cluster, for all of its documents."""

    cluster: Cluster
    expected_cluster: str | None
    listings: Mapping[str, GroupListing]
    members: Mapping[str, tuple[Member, ...]]
    first: Mapping[str, Mapping[Partition, Commit]]
    last: Mapping[str, Mapping[Partition, Commit]]
    logs: Mapping[str, Log]
    bounds: Mapping[Partition, Bounds]
    pinned: Mapping[Address, Pinned]
    records: Mapping[Position, Record]
    burrow: Mapping[str, Seen]
    arrivals: Mapping[str, float]


def observe(asks: Asks, systems: ReadingSystems, moment: Moment) -> Iterator[tuple[Address, LiveGroup]]:
    """The live side of each document. All must name the same cluster."""
    look = _look(asks, systems, moment)
    return ((ask.address, _live_group(ask, look)) for ask in asks)


def _look(asks: Asks, systems: ReadingSystems, moment: Moment) -> Look:
    name = asks[0].resource.spec.cluster
    kafka = systems.kafka(name)
    groups = [ask.resource.spec.name for ask in asks]
    _examine_rights(asks, groups, systems)
    cluster, listings = kafka.cluster(), kafka.groups()
    first = kafka.commits(groups)
    logs = read_logs(kafka, asks)
    pinned = _pinned(kafka, asks, logs, first, moment)
    return Look(
        cluster=cluster,
        expected_cluster=systems.config.kafka[name].cluster_id,
        listings=listings,
        members=kafka.members([group for group in groups if group in listings and listings[group].type == "classic"]),
        first=first,
        logs=logs,
        bounds=_lag_bounds(kafka, first, logs),
        pinned=pinned,
        records=_records(kafka, pinned, logs),
        burrow=seen_by_burrows(systems, name, [ask.resource.spec.name for ask in asks if _topics(ask)]),
        arrivals=produced(kafka, logs),
        last=kafka.commits(groups),
    )


def _examine_rights(asks: Asks, groups: Sequence[str], systems: ReadingSystems) -> None:
    """What is going to be committed takes more rights than a plan."""
    name = asks[0].resource.spec.cluster
    topics = sorted({topic for ask in asks for topic in _topics(ask)})
    if isinstance(systems, WritingSystems):
        systems.kafka(name).rights_to_commit(groups, topics, _forgetting(asks))
    else:
        systems.kafka(name).rights(groups, topics)


def _live_group(ask: Ask[ConsumerGroup], look: Look) -> LiveGroup:
    group, topics, pinned = ask.resource.spec.name, _topics(ask), look.pinned[ask.address]
    at = {place: look.records.get((*place, offset)) for place, offset in _targets(pinned.pins)}
    commits, seen = look.last[group], look.burrow.get(group)
    return LiveGroup(
        cluster=look.cluster,
        expected_cluster=look.expected_cluster,
        listing=look.listings.get(group),
        members=look.members.get(group, ()),
        commits=commits,
        moved=_moved(look.first[group], commits),
        logs={topic: look.logs[topic] for topic in topics if topic in look.logs},
        bounds={place: look.bounds[place] for place in commits if place in look.bounds},
        pinned=pinned,
        last_commit=last_commit(seen, commits),
        rates={topic: Rates(consumed(seen, topic), look.arrivals.get(topic)) for topic in topics},
        events={place: event_time(record) for place, record in at.items() if record},
        records={place: record.timestamp_ms for place, record in at.items() if record},
    )


def read_logs(kafka: KafkaReader, asks: Asks) -> Mapping[str, Log]:
    """The topics of all resets that exist, each read once."""
    names = sorted({topic for ask in asks for topic in _topics(ask)})
    topics = kafka.topics(names)
    settings = kafka.topic_settings(list(topics))
    places = [(name, partition) for name, topic in topics.items() for partition in range(topic.partitions)]
    bounds = kafka.bounds(places)
    oldest = kafka.records(
        [(*place, bounds[place].oldest) for place in places if _deleted_before(bounds[place].oldest)]
    )
    oldest_times: dict[str, dict[int, int]] = {name: {} for name in topics}
    for (name, partition, _), record in oldest.items():
        oldest_times[name][partition] = record.timestamp_ms
    return {
        name: Log(
            topic,
            settings[name],
            {partition: bounds[name, partition] for partition in range(topic.partitions)},
            oldest_times[name],
        )
        for name, topic in topics.items()
    }


def _deleted_before(oldest: int) -> bool:
    return oldest > 0


def _topics(ask: Ask[ConsumerGroup]) -> Sequence[str]:
    """The topics to look at: none once the reset is settled or may no longer be carried out."""
    reset = ask.resource.spec.reset
    return list(reset.topics) if reset and ask.open else []


def _forgetting(asks: Asks) -> Sequence[str]:
    """The groups some of whose commits are to be deleted."""
    return [
        ask.resource.spec.name
        for ask in asks
        if (reset := ask.resource.spec.reset) and any(_forgets(reset.target(topic)) for topic in _topics(ask))
    ]


def _forgets(target: Target | None) -> bool:
    offsets = (target.offsets if isinstance(target, Measured) else None) or {}
    return target == "none" or "none" in map(str, offsets.values())


def _lag_bounds(
    kafka: KafkaReader, commits: Mapping[str, Mapping[Partition, Commit]], logs: Mapping[str, Log]
) -> Mapping[Partition, Bounds]:
    """Bounds for every partition with a commit; a topic that is gone has none."""
    known = {(topic, partition): bounds for topic, log in logs.items() for partition, bounds in log.bounds.items()}
    rest = {place for group in commits.values() for place in group} - set(known)
    topics = kafka.topics(sorted({topic for topic, _ in rest}))
    held = [place for place in rest if place[0] in topics and place[1] < topics[place[0]].partitions]
    return {**known, **kafka.bounds(sorted(held))}


def _pinned(
    kafka: KafkaReader,
    asks: Asks,
    logs: Mapping[str, Log],
    commits: Mapping[str, Mapping[Partition, Commit]],
    moment: Moment,
) -> Mapping[Address, Pinned]:
    lookups = {ask.address: _lookups(ask, logs, moment) for ask in asks}
    found = kafka.offsets_at({(*place, asked) for wanted in lookups.values() for place, asked in wanted.items()})
    return {
        ask.address: _pin(
            ask,
            {topic: logs[topic] for topic in _topics(ask) if topic in logs},
            commits[ask.resource.spec.name],
            {place: found[(*place, asked)] for place, asked in lookups[ask.address].items()},
            moment,
        )
        for ask in asks
    }


def _lookups(ask: Ask[ConsumerGroup], logs: Mapping[str, Log], moment: Moment) -> Mapping[Partition, int]:
    reset = ask.resource.spec.reset
    if reset is None or _given(ask) is not None:
        return {}
    asked = {topic: asked_time(reset.target(topic), moment.now) for topic in _topics(ask) if topic in logs}
    return {
        (topic, partition): time
        for topic, time in asked.items()
        if time is not None
        for partition in logs[topic].bounds
    }


def _pin(
    ask: Ask[ConsumerGroup],
    logs: Mapping[str, Log],
    commits: Mapping[Partition, Commit],
    found: Mapping[Partition, Found | None],
    moment: Moment,
) -> Pinned:
    given, reset = _given(ask), ask.resource.spec.reset
    if given is not None:
        return Pinned(given)
    return pin(reset, logs, commits, found, moment.now) if reset else Pinned({})


def _given(ask: Ask[ConsumerGroup]) -> Pins | None:
    """Pins that were reviewed, or that an apply began with; None: there are none yet."""
    return read_pins(ask.pins) if ask.open and ask.pins is not None else None


def _targets(pins: Pins) -> Iterator[tuple[Partition, int]]:
    for topic, partitions in pins.items():
        for partition, offset in partitions.items():
            if offset is not None:
                yield (topic, partition), offset


def _records(
    kafka: KafkaReader, pinned: Mapping[Address, Pinned], logs: Mapping[str, Log]
) -> Mapping[Position, Record]:
    """At each target. Pins of an earlier look may name a topic or a partition that is gone since."""
    wanted = {(*place, at) for each in pinned.values() for place, at in _targets(each.pins)}
    return kafka.records(sorted(at for at in wanted if at[0] in logs and at[1] in logs[at[0]].bounds))


def _moved(first: Mapping[Partition, Commit], last: Mapping[Partition, Commit]) -> frozenset[Partition]:
    return frozenset(place for place in first.keys() | last.keys() if first.get(place) != last.get(place))
