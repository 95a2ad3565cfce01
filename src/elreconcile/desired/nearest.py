"""What somebody probably meant to write."""

from __future__ import annotations

from collections.abc import Iterable


def did_you_mean(written: str, known: Iterable[str]) -> str:
    """The end of a message: the nearest of `known`, or nothing when none is near."""
    from difflib import get_close_matches  # only needed when something is wrong

    as_written = {name.lower(): name for name in sorted(known)}
    close = get_close_matches(written.lower(), as_written, n=1, cutoff=0.6)
    return f"; did you mean '{as_written[close[0]]}'?" if close else ""


def unknown(what: str, written: str, known: Iterable[str]) -> str:
    """A whole message about a name that is not among `known`."""
    names = sorted(known)
    hint = did_you_mean(written, names) or (f"; known: {', '.join(names)}" if names else "; none is known")
    return f"unknown {what} '{written}'{hint}"


def enumerated(words: Iterable[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    *head, tail = words
    return f"{', '.join(head)} and {tail}" if head else tail
