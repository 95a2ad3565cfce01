"""Ask Burrow, and the Kafka it watches, about every document of one Burrow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from elreconcile.kinds.burrow_monitor.live import LiveMonitor
from elreconcile.kinds.burrow_monitor.spec import BurrowMonitor
from elreconcile.kinds.contract import Ask
from elreconcile.model.address import Address
from elreconcile.systems import ReadingSystems


def observe(asks: Sequence[Ask[BurrowMonitor]], systems: ReadingSystems) -> Iterator[tuple[Address, LiveMonitor]]:
    """The live side of each document. All must name the same Burrow."""
    name = asks[0].address.system
    settings = systems.config.burrow[name]
    burrow, kafka = systems.burrow(name), systems.kafka(settings.kafka)
    burrow.ready()
    groups = [ask.address.name for ask in asks]
    kafka.rights(groups)
    kafka.topics({topic for ask in asks for topic in ask.resource.spec.topics})  # raises where commits would be hidden
    listings, commits, cluster = kafka.groups(), kafka.commits(groups), kafka.cluster()
    filters = burrow.filters(), burrow.storage_filters()
    met, forgets_topics = burrow.topics(), burrow.forgets_topics
    for ask in asks:
        group = ask.address.name
        monitored = burrow.consumer(group)
        yield (
            ask.address,
            LiveMonitor(
                cluster=settings.cluster,
                kafka_cluster_id=cluster.id,
                expected_cluster_id=systems.config.kafka[settings.kafka].cluster_id,
                monitored=monitored,
                status=None if monitored is None else burrow.status(group),
                filters=filters,
                met=met,
                forgets_topics=forgets_topics,
                exists=group in listings,
                committed=frozenset(topic for topic, _ in commits[group]),
            ),
        )
