"""What has to change in the writers' configuration, and whether somebody keeps changing it back. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import timedelta

import msgspec
from msgspec.structs import asdict

from elreconcile.kinds.schema_blacklist.live import LiveBlacklist
from elreconcile.kinds.schema_blacklist.pattern import cannot_compile, disagreements, join, render, take_apart
from elreconcile.model.change import Refusal
from elreconcile.model.json import Json
from elreconcile.systems.eventlogging_config import ConfigFile
from elreconcile.systems.eventlogging_uri import WriterUri
from elreconcile.systems.mysql_file_writes import FileWrite

FIGHT_AFTER = 2
"""So often in a row the same is written before it is left to whoever keeps taking it out."""

CALM = timedelta(days=1)
"""What stood this long before it was taken out was not taken out by a machine that does so at every run."""


class Edit(msgspec.Struct, frozen=True):
    """One writer's blacklist, decoded. `part` is ours in it; `times`: written so often in a row with this one."""

    file: str
    line: int
    was: str
    becomes: str
    part: str
    times: int

    def as_json(self) -> Json:
        return asdict(self)


def writers(live: LiveBlacklist, output: str) -> Iterator[tuple[ConfigFile, WriterUri]]:
    """Every writer of the output, with its file."""
    for file in live.files or ():
        for uri in file.writers:
            if uri.topic == output:
                yield file, uri


def needed(live: LiveBlacklist, output: str, names: Collection[str]) -> Iterator[Edit]:
    """Where a blacklist is not theirs and ours together, fights included."""
    part = render(names)
    for file, uri in writers(live, output):
        becomes = join(take_apart(uri.blacklist).theirs, names)
        if becomes != uri.blacklist:
            times = _times(file, (live.writes or {}).get(file.path), part)
            yield Edit(file.path, uri.line, uri.blacklist, becomes, part, times)


def is_fight(edit: Edit) -> bool:
    return edit.times > FIGHT_AFTER


def _times(file: ConfigFile, write: FileWrite | None, part: str) -> int:
    """The same was written before and is gone: how long it stood tells a machine from a person."""
    if write is None or write.part != part or file.modified - write.written_at > CALM:
        return 1
    return write.times + 1


def refusals(live: LiveBlacklist, output: str, names: Collection[str]) -> Iterator[Refusal]:
    """Blacklists of others that ours cannot be joined to."""
    for file, uri in writers(live, output):
        parts = take_apart(uri.blacklist)
        place = f"{file.path} line {uri.line}"
        if why := cannot_compile(parts.theirs):
            yield Refusal("broken-blacklist", place, f"its regular expression is broken: {why}", *_CORRECT)
        elif swallowed := list(disagreements(parts.theirs, names, parts.names)):
            value = f"with ours behind it, it would decide wrongly on {', '.join(swallowed)}"
            yield Refusal("blacklist-cannot-be-joined", place, value, *_CORRECT)


_CORRECT = ("one that a writer can start with", "correct it where this file is made")
