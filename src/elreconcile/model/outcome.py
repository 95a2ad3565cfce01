"""How a change ended."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from elreconcile.model.address import Address
from elreconcile.model.json import Json


class Ending(StrEnum):
    """Every change ends in one of these.

    SETTLED      done and read back
    PENDING      our part is done and read back; the rest waits for somebody else
    BLOCKED      a precondition did not hold: nothing was changed
    REFUSED      a rule, or the server, said no: nothing was changed
    OVERWRITTEN  done, acknowledged, and somebody wrote over it
    UNCERTAIN    sent, and nothing tells whether it was done
    FAILED       partly done; the reason says what
    NOT_REACHED  the run ended before it was begun: nothing was changed
    """

    SETTLED = "settled"
    PENDING = "pending"
    BLOCKED = "blocked"
    REFUSED = "refused"
    OVERWRITTEN = "overwritten"
    UNCERTAIN = "uncertain"
    FAILED = "failed"
    NOT_REACHED = "not reached"

    @property
    def is_good(self) -> bool:
        """Our part is done."""
        return self in (Ending.SETTLED, Ending.PENDING)


class Outcome(msgspec.Struct, frozen=True):
    """`reason` is a sentence for a person; `evidence` is what was read back from the world.

    `unreachable`: it ended so because a system could not be asked. `request`: the id of the request it is about.
    """

    address: Address
    ending: Ending
    reason: str
    evidence: Json = None
    unreachable: bool = False
    request: str | None = None

    def kept(self) -> Json:
        """What the ledger keeps of it, to explain it by."""
        return {"ending": self.ending.value, "reason": self.reason, "evidence": self.evidence}
