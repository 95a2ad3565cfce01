"""What is reported and never changed: leaks, fights, rows and patterns of others. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from urllib.parse import quote

from elreconcile.desired.spec import format_instant
from elreconcile.kinds.schema_blacklist.enforcement import Edit, writers
from elreconcile.kinds.schema_blacklist.live import LiveBlacklist
from elreconcile.kinds.schema_blacklist.pattern import cannot_compile, keeps_out, take_apart
from elreconcile.kinds.schema_blacklist.spec import SchemaBlacklist
from elreconcile.model.change import Finding, Sort
from elreconcile.systems import mysql_blacklist, mysql_file_writes


def leaks(live: LiveBlacklist, output: str, now: datetime) -> Iterator[Finding]:
    """Blacklisted schemas whose events are newer than the time since when nothing should have let them through."""
    for schema, newest in sorted(live.newest.items()):
        since = _obeyed_since(schema, live, output, now)
        if newest.at > since:
            value = f"an event of {_second(newest.at)} came through, blacklisted since {_second(since)}"
            yield Finding(f"{schema} in {newest.table}", value, "none", _where_it_leaks(schema, live, output))


def _obeyed_since(schema: str, live: LiveBlacklist, output: str, now: datetime) -> datetime:
    """Where every writer runs with the blacklist: its start. What came before that start proves nothing."""
    added = min(row.added_at for row in live.entries or () if row.schema == schema and row.holds(now))
    started = [process.started for file in live.files or () for process in file.processes or ()]
    return max([added, *started]) if started and _all_obey(schema, live, output) else added


def _all_obey(schema: str, live: LiveBlacklist, output: str) -> bool:
    kept_out = all(_keeps_out(uri.blacklist, schema) for _, uri in writers(live, output))
    return kept_out and not any(file.outdated for file in live.files or ())


def _keeps_out(blacklist: str, schema: str) -> bool:
    return cannot_compile(blacklist) is None and keeps_out(blacklist, schema)


def _where_it_leaks(schema: str, live: LiveBlacklist, output: str) -> str:
    if live.files is None:
        return "no stock writer reads the table: add enforce_in, or change the writers' own configuration"
    if _all_obey(schema, live, output):
        return "the writers found here keep it out: see which other one writes it"
    return "see that the files of enforce_in hold it and that their writers were restarted since"


def fights(edits: Iterable[Edit]) -> Iterator[Finding]:
    for edit in edits:
        yield Finding(
            edit.file,
            f"somebody took our part out again each of the {edit.times - 1} times it was written: not written any more",
            f"blacklist {edit.becomes or 'none'} on line {edit.line}",
            f"have configuration management write {_as_written(edit)}, or leave this file alone; "
            f"deleting its row of {mysql_file_writes.TABLE} lets us try again",
        )


def _as_written(edit: Edit) -> str:
    return f"blacklist={quote(edit.becomes, safe='')}" if edit.becomes else "no blacklist"


def rows_of_others(live: LiveBlacklist, now: datetime) -> Iterator[Finding]:
    for row in live.entries or ():
        if not row.managed and row.holds(now):
            yield Finding(
                row.schema,
                f"blacklisted by {row.added_by} at {_second(row.added_at)}: {row.reason}",
                "listed in this document",
                f"list it, or delete its row of {mysql_blacklist.TABLE}: this tool did not add it and leaves it",
            )


def expired(spec: SchemaBlacklist, now: datetime) -> Iterator[Finding]:
    for each in spec.schemas:
        if each.expires is not None and each.expires <= now:
            value = f"expired {format_instant(each.expires)}, and counts as not listed"
            remedy = "take it out of the document, or give it more time"
            yield Finding(each.schema_name, value, "not listed", remedy, Sort.NOTE)


def patterns_of_others(live: LiveBlacklist, spec: SchemaBlacklist, wanted: Collection[str]) -> Iterator[Finding]:
    """Parts of the files' blacklists that this tool did not write, where they do not do what they seem to."""
    for file, uri in writers(live, spec.name):
        parts, place = take_apart(uri.blacklist), f"{file.path} line {uri.line}"
        if uri.cut_off:
            yield Finding(place, "a bare # ends the URI: the writer does not see the rest", "%23", _CORRECT)
        if " " in parts.theirs:
            value = f"the writer reads {parts.theirs}: a bare + stands for a space, and no schema has one"
            yield Finding(place, value, "%2B", _CORRECT)
        gone = {*parts.names, *(each.schema_name for each in spec.schemas)} - set(wanted)
        for schema in sorted(gone):
            if _keeps_out(parts.theirs, schema):
                value = f"kept out all the same, by {parts.theirs}"
                yield Finding(f"{schema} at {place}", value, "let through", _CORRECT)


def without_process(live: LiveBlacklist) -> Iterator[Finding]:
    for file in live.files or ():
        if not file.processes:
            unknown = file.processes is None
            how = "not known: this system shows none" if unknown else f"none on {live.host}"
            remedy = "start the writer, or correct the glob"
            sort = Sort.UNKNOWN if unknown else Sort.EXPECTATION
            yield Finding(f"processes started with @{file.path}", how, "at least one", remedy, sort)


_CORRECT = "correct it where this file is made: this tool did not write it and leaves it"


def _second(moment: datetime) -> str:
    return format_instant(moment.replace(microsecond=0))
