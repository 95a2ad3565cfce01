"""From a target's words to one offset per partition. Pure; what cannot be pinned becomes a refusal."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta

import msgspec
from msgspec.structs import replace

from elreconcile.kinds.consumer_group.live import Clamp, Log, Pinned
from elreconcile.kinds.consumer_group.spec import Measured, Reset, Target
from elreconcile.kinds.span import utc
from elreconcile.model.change import Refusal
from elreconcile.systems.kafka_values import Bounds, Commit, Found, Partition

EPOCH, MILLISECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(milliseconds=1)
LIFT_RANGE = "choose a target inside, or write `on_out_of_range: clamp`"
LIFT_NO_MATCH = "write `on_no_match: latest` (or earliest) if that is what you want"


class Miss(msgspec.Struct, frozen=True):
    """One partition that a rule forbids to pin. Misses of one rule and topic make one refusal."""

    rule: str
    topic: str
    partition: int
    value: str
    limit: str
    remedy: str


class Place(msgspec.Struct, frozen=True, gc=False):
    """One partition as far as pinning needs to know it."""

    topic: str
    partition: int
    bounds: Bounds
    oldest_time: int | None
    commit: Commit | None
    found: Found | None


def asked_time(target: Target | None, now: datetime) -> int | None:
    """The time a target asks for, in ms since 1970; None when it does not ask by time. Kafka has none before 1970."""
    if not isinstance(target, Measured):
        return None
    if target.ago is not None:
        since_1970 = now - EPOCH - target.ago
    elif target.timestamp is not None:
        since_1970 = target.timestamp - EPOCH
    else:
        return None
    return max(-(-since_1970 // MILLISECOND), 0)  # rounded up: no record before the time asked for


def pin(
    reset: Reset,
    logs: Mapping[str, Log],
    commits: Mapping[Partition, Commit],
    found: Mapping[Partition, Found | None],
    now: datetime,
) -> Pinned:
    """Every partition of every topic that exists, turned into a number, a miss or a clamp."""
    pins: dict[str, dict[int, int | None]] = defaultdict(dict)
    misses: list[Miss] = []
    clamps: list[Clamp] = []
    for topic, log in logs.items():
        target = reset.target(topic)
        assert target is not None  # noqa: S101  the document is refused otherwise
        misses += _uncovered(topic, target, log)
        asked = asked_time(target, now)
        for place in _places(topic, log, commits, found):
            got = _one(place, target, reset, asked)
            if isinstance(got, Miss):
                misses.append(got)
            elif isinstance(got, Clamp):
                clamps.append(got)
                pins[topic][place.partition] = got.taken
            elif not isinstance(got, str):
                pins[topic][place.partition] = got
    return Pinned(dict(pins), tuple(gather(misses)), tuple(clamps))


def outside(placed: Mapping[Partition, int | None], logs: Mapping[str, Log], remedy: str) -> Iterator[Refusal]:
    """Refusals for numbers pinned earlier that the log no longer holds, or does not hold yet."""
    bounds = {(topic, partition): held for topic, log in logs.items() for partition, held in log.bounds.items()}
    return gather(
        replace(_out_of_range(*place, str(target), bounds[place]), remedy=remedy)
        for place, target in placed.items()
        if target is not None and place in bounds and not _inside(target, bounds[place])
    )


def no_commit(topic: str, partition: int) -> Miss:
    return Miss("no-commit", topic, partition, "no commit", "a shift counts from one", "give another target")


def gather(misses: Iterable[Miss]) -> Iterator[Refusal]:
    """One refusal for each rule and topic, naming its partitions."""
    by_rule: dict[tuple[str, str], list[Miss]] = defaultdict(list)
    for miss in misses:
        by_rule[miss.rule, miss.topic].append(miss)
    for (rule, topic), group in by_rule.items():
        first = group[0]
        yield Refusal(
            rule,
            f"{topic}, {name_partitions(miss.partition for miss in group)}",
            first.value,
            first.limit,
            first.remedy,
        )


def name_partitions(partitions: Iterable[int]) -> str:
    """`partition 3`, or `partitions 0-4, 7`."""
    runs: list[list[int]] = []
    for number in sorted(partitions):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    text = ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)
    return f"partition{'s' if sum(map(len, runs)) > 1 else ''} {text}"


def _places(
    topic: str, log: Log, commits: Mapping[Partition, Commit], found: Mapping[Partition, Found | None]
) -> Iterator[Place]:
    for partition, bounds in sorted(log.bounds.items()):
        at = (topic, partition)
        yield Place(*at, bounds, log.oldest_times.get(partition), commits.get(at), found.get(at))


def _uncovered(topic: str, target: Target, log: Log) -> Iterator[Miss]:
    if not isinstance(target, Measured) or target.offsets is None:
        return
    named = {int(partition) for partition in target.offsets}
    held = f"{topic} has {log.topic.partitions} partitions"
    for partition in sorted(set(log.bounds) - named):
        yield Miss(
            "partitions-uncovered",
            topic,
            partition,
            "no target",
            held,
            "name each, with `keep` to leave one alone",
        )
    for partition in sorted(named - set(log.bounds)):
        yield Miss("no-such-partition", topic, partition, "a target", held, "leave it out")


def _one(place: Place, target: Target, reset: Reset, asked: int | None) -> int | str | Miss | Clamp | None:
    """An offset, None to forget the commit, "keep", or why there is none."""
    if isinstance(target, str):
        return {"earliest": place.bounds.oldest, "latest": place.bounds.newest, "none": None}[target]
    if asked is not None:
        return _by_time(place, reset, asked)
    if target.offsets is not None:
        wanted = target.offsets.get(str(place.partition), "keep")
        return _within(place, wanted, reset) if isinstance(wanted, int) else {"keep": "keep", "none": None}[wanted]
    if target.shift is not None:
        return _shifted(place, target.shift, reset)
    if target.behind_end is not None:
        return _within(place, place.bounds.newest - target.behind_end, reset)
    assert target.offset is not None  # noqa: S101  the last of the six
    return _within(place, target.offset, reset)


def _by_time(place: Place, reset: Reset, asked: int) -> int | Miss | Clamp:
    if place.found is None:
        return _no_match(place, reset, asked)
    if place.bounds.oldest == 0 or place.oldest_time is None or place.oldest_time <= asked:
        return place.found.offset
    if reset.on_out_of_range == "clamp":
        return Clamp(place.topic, place.partition, utc(asked), place.bounds.oldest)
    kept = f"retention has deleted what lay before; the earliest kept is {utc(place.oldest_time)}"
    return Miss("past-retention", place.topic, place.partition, f"asked for {utc(asked)}", kept, LIFT_RANGE)


def _no_match(place: Place, reset: Reset, asked: int) -> Miss | Clamp:
    at, why = (
        utc(asked),
        "it holds no record" if place.bounds.oldest == place.bounds.newest else "no record is that late",
    )
    if reset.on_no_match == "fail":
        return Miss("no-match", place.topic, place.partition, f"asked for {at}", why, LIFT_NO_MATCH)
    taken = place.bounds.oldest if reset.on_no_match == "earliest" else place.bounds.newest
    return Clamp(place.topic, place.partition, at, taken, f"{why}: goes to")


def _shifted(place: Place, shift: int, reset: Reset) -> int | Miss | Clamp:
    if place.commit is None:
        return no_commit(place.topic, place.partition)
    return _within(place, place.commit.offset + shift, reset)


def _within(place: Place, target: int, reset: Reset) -> int | Miss | Clamp:
    if _inside(target, place.bounds):
        return target
    if reset.on_out_of_range == "clamp":
        taken = min(max(target, place.bounds.oldest), place.bounds.newest)
        return Clamp(place.topic, place.partition, str(target), taken)
    return _out_of_range(place.topic, place.partition, str(target), place.bounds)


def _inside(target: int, bounds: Bounds) -> bool:
    return bounds.oldest <= target <= bounds.newest


def _out_of_range(topic: str, partition: int, value: str, bounds: Bounds) -> Miss:
    limit = f"the log holds {bounds.oldest:,} to {bounds.newest:,}"
    return Miss("out-of-range", topic, partition, f"target {value}", limit, LIFT_RANGE)
