"""The way out where the tool cannot know: a person says whether a request was done, and why they think so."""

from __future__ import annotations

from datetime import UTC, datetime

from msgspec.structs import replace

from elreconcile.errors import Refused, UsageError
from elreconcile.ledger.entry import OPEN, Entry, Run, State
from elreconcile.ledger.lock import Locks, Owner
from elreconcile.ledger.store import LedgerWriter
from elreconcile.model.json import Json


def settle(
    address: str,
    request: str | None,
    done: bool,
    reason: str,
    ledger: LedgerWriter,
    locks: Locks,
    owner: Owner,
) -> Entry:
    """Record a person's word on the one unsettled request of an address. Returns the entry as it stands then.

    `request` names it where the address has several. Raises UsageError, Refused, LockHeld, Unreachable.
    """
    with locks.hold([address], owner) as hold:
        entry = _unsettled(address, request, ledger)
        word: Json = {
            "settled by": f"{owner.user} on {owner.host}",
            "done": done,
            "reason": reason,
            "was": entry.state.value,
        }
        held = entry.evidence if isinstance(entry.evidence, dict) else {}
        settled = replace(
            entry,
            state=State.SETTLED if done else State.RELEASED,
            evidence={**held, "word": word},
            run=owner.run,
            at=datetime.now(UTC),
        )
        hold.check()
        ledger.start_run(Run(owner.run, owner.since, owner.user, owner.host, None, "", {"settle": address}))
        ledger.record([settled])
        ledger.end_run(owner.run, {address: {"ending": settled.state.value, "reason": reason, "evidence": word}})
        return settled


def _unsettled(address: str, request: str | None, ledger: LedgerWriter) -> Entry:
    entries = [entry for (_, id_), entry in ledger.entries_for([address]).items() if request in (None, id_)]
    unsettled = [entry for entry in entries if entry.state in OPEN]
    if len(unsettled) == 1:
        return unsettled[0]
    if unsettled:
        ids = ", ".join(sorted(entry.request_id for entry in unsettled))
        raise UsageError(f"{address} has several unsettled requests: name one of {ids} with --request")
    known = ", ".join(sorted(f"{entry.request_id} ({entry.state})" for entry in entries)) or "none"
    raise Refused(f"nothing to settle for {address}; its requests in the ledger: {known}")
