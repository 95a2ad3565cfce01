"""Whether what was read can be all of a window: an empty source proves nothing, and files are a choice. Pure."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

from elreconcile.kinds.backfill_window import clock
from elreconcile.kinds.backfill_window.scan import Tally
from elreconcile.kinds.backfill_window.source import Ranges
from elreconcile.kinds.backfill_window.spec import BackfillWindow, Files
from elreconcile.model.change import Refusal

MARK, DIGITS = timedelta(minutes=10), 11
EPOCH, SECOND, DAY = datetime.fromtimestamp(0, UTC), timedelta(seconds=1), timedelta(days=1)
NAMED = 5
"""Stretches and files that a refusal names."""

DATED = re.compile(r"(?<!\d)20\d{6}(?!\d)")

Stretch = tuple[datetime, datetime]


def refusals(spec: BackfillWindow, pins: Ranges, ranges: Ranges, tally: Tally, now: datetime) -> Iterator[Refusal]:
    """`pins`: what had to be there, none for a first look; `ranges`: what was."""
    if not tally.marks:
        yield Refusal(
            "no-events",
            "the source",
            f"of {tally.read:,} records none is an event of the window, of whatever schema",
            "what holds nothing proves nothing",
            "correct the source, or since and until",
            acceptable=True,
        )
    if isinstance(spec.source, Files):
        yield from _shorter(pins, ranges)
        yield from _uncovered(spec, [path for path, _ in ranges], tally, now)


def _shorter(pins: Ranges, ranges: Ranges) -> Iterator[Refusal]:
    for part, (start, end) in pins.items():
        _, left = ranges.get(part, (start, start))
        if left < end:
            value = f"{left - start:,} lines, and {end - start:,} when it was first read"
            yield Refusal("unreadable-source", part[0], value, "all of a window must be read", "mend or replace it")


def _uncovered(spec: BackfillWindow, paths: Sequence[str], tally: Tally, now: datetime) -> Iterator[Refusal]:
    silent = silences(spec.since, spec.until, tally.marks)
    absent = absent_files(paths, _days(spec, silent, now))
    if not silent and not absent:
        return
    said = _some([f"no event from {start:%Y-%m-%dT%H:%M}Z to {end:%Y-%m-%dT%H:%M}Z" for start, end in silent])
    if tally.first and tally.last:
        said.append(f"the first event is of {clock.minute(tally.first)}, the last of {clock.minute(tally.last)}")
    yield Refusal(
        "not-covered",
        "the files do not show to cover the window",
        "; ".join([*said, *_some([f"{path} is not among the files, or empty" for path in absent])]),
        f"wanted: {spec.since:%Y-%m-%dT%H:%M:%SZ} to {spec.until:%Y-%m-%dT%H:%M:%SZ}, and what came late",
        "name the missing files too",
        acceptable=True,
    )


def silences(since: datetime, until: datetime, marks: Container[str]) -> list[Stretch]:
    """Where whole ten minutes of the window have no event; those that touch are one."""
    found: list[Stretch] = []
    at = since + (EPOCH - since) % MARK
    while at + MARK <= until:
        if clock.second(at)[:DIGITS] not in marks:
            begun = found.pop()[0] if found and found[-1][1] == at else at
            found.append((begun, at + MARK))
        at += MARK
    return found


def _days(spec: BackfillWindow, silent: Sequence[Stretch], now: datetime) -> set[date]:
    """Whose files are wanted: all days until what is late has come, and the next one where an end is silent."""
    first, end = _day(spec.since), min(spec.until + spec.late, now)
    days = {first + number * DAY for number in range((_day(end - SECOND) - first).days + 1)}
    if any(start - spec.since < MARK for start, _ in silent):
        days.add(first - DAY)
    if any(spec.until - stop < MARK for _, stop in silent):
        days.add(_day(spec.until - SECOND) + DAY)
    return days


def absent_files(paths: Iterable[str], days: Iterable[date]) -> Sequence[str]:
    """What the files of days that have none would be called; none where the names have no days."""
    dated = {day: path for path in paths if (day := _day_of(path)) is not None}
    return [_renamed(dated, day) for day in sorted(set(days) - dated.keys())] if dated else []


def _renamed(dated: Mapping[date, str], wanted: date) -> str:
    """After the file of the nearest day."""
    day = min(dated, key=lambda given: abs(given - wanted))
    return dated[day].replace(f"{day:%Y%m%d}", f"{wanted:%Y%m%d}")


def _day_of(path: str) -> date | None:
    """The last one that the name holds."""
    for digits in reversed(DATED.findall(path)):
        try:
            return datetime.strptime(digits, "%Y%m%d").replace(tzinfo=UTC).date()
        except ValueError:
            continue
    return None


def _day(moment: datetime) -> date:
    return moment.astimezone(UTC).date()


def _some(said: Sequence[str]) -> list[str]:
    more = len(said) - NAMED
    return [*said[:NAMED], *([f"and {more:,} more"] if more > 0 else [])]
