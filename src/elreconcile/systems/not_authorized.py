"""A missing right, told apart from a missing thing."""

from __future__ import annotations

from elreconcile.errors import Unreachable


class NotAuthorized(Unreachable):
    """The system answered, and refuses us. Ends like an unreachable one: nothing is known about it.

    `missing` is what may not be done; `remedy` what would grant it.
    """

    def __init__(self, system: str, missing: str, remedy: str) -> None:
        super().__init__(system, f"not authorized to {missing}; {remedy}", 0.0)
        self.missing = missing
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.system}: not authorized to {self.missing}\n  grant it with: {self.remedy}"
