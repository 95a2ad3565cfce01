"""The incident of 2018-03-13: a group is rewound, and Burrow cleaned up after it."""

from __future__ import annotations

from sandbox.demo.incident import EVENTS, LOST_FROM, PARTITIONS, STALE, TABLE, TARGET
from sandbox.demo.operator import Operator
from sandbox.demo.told import chapter, check, paragraph, say
from sandbox.demo.world import World
from sandbox.waiting import until

ALL = PARTITIONS * EVENTS
REPLAYED = PARTITIONS * (EVENTS - TARGET)
LOST = PARTITIONS * (EVENTS - LOST_FROM)


def play(world: World) -> Operator:
    """The whole story, once it is made; the operator, for whoever goes on by hand."""
    _show(world)
    operator = Operator.of("2018", world.folder, world.servers)
    writer = world.writer(batch_size=400)
    writer.start(60)

    chapter("THE PLAN, WHILE THE WRITER RUNS")
    planned = operator.plan()
    refused = operator.run("apply", operator.documents, "--yes", expect=4)
    say(refused.err.rstrip())
    check("committed after the refused apply", world.committed(), ALL)
    paragraph("Exit code 4: the group is in use, so nothing was changed, neither in Kafka nor in Burrow.")

    chapter("THE REPAIR, ONCE THE WRITER IS STOPPED (with SIGINT)")
    writer.stop()
    operator.apply(operator.documents, "--yes", "--wait", "30s", shown=planned)
    offsets = world.offsets()
    check("committed offset of each partition", set(offsets.values()), {TARGET})
    check("partitions", len(offsets), PARTITIONS)
    paragraph(f"All {len(offsets)} partitions stand at offset {min(offsets.values())} now.")

    chapter("THE WRITER STARTS AGAIN")
    writer.start(60)
    until("the group has caught up", lambda: world.committed() == ALL, 60)
    until("Burrow says OK", lambda: world.status() == ("OK", 1.0), 60)
    check("topics Burrow monitors", world.monitored(), [world.topic])
    paragraph(f"Burrow monitors exactly {world.topic}, and says {world.status()[0]}. The second plan:")
    operator.plan_nothing()
    writer.stop()
    _look(world, writer.stats())
    return operator


def _show(world: World) -> None:
    committed, rows, monitored = world.committed(), world.rows(TABLE), world.monitored()
    chapter("13 MARCH 2018: 1,200 rows are missing, and lag is 0")
    paragraph(f"The writer's group has committed {committed:,} of {ALL:,} events, lag {world.lag()}.")
    say(f"The table holds {rows:,} rows.")
    say(f"Burrow monitors {' and '.join(monitored)}: nobody reads the first of these.")
    check("committed after the incident, and lag", (committed, world.lag()), (ALL, 0))
    check("rows after the incident", rows, ALL - LOST)
    check("topics Burrow monitors", monitored, [STALE, world.topic])


def _look(world: World, counted: dict[str, int]) -> None:
    rows, uuids = world.rows(TABLE), world.rows(TABLE, "count(distinct uuid)")
    seen = counted["messages"], counted["inserted"], counted["ignored"]
    paragraph(
        f"{seen[0]:,} messages replayed, {seen[1]:,} rows inserted, {seen[2]:,} were there already.\n"
        f"The table holds {rows:,} rows with {uuids:,} uuids; lag {world.lag()}."
    )
    check("messages replayed, rows inserted and ignored", seen, (REPLAYED, LOST, REPLAYED - LOST))
    check("rows and uuids", (rows, uuids), (ALL, ALL))
    check("lag", world.lag(), 0)
