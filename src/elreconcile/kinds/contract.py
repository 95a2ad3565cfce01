"""What a kind is. The core owns order, policy, locks, the ledger and the digest; a kind owns its words."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import ClassVar, Generic, Protocol, TypeVar

import msgspec

from elreconcile.desired.load import Resource
from elreconcile.desired.spec import Spec
from elreconcile.ledger.entry import Entry
from elreconcile.model.address import Address
from elreconcile.model.change import Change, Request
from elreconcile.model.json import Json
from elreconcile.model.outcome import Outcome
from elreconcile.systems import ReadingSystems, WritingSystems

S = TypeVar("S", bound=Spec)
L = TypeVar("L")


class Moment(msgspec.Struct, frozen=True):
    """When a plan is made, and the waits that safety asks for, in seconds."""

    now: datetime
    grace: float
    quiet: float
    min_retention_left: float
    purge_horizon: float | None = 90 * 86_400.0
    """What is older has been purged and stays so; None: nothing is ever purged."""


class Ask(msgspec.Struct, Generic[S], frozen=True):
    """One document to observe: what is wanted, and what is remembered of it.

    `pins` are the numbers of a reviewed plan or of an apply that was cut short; `reviewed` is the change as it was
    shown, where they are of a plan and nothing was begun with them. `open`: something may still be
    done for it; always so for a level, and for a request until it is settled, expired or waits for a person.
    `released`: what the ledger holds of an earlier run that is known not to count, whatever it left behind.
    `others`: what it holds of other requests of its address that are not final.
    """

    resource: Resource[S]
    request: Request | None = None
    entry: Entry | None = None
    pins: Json = None
    open: bool = True
    reviewed: Change | None = None
    released: Entry | None = None
    others: tuple[Entry, ...] = ()

    @property
    def address(self) -> Address:
        return self.resource.address


class Reverted(msgspec.Struct, frozen=True):
    """A document that takes a change back, without its `expires`; and in words what no document can."""

    document: Mapping[str, Json] | None = None
    cannot: str = ""


class Journal(Protocol):
    """How a kind tells the ledger what it did, as it does it."""

    def still_ours(self, *addresses: Address) -> None:
        """Raise LockLost when their locks are gone. To be called before each write to a server, for what it is for."""

    def sending(self, addresses: Sequence[Address]) -> None:
        """From here on the servers may have been asked to carry these out; kept before the first is asked."""

    def acknowledged(self, evidence: Mapping[Address, Json]) -> None:
        """The servers have answered yes to these; kept before anything else happens."""

    def progressed(self, address: Address, done: Json) -> None:
        """How far a long request has come; kept, for people. What is left to do is always read from the world."""

    def tell(self, address: Address, done: int, total: int, waits_for: str | None = None) -> None:
        """The same for whoever watches now, in rows; not kept. `waits_for`: why it stands still."""


class Kind(ABC, Generic[S, L]):
    """The contract of a kind of document.

    A kind must:
    - observe all its documents in one go, with a reading client only, and before it is given a writing one;
    - read "not allowed" as an error, never as "nothing there";
    - turn every moving word (`latest`, a shift, a timestamp) into numbers while observing, and use `ask.pins` instead
      where it is given them: those were reviewed, or an apply that was cut short began with them;
    - answer in `diff` with a Change whose action is NONE exactly when nothing is left to do;
    - show everything that blocks or forbids a change at once, not the first thing it meets;
    - in `act`, check its preconditions again itself, be safe to run twice with the same pins, and tell `journal` what
      the servers acknowledged before it goes on;
    - end each change in an Outcome that says what was read back, and say UNCERTAIN where nothing tells.

    A kind may:
    - hold findings (`expect`, wrong settings) beside or without a change. They are reported, never acted on.

    A kind must not:
    - print, prompt, lock, write the ledger, read the clock (`moment.now` is given), or know of other kinds;
    - change anything that its `diff` did not show, or delete what the document does not name.
    """

    name: ClassVar[str]
    spec: type[S]
    order: ClassVar[int]
    """Where its changes stand in a plan: lower first."""
    keeps_back: ClassVar[bool] = False
    """Nothing of a later kind is begun unless all changes of this one ended well."""
    lasting: ClassVar[str]
    """What of a change cannot be put back, and the way to something like it."""

    def request(self, spec: S) -> Request | None:
        """The once-only side of a document; None for a level."""
        return None

    @abstractmethod
    def observe(self, asks: Sequence[Ask[S]], systems: ReadingSystems, moment: Moment) -> Mapping[Address, L]:
        """Everything `diff` needs to know of the world, for all documents at once; they are of one system.

        Raises Unreachable.
        """

    @abstractmethod
    def diff(self, ask: Ask[S], live: L, moment: Moment) -> Change:
        """Pure: the same document and the same world give the same change."""

    @abstractmethod
    def act(
        self, changes: Sequence[Change], systems: WritingSystems, moment: Moment, journal: Journal
    ) -> Iterable[Outcome]:
        """Carry the changes out and read back what became of them: one outcome for each."""

    def revert(self, change: Change, request: str) -> Reverted:
        """How to go back on a change that was carried out; `request` is the id that a new request is to have."""
        return Reverted(cannot=f"{change.address}: {self.lasting}")

    @abstractmethod
    def verify(
        self, outcomes: Sequence[Outcome], changes: Sequence[Change], systems: ReadingSystems
    ) -> Iterable[Outcome]:
        """Look once more, after everything else of the run: what was pending may have come true."""
