"""Small worlds: what a document lists, and what a table and files hold."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from elreconcile.desired.load import Resource
from elreconcile.kinds.contract import Ask, Moment
from elreconcile.kinds.schema_blacklist.live import LiveBlacklist
from elreconcile.kinds.schema_blacklist.spec import SchemaBlacklist
from elreconcile.systems.eventlogging_config import ConfigFile
from elreconcile.systems.eventlogging_uri import WriterUri
from elreconcile.systems.mysql_blacklist import BlacklistEntry
from elreconcile.systems.processes import Process

NOW = datetime(2018, 3, 13, 14, 0, tzinfo=UTC)
MOMENT = Moment(now=NOW, grace=5.0, quiet=30.0, min_retention_left=3600.0)
OUTPUT = "valid-mixed"
FILE = "/etc/eventlogging.d/processors/client-side-00"


def before(**span: float) -> datetime:
    return NOW - timedelta(**span)


def listing(*schemas: str, expires: datetime | None = None) -> SchemaBlacklist:
    until = {} if expires is None else {"expires": expires.isoformat()}
    document = {
        "kind": "SchemaBlacklist",
        "name": OUTPUT,
        "record_in": {"mysql": "m4"},
        "schemas": [{"schema": schema, "reason": "T1", **until} for schema in schemas],
    }
    return SchemaBlacklist.model_validate_json(json.dumps(document))


def ask(spec: SchemaBlacklist) -> Ask[SchemaBlacklist]:
    return Ask(Resource(spec.address(), spec, "f.yaml", 1))


def row(schema: str, **other: Any) -> BlacklistEntry:
    """Added by this tool an hour ago, as the document has it, or as said."""
    return replace(BlacklistEntry(OUTPUT, schema, True, "T1", "ops", before(hours=1), None), **other)


def file(blacklist: str = "", *, processes: Sequence[datetime] = (), **other: Any) -> ConfigFile:
    """One writer of the output, last written two hours ago."""
    started = tuple(Process(at, pid) for pid, at in enumerate(processes, 100))
    uris = (WriterUri(4, "eventlogging_{schema}", "^Other$", False), WriterUri(5, OUTPUT, blacklist, False))
    return replace(ConfigFile(FILE, before(hours=2), uris, started, None), **other)


def live(*rows: BlacklistEntry, **known: Any) -> LiveBlacklist:
    """A table with these rows and no files, or as said."""
    return replace(LiveBlacklist("server-id", "log", "eventlog1002", rows, {}, None, {}), **known)
