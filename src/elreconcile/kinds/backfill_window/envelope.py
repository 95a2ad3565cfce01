"""What is read of every event: whose it is, when it happened, and its id. The rest only of those that are missing."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated

import msgspec

from elreconcile.kinds.backfill_window.clock import FIRST_YEAR
from elreconcile.systems.event_tables import table_prefix


class Agent(msgspec.Struct, frozen=True, gc=False):
    """A parsed user agent, as far as the bot filter asks for it."""

    is_bot: bool | None = None
    is_mediawiki: bool | None = None


class Meta(msgspec.Struct, frozen=True, gc=False):
    """EventBus's word for the same."""

    id: str = ""
    dt: str = ""
    topic: str = ""
    schema_uri: str = ""


class Envelope(msgspec.Struct, frozen=True, gc=False):
    """EventLogging's capsule, or `meta` of an EventBus event. Empty: the event does not say."""

    schema: str = ""
    revision: int = -1
    uuid: str = ""
    dt: str = ""
    timestamp: float | str | None = None
    topic: str | None = None
    userAgent: Agent | str | None = None
    meta: Meta | None = None


decode = msgspec.json.Decoder(Envelope).decode
"""Raises msgspec.DecodeError."""


class Plain(msgspec.Struct, frozen=True, gc=False):
    """A capsule as nearly all are: its time ends in Z and has no fraction, its uuid is 32 digits long."""

    schema: Annotated[str, msgspec.Meta(min_length=1)]
    revision: Annotated[int, msgspec.Meta(ge=0)]
    uuid: Annotated[str, msgspec.Meta(min_length=32, max_length=32)]
    dt: Annotated[str, msgspec.Meta(min_length=20, max_length=20)]
    userAgent: Agent | str | None = None
    topic: None = None
    meta: None = None


decode_plain = msgspec.json.Decoder(Plain).decode
"""Raises msgspec.DecodeError for everything else."""

RAW_LINE = re.compile(rb"\??%7B(%22|\")", re.IGNORECASE)
"""What EventLogging's processors read: an URL-encoded event, before anything has parsed or validated it."""

UUID = re.compile(r"[0-9a-fA-F]{32}")
TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)?", re.ASCII)
TABLE_NAME = 64
"""Characters MySQL takes."""

REVISION = re.compile(r"\d{1,18}", re.ASCII)
MILLISECONDS_FROM = 1e12


class Event(msgspec.Struct, frozen=True, gc=False):
    """`id`: 16 bytes. `time`: 14 digits, UTC. `table`: the name EventLogging gives its table."""

    table: str
    schema: str
    revision: int
    id: bytes
    time: str
    is_bot: bool


class Unreadable(msgspec.Struct, frozen=True):
    """`raw`: a raw line, which says that this is the wrong source."""

    reason: str
    raw: bool = False


class WithoutTime(msgspec.Struct, frozen=True):
    table: str


def examine(value: bytes | None) -> Event | Unreadable | WithoutTime:
    """One event, looked at with care."""
    if value is None:
        return Unreadable("no value")
    try:
        return _event(decode(value))
    except msgspec.ValidationError as error:
        return Unreadable(f"not an event: {error}")
    except RecursionError:
        return Unreadable("nested too deep")
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _no_json(value)


def event_of(plain: Plain) -> Event | None:
    """The same of a plain capsule; None where its uuid or its time is not one."""
    time = digits_of(plain.dt)
    try:
        key = bytes.fromhex(plain.uuid)
    except ValueError:
        return None
    if time is None or len(key) != 16:
        return None
    table = table_name(plain.schema, plain.revision)
    return Event(table, plain.schema, plain.revision, key, time, is_bot(plain.userAgent))


def is_bot(agent: Agent | str | None) -> bool:
    """EventLogging's own filter: bots, but not MediaWiki's."""
    return isinstance(agent, Agent) and bool(agent.is_bot) and not agent.is_mediawiki


@lru_cache(maxsize=1_000)
def table_name(name: str, revision: int) -> str:
    return f"{table_prefix(name)}_{revision}"


def _no_json(value: bytes) -> Unreadable:
    if RAW_LINE.match(value):
        return Unreadable("a raw line that no processor has parsed", raw=True)
    try:
        value.decode()
    except UnicodeDecodeError:
        return Unreadable("not UTF-8")
    return Unreadable("not JSON")


def _event(envelope: Envelope) -> Event | Unreadable | WithoutTime:
    said: str | float | None
    meta = envelope.meta
    if meta is not None:
        name, revision = _of_uri(meta)
        said, key = meta.dt or None, meta.id
    else:
        name, revision = envelope.schema, envelope.revision
        said, key = envelope.dt or envelope.timestamp, envelope.uuid
    if not name or revision < 0:
        return Unreadable("it names no schema and revision")
    table = table_name((meta.topic if meta else envelope.topic) or name, revision)
    if len(table) > TABLE_NAME:
        return Unreadable(f"no table can have a name of more than {TABLE_NAME} characters")
    digits = key.replace("-", "")
    if not UUID.fullmatch(digits):
        return Unreadable("its uuid is not one" if key else "it has no uuid")
    time = digits_of(said)
    if time is None:
        return WithoutTime(table)
    schema = meta.topic or name if meta else name
    return Event(table, schema, revision, bytes.fromhex(digits), time, is_bot(envelope.userAgent))


def _of_uri(meta: Meta) -> tuple[str, int]:
    """mediawiki/page/create/1 is revision 1 of mediawiki/page/create."""
    name, _, revision = meta.schema_uri.rstrip("/").rpartition("/")
    return name or meta.topic, int(revision) if REVISION.fullmatch(revision) else -1


@lru_cache(maxsize=10_000)
def digits_of(said: str | float | None) -> str | None:
    """Event time as 14 digits in UTC, fractions cut off; None for what is no time. Without a zone it is UTC."""
    try:
        at = _moment_of(said)
    except (ValueError, OverflowError, OSError):
        return None
    return None if at is None or at.year < FIRST_YEAR else at.strftime("%Y%m%d%H%M%S")


def _moment_of(said: str | float | None) -> datetime | None:
    """In UTC. Raises ValueError, OverflowError, OSError for what no calendar holds."""
    if isinstance(said, str) and TIME.fullmatch(said):
        at = datetime.fromisoformat(said)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    if isinstance(said, int | float) and said:
        return datetime.fromtimestamp(said / 1000 if said > MILLISECONDS_FROM else said, UTC)
    return None
