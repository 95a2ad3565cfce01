"""What the blacklist keeps out of a window, held against what its plan said. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from elreconcile.kinds.backfill_window.diff import Work
from elreconcile.systems.event_tables import table_prefix


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Events that nothing is put in for, by table, as the plan counted them.

    since    were to be put in; their schema is blacklisted since then, maybe by this very run
    known    of a blacklisted schema, which the plan said
    no_more  of a schema that was blacklisted then, and is no longer
    """

    since: Mapping[str, int] = field(default_factory=dict)
    known: Mapping[str, int] = field(default_factory=dict)
    no_more: Mapping[str, int] = field(default_factory=dict)

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
    """`blacklisted`: the schemas as the window is filled."""
    kept_out = {table_prefix(schema) for schema in blacklisted}

    def is_kept_out(table: str) -> bool:
        return table.rpartition("_")[0] in kept_out

    return LeftOut(
        since={table: events for table, events in job.missing.items() if is_kept_out(table)},
        known={table: events for table, events in job.blacklisted.items() if is_kept_out(table)},
        no_more={table: events for table, events in job.blacklisted.items() if not is_kept_out(table)},
    )
