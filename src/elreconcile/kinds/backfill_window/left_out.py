"""What the blacklist keeps out of a window, held against what its plan said. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from elreconcile.kinds.backfill_window.diff import Work


class LeftOut(msgspec.Struct, frozen=True):
    """Events that nothing is put in for, by table, as the plan counted them.

    since    were to be put in; their schema is blacklisted since then, maybe by this very run
    known    of a blacklisted schema, which the plan said
    no_more  of a schema that was blacklisted then, and is no longer
    """

    since: Mapping[str, int] = {}
    known: Mapping[str, int] = {}
    no_more: Mapping[str, int] = {}

    def unlike_planned(self) -> Iterator[str]:
        """Why the window is not to be settled as it was planned."""
        for table, events in self.since.items():
            yield f"{events:,} events of {table} were left out, blacklisted since the plan was made"
        for table, events in self.no_more.items():
            yield f"{events:,} events of {table} were left out, blacklisted when the plan was made and no longer"

    def for_ever(self) -> Iterator[str]:
        """What settling the window means for the rest."""
        for table, events in self.known.items():
            yield (
                f"{events:,} events of {table} were left out as blacklisted: those without a row stay so for ever "
                "under this name"
            )


def left_out(job: Work, blacklisted: Iterable[str]) -> LeftOut:
    """`blacklisted`: the schemas as the window is filled. A table's name need not be that of its schema, or of one."""
    now, then = frozenset(blacklisted), job.kept_out

    def among(counted: Mapping[str, int], schemas: frozenset[str]) -> Mapping[str, int]:
        return {table: events for table, events in counted.items() if not schemas.isdisjoint(job.schemas[table])}

    return LeftOut(
        since=among(job.missing, now - then),
        known=among(job.blacklisted, then & now),
        no_more=among(job.blacklisted, then - now),
    )
