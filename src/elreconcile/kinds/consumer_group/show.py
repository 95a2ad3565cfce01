"""What an operator sees of a reset: per topic a sentence, a table of its partitions, and what follows from it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from elreconcile.kinds.consumer_group.live import Event, LiveGroup, Log
from elreconcile.kinds.consumer_group.pin import name_partitions
from elreconcile.kinds.consumer_group.progress import Progress
from elreconcile.kinds.consumer_group.rates import catch_up, per_second
from elreconcile.kinds.consumer_group.retention import remaining
from elreconcile.kinds.contract import Moment
from elreconcile.kinds.span import told, utc, written
from elreconcile.model.block import Block, Line, Table
from elreconcile.systems.kafka_values import Partition

COLUMNS = ("part", "oldest", "newest", "current", "target", "delta", "lag after", "event time at target")
NUMERIC = frozenset(COLUMNS[:-1])
BY_SIZE = "retention.bytes may delete it at any time"


def details(live: LiveGroup, standing: Mapping[Partition, Progress], moment: Moment) -> tuple[Block, ...]:
    """All topics of the reset that exist, in the document's order."""
    return tuple(block for topic, log in live.logs.items() for block in _topic(topic, log, live, standing, moment))


def _topic(
    topic: str, log: Log, live: LiveGroup, standing: Mapping[Partition, Progress], moment: Moment
) -> Iterator[Block]:
    pinned = live.pinned.pins.get(topic, {})  # of an earlier look, maybe at a topic that had more partitions
    placed = {(topic, number): target for number, target in pinned.items() if number in log.bounds}
    yield Line(f"{topic}: {_summary(placed, live)}")
    if placed:
        rows = tuple(_row(place, target, log, live) for place, target in sorted(placed.items()))
        yield Table(COLUMNS, rows, NUMERIC, depth=1)
    done = [number for (at, number), how in standing.items() if at == topic and how is Progress.DONE]
    if done:
        yield Line(f"{name_partitions(done)}: sent by an earlier run, to be read back only", depth=1)
    for clamp in live.pinned.clamps:
        if clamp.topic == topic:
            yield Line(f"partition {clamp.partition}: asked for {clamp.asked}, {clamp.how} {clamp.taken:,}", depth=1)
    yield from _consequences(topic, log, placed, live, moment)


def _summary(placed: Mapping[Partition, int | None], live: LiveGroup) -> str:
    moved = {place: target for place, target in placed.items() if target is not None}
    forgotten = [number for (_, number), target in placed.items() if target is None]
    what = [_moves(moved, live)] if moved else []
    what += [f"forget the commits of {name_partitions(forgotten)}"] if forgotten else []
    return "; ".join(what) or "nothing to commit"


def _moves(placed: Mapping[Partition, int], live: LiveGroup) -> str:
    deltas = [delta for place, target in placed.items() if (delta := _delta(place, target, live)) is not None]
    back, forward = -sum(delta for delta in deltas if delta < 0), sum(delta for delta in deltas if delta > 0)
    moves = [f"rewind {back:,} offsets" if back else "", f"skip {forward:,} offsets" if forward else ""]
    fresh = len(placed) - len(deltas)
    moves.append(f"give {_partitions(fresh)} a first commit" if fresh else "")
    what = " and ".join(move for move in moves if move) or "commit where it stands"
    return f"{what} over {_partitions(len(placed))}{_reach(placed, live, back)}"


def _partitions(count: int) -> str:
    return f"{count} partition{'s' if count > 1 else ''}"


def _reach(placed: Mapping[Partition, int], live: LiveGroup, back: int) -> str:
    times = [event.at for place in placed if (event := live.events.get(place)) and event.at]
    if not back or not times:
        return ""
    return f", back to {written(min(times))}"


def _row(place: Partition, target: int | None, log: Log, live: LiveGroup) -> tuple[str, ...]:
    bounds, commit = log.bounds[place[1]], live.commits.get(place)
    delta = _delta(place, target, live)
    return (
        str(place[1]),
        f"{bounds.oldest:,}",
        f"{bounds.newest:,}",
        "none" if commit is None else f"{commit.offset:,}",
        "none" if target is None else f"{target:,}",
        "" if delta is None else f"{delta:+,}" if delta else "0",
        "" if target is None else f"{bounds.newest - target:,}",
        _event(live.events.get(place), target, bounds.newest),
    )


def _delta(place: Partition, target: int | None, live: LiveGroup) -> int | None:
    commit = live.commits.get(place)
    return None if commit is None or target is None else target - commit.offset


def _event(event: Event | None, target: int | None, newest: int) -> str:
    if target is None:
        return ""
    if event is None:
        return "end of the log" if target >= newest else "no record from there on"
    return f"{written(event.at)}  {event.source}" if event.at else "not known"


def _consequences(
    topic: str, log: Log, placed: Mapping[Partition, int | None], live: LiveGroup, moment: Moment
) -> Iterator[Line]:
    after = [log.bounds[number].newest - target for (_, number), target in placed.items() if target is not None]
    alone = _left_alone(topic, log, placed, live)
    lag = sum(after) + sum(alone.values())
    if after and lag:
        share = f" ({sum(alone.values()):,} of it on {name_partitions(alone)}, left alone)" if alone else ""
        estimate, kept = _estimate(topic, lag, live), _kept(topic, log, placed, live, moment)
        yield Line(f"leaves a lag of {lag:,}{share}; {estimate}; {kept}", depth=1)
    yield from _deleted(log)


def _left_alone(topic: str, log: Log, placed: Mapping[Partition, int | None], live: LiveGroup) -> Mapping[int, int]:
    """The lag of each partition that has some and stays where it is."""
    lags = {
        number: bounds.newest - commit.offset
        for number, bounds in log.bounds.items()
        if (topic, number) not in placed and (commit := live.commits.get((topic, number))) is not None
    }
    return {number: lag for number, lag in lags.items() if lag > 0}


def _deleted(log: Log) -> Iterator[Line]:
    """What retention, or somebody, has taken from the log's beginning."""
    emptied = [number for number, bounds in log.bounds.items() if bounds.oldest == bounds.newest > 0]
    kept = {number: at for number, at in log.oldest_times.items() if log.bounds[number].oldest}
    if kept:
        oldest = " to ".join(dict.fromkeys((utc(min(kept.values())), utc(max(kept.values())))))
        yield Line(f"older events are deleted on {name_partitions(kept)}: the oldest kept are from {oldest}", depth=1)
    if emptied:
        yield Line(f"all events are deleted on {name_partitions(emptied)}", depth=1)


def _estimate(topic: str, lag: int, live: LiveGroup) -> str:
    rates = live.rates.get(topic)
    if rates is not None and rates.consumed:
        speed = per_second(rates.consumed)
        return f"catches up in about {told(catch_up(lag, rates.consumed))} at its last commits' {speed}"
    if rates is not None and rates.produced:
        arrived = f"{per_second(rates.produced)} in the hour before its newest event"
        return f"that is {told(catch_up(lag, rates.produced))} of arrivals at {arrived}"
    return "how fast it is read is not known"


def _kept(topic: str, log: Log, placed: Mapping[Partition, int | None], live: LiveGroup, moment: Moment) -> str:
    if "delete" not in log.settings.cleanup_policy:
        return "the topic is compacted: older values of a key may be gone"
    if log.settings.retention_ms is None:
        return "the target is kept for ever" if log.settings.retention_bytes is None else BY_SIZE
    spans = [span for place in placed if (span := remaining(live, place, moment)) is not None]
    if not spans:
        return "how long the target is kept is not known"
    size = "" if log.settings.retention_bytes is None else f", by time; {BY_SIZE}"
    return f"the target stays within retention for {told(max(min(spans), 0))}{size}"
