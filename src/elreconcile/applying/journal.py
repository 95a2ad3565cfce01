"""What the ledger is told while a plan is carried out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime

from msgspec.structs import replace

from elreconcile.applying.stopping import Stopping
from elreconcile.errors import ElreconcileError, Interrupted
from elreconcile.ledger.entry import Entry, State
from elreconcile.ledger.lock import Hold
from elreconcile.ledger.store import LedgerWriter
from elreconcile.model.address import Address
from elreconcile.model.change import Change
from elreconcile.model.json import Json
from elreconcile.model.outcome import Ending, Outcome

AFTER = {
    Ending.SETTLED: State.SETTLED,
    Ending.PENDING: State.SETTLED,
    Ending.OVERWRITTEN: State.OVERWRITTEN,
    Ending.UNCERTAIN: State.UNCERTAIN,
    Ending.BLOCKED: State.RELEASED,
    Ending.REFUSED: State.RELEASED,
}
"""What an ending makes of a request. FAILED is left out: done in part, by this run or an earlier one, it stays as it
is and is resumed. Released where a part is done, it would be pinned anew, and a shift carried out twice. NOT_REACHED
releases what nothing was sent for, and leaves the rest to be resumed."""


Telling = Callable[[Address, int, int, str | None], None]
"""Told how far a long change has come: done, of so many, and what it waits for."""


def in_silence(address: Address, done: int, total: int, waits_for: str | None) -> None:
    """Nobody watches."""


class LedgerJournal:
    """The journal of one run. Levels leave no entry: only requests are remembered."""

    def __init__(
        self,
        ledger: LedgerWriter,
        hold: Hold,
        run: str,
        telling: Telling = in_silence,
        stopping: Stopping | None = None,
    ) -> None:
        self._ledger = ledger
        self._hold = hold
        self._run = run
        self._telling = telling
        self._stopping = stopping or Stopping()
        self._entries: dict[Address, Entry] = {}
        self._locks: dict[Address, Sequence[str]] = {}
        self._begun: set[Address] = set()
        self.lost: ElreconcileError | None = None
        """Why nothing more may be done: the lock is gone, or the ledger, or it was interrupted."""

    def still_ours(self, *addresses: Address) -> None:
        self._go_on()
        self._check(addresses)
        self._begun.update(addresses)

    def started(self, changes: Sequence[Change], remembered: Mapping[tuple[str, str], Entry]) -> None:
        """Keep the pins before anything is done. A request that was begun before keeps how far it came."""
        self._go_on()
        self._locks |= {change.address: change.locks for change in changes}
        for change in changes:
            if change.request is not None:
                kept = remembered.get((str(change.address), change.request.id))
                self._entries[change.address] = self._resumed(kept, change) or self._entry(change)
        self._record(dict.fromkeys(change.address for change in changes))

    def sending(self, addresses: Sequence[Address]) -> None:
        self._go_on()
        self._record(dict.fromkeys(addresses, State.SENDING))

    def acknowledged(self, evidence: Mapping[Address, Json]) -> None:
        for address, answers in evidence.items():
            self._add_evidence(address, "acknowledged", answers)
        self._record(dict.fromkeys(evidence, State.ACKNOWLEDGED))

    def progressed(self, address: Address, done: Json) -> None:
        self._add_evidence(address, "progress", done)
        self._record({address: None})

    def tell(self, address: Address, done: int, total: int, waits_for: str | None = None) -> None:
        self._telling(address, done, total, waits_for)

    def ended(self, outcomes: Iterable[Outcome]) -> None:
        """Each request as its outcome leaves it."""
        told: dict[Address, State | None] = {}
        for outcome in outcomes:
            state = self._after(outcome)
            if self.remembers(outcome.address) and state is not None:
                self._add_evidence(
                    outcome.address, "outcome", {"reason": outcome.reason, "read back": outcome.evidence}
                )
                told[outcome.address] = state
        self._record(told)

    def _after(self, outcome: Outcome) -> State | None:
        entry = self._entries.get(outcome.address)
        if outcome.ending is Ending.NOT_REACHED and entry is not None and entry.state is State.STARTED:
            return State.RELEASED
        return AFTER.get(outcome.ending)

    def remembers(self, address: Address) -> bool:
        """Whether an entry is kept for it: for requests only."""
        return address in self._entries

    def has_begun(self, address: Address) -> bool:
        """Whether this run came to where it may write to a server for it."""
        return address in self._begun

    def began_sending(self, address: Address) -> bool:
        """Whether the servers may have been asked, by this run or an earlier one."""
        entry = self._entries.get(address)
        return entry is not None and entry.state in (State.SENDING, State.ACKNOWLEDGED)

    @staticmethod
    def _resumed(kept: Entry | None, change: Change) -> Entry | None:
        """None: nothing was begun. Until something may have been sent, the image to go back to is today's."""
        if kept is None or kept.state is State.RELEASED:
            return None
        return replace(kept, before=change.before) if kept.state is State.STARTED else kept

    def _entry(self, change: Change) -> Entry:
        assert change.request is not None  # noqa: S101  only requests are entered
        return Entry(
            address=str(change.address),
            request_id=change.request.id,
            fingerprint=change.request.fingerprint,
            meaning=change.request.meaning,
            state=State.STARTED,
            pins=change.pins,
            before=change.before,
            evidence={"guards": {guard.name: guard.value for guard in change.guards}},
            run=self._run,
            at=datetime.now(UTC),
        )

    def _add_evidence(self, address: Address, name: str, value: Json) -> None:
        entry = self._entries.get(address)
        if entry is not None:
            held = entry.evidence if isinstance(entry.evidence, Mapping) else {}
            self._entries[address] = replace(entry, evidence={**held, name: value})

    def _record(self, states: Mapping[Address, State | None]) -> None:
        """Write them down in one transaction; None leaves one as it is. What was not written did not happen."""
        now = datetime.now(UTC)
        words = {
            address: replace(entry, state=state or entry.state, run=self._run, at=now)
            for address, state in states.items()
            if (entry := self._entries.get(address)) is not None
        }
        if words:
            # Whoever has the lock by now may have written there too.
            self._check(words)
            self._needed(lambda: self._ledger.record(list(words.values())))
            self._entries |= words

    def _check(self, addresses: Iterable[Address]) -> None:
        locks = [lock for address in addresses for lock in self._locks[address]]
        self._needed(lambda: self._hold.check(*locks))

    def _go_on(self) -> None:
        """Asked before each write to a server; what was written is read back and remembered all the same."""
        if self._stopping.asked:
            self.lost = Interrupted("it was interrupted")
            raise self.lost

    def _needed(self, step: Callable[[], None]) -> None:
        try:
            step()
        except ElreconcileError as error:
            self.lost = error
            raise
