"""What differs between a plan that was shown and the one made anew. The only place that knows deepdiff."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from elreconcile.model.json import Json, canonical


class Difference(msgspec.Struct, frozen=True, order=True):
    """One value that changed; `path` says where, ABSENT stands for a value that is not there."""

    path: str
    then: str
    now: str

    def __str__(self) -> str:
        return f"{self.path}: then {self.then}, now {self.now}"


ABSENT = "absent"


def compare(then: Json, now: Json) -> tuple[Difference, ...]:
    """Leaf by leaf: 1, 1.0 and true are three values, a missing key is no null."""
    from deepdiff import DeepDiff  # a tenth of a second to import, and plans seldom differ

    found: Mapping[str, Any] = DeepDiff(then, now, view="tree", verbose_level=2)
    return tuple(sorted(_difference(kind, level) for kind, levels in found.items() for level in levels))


def _difference(kind: str, level: Any) -> Difference:
    path = " / ".join(str(step) for step in level.path(output_format="list"))
    then = ABSENT if kind.endswith("_added") else canonical(level.t1)
    return Difference(path, then, ABSENT if kind.endswith("_removed") else canonical(level.t2))
