"""What an operator sees of a window: per schema, per schema and hour, a heat map, and the gaps. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from elreconcile.kinds.backfill_window import clock
from elreconcile.kinds.backfill_window.fields import EVENTS
from elreconcile.kinds.backfill_window.live import Hour, LiveWindow
from elreconcile.kinds.backfill_window.spec import BackfillWindow, Files
from elreconcile.kinds.span import told
from elreconcile.model.block import Block, Line, Table

COUNTS = ("eligible", "present", "missing", "pending", "misplaced")
LEGEND = "missing share by hour:  · none   1-9 tenths   █ all   _ no events"


def title(spec: BackfillWindow) -> str:
    source = spec.source.files if isinstance(spec.source, Files) else spec.source.topic
    return f"{spec.since:%Y-%m-%d %H:%M} to {spec.until:%Y-%m-%d %H:%M} UTC, from {source}"


def missing(live: LiveWindow) -> int:
    return sum(hour.missing for hour in live.hours)


def created(live: LiveWindow) -> Mapping[str, str]:
    """The statement for each table that has to be made first."""
    filled = {hour.table for hour in live.hours if hour.missing}
    return {table.name: table.ddl for table in live.tables if table.ddl and table.name in filled}


def details(spec: BackfillWindow, live: LiveWindow) -> tuple[Block, ...]:
    if not live.tables:
        return ()
    return tuple(_blocks(spec, live))


def _blocks(spec: BackfillWindow, live: LiveWindow) -> Iterator[Block]:
    hours = list(clock.hours(spec.since, spec.until))
    columns = ("table", *COUNTS, "bots", "by hour", "")
    yield Table(columns, tuple(_row(table.name, live, hours) for table in live.tables), frozenset(columns[1:7]))
    yield Line(LEGEND, depth=1)
    yield from _left_out(live)
    if missing(live):
        yield Line(_plan(spec, live))
        yield from _looked(live)
        yield from _created(live)
    elif live.hours:
        yield Line(_nothing_missing(live))
    yield from _read(live)
    odd = [hour for hour in live.hours if hour.present < hour.eligible]
    if odd:
        yield Table(("table", "hour", *COUNTS), tuple(_hour(hour) for hour in odd), frozenset(COUNTS))
    if live.gaps:
        gaps = tuple(
            (gap.table, clock.minute(gap.first), clock.minute(gap.last), f"{gap.missing:,}") for gap in live.gaps
        )
        yield Table(("gap in", "from", "to", "missing"), gaps, frozenset({"missing"}))


def _left_out(live: LiveWindow) -> Iterator[Line]:
    for table in live.tables:
        if table.blacklisted:
            yield Line(f"left out: {table.blacklisted:,} events of {table.name}, whose schema is blacklisted", depth=1)


def _created(live: LiveWindow) -> Iterator[Table]:
    for name, statement in created(live).items():
        lines = tuple((line,) for line in statement.splitlines())
        yield Table((f"creates {name} from its event schema",), lines)


def _nothing_missing(live: LiveWindow) -> str:
    """Not more than was seen: what the writer is to bring has no row yet."""
    proven = f"{sum(hour.proven for hour in live.hours)} of {len(live.hours)} hours proven by checksum"
    pending = sum(hour.pending for hour in live.hours)
    if pending:
        return f"no event is missing, {pending:,} are pending: {proven}"
    which = " of a schema not blacklisted" if any(table.blacklisted for table in live.tables) else ""
    read = " that was read" if live.open_end else ""
    return f"every event{which}{read} has its row: {proven}"


def _row(table: str, live: LiveWindow, hours: list[str]) -> tuple[str, ...]:
    own = {hour.hour: hour for hour in live.hours if hour.table == table}
    sums = [sum(getattr(hour, name) for hour in own.values()) for name in COUNTS]
    seen = next(each for each in live.tables if each.name == table)
    heat = "".join(_share(own.get(hour)) for hour in hours)
    return (table, *(f"{number:,}" for number in sums), f"{seen.bots:,}", heat, "" if seen.exists else "new")


def _share(hour: Hour | None) -> str:
    """Rounded up or down towards the middle: all and none mean just that."""
    if hour is None:
        return "_"
    if not hour.missing:
        return "·"
    if hour.missing == hour.eligible:
        return "█"
    return str(min(max(round(10 * hour.missing / hour.eligible), 1), 9))


def _plan(spec: BackfillWindow, live: LiveWindow) -> str:
    rows, rate = missing(live), spec.pace.rows_per_second
    made = len(created(live))
    create = f", after creating {made} table{'s' if made > 1 else ''}" if made else ""
    long = f"about {told(rows / rate)} at {rate:,} rows/s" if rate else "as fast as the server takes them"
    return f"puts in {rows:,} rows in commits of 1,000{create}, {long}"


def _read(live: LiveWindow) -> Iterator[Line]:
    if live.first and live.last:
        yield Line(
            f"read {live.read:,} records; event times from {clock.minute(live.first)} to {clock.minute(live.last)}"
        )


def _looked(live: LiveWindow) -> Iterator[Line]:
    """Where not the fields of all events were held against the columns of their tables."""
    more = [table.name for table in live.tables if table.looked >= EVENTS]
    if more:
        names = ", ".join(more)
        yield Line(
            f"fields: the first {EVENTS:,} events of {names} were looked at; apply stops where one has no column"
        )


def _hour(hour: Hour) -> tuple[str, ...]:
    return (hour.table, clock.iso(hour.hour)[:13], *(f"{getattr(hour, name):,}" for name in COUNTS))
