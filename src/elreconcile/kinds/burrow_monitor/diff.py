"""From a document and what Burrow monitors to the change. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from elreconcile.kinds.burrow_monitor.findings import findings
from elreconcile.kinds.burrow_monitor.live import LiveMonitor
from elreconcile.kinds.burrow_monitor.spec import BurrowMonitor
from elreconcile.kinds.contract import Ask, Moment
from elreconcile.kinds.span import told
from elreconcile.kinds.wrong_cluster import wrong_cluster
from elreconcile.model.block import Block, Line
from elreconcile.model.change import CLUSTER_ID, Action, Change, Guard, Pending, Precondition
from elreconcile.systems.burrow_values import PartitionSeen


def diff(ask: Ask[BurrowMonitor], live: LiveMonitor, moment: Moment) -> Change:
    """Topics too many are removed; topics too few can only return by the group's own commit."""
    spec = ask.resource.spec
    stale = sorted(live.topics - set(spec.topics))
    if not stale:
        return Change(
            ask.address,
            Action.NONE,
            "",
            findings=tuple(findings(spec, live)),
            pending=tuple(_pending(sorted(set(spec.topics) - live.topics), live)),
        )
    returning = set(spec.topics) - live.topics if live.forgets_topics else set(spec.topics)
    return Change(
        address=ask.address,
        action=Action.REMOVE,
        title=f"{len(stale)} stale topic{'s' if len(stale) > 1 else ''}",
        effect={"forget": stale, "whole group": not live.forgets_topics, "wanted": sorted(spec.topics)},
        before=sorted(live.topics),
        size={"deletions": len(stale), "deletable": len(live.topics)},
        guards=(Guard(CLUSTER_ID, live.kafka_cluster_id), Guard("cluster in Burrow", live.cluster)),
        refusals=tuple(wrong_cluster(live.expected_cluster_id, live.kafka_cluster_id)),
        preconditions=tuple(_silence(topic, live, moment) for topic in stale),
        findings=tuple(findings(spec, live)),
        pending=tuple(_pending(sorted(returning), live)),
        details=tuple(_details(stale, live, moment)),
    )


def _pending(topics: Sequence[str], live: LiveMonitor) -> Iterator[Pending]:
    for topic in topics:
        if topic in live.committed:
            yield Pending(topic, "the group's next commit for it: Burrow learns of a topic in no other way")
        else:
            yield Pending(topic, "the group's first commit for it: Kafka holds none, so see whether the name is right")


def _silence(topic: str, live: LiveMonitor, moment: Moment) -> Precondition:
    """A topic the group still commits for would be back at once: forgetting it would never end."""
    age = _age(live.monitored[topic] if live.monitored else (), moment)
    holds = age is None or age >= moment.quiet
    now = "it has none" if age is None else f"its last one is {told(age)} old"
    return Precondition(
        f"no commit for {topic} in {moment.quiet:.0f} s",
        now,
        "the group still reads it: stop that, or add it to `topics`",
        holds,
    )


def _age(partitions: Sequence[PartitionSeen], moment: Moment) -> float | None:
    """Seconds since the newest commit Burrow saw."""
    times = [partition.offsets[-1].timestamp_ms for partition in partitions if partition.offsets]
    return moment.now.timestamp() - max(times) / 1000 if times else None


def _details(stale: Sequence[str], live: LiveMonitor, moment: Moment) -> Iterator[Block]:
    for topic in stale:
        yield Line(f"- {topic}: {_last_seen(topic, live, moment)}")
    if not live.forgets_topics:
        yield Line("this Burrow can only forget the whole group")
    held = [topic for topic in stale if topic in live.committed]
    if held:
        yield Line(f"Kafka still holds the group's commits for {', '.join(held)}; a reset to none forgets them")


def _last_seen(topic: str, live: LiveMonitor, moment: Moment) -> str:
    partitions = live.monitored[topic] if live.monitored else ()
    age = _age(partitions, moment)
    committed = "no commit seen" if age is None else f"last commit {told(age)} ago"
    words = sorted({each.status for each in live.status.partitions if each.topic == topic} if live.status else ())
    said = f", {'/'.join(words)}" if words else ""
    return f"{committed}, lag {sum(each.current_lag for each in partitions):,}{said}"
