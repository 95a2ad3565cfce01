"""Values as JSON: what plans, pins and ledger entries are made of."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)

if TYPE_CHECKING:
    Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
else:
    Json = Any  # msgspec reads no type that holds itself


def canonical(value: Json) -> str:
    """One text for one value: sorted keys, no spaces, integers of any size as they are."""
    return _CANONICAL.encode(value)


def digest(value: Json) -> str:
    """The SHA-256 of the canonical text, in hex."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()
