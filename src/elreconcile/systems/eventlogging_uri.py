"""Arguments of EventLogging as they stand in its configuration files, one a line, read as EventLogging reads them.

Pure. Source: github.com/wikimedia/eventlogging, bin/eventlogging-processor and eventlogging/factory.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, quote, unquote_plus, urlsplit

import msgspec

URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
OPTION_WITH_URI = "--output-invalid"
BLACKLIST = "blacklist"


class WriterUri(msgspec.Struct, frozen=True):
    """What this tool needs to know of a writer's URI. The rest of it may hold a password.

    `line` counts from 1. `blacklist` is the regular expression as the writer decodes it, empty where it has none.
    `cut_off`: a bare # ended the URI early, and the writer does not see what stands behind it.
    """

    line: int
    topic: str
    blacklist: str
    cut_off: bool


def writer_uris(text: str) -> tuple[WriterUri, ...]:
    """The outputs of one configuration file. The first URI is the input: EventLogging goes by position."""
    positional = list(_positional_uris(text))
    return tuple(_writer(line, uri) for line, uri in positional[1:])


def with_blacklist(text: str, line: int, pattern: str) -> str:
    """The same text but for one value, that of `blacklist` in the URI on `line`; an empty pattern takes it out."""
    lines = text.split("\n")
    old = lines[line - 1]
    uri = old.rstrip("\r")
    lines[line - 1] = _edited(uri, pattern) + old[len(uri) :]
    return "\n".join(lines)


def _positional_uris(text: str) -> Iterator[tuple[int, str]]:
    before = ""
    for number, raw in enumerate(text.split("\n"), 1):
        argument = raw.rstrip("\r")
        if URI.match(argument) and before != OPTION_WITH_URI:
            yield number, argument
        before = argument


def _writer(line: int, uri: str) -> WriterUri:
    parts = urlsplit(uri)
    values = dict(parse_qsl(parts.query))
    return WriterUri(line, values.get("topic", ""), values.get(BLACKLIST, ""), bool(parts.fragment))


def _edited(uri: str, pattern: str) -> str:
    seen, hash_sign, unseen = uri.partition("#")
    path, _, query = seen.partition("?")
    items = query.split("&") if query else []
    # Of several the writer takes the last that is not empty.
    at = max((number for number, item in enumerate(items) if _is_blacklist(item)), default=len(items))
    old = items[at].partition("=")[2] if at < len(items) else ""
    items[at : at + 1] = [f"{BLACKLIST}={_encoded(pattern, old)}"] if pattern else []
    return path + ("?" + "&".join(items) if items else "") + hash_sign + unseen


def _is_blacklist(item: str) -> bool:
    key, _, value = item.partition("=")
    return unquote_plus(key) == BLACKLIST and value != ""


def _encoded(pattern: str, old: str) -> str:
    """Percent-encoded. What the old value begins with alike stays written as it is."""
    whole = unquote_plus(old)
    for cut in range(len(old), -1, -1):
        head, tail = unquote_plus(old[:cut]), unquote_plus(old[cut:])
        if head + tail == whole and pattern.startswith(head):
            return old[:cut] + quote(pattern[len(head) :], safe="")
    raise AssertionError("every text begins with nothing")
