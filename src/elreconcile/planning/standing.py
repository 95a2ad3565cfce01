"""What the ledger remembers of a request decides whether it may still be carried out. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from elreconcile.desired.load import Resource
from elreconcile.kinds.contract import Ask, Kind
from elreconcile.kinds.way_out import settle
from elreconcile.ledger.entry import OPEN, Entry, State
from elreconcile.model.address import Address
from elreconcile.model.change import Change, Finding, Guard, Refusal, Request, Sort
from elreconcile.model.json import canonical

Key = tuple[str, str]
"""A ledger entry's key: address and request id."""

STUCK = {
    State.UNCERTAIN: "an earlier run could not tell whether it was done",
    State.OVERWRITTEN: "it was done, and then somebody wrote over it",
}
LOOK = {
    State.UNCERTAIN: "look what stands there, then",
    State.OVERWRITTEN: "find who wrote over it, then",
}
"""Before a person settles it."""


def ask(
    resource: Resource[Any],
    kind: Kind[Any, Any],
    entries: Mapping[Key, Entry],
    shown: Mapping[Address, Change],
    now: datetime,
) -> Ask[Any]:
    """What to ask a kind about one document. Pins of an apply that was cut short stand above those of a plan."""
    request = kind.request(resource.spec)
    if request is None:
        return Ask(resource)
    last = entries.get((str(resource.address), request.id))
    entry = remembered(last)
    planned = None if entry else shown.get(resource.address)
    begun = entry or planned
    pins = begun.pins if begun else None
    reviewed = planned if planned and _same(planned.request, request) else None
    released = None if entry else last
    return Ask(resource, request, entry, pins, _open(request, entry, now), reviewed, released)


def _same(then: Request | None, now: Request) -> bool:
    """Another one is refused as that, whatever the world did meanwhile."""
    return then is not None and then.fingerprint == now.fingerprint


def open_requests(entries: Mapping[Key, Entry]) -> Mapping[str, Sequence[Entry]]:
    """Those that are not final, by address."""
    found: dict[str, list[Entry]] = {}
    for entry in entries.values():
        if entry.state in OPEN:
            found.setdefault(entry.address, []).append(entry)
    return found


def others(question: Ask[Any], unsettled: Mapping[str, Sequence[Entry]]) -> tuple[Entry, ...]:
    """The open requests of its address under another id than the document's."""
    own = question.request.id if question.request else None
    here = [each for each in unsettled.get(str(question.address), ()) if each.request_id != own]
    return tuple(sorted(here, key=lambda each: each.request_id))


def remembered(entry: Entry | None) -> Entry | None:
    """An entry that was released is as good as none."""
    return None if entry is None or entry.state is State.RELEASED else entry


def settled_at(entry: Entry | None) -> datetime | None:
    """None: it is not settled."""
    return entry.at if entry is not None and entry.state is State.SETTLED else None


def _open(request: Request, entry: Entry | None, now: datetime) -> bool:
    if entry is not None and (entry.fingerprint != request.fingerprint or entry.state in (State.SETTLED, *STUCK)):
        return False
    return now < request.expires


def forbidden(question: Ask[Any], guards: tuple[Guard, ...]) -> tuple[Refusal, ...]:
    """What the memory of an address forbids. No acceptance lifts these."""
    if question.request is None:
        return ()
    own = refusals(question.request, question.entry, guards)
    return (*own, *(Refusal("open-request", *_told(each)) for each in _in_the_way(question)))


def told(question: Ask[Any], now: datetime) -> tuple[Finding, ...]:
    """What the memory of an address has to say that forbids nothing."""
    late = expired(question.request, question.entry, now) if question.request else ()
    in_the_way = _in_the_way(question)
    rest = [each for each in question.others if each not in in_the_way]
    return (*late, *(Finding(*_told(each), Sort.NOTE) for each in rest))


def _in_the_way(question: Ask[Any]) -> Sequence[Entry]:
    """What may be done already, or may still be: a new request beside it could do it twice.

    Not what was overwritten: it was done, and a new request is a way to go on from there.
    """
    if question.request is None or not question.open:
        return ()
    return [each for each in question.others if each.state is not State.OVERWRITTEN]


def _told(entry: Entry) -> tuple[str, str, str, str]:
    """What is open, how it stands, what is wanted, and the way there."""
    way = LOOK.get(entry.state, "put its id back into the document, and apply goes on with it; or")
    return (
        f"request {entry.request_id} of the same address",
        f"{entry.state} on {entry.at:%Y-%m-%d %H:%M} UTC by run {entry.run}, not settled",
        "settled before another one is begun",
        f"{way}: {settle(*entry.key)}",
    )


def refusals(request: Request, entry: Entry | None, guards: tuple[Guard, ...]) -> tuple[Refusal, ...]:
    """What the memory of a request forbids."""
    if entry is None:
        return ()
    if entry.fingerprint != request.fingerprint:
        return (_changed_meaning(request, entry),)
    if entry.state in STUCK:
        remedy = f"{settle(*entry.key)}; --not-done has it carried out anew, on every partition"
        return (Refusal(entry.state.value, f"request {request.id}", STUCK[entry.state], "settled by a person", remedy),)
    return _other_world(request, entry, guards)


def _changed_meaning(request: Request, entry: Entry) -> Refusal:
    return Refusal(
        "changed-meaning",
        f"request {request.id}, {entry.state} on {entry.at:%Y-%m-%d %H:%M} UTC",
        f"now {canonical(request.meaning)}",
        f"then {canonical(entry.meaning)}",
        "a request keeps its meaning for ever: give the new one a new id",
    )


def _other_world(request: Request, entry: Entry, guards: tuple[Guard, ...]) -> tuple[Refusal, ...]:
    """An apply that was cut short may only go on in the world it began in."""
    began = entry.evidence.get("guards") if isinstance(entry.evidence, Mapping) else None
    now = {guard.name: guard.value for guard in guards}
    if not guards or not isinstance(began, Mapping) or began == now:
        return ()
    differing = sorted(name for name in began.keys() | now.keys() if began.get(name) != now.get(name))
    return tuple(
        Refusal(
            "other-world",
            f"request {request.id} was begun with another {name}",
            f"now {now.get(name, 'missing')}",
            f"then {began.get(name, 'missing')}",
            settle(*entry.key),
        )
        for name in differing
    )


def expired(request: Request, entry: Entry | None, now: datetime) -> tuple[Finding, ...]:
    """A request past its time is told, since nothing will ever be done for it."""
    if now < request.expires or (entry is not None and entry.state is State.SETTLED):
        return ()
    value = f"expired {request.expires:%Y-%m-%dT%H:%M:%SZ}, not settled"
    remedy = "remove it, or write a new request"
    if entry is not None:
        value += f"; a run that was cut short left it {entry.state}: it may be done in part"
        remedy = f"look how far it came, then: {settle(*entry.key)}"
    return (Finding(f"request {request.id}", value, "carried out in time", remedy, Sort.NOTE),)
