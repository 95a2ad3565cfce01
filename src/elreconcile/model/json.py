"""Values as JSON: what plans, pins and ledger entries are made of."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence

from typing_extensions import TypeAliasType

_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)

Json = TypeAliasType("Json", "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None")


def canonical(value: Json) -> str:
    """One text for one value: sorted keys, no spaces, integers of any size as they are."""
    return _CANONICAL.encode(value)


def digest(value: Json) -> str:
    """The SHA-256 of the canonical text, in hex."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()
