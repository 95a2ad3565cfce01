"""The list of kinds, and the way to ask them all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from elreconcile.kinds.burrow_monitor import BurrowMonitorKind
from elreconcile.kinds.consumer_group import ConsumerGroupKind
from elreconcile.kinds.contract import Ask, Kind, Moment
from elreconcile.model.address import Address
from elreconcile.systems import ReadingSystems

KINDS: Mapping[str, Kind[Any, Any]] = {kind.name: kind for kind in (BurrowMonitorKind(), ConsumerGroupKind())}
"""Every kind by its name, in the order their changes are carried out."""


def observe_all(asks: Sequence[Ask[Any]], systems: ReadingSystems, moment: Moment) -> Mapping[Address, Any]:
    """What each document's kind needs to know of the world; each kind is asked once."""
    live: dict[Address, Any] = {}
    for name, kind in KINDS.items():
        own = [ask for ask in asks if ask.address.kind == name]
        if own:
            live.update(kind.observe(own, systems, moment))
    return live
