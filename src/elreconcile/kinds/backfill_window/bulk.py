"""Python's own settings while millions of small values pass through."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

SWITCH = 0.0002
"""Seconds until one thread lets another go on. By default each packet of a load would wait 5 ms for the next rows."""


@contextmanager
def in_bulk() -> Iterator[None]:
    """Nothing is searched for cycles, which took an eighth of a scan: records and rows form none."""
    collects, switch = gc.isenabled(), sys.getswitchinterval()
    gc.disable()
    sys.setswitchinterval(SWITCH)
    try:
        yield
    finally:
        sys.setswitchinterval(switch)
        if collects:
            gc.enable()
