"""Where a document points: its kind, the system it lives on, and its name there."""

from __future__ import annotations

import msgspec


class Address(msgspec.Struct, frozen=True, order=True):
    """What locks, ledger entries and plans are keyed by, e.g. `ConsumerGroup/analytics/my_group`."""

    kind: str
    system: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind}/{self.system}/{self.name}"

    @classmethod
    def parse(cls, text: str) -> Address:
        """The inverse of `str()`. A name may hold slashes. Raises ValueError."""
        parts = text.split("/", 2)
        if len(parts) != 3 or not all(parts):
            raise ValueError(f"{text!r} is not an address: write KIND/SYSTEM/NAME")
        return cls(*parts)
