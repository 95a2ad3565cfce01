"""The kind BackfillWindow: events of a window that have no row in MySQL get one.

Its parts are imported when they are used: a plan without such a document loads none of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from elreconcile.kinds.backfill_window.spec import BackfillWindow
from elreconcile.kinds.contract import Ask, Journal, Kind, Moment
from elreconcile.model.address import Address
from elreconcile.model.change import Change, Request
from elreconcile.model.json import digest
from elreconcile.model.outcome import Outcome
from elreconcile.systems import ReadingSystems, WritingSystems

if TYPE_CHECKING:
    from elreconcile.kinds.backfill_window.live import LiveWindow

WITHOUT_MEANING = {"kind", "name", "expires", "reason", "pace"}


class BackfillWindowKind(Kind[BackfillWindow, "LiveWindow | None"]):
    """After resets: what a rewound consumer will insert is not missing."""

    name: ClassVar[str] = "BackfillWindow"
    spec = BackfillWindow
    order: ClassVar[int] = 40
    lasting: ClassVar[str] = "the rows that were put in stay: elreconcile deletes none"

    def request(self, spec: BackfillWindow) -> Request | None:
        meaning = spec.model_dump(mode="json", exclude_unset=True, exclude=WITHOUT_MEANING)
        return Request(spec.name, spec.expires, meaning, digest(meaning))

    def observe(
        self, asks: Sequence[Ask[BackfillWindow]], systems: ReadingSystems, moment: Moment
    ) -> Mapping[Address, LiveWindow | None]:
        from elreconcile.kinds.backfill_window import observe

        return {ask.address: observe.observe(ask, systems, moment) for ask in asks}

    def diff(self, ask: Ask[BackfillWindow], live: LiveWindow | None, moment: Moment) -> Change:
        from elreconcile.kinds.backfill_window import diff

        return diff.diff(ask, live, moment)

    def act(
        self, changes: Sequence[Change], systems: WritingSystems, moment: Moment, journal: Journal
    ) -> Iterable[Outcome]:
        from elreconcile.kinds.backfill_window import act

        return (act.act(change, systems, moment, journal) for change in changes)

    def verify(
        self, outcomes: Sequence[Outcome], changes: Sequence[Change], systems: ReadingSystems
    ) -> Iterable[Outcome]:
        """Nothing more: a window is read back uuid by uuid when it is filled."""
        return outcomes
