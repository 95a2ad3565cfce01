"""Nothing is done to a Kafka cluster with another id than the configuration names."""

from __future__ import annotations

from collections.abc import Iterator

from elreconcile.model.change import Refusal


def wrong_cluster(wanted: str | None, found: str) -> Iterator[Refusal]:
    """`wanted` None: the configuration names no id."""
    if wanted not in (None, found):
        remedy = "point the config at the right cluster"
        yield Refusal("wrong-cluster", "the cluster's id", found, f"elreconcile.yaml says {wanted}", remedy)
