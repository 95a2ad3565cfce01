"""How a window ended: by what stands there now, uuid by uuid, on the replica too. Pure."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from elreconcile.kinds.backfill_window.diff import Work
from elreconcile.kinds.backfill_window.left_out import LeftOut
from elreconcile.kinds.backfill_window.sending import Filled
from elreconcile.model.address import Address
from elreconcile.model.json import Json
from elreconcile.model.outcome import Ending, Outcome


class Left(msgspec.Struct, frozen=True):
    """Events without a row, read back after filling; `pending`: the writer is to bring them.

    `undecodable`: no row can be made of them; they are not among the missing. `on_replica`: without a row there; None:
    not asked, as there is none, or something else is left.
    """

    missing: int
    pending: int
    undecodable: int
    on_replica: int | None
    left_out: LeftOut


def judge(address: Address, job: Work, filled: Filled, left: Left, altered: Mapping[str, int]) -> Outcome:
    """`altered`: columns in which rows of the sample differ, and how many."""
    evidence: Json = {
        "inserted": dict(filled.inserted),
        "missing": left.missing,
        "pending": left.pending,
        "cannot be decoded in full": left.undecodable,
        "left out since the plan": dict(left.left_out.since),
        "missing on the replica": left.on_replica,
        "changed by the server, by its warnings": dict(filled.changed),
        "changed by the server, in a sample": dict(altered),
    }
    said = [f"{filled.inserted.total():,} rows put in, read back by uuid", *_remarks(filled, left, altered)]
    ending, why = _ending(job, left)
    return Outcome(address, ending, "; ".join([*said, *why]), evidence)


def _ending(job: Work, left: Left) -> tuple[Ending, list[str]]:
    otherwise = tuple(left.left_out.unlike_planned())
    if left.missing:
        return Ending.FAILED, [f"{left.missing:,} events still have no row", *otherwise]
    if stays_open := [*filter(None, [job.stays_open or _waiting(left)]), *otherwise]:
        return Ending.FAILED, [f"the window stays open: {'; '.join(stays_open)}"]
    if left.on_replica:
        behind = f"{left.on_replica:,} of its rows are not on the replica {job.spec.sink.replica}"
        return Ending.FAILED, [f"the window stays open: {behind}"]
    return Ending.SETTLED, list(left.left_out.for_ever())


def _waiting(left: Left) -> str | None:
    """A reset of the writer in the same run makes pending what was missing when the plan was made."""
    return f"{left.pending:,} events wait for the writer" if left.pending else None


def _remarks(filled: Filled, left: Left, altered: Mapping[str, int]) -> list[str]:
    said = []
    if filled.changed:
        columns = ", ".join(f"{column} ({number:,})" for column, number in sorted(filled.changed.items()))
        said.append(f"the server changed values on the way in: {columns}")
    silent = sorted(set(altered) - set(filled.changed))
    if silent:
        said.append(f"a sample read back differs in {', '.join(silent)}")
    if left.undecodable:
        said.append(f"{left.undecodable:,} events cannot be decoded in full, the first at {', '.join(filled.places)}")
    return said
