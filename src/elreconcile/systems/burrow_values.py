"""What Burrow says, as frozen values, in Burrow's own words."""

from __future__ import annotations

import msgspec


class OffsetSeen(msgspec.Struct, frozen=True):
    """One commit that Burrow saw. `timestamp_ms` is when it was made; `lag` None: not known then."""

    offset: int
    timestamp_ms: int
    lag: int | None


class PartitionSeen(msgspec.Struct, frozen=True):
    """A partition as Burrow keeps it for a group; `offsets` oldest first, without Burrow's empty slots."""

    partition: int
    offsets: tuple[OffsetSeen, ...]
    current_lag: int
    owner: str
    client_id: str


class PartitionStatus(msgspec.Struct, frozen=True):
    topic: str
    partition: int
    status: str
    current_lag: int
    complete: float


class Status(msgspec.Struct, frozen=True):
    """`status`: OK, WARN, ERR, …; to be believed only when `complete` is 1.0: enough commits were seen."""

    status: str
    complete: float
    total_lag: int
    partitions: tuple[PartitionStatus, ...]


class Filters(msgspec.Struct, frozen=True):
    """Regular expressions (Go's) that decide which groups Burrow keeps; "" where unset, None where not told.

    No Burrow tells its deny list over HTTP (seen on 1.2.1, read in the source of 1.9.5): `deny` is None.
    `source` names the section of Burrow's config, e.g. `consumer.local`; the two keys are spelt as that version
    of Burrow spells them.
    """

    allow: str
    deny: str | None
    source: str
    allow_key: str
    deny_key: str
