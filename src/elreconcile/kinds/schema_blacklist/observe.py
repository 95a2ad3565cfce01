"""Read the table, the files and the newest events for every document."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence

from elreconcile.errors import DesiredStateError, Problem
from elreconcile.kinds.contract import Ask, Moment
from elreconcile.kinds.schema_blacklist.live import LiveBlacklist
from elreconcile.kinds.schema_blacklist.newest import newest_events
from elreconcile.kinds.schema_blacklist.spec import SchemaBlacklist
from elreconcile.model.address import Address
from elreconcile.systems import ReadingSystems
from elreconcile.systems.eventlogging_config import ConfigFile
from elreconcile.systems.mysql_blacklist import blacklisted, read_entries
from elreconcile.systems.mysql_file_writes import read_writes

Question = Ask[SchemaBlacklist]
Files = tuple[ConfigFile, ...] | None
"""None: the document has no `enforce_in`."""


def observe(
    asks: Sequence[Question], systems: ReadingSystems, moment: Moment
) -> Iterator[tuple[Address, LiveBlacklist]]:
    """Raises DesiredStateError where a glob leads nowhere."""
    matched = {ask.address: _matched(ask, systems) for ask in asks}
    problems = [each for ask in asks for each in _leads_nowhere(ask, matched[ask.address])]
    if problems:
        raise DesiredStateError(problems)
    for ask in asks:
        yield ask.address, _live(ask, _with_writer(matched[ask.address], ask.address.name), systems, moment)


def _live(ask: Question, files: Files, systems: ReadingSystems, moment: Moment) -> LiveBlacklist:
    mysql, host = systems.mysql(ask.address.system), socket.gethostname()
    rows = read_entries(mysql)
    own = None if rows is None else tuple(row for row in rows if row.output == ask.address.name)
    return LiveBlacklist(
        server_id=mysql.identity(),
        database=mysql.database,
        host=host,
        entries=own,
        writes=read_writes(mysql, ask.address.name, host) if files is not None else {},
        files=files,
        newest=newest_events(mysql, blacklisted(own or (), moment.now), moment.now),
    )


def _matched(ask: Question, systems: ReadingSystems) -> Files:
    pattern = _pattern(ask)
    return None if pattern is None else systems.eventlogging().files(pattern)


def _with_writer(found: Files, output: str) -> Files:
    if found is None:
        return None
    return tuple(file for file in found if any(uri.topic == output for uri in file.writers))


def _pattern(ask: Question) -> str | None:
    enforce_in = ask.resource.spec.enforce_in
    if enforce_in is None:
        return None
    return str(ask.resource.folder / enforce_in.eventlogging_config)


def _leads_nowhere(ask: Question, matched: Files) -> Iterator[Problem]:
    place, output = (ask.resource.file, ask.resource.line, 1), ask.address.name
    if matched == ():
        yield Problem(*place, f"enforce_in: {_pattern(ask)} matches no file of this machine")
    elif _with_writer(matched, output) == ():
        number = len(matched or ())
        what = f"of the {number} that {_pattern(ask)} matches" if number > 1 else f"in {_pattern(ask)}"
        yield Problem(*place, f"enforce_in: no writer with topic={output} {what}")
