"""What the demo says, and that it is true."""

from __future__ import annotations

from textwrap import wrap

from sandbox.errors import SandboxError

WIDTH = 120


class DemoFailed(SandboxError):
    """A number that is not what it should be."""


def say(text: str) -> None:
    """Print it, no line wider than `WIDTH`: what goes on is indented below its line."""
    print("\n".join(part for line in text.split("\n") for part in _fitted(line)), flush=True)


def paragraph(text: str) -> None:
    """After an empty line."""
    say(f"\n{text}")


def chapter(title: str) -> None:
    paragraph(f"\n== {title} {'=' * (WIDTH - len(title) - 4)}")


def check(what: str, seen: object, wanted: object) -> None:
    """Raises DemoFailed when they differ."""
    if seen != wanted:
        raise DemoFailed(f"{what}: {seen}, should be {wanted}")


def _fitted(line: str) -> list[str]:
    if len(line) <= WIDTH:
        return [line]
    margin = " " * (len(line) - len(line.lstrip()))
    return wrap(line, WIDTH, subsequent_indent=margin + "  ", break_long_words=False, break_on_hyphens=False)
