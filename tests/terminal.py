"""The end of a terminal that a person would look at."""

from __future__ import annotations

import os
from collections.abc import Iterator


def until_closed(terminal: int) -> Iterator[bytes]:
    """All that is shown there."""
    try:
        while some := os.read(terminal, 65536):
            yield some
    except OSError:  # how Linux tells that nobody holds the other end any more
        return
