"""What was seen of a blacklist: rows, files, and the newest events. Frozen; imports no client."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from elreconcile.systems.eventlogging_config import ConfigFile
    from elreconcile.systems.mysql_blacklist import BlacklistEntry
    from elreconcile.systems.mysql_file_writes import FileWrite


class Newest(msgspec.Struct, frozen=True):
    """The newest event of a schema, by its own time, and the table it lies in."""

    table: str
    at: datetime


class LiveBlacklist(msgspec.Struct, frozen=True):
    """`entries` are this output's rows, whoever added them; None: there is no table yet. `writes` likewise.

    `files` are those the document's glob matches that have a writer of this output; None without `enforce_in`.
    """

    server_id: str
    database: str
    host: str
    entries: tuple[BlacklistEntry, ...] | None
    writes: Mapping[str, FileWrite] | None
    files: tuple[ConfigFile, ...] | None
    newest: Mapping[str, Newest]
