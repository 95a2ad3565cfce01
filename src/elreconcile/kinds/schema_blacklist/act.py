"""Record, then write the files one by one, and read everything back."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from elreconcile.errors import Unreachable
from elreconcile.kinds.contract import Journal, Moment
from elreconcile.kinds.schema_blacklist.diff import told_processes
from elreconcile.kinds.schema_blacklist.record import read_row
from elreconcile.model.address import Address
from elreconcile.model.change import Change
from elreconcile.model.json import Json
from elreconcile.model.outcome import Ending, Outcome
from elreconcile.systems import ReadingSystems, WritingSystems, mysql_blacklist, mysql_file_writes
from elreconcile.systems.eventlogging_config import Changed, NotWritten
from elreconcile.systems.mysql_blacklist import Listed
from elreconcile.systems.mysql_tables import MySqlReader, MySqlWriter
from elreconcile.systems.this_user import this_user

Trouble = Mapping[str, str]
"""Files that could not be written, and why."""


def act(changes: Sequence[Change], systems: WritingSystems, moment: Moment, journal: Journal) -> Iterator[Outcome]:
    for change in changes:
        _record(change, systems.mysql(change.address.system), journal)
        yield seen(change, systems, _enforce(change, systems, journal))


def verify(outcomes: Sequence[Outcome], changes: Sequence[Change], systems: ReadingSystems) -> Iterator[Outcome]:
    """A writer may have been restarted meanwhile."""
    by_address = {change.address: change for change in changes}
    for outcome in outcomes:
        yield seen(by_address[outcome.address], systems, {}) if outcome.ending is Ending.PENDING else outcome


def _record(change: Change, mysql: MySqlWriter, journal: Journal) -> None:
    effect: Any = change.effect
    for module in (mysql_blacklist, mysql_file_writes):
        if module.TABLE in effect["create"]:
            journal.still_ours(change.address)
            module.create(mysql)
    if effect["put"] or effect["remove"]:
        journal.still_ours(change.address)
        put = [read_row(row) for row in effect["put"]]
        who = f"{this_user()}@{socket.gethostname()}"
        mysql_blacklist.change_entries(mysql, change.address.name, put, effect["remove"], who)


def _enforce(change: Change, systems: WritingSystems, journal: Journal) -> Trouble:
    """One file that cannot be written does not keep the others from it."""
    effect: Any = change.effect
    trouble = {}
    for edit in effect["files"]:
        journal.still_ours(change.address)
        try:
            systems.eventlogging().set_blacklist(edit["file"], edit["line"], edit["was"], edit["becomes"])
        except (Changed, NotWritten, Unreachable) as error:
            trouble[edit["file"]] = str(error)
        else:
            journal.still_ours(change.address)
            _remember(change.address, edit, systems)
    return trouble


def _remember(address: Address, edit: Any, systems: WritingSystems) -> None:
    """After the file, not before: a run that is killed in between must not pass for somebody who takes it out."""
    mysql_file_writes.record_write(
        systems.mysql(address.system),
        address.name,
        socket.gethostname(),
        edit["file"],
        edit["part"],
        edit["times"],
    )


def seen(change: Change, systems: ReadingSystems, trouble: Trouble) -> Outcome:
    """How the change stands by what table and files hold now."""
    effect: Any = change.effect
    mysql = systems.mysql(change.address.system)
    rows = _managed(mysql, change.address.name)
    files = {path: systems.eventlogging().file(path) for path in effect["enforced_in"]}
    stands = {
        (path, uri.line): uri.blacklist for path, file in files.items() if path not in trouble for uri in file.writers
    }
    evidence: Json = {
        "rows": sorted(rows),
        "blacklists": {f"{path}:{line}": blacklist for (path, line), blacklist in sorted(stands.items())},
    }
    if any(rows.get(row["schema"]) != read_row(row) for row in effect["put"]) or rows.keys() & set(effect["remove"]):
        return Outcome(change.address, Ending.OVERWRITTEN, "the table does not hold what was written to it", evidence)
    if trouble:
        reason = f"recorded, and not everywhere enforced: {'; '.join(trouble.values())}"
        return Outcome(change.address, Ending.FAILED, reason, evidence)
    lost = [each["file"] for each in effect["files"] if stands.get((each["file"], each["line"])) != each["becomes"]]
    if lost:
        reason = f"somebody wrote over {', '.join(sorted(set(lost)))} at once"
        return Outcome(change.address, Ending.OVERWRITTEN, reason, evidence)
    waiting = [f"{path} ({told_processes(file.outdated)})" for path, file in sorted(files.items()) if file.outdated]
    if waiting:
        reason = f"recorded and written; restart pending: {', '.join(waiting)}"
        return Outcome(change.address, Ending.PENDING, reason, evidence)
    return Outcome(change.address, Ending.SETTLED, "read back", evidence)


def _managed(mysql: MySqlReader, output: str) -> Mapping[str, Listed]:
    return {
        row.schema: Listed(row.schema, row.reason, row.expires)
        for row in mysql_blacklist.read_entries(mysql) or ()
        if row.managed and row.output == output
    }
