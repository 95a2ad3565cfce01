"""The list of kinds, and the way to ask them all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

import msgspec

from elreconcile.errors import Unreachable
from elreconcile.kinds.backfill_window import BackfillWindowKind
from elreconcile.kinds.burrow_monitor import BurrowMonitorKind
from elreconcile.kinds.consumer_group import ConsumerGroupKind
from elreconcile.kinds.contract import Ask, Kind, Moment
from elreconcile.kinds.schema_blacklist import SchemaBlacklistKind
from elreconcile.model.address import Address
from elreconcile.systems import ReadingSystems

KINDS: Mapping[str, Kind[Any, Any]] = {
    kind.name: kind for kind in (SchemaBlacklistKind(), BurrowMonitorKind(), ConsumerGroupKind(), BackfillWindowKind())
}
"""Every kind by its name, in the order their changes are carried out."""


class Observed(msgspec.Struct, frozen=True):
    """The live side of each document, and why there is none for those of a system that could not be asked."""

    live: Mapping[Address, Any]
    lost: Mapping[Address, Unreachable]


def observe_all(asks: Sequence[Ask[Any]], systems: ReadingSystems, moment: Moment) -> Observed:
    """What each document's kind needs to know of the world; a kind is asked once for each system."""
    live: dict[Address, Any] = {}
    lost: dict[Address, Unreachable] = {}
    by_system = groupby(sorted(asks, key=lambda ask: ask.address), lambda ask: (ask.address.kind, ask.address.system))
    for (name, _), group in by_system:
        own = list(group)
        try:
            live.update(KINDS[name].observe(own, systems, moment))
        except Unreachable as error:
            lost.update(dict.fromkeys((ask.address for ask in own), error))
    return Observed(live, lost)
