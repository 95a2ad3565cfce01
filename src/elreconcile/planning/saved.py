"""A plan on its way through a review: written down whole, and believed only when it comes back as it was."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, TypeVar, cast

import msgspec
from msgspec.structs import replace

from elreconcile.errors import Refused
from elreconcile.model.change import Action
from elreconcile.model.json import Json, canonical, digest
from elreconcile.model.plan import Plan

T = TypeVar("T")

FORMAT_VERSION = "1.0"


class SavedPlan(msgspec.Struct, frozen=True):
    """`run_number` and `run` are of the ledger's latest run when the plan was made, 0 and None before the first.

    A ledger that holds no such run, or another one under this number, is an older copy. `made_in` is the directory
    that a relative folder of documents starts from.
    """

    plan: Plan
    expires_at: datetime
    run_number: int
    run: str | None
    made_in: str = ""


def write(saved: SavedPlan) -> str:
    """JSON with the plan's digest, and a checksum over every word of it. Holds no secret: a plan has none."""
    content = msgspec.to_builtins(saved, str_keys=True)
    document = {
        "format_version": FORMAT_VERSION,
        "type": "saved plan",
        "digest": saved.plan.digest,
        "checksum": digest(content),
        **content,
    }
    return json.dumps(document, sort_keys=True, indent=1) + "\n"


def read(text: str, name: str) -> SavedPlan:
    """The inverse of `write`. Raises Refused for a text that is not exactly what was written."""
    document = _document(text, name)
    version = str(document.pop("format_version", ""))
    if version.split(".")[0] != FORMAT_VERSION.split(".")[0]:
        raise Refused(f"{name} has format {version or 'unknown'}; this version reads {FORMAT_VERSION}: plan again")
    kind, checksum, bound = (document.pop(key, None) for key in ("type", "checksum", "digest"))
    if kind != "saved plan" or checksum != digest(document):
        raise Refused(f"{name} is not as it was written: it was edited or cut short; plan again")
    saved = _made_of(document, SavedPlan, f"{name} is not a plan of this version")
    if saved.plan.digest != bound:
        raise Refused(f"{name} says digest {bound}, and what it would do has {saved.plan.digest}; plan again")
    return saved


def remember(plan: Plan) -> Json:
    """A plan as the ledger keeps it: what is only shown is left out."""
    changes = tuple(replace(change, details=()) for change in plan.changes if change.action is not Action.NONE)
    return cast(Json, msgspec.to_builtins(replace(plan, changes=changes), str_keys=True))


def recall(remembered: Json) -> Plan:
    """The inverse of `remember`, but for what was left out. Raises Refused for a plan of another version."""
    return _made_of(remembered, Plan, "the plan is not one of this version")


def _made_of(stored: Json, what: type[T], complaint: str) -> T:
    try:
        _readable(stored)
        return msgspec.convert(stored, what)
    except (msgspec.ValidationError, ValueError, RecursionError) as error:
        raise Refused(f"{complaint}: {error}") from None


def _readable(stored: Json) -> None:
    """Raises ValueError for half a character pair, which is JSON and no text, and RecursionError."""
    canonical(stored).encode()


def _document(text: str, name: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
        _readable(document)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise Refused(f"{name} is not a saved plan, or was cut short; plan again")
    return document
