"""Times and lengths of time, told to a person."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

A_CENTURY = 100 * 365 * 86_400


def told(seconds: float) -> str:
    """Two units are enough to decide by: 6 d 23 h, 2 h 5 min, 43 min, 4 s. Never negative."""
    if seconds > A_CENTURY:
        return "more than a century"
    span = timedelta(seconds=round(max(seconds, 0)))
    hours, minutes = span.seconds // 3600, span.seconds % 3600 // 60
    if span.days:
        return f"{span.days} d {hours} h"
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min" if minutes else f"{span.seconds} s"


def at(timestamp_ms: int) -> datetime | None:
    """A time in ms since 1970; None where no record was given one (Kafka writes -1), or no calendar holds it.

    A producer that counts in microseconds writes times of the year 50,000.
    """
    if timestamp_ms < 0:
        return None
    try:
        return datetime.fromtimestamp(timestamp_ms / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def utc(timestamp_ms: int) -> str:
    """A time as operators write it: 2018-03-13T13:29:11Z."""
    moment = at(timestamp_ms)
    return f"{timestamp_ms} ms, which is no time," if moment is None else written(moment)


def written(moment: datetime) -> str:
    """A time in UTC as operators write it: 2018-03-13T13:29:11Z. Twice as fast as by a format string."""
    return f"{moment.isoformat()[:19]}Z"
