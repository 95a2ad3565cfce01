"""What to do where a ledger is lost or damaged."""

from __future__ import annotations

PUT_BACK = (
    "put the newest backup back with `elreconcile ledger import FILE`, and take out of the documents what was carried "
    "out since"
)
