"""Documents that take a run back, as far as the world allows: reviewed and applied like any other. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from elreconcile.desired.spec import format_instant
from elreconcile.kinds.contract import Kind
from elreconcile.ledger.entry import PastRun
from elreconcile.model.json import Json
from elreconcile.model.outcome import Ending
from elreconcile.planning.saved import recall

UNTOUCHED = {Ending.BLOCKED.value, Ending.REFUSED.value, Ending.NOT_REACHED.value}
VALID = timedelta(days=1)


class Revert(msgspec.Struct, frozen=True):
    documents: tuple[Mapping[str, Json], ...]
    cannot: tuple[str, ...]


def revert(past: PastRun, kinds: Mapping[str, Kind[Any, Any]], now: datetime) -> Revert:
    """Everything the run may have changed, last first. Raises Refused for a run of another version, or of no plan."""
    plan = recall(past.run.plan)
    changed = [change for change in reversed(plan.work) if past.endings.get(str(change.address)) not in UNTOUCHED]
    reverted = [kinds[change.address.kind].revert(change, f"revert-{past.run.id}") for change in changed]
    documents = [_expiring(each.document, now + VALID) for each in reverted if each.document is not None]
    return Revert(tuple(documents), tuple(each.cannot for each in reverted if each.cannot))


def _expiring(document: Mapping[str, Json], expires: datetime) -> Mapping[str, Json]:
    """A request needs an end of its own: it stands beside its id, wherever the kind puts that."""
    at = format_instant(expires.replace(microsecond=0))
    if "id" in document:
        return {**document, "expires": at}
    return {
        key: _expiring(value, expires) if isinstance(value, Mapping) and "id" in value else value
        for key, value in document.items()
    }
