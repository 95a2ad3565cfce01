"""Windows that may not be filled at all, whatever they hold. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from elreconcile.kinds.backfill_window.spec import BackfillWindow
from elreconcile.kinds.contract import Moment
from elreconcile.kinds.span import told
from elreconcile.model.change import Refusal


def refusals(spec: BackfillWindow, moment: Moment) -> Iterator[Refusal]:
    """What time alone forbids: purged rows stay purged, and a writer may still hold young ones."""
    if moment.purge_horizon is not None:
        horizon = moment.now - timedelta(seconds=moment.purge_horizon)
        if spec.since < horizon:
            left = (
                "nothing of it is left" if spec.until <= horizon else f"from {horizon:%Y-%m-%dT%H:%M:%SZ} on it is left"
            )
            yield Refusal(
                "purge-horizon",
                f"the window begins {spec.since:%Y-%m-%dT%H:%M:%SZ}",
                left,
                f"limits.purge_horizon is {told(moment.purge_horizon)}: refilling purged rows is a privacy incident",
                "begin the window later",
            )
    buffered = moment.now - spec.sink.buffer
    if spec.until > buffered:
        yield Refusal(
            "writers-buffer",
            f"the window ends {spec.until:%Y-%m-%dT%H:%M:%SZ}",
            f"what happened until {buffered:%Y-%m-%dT%H:%M:%SZ} is left",
            f"the writer may hold rows for {told(spec.sink.buffer.total_seconds())} (sink.buffer)",
            "end the window earlier, or wait",
        )
