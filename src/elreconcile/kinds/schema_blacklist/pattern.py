"""Our part of a writer's blacklist, and the part of others, which is kept as it is. Pure.

The writer compiles the whole with `re` and calls `match` with the schema's name. Ours is marked by a comment of
that syntax, so that the file itself says who added what.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

import msgspec

MARK = "(?#elreconcile)"
_OURS = re.compile(re.escape(MARK) + r"\^\(((?:[^()\\]|\\.)*)\)\$")


class Parts(msgspec.Struct, frozen=True):
    """A blacklist taken apart. `part` is the text of ours, `names` the schemas in it."""

    theirs: str
    part: str
    names: frozenset[str]


def render(names: Collection[str]) -> str:
    """Our part: these names whole, and no other. Empty for none."""
    return f"{MARK}^({'|'.join(re.escape(name) for name in sorted(names))})$" if names else ""


def take_apart(blacklist: str) -> Parts:
    """A part of ours that somebody has edited counts as theirs."""
    found = _OURS.search(blacklist)
    if found is None:
        return Parts(blacklist, "", frozenset())
    before, after = blacklist[: found.start()], blacklist[found.end() :]
    theirs = [text for text in (before.removesuffix("|"), after.removeprefix("|")) if text]
    names = re.sub(r"\\(.)", r"\1", found[1]).split("|")
    return Parts("|".join(theirs), found[0], frozenset(names))


def join(theirs: str, names: Collection[str]) -> str:
    """Theirs first: a flag such as (?i) has to stand at the beginning."""
    return "|".join(part for part in (theirs, render(names)) if part)


def keeps_out(blacklist: str, name: str) -> bool:
    """As the writer decides it. Raises re.error."""
    return bool(blacklist) and re.match(blacklist, name) is not None


def cannot_compile(blacklist: str) -> str | None:
    """Why `re` does not take it, which would end the writer at its start."""
    try:
        re.compile(blacklist)
    except (re.error, OverflowError, RecursionError) as error:
        return str(error)
    return None


def lookalikes(name: str) -> tuple[str, ...]:
    """Names near one that must be kept out, which must not be."""
    return f"{name}V2", f"X{name}", name[:-1] or f"{name}{name}"


def disagreements(theirs: str, names: Collection[str], others: Iterable[str] = ()) -> Iterator[str]:
    """Names that the whole does not treat as both parts together would: a way of writing theirs swallows ours."""
    whole = join(theirs, names)
    probes = {*names, *others, *(near for name in names for near in lookalikes(name))}
    for name in sorted(probes):
        if keeps_out(whole, name) != (name in names or keeps_out(theirs, name)):
            yield name
