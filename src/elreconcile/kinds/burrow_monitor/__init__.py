"""The kind BurrowMonitor: the topics Burrow monitors for a group.

Its parts are imported when they are used: a plan without such a document loads none of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from elreconcile.kinds.burrow_monitor.spec import BurrowMonitor
from elreconcile.kinds.contract import Ask, Journal, Kind, Moment
from elreconcile.model.address import Address
from elreconcile.model.change import Change
from elreconcile.model.outcome import Outcome
from elreconcile.systems import ReadingSystems, WritingSystems

if TYPE_CHECKING:
    from elreconcile.kinds.burrow_monitor.live import LiveMonitor


class BurrowMonitorKind(Kind[BurrowMonitor, "LiveMonitor"]):
    """Before resets: their commits bring the wanted topics back into Burrow."""

    name: ClassVar[str] = "BurrowMonitor"
    spec = BurrowMonitor
    order: ClassVar[int] = 20
    lasting: ClassVar[str] = "Burrow meets a topic that it was made to forget at the group's next commit for it"

    def observe(
        self, asks: Sequence[Ask[BurrowMonitor]], systems: ReadingSystems, moment: Moment
    ) -> Mapping[Address, LiveMonitor]:
        from elreconcile.kinds.burrow_monitor import observe

        return dict(observe.observe(asks, systems))

    def diff(self, ask: Ask[BurrowMonitor], live: LiveMonitor, moment: Moment) -> Change:
        from elreconcile.kinds.burrow_monitor import diff

        return diff.diff(ask, live, moment)

    def act(
        self, changes: Sequence[Change], systems: WritingSystems, moment: Moment, journal: Journal
    ) -> Iterable[Outcome]:
        from elreconcile.kinds.burrow_monitor import act

        return act.act(changes, systems, moment, journal)

    def verify(
        self, outcomes: Sequence[Outcome], changes: Sequence[Change], systems: ReadingSystems
    ) -> Iterable[Outcome]:
        from elreconcile.kinds.burrow_monitor import act

        return act.verify(outcomes, changes, systems)
