"""How long, told to a person."""

from __future__ import annotations

from datetime import timedelta


def told(seconds: float) -> str:
    """Two units are enough to decide by: 6 d 23 h, 2 h 5 min, 43 min, 4 s. Never negative."""
    span = timedelta(seconds=max(round(seconds), 0))
    hours, minutes = span.seconds // 3600, span.seconds % 3600 // 60
    if span.days:
        return f"{span.days} d {hours} h"
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min" if minutes else f"{span.seconds} s"
