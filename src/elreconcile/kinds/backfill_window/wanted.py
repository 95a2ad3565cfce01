"""Which events a window is about. Pure."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from elreconcile.kinds.backfill_window import clock
from elreconcile.kinds.backfill_window.envelope import Event
from elreconcile.kinds.backfill_window.spec import BackfillWindow
from elreconcile.systems.event_batch import Part


class Wanted(msgspec.Struct, frozen=True):
    """`since` and `until` are 14 digits; `commits`: offsets from which on events are pending, by partition."""

    since: str
    until: str
    names: frozenset[str]
    bots_too: bool
    blacklisted: frozenset[str]
    commits: Mapping[Part, int]

    def names_it(self, schema: str, revision: int, table: str) -> bool:
        return not self.names.isdisjoint((schema, f"{schema}_{revision}", table))

    def covers(self, time: str) -> bool:
        return self.since <= time < self.until

    def covers_minute(self, minute: str) -> bool | None:
        """Whether the whole minute lies inside, or outside; None: some of it does."""
        first, last = self.covers(minute + "00"), self.covers(minute + "59")
        touched = first or last or minute == self.since[:12]
        return None if touched and not (first and last) else first

    def commit(self, part: Part) -> int | None:
        return self.commits.get(part)

    def leaves_out_as_bot(self, event: Event) -> bool:
        return event.is_bot and not self.bots_too


def wanted(spec: BackfillWindow, blacklisted: frozenset[str], commits: Mapping[Part, int]) -> Wanted:
    return Wanted(
        since=clock.second(spec.since),
        until=clock.second(spec.until),
        names=frozenset(spec.schemas),
        bots_too=spec.eligible == "all",
        blacklisted=blacklisted,
        commits=commits,
    )
