"""From a document, rows and files to the change. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import chain

from elreconcile.desired.spec import format_instant
from elreconcile.kinds.contract import Ask, Moment
from elreconcile.kinds.schema_blacklist import findings
from elreconcile.kinds.schema_blacklist.enforcement import FIGHT_AFTER, Edit, is_fight, needed, refusals
from elreconcile.kinds.schema_blacklist.live import LiveBlacklist
from elreconcile.kinds.schema_blacklist.pattern import lookalikes
from elreconcile.kinds.schema_blacklist.record import RowChanges, row_changes, wanted_rows, write_row
from elreconcile.kinds.schema_blacklist.spec import SchemaBlacklist
from elreconcile.model.block import Block, Line
from elreconcile.model.change import Action, Change, Finding, Guard, Pending, Precondition
from elreconcile.model.json import Json
from elreconcile.systems import mysql_blacklist, mysql_file_writes
from elreconcile.systems.mysql_blacklist import Listed
from elreconcile.systems.processes import Process

RESTART = "a restart: a writer reads its configuration only when it starts"


def diff(ask: Ask[SchemaBlacklist], live: LiveBlacklist, moment: Moment) -> Change:
    """A level: rows and files are brought to what is listed now, as often as they are found otherwise."""
    spec = ask.resource.spec
    wanted = wanted_rows(spec, moment.now)
    rows = row_changes(wanted, live.entries or ())
    refused = tuple(refusals(live, spec.name, wanted))
    edits = () if refused else tuple(needed(live, spec.name, wanted))
    done = tuple(edit for edit in edits if not is_fight(edit))
    found = tuple(chain(findings.fights(filter(is_fight, edits)), _findings(spec, live, wanted, moment)))
    pending = tuple(_pending(live, {edit.file for edit in done}))
    if not rows and not done:
        return Change(ask.address, Action.NONE, "", refusals=refused, findings=found, pending=pending)
    return Change(
        address=ask.address,
        action=_action(rows, done),
        title=_title(rows, done),
        effect=_effect(rows, done, live),
        before=_before(live, done),
        size={"deletions": len(rows.remove), "deletable": sum(row.managed for row in live.entries or ())},
        guards=_guards(live, done),
        preconditions=tuple(_preconditions(live, done)),
        refusals=refused,
        findings=found,
        pending=pending,
        details=tuple(_details(ask, rows, done, wanted, live)),
    )


def _findings(spec: SchemaBlacklist, live: LiveBlacklist, wanted: Collection[str], moment: Moment) -> Iterator[Finding]:
    yield from findings.leaks(live, spec.name, moment.now)
    yield from findings.rows_of_others(live, moment.now)
    yield from findings.expired(spec, moment.now)
    yield from findings.patterns_of_others(live, spec, wanted)
    yield from findings.without_process(live)


def _pending(live: LiveBlacklist, edited: Collection[str]) -> Iterator[Pending]:
    for file in live.files or ():
        waiting = file.processes if file.path in edited else file.outdated
        if waiting:
            yield Pending(f"{file.path}, read by {told_processes(waiting)},", RESTART)


def told_processes(processes: Sequence[Process]) -> str:
    return ", ".join(
        f"pid {each.pid} since {format_instant(each.started.replace(microsecond=0))}" for each in processes
    )


def _action(rows: RowChanges, edits: Sequence[Edit]) -> Action:
    if rows.add and not rows.update and not rows.remove:
        return Action.ADD
    return Action.REMOVE if rows.remove and not rows.add and not rows.update else Action.UPDATE


def _title(rows: RowChanges, edits: Sequence[Edit]) -> str:
    files = len({edit.file for edit in edits})
    counts = [
        (len(rows.add), "to add"),
        (len(rows.update), "to update"),
        (len(rows.remove), "to remove"),
        (files, f"file{'s' if files > 1 else ''} to write"),
    ]
    return ", ".join(f"{number} {words}" for number, words in counts if number)


def _effect(rows: RowChanges, edits: Sequence[Edit], live: LiveBlacklist) -> Json:
    missing = [mysql_blacklist.TABLE] if live.entries is None else []
    missing += [mysql_file_writes.TABLE] if edits and live.writes is None else []
    return {
        "create": missing,
        "put": [write_row(row) for row in (*rows.add, *rows.update)],
        "remove": list(rows.remove),
        "files": [edit.as_json() for edit in edits],
        "enforced_in": [file.path for file in live.files or ()],
    }


def _before(live: LiveBlacklist, edits: Sequence[Edit]) -> Json:
    rows = [write_row(Listed(row.schema, row.reason, row.expires)) for row in live.entries or () if row.managed]
    return {"rows": rows, "files": [{"file": each.file, "line": each.line, "was": each.was} for each in edits]}


def _guards(live: LiveBlacklist, edits: Sequence[Edit]) -> tuple[Guard, ...]:
    server = (Guard("server id", live.server_id), Guard("database", live.database))
    return (*server, Guard("host of the files", live.host)) if edits else server


def _preconditions(live: LiveBlacklist, edits: Sequence[Edit]) -> Iterator[Precondition]:
    edited = {edit.file for edit in edits}
    for file in live.files or ():
        if file.path in edited and file.obstacle is not None:
            yield Precondition(f"{file.path} to be replaceable", file.obstacle, "run as root, or as its owner", False)


def _details(
    ask: Ask[SchemaBlacklist],
    rows: RowChanges,
    edits: Sequence[Edit],
    wanted: Collection[str],
    live: LiveBlacklist,
) -> Iterator[Block]:
    yield from _row_lines(rows)
    table = f"{live.database}.{mysql_blacklist.TABLE}"
    made = ", made by this" if live.entries is None else ""
    yield Line(f"recorded in {ask.address.system} ({table}{made}); no stock EventLogging writer reads that table")
    if live.files is None:
        yield Line("nothing makes the writers obey: there is no enforce_in")
    for edit in edits:
        yield Line(f"{edit.file} line {edit.line}: blacklist {edit.was or 'none'} becomes {edit.becomes or 'none'}")
        if edit.times > 1:
            yield Line(
                f"somebody took it out soon after it was written: write {edit.times} of at most {FIGHT_AFTER}", 1
            )
    if edits and wanted:
        near = next(name for schema in sorted(wanted) for name in lookalikes(schema) if name not in wanted)
        yield Line(f"tried as a writer reads it: keeps out {', '.join(sorted(wanted))}; lets {near} through as before")


def _row_lines(rows: RowChanges) -> Iterator[Line]:
    for sign, some in (("+", rows.add), ("~", rows.update)):
        for row in some:
            until = "with no end" if row.expires is None else f"until {format_instant(row.expires)}"
            yield Line(f"{sign} {row.schema}   {until}, {row.reason}")
    for schema in rows.remove:
        yield Line(f"- {schema}   its events of the time in between are missing, and can be filled in by a window")
