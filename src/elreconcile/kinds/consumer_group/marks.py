"""The words elreconcile leaves beside an offset, and what finding them again proves.

Kafka keeps a short metadata text with each commit, and every other commit replaces it. So an offset is first
committed again where it stands, with a mark; as long as the mark is there, nobody has committed since. A consumer
that assigns its partitions by hand is found out this way even when its offsets do not move, and a run that was cut
short can tell a commit that was never made from one that somebody has followed.
"""

from __future__ import annotations

from elreconcile.systems.kafka_values import Commit

PREFIX = "elreconcile"


def before(request: str) -> str:
    """Stands beside an offset that a request is about to replace."""
    return f"{PREFIX} before {request}"


def done(request: str) -> str:
    """Stands beside an offset that a request has put there."""
    return f"{PREFIX} reset {request}"


def is_ours(commit: Commit | None) -> bool:
    return commit is not None and commit.metadata.startswith(f"{PREFIX} ")
