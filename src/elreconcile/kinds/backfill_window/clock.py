"""Event time as digits in UTC, as EventLogging's tables keep it: 14 for a second, 12 for a minute, 10 for an hour."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

SECOND, MINUTE, HOUR = 14, 12, 10
FORMATS = {SECOND: "%Y%m%d%H%M%S", MINUTE: "%Y%m%d%H%M", HOUR: "%Y%m%d%H"}

FIRST_YEAR = 2000
"""What tells an earlier time has no time of its own."""


def second(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime(FORMATS[SECOND])


def moment_of(digits: str) -> datetime:
    return datetime.strptime(digits, FORMATS[len(digits)]).replace(tzinfo=UTC)


def after(digits: str) -> str:
    """The first second after this minute or hour."""
    length = timedelta(minutes=1) if len(digits) == MINUTE else timedelta(hours=1)
    return second(moment_of(digits) + length)


def first_second(digits: str) -> str:
    return digits.ljust(SECOND, "0")


def hours(since: datetime, until: datetime) -> Iterator[str]:
    """Every hour that the window touches."""
    hour = since.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    while hour < until:
        yield hour.strftime(FORMATS[HOUR])
        hour += timedelta(hours=1)


def iso(digits: str) -> str:
    return moment_of(digits).strftime("%Y-%m-%dT%H:%M:%SZ")


def minute(digits: str) -> str:
    """Told to a person: 2015-10-14T06:00Z."""
    return iso(digits)[:16] + "Z"
