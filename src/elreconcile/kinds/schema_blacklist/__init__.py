"""The kind SchemaBlacklist: schemas kept out of one output of EventLogging.

Its parts are imported when they are used: a plan without such a document loads none of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from elreconcile.kinds.contract import Ask, Journal, Kind, Moment
from elreconcile.kinds.schema_blacklist.spec import SchemaBlacklist
from elreconcile.model.address import Address
from elreconcile.model.change import Change
from elreconcile.model.outcome import Outcome
from elreconcile.systems import ReadingSystems, WritingSystems

if TYPE_CHECKING:
    from elreconcile.kinds.schema_blacklist.live import LiveBlacklist


class SchemaBlacklistKind(Kind[SchemaBlacklist, "LiveBlacklist"]):
    """First of all: nothing that a reset replays or a window fills may bring a blacklisted schema back."""

    name: ClassVar[str] = "SchemaBlacklist"
    spec = SchemaBlacklist
    order: ClassVar[int] = 10
    keeps_back: ClassVar[bool] = True
    lasting: ClassVar[str] = "put its document back in git and apply that; events that were kept out stay out"

    def observe(
        self, asks: Sequence[Ask[SchemaBlacklist]], systems: ReadingSystems, moment: Moment
    ) -> Mapping[Address, LiveBlacklist]:
        from elreconcile.kinds.schema_blacklist import observe

        return dict(observe.observe(asks, systems, moment))

    def diff(self, ask: Ask[SchemaBlacklist], live: LiveBlacklist, moment: Moment) -> Change:
        from elreconcile.kinds.schema_blacklist import diff

        return diff.diff(ask, live, moment)

    def act(
        self, changes: Sequence[Change], systems: WritingSystems, moment: Moment, journal: Journal
    ) -> Iterable[Outcome]:
        from elreconcile.kinds.schema_blacklist import act

        return act.act(changes, systems, moment, journal)

    def verify(
        self, outcomes: Sequence[Outcome], changes: Sequence[Change], systems: ReadingSystems
    ) -> Iterable[Outcome]:
        from elreconcile.kinds.schema_blacklist import act

        return act.verify(outcomes, changes, systems)
