"""What is no longer as it was shown, in words: of the documents, of the clock, and of the world."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from elreconcile.model.address import Address
from elreconcile.model.change import Action, Change
from elreconcile.model.json import Json
from elreconcile.model.plan import Plan
from elreconcile.planning.difference import compare
from elreconcile.reports.plan_text import refusal_text


def changed(shown: Plan, plan: Plan, left: Sequence[Change], files: Mapping[Address, str]) -> Sequence[str]:
    """A text for each thing that differs, none where nothing does; old and new of values side by side.

    `left` are the changes of the plan that was shown which are still to be done; `files`: where each document stands.
    """
    addresses = [change.address for change in left]
    then, now = shown.bound(addresses), plan.bound(addresses)
    if then == now:
        return ()
    told = [str(each) for each in compare(shown.bound(()), plan.bound(()))]
    for change in left:
        told += _of(change, plan, files)
    return told or [str(each) for each in compare(then, now)]


def too_late(change: Change, now: datetime) -> str | None:
    """That its request has expired; None: it has not, or there is none."""
    request = change.request
    if request is None or now < request.expires:
        return None
    at = f"{request.expires:%Y-%m-%dT%H:%M:%SZ}"
    return (
        f"request {request.id} of {change.address} expired at {at}: where it was not carried out, write a new request"
    )


def _of(then: Change, plan: Plan, files: Mapping[Address, str]) -> Iterator[str]:
    now, late = plan.change(then.address), too_late(then, plan.made_at)
    if now is None:
        yield f"{then.address} is no longer in {plan.source.folder}"
        return
    edited = now.document != then.document
    if edited:
        yield f"the document of {then.address} was changed since ({files.get(then.address, plan.source.folder)})"
    elif late:
        yield late
        return
    yield from (f"{then.address}: {refusal_text(refusal)}" for refusal in now.refusals)
    if not now.refusals:
        told = compare(_values(then, now.action), _values(now, now.action))
        yield from (f"{then.address}: {each}" for each in told)


def _values(change: Change, action: Action) -> Json:
    """What a reader compares; of what is not done any more, just the request as it was written."""
    request: Json = {"id": change.request.id, "meaning": change.request.meaning} if change.request else None
    if action is Action.NONE:
        return {"request": request}
    guards: Json = {guard.name: guard.value for guard in change.guards}
    return {
        "action": change.action.value,
        "request": request,
        "effect": change.effect,
        "pins": change.pins,
        "guards": guards,
    }
