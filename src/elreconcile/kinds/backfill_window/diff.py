"""From a document and what was found to the change. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from elreconcile.kinds.backfill_window import limits
from elreconcile.kinds.backfill_window.live import LiveWindow
from elreconcile.kinds.backfill_window.show import created, details, missing, title
from elreconcile.kinds.backfill_window.source import Ranges, read_ranges, write_ranges
from elreconcile.kinds.backfill_window.spec import BackfillWindow, schema_of
from elreconcile.kinds.backfill_window.spill import CellKey
from elreconcile.kinds.contract import Ask, Moment
from elreconcile.model.change import Action, Change, Finding, Guard, Pending, Refusal, Sort
from elreconcile.model.json import Json
from elreconcile.systems.event_batch import Slice, joined


def diff(ask: Ask[BackfillWindow], live: LiveWindow | None, moment: Moment) -> Change:
    """A request while rows are missing; nothing to do when every event has its row."""
    spec = ask.resource.spec
    if live is None:
        return Change(ask.address, Action.NONE, title(spec))
    left_out = _left_out(ask, live)
    open_for = stays_open(live, left_out)
    # What a run that was cut short has put in is still to be settled.
    holes = missing(live) > 0 or (ask.entry is not None and open_for is None)
    return Change(
        address=ask.address,
        action=Action.REQUEST if holes else Action.NONE,
        title=title(spec),
        effect=_effect(spec, live) if holes else None,
        pins=write_ranges(live.pins),
        before=_holes(live)
        | {
            "folder": str(ask.resource.folder),
            "goes on": ask.entry is not None,
            "stays open": open_for,
            "blacklisted": dict(left_out.for_ever),
            "schemas": {table.name: list(table.schemas) for table in live.tables},
            "kept out": sorted(live.blacklisted),
        },
        request=ask.request,
        size=_size(live),
        guards=tuple(Guard(name, value) for name, value in sorted(live.guards.items())),
        refusals=(*limits.refusals(spec, moment), *live.refusals, *_refusals(live)),
        findings=tuple(_findings(spec, live, left_out)),
        pending=tuple(_pending(spec, live, left_out)),
        details=details(spec, live),
    )


class _LeftOut(msgspec.Struct, frozen=True):
    """Blacklisted events by table, whether they have a row or not. Those `for_now` keep the window open."""

    for_now: Mapping[str, int]
    for_ever: Mapping[str, int]


def _left_out(ask: Ask[BackfillWindow], live: LiveWindow) -> _LeftOut:
    """A window may be settled without those that were blacklisted when it was begun, and its plan said so."""
    found = {table.name: table.blacklisted for table in live.tables if table.blacklisted}
    if ask.entry is None:
        return _LeftOut({}, found) if missing(live) else _LeftOut(found, {})
    begun: Any = ask.entry.before
    known = {table: events for table, events in found.items() if table in begun["blacklisted"]}
    return _LeftOut({table: events for table, events in found.items() if table not in known}, known)


def stays_open(live: LiveWindow, left_out: _LeftOut) -> str | None:
    """Why the window cannot be settled yet, whatever is put in."""
    waiting = sum(hour.pending for hour in live.hours)
    kept_out = [f"{events:,} events of {table} are blacklisted by now" for table, events in left_out.for_now.items()]
    return (
        live.open_end or (f"{waiting:,} events wait for the writer" if waiting else None) or "; ".join(kept_out) or None
    )


class Work(msgspec.Struct, frozen=True):
    """What `act` goes by, read back from a change. `create`: statements by table; `empty`: holes without any row.

    `missing` and `blacklisted`: events to be put in and to be left out, by table. `schemas`: whose events a table gets;
    `kept_out`: those of them that were blacklisted. `goes_on`: an earlier run may have put rows in.
    """

    spec: BackfillWindow
    ranges: Ranges
    create: Mapping[str, str]
    holes: frozenset[CellKey]
    empty: frozenset[CellKey]
    slices: tuple[Slice, ...]
    missing: Mapping[str, int]
    blacklisted: Mapping[str, int]
    schemas: Mapping[str, frozenset[str]]
    kept_out: frozenset[str]
    stays_open: str | None
    goes_on: bool


def work(change: Change) -> Work:
    effect: Any = change.effect
    before: Any = change.before
    holes = {(table, hour): counts for table, hours in before["holes"].items() for hour, counts in hours.items()}
    return Work(
        spec=BackfillWindow.model_validate_json(json.dumps(effect["window"])).anchored(Path(before["folder"])),
        ranges=read_ranges(before["read"]),
        create=effect["create"],
        holes=frozenset(holes),
        empty=frozenset(cell for cell, counts in holes.items() if counts["missing"] == counts["eligible"]),
        slices=tuple(Slice((name, part), start, end) for name, part, start, end in before["slices"]),
        missing={
            table: sum(counts["missing"] for counts in hours.values()) for table, hours in before["holes"].items()
        },
        blacklisted=before["blacklisted"],
        schemas={table: frozenset(schemas) for table, schemas in before["schemas"].items()},
        kept_out=frozenset(before["kept out"]),
        stays_open=before["stays open"],
        goes_on=before["goes on"],
    )


def _effect(spec: BackfillWindow, live: LiveWindow) -> Json:
    """Bound by the plan's digest. Not how many rows: a live writer may add some of them meanwhile."""
    fill = {hour.table for hour in live.hours if hour.missing}
    return {
        "window": spec.model_dump(mode="json"),
        "fill": sorted(fill),
        "create": dict(created(live)),
    }


def _size(live: LiveWindow) -> Mapping[str, int]:
    return {"rows": missing(live), "tables": len({hour.table for hour in live.hours if hour.missing})}


def _holes(live: LiveWindow) -> dict[str, Json]:
    holes: dict[str, dict[str, Json]] = {}
    for hour in live.hours:
        if hour.missing:
            holes.setdefault(hour.table, {})[hour.hour] = {
                "eligible": hour.eligible,
                "present": hour.present,
                "missing": hour.missing,
                "pending": hour.pending,
                "misplaced": hour.misplaced,
            }
    return {
        "holes": holes,
        "read": write_ranges(live.ranges),
        "slices": [[*each.part, each.start, each.end] for each in joined(live.slices)],
    }


def _refusals(live: LiveWindow) -> Iterator[Refusal]:
    filled = {hour.table for hour in live.hours if hour.missing}
    touched = {hour.table for hour in live.hours}
    for table in live.tables:
        if table.problem is not None and table.name in (touched if table.exists else filled):
            yield Refusal(
                "table", f"the table {table.name}", table.problem, "rows must go in once, as they are", "mend it"
            )
        if table.unknown:
            fields = ", ".join(table.unknown)
            remedy = "add the columns, or leave the schema out"
            yield Refusal(
                "unknown-field", f"the table {table.name}", f"no column for {fields}", "nothing is cut off", remedy
            )
    for odd in live.odd:
        if odd.what == "raw lines":
            value = f"{odd.count:,} raw lines, the first at {odd.places[0]}"
            remedy = "name the topic or files that hold the parsed events"
            yield Refusal(
                "raw-lines", "the source", value, "a raw line gets another uuid each time it is parsed", remedy
            )


def _findings(spec: BackfillWindow, live: LiveWindow, left_out: _LeftOut) -> Iterator[Finding]:
    """Notes, all of them: a window is carried out once, and expects nothing."""
    for odd in live.odd:
        if odd.what != "raw lines":
            value = f"{odd.count:,}, the first at {', '.join(odd.places)}"
            remedy = "look at them; none was put in"
            yield Finding(f"events that cannot be sorted in: {odd.what}", value, "none", remedy, Sort.NOTE)
    seen = {table.name for table in live.tables}
    for table in live.tables:
        seen.update(table.schemas, (f"{schema}_{table.revision}" for schema in table.schemas))
    silent = [name for name in spec.schemas if name not in seen and schema_of(name) not in live.blacklisted]
    if silent and live.read:
        remedy = "check the names of the schemas"
        yield Finding(f"events of {', '.join(silent)}", "none in this window", "some", remedy, Sort.NOTE)
    listed = [name for name in spec.schemas if schema_of(name) in live.blacklisted]
    if listed:
        remedy = "none of their events is put in"
        if left_out.for_ever:
            remedy += "; those without a row stay so for ever under this name once the window is settled"
        yield Finding(f"schemas {', '.join(listed)}", "blacklisted now", "not blacklisted", remedy, Sort.NOTE)


def _pending(spec: BackfillWindow, live: LiveWindow, left_out: _LeftOut) -> Iterator[Pending]:
    waiting = sum(hour.pending for hour in live.hours)
    if waiting:
        yield Pending(f"{waiting:,} events of the window", f"{spec.sink.writer} to read and commit them")
    if live.open_end is not None:
        yield Pending("the proof that the window is complete", live.open_end)
    for table, events in left_out.for_now.items():
        what = f"the proof that the {events:,} events of {table} have their rows"
        yield Pending(what, "its schema to be blacklisted no more")
