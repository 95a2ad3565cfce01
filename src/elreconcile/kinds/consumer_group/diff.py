"""From a document and a live group to the change. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from elreconcile.kinds.consumer_group import marks
from elreconcile.kinds.consumer_group.findings import expectations, not_asked, out_of_log, unheard_of
from elreconcile.kinds.consumer_group.live import LiveGroup
from elreconcile.kinds.consumer_group.pin import name_partitions, outside
from elreconcile.kinds.consumer_group.progress import Progress, progress
from elreconcile.kinds.consumer_group.retention import short_lived
from elreconcile.kinds.consumer_group.shape import Targets, by_topic, read_image, targets, write_image, write_pins
from elreconcile.kinds.consumer_group.show import details
from elreconcile.kinds.consumer_group.since import another_thing, went_on
from elreconcile.kinds.consumer_group.spec import ConsumerGroup, Reset
from elreconcile.kinds.consumer_group.unused import type_refusals, unused
from elreconcile.kinds.contract import Ask, Moment
from elreconcile.kinds.way_out import settle
from elreconcile.kinds.wrong_cluster import wrong_cluster
from elreconcile.ledger.entry import State
from elreconcile.model.change import CLUSTER_ID, Action, Change, Guard, Refusal
from elreconcile.model.json import Json
from elreconcile.systems.kafka_values import Commit, Partition


def diff(ask: Ask[ConsumerGroup], live: LiveGroup, moment: Moment) -> Change:
    """A reset that is still open becomes a change; expectations become findings either way."""
    spec = ask.resource.spec
    found = tuple(unheard_of(live)) if spec.expect or (spec.reset and ask.open) else ()
    found += tuple(expectations(spec.expect, live)) if spec.expect else ()
    if spec.reset is None or not ask.open:
        return Change(ask.address, Action.NONE, _title(spec), findings=(*found, *out_of_log(live)))
    pins = live.pinned.pins
    placed = targets(pins)
    standing, size = _standing(ask, placed, live), _size(placed, live)
    return Change(
        address=ask.address,
        action=Action.REQUEST,
        title=_title(spec),
        effect=_effect(placed),
        pins=write_pins(pins),
        before=_before(ask, placed, live),
        done=write_pins(by_topic(placed, [at for at, how in standing.items() if how is Progress.DONE])),
        request=ask.request,
        size=size,
        guards=tuple(_guards(live)),
        preconditions=(unused(live, moment),) if Progress.TO_DO in standing.values() else (),
        refusals=tuple(_refusals(ask, spec.reset, live, standing, moment)),
        findings=(*found, *not_asked(live), *out_of_log(live)),
        details=details(live, standing, moment),
        went_on=went_on(ask.reviewed.size, size) if ask.reviewed else "",
    )


def _title(spec: ConsumerGroup) -> str:
    return f"reset {spec.reset.id}" if spec.reset else ""


def _standing(ask: Ask[ConsumerGroup], placed: Targets, live: LiveGroup) -> Mapping[Partition, Progress]:
    entry, request = ask.entry, ask.request
    before = read_image(entry.before) if entry else {}
    return progress(entry.state if entry else None, request.id if request else "", placed, before, live.commits)


def _before(ask: Ask[ConsumerGroup], placed: Targets, live: LiveGroup) -> Json:
    """What to go back to. Until something may have been sent, that is what stands there now, but for our own marks.

    Those that a released run could not take away are ours, too. What is to be forgotten is compared as it stands.
    """
    if ask.entry is not None and ask.entry.state is not State.STARTED:
        return ask.entry.before
    last = ask.entry or ask.released
    was = read_image(last.before) if last else {}
    mark = marks.before(last.request_id) if last else ""
    kept = {place: was.get(place) for place, at in placed.items() if at is not None}
    return write_image({place: _unmarked(live.commits.get(place), kept.get(place), mark) for place in placed})


def _unmarked(now: Commit | None, was: Commit | None, mark: str) -> Commit | None:
    """What stood there before this request marked it."""
    return was if was is not None and now == Commit(was.offset, mark) else now


def _effect(placed: Targets) -> Json:
    """Which offsets to commit, and which commits to forget."""
    return {
        "commit": write_pins(by_topic(placed, [place for place, at in placed.items() if at is not None])),
        "forget": write_pins(by_topic(placed, [place for place, at in placed.items() if at is None])),
    }


def _size(placed: Targets, live: LiveGroup) -> Mapping[str, int]:
    moves = [
        at - commit.offset
        for place, at in placed.items()
        if at is not None and (commit := live.commits.get(place)) is not None
    ]
    return {
        "groups": 1,
        "partitions": len(placed),
        "rewound": -sum(move for move in moves if move < 0),
        "skipped": sum(move for move in moves if move > 0),
        "deletions": sum(at is None for at in placed.values()),
        "deletable": len(live.commits),
    }


def _guards(live: LiveGroup) -> Iterator[Guard]:
    yield Guard(CLUSTER_ID, live.cluster.id)
    for name, log in sorted(live.logs.items()):
        yield Guard(f"topic id of {name}", log.topic.id)
        yield Guard(f"partitions of {name}", str(log.topic.partitions))


def _refusals(
    ask: Ask[ConsumerGroup], reset: Reset, live: LiveGroup, standing: Mapping[Partition, Progress], moment: Moment
) -> Iterator[Refusal]:
    yield from wrong_cluster(live.expected_cluster, live.cluster.id)
    yield from type_refusals(live)
    for topic in reset.topics:
        if topic not in live.logs:
            yield Refusal(
                "no-such-topic",
                f"topic {topic}",
                "missing",
                "a topic of the cluster",
                "correct its name; none is created",
            )
    yield from live.pinned.refusals
    way_out = f"look at the group, then: {settle(*ask.entry.key)}" if ask.entry else "plan anew"
    if ask.reviewed is not None:
        yield from another_thing(reset, ask.reviewed, live)
    if ask.pins is not None:
        yield from _left_behind(live, standing, way_out)
    yield from _uncertain(standing, way_out)
    if ask.entry is None and ask.released is None:
        yield from _done_before(reset, live)
    yield from short_lived(live, standing, moment)


def _done_before(reset: Reset, live: LiveGroup) -> Iterator[Refusal]:
    """Kafka shows that it was carried out, and the ledger has never heard of it: a shift would move it once more."""
    done = [place for place, commit in live.commits.items() if commit.metadata == marks.done(reset.id)]
    for topic in sorted({topic for topic, _ in done}.intersection(reset.topics)):
        yield Refusal(
            "done-before",
            f"{topic}, {name_partitions(number for at, number in done if at == topic)}",
            f"its commits bear the mark of request {reset.id}",
            "the ledger does not know that it was begun",
            "see what carried it out: another ledger, or the cluster by another name. To do it again, give it a new id",
        )


def _left_behind(live: LiveGroup, standing: Mapping[Partition, Progress], remedy: str) -> Iterator[Refusal]:
    """The log moved on from numbers that were pinned before. What was sent already is none of retention's business."""
    to_do = {place: at for place, at in targets(live.pinned.pins).items() if standing[place] is Progress.TO_DO}
    return outside(to_do, live.logs, remedy)


def _uncertain(standing: Mapping[Partition, Progress], remedy: str) -> Iterator[Refusal]:
    topics = sorted({topic for (topic, _), how in standing.items() if how is Progress.UNCERTAIN})
    for topic in topics:
        parts = name_partitions(
            number for (at, number), how in standing.items() if at == topic and how is Progress.UNCERTAIN
        )
        yield Refusal(
            "uncertain",
            f"{topic}, {parts}",
            "an earlier run was cut short while sending, and somebody has committed since",
            "it must be known whether the reset was done",
            remedy,
        )
