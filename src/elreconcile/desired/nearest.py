"""What somebody probably meant to write."""

from __future__ import annotations

from collections.abc import Iterable


def suggestion(written: str, known: Iterable[str]) -> str:
    """The end of a message about a name that is not among `known`: the nearest one, or else all of them."""
    from difflib import get_close_matches  # only needed when something is wrong

    names = sorted(known)
    lowered = {name.lower(): name for name in names}
    close = get_close_matches(written.lower(), lowered, n=1, cutoff=0.6)
    if close:
        return f"; did you mean '{lowered[close[0]]}'?"
    return f": there is {enumerated(names)}" if names else ": there is none"


def enumerated(words: Iterable[str], last: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`."""
    *head, tail = words
    return f"{', '.join(head)} {last} {tail}" if head else tail
