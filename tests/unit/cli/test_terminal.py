"""What is told of a wait, and of how far a change has come."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from elreconcile.cli.terminal import Waits, Watch
from elreconcile.model.address import Address

FIRST, SECOND = (Address("BackfillWindow", "m4", name) for name in ("[first]", "second"))


def test_a_reason_is_told_once_however_its_numbers_change(capsys: pytest.CaptureFixture[str]) -> None:
    waits = Waits()
    for reason in ("25 threads run", "27 threads run", "stop exists", "26 threads run", None, "21 threads run"):
        waits(FIRST, reason)
    waits(SECOND, "21 threads run")
    told = [line.partition(" waits: ") for line in capsys.readouterr().err.splitlines()]
    first = ["25 threads run", "stop exists", "26 threads run", "21 threads run"]
    assert [reason for address, _, reason in told if address == str(FIRST)] == first
    assert [reason for address, _, reason in told if address == str(SECOND)] == ["21 threads run"]


def shown(watch: Watch) -> list[str]:
    """Where a window has 60 columns."""
    console = Console(file=StringIO(), width=60)
    with console.capture() as captured:
        console.print(watch)
    return [line.strip(" ━╸╺⠋") for line in captured.get().splitlines()]


def test_bars_stand_above_what_is_waited_for() -> None:
    watch = Watch(Console(file=StringIO(), force_terminal=True, width=60), "applying")
    assert shown(watch) == ["applying"]
    watch.looking(FIRST, "stop exists")
    assert shown(watch) == [f"{FIRST} waits: stop exists"]
    watch.telling(FIRST, 0, 2_000, None)
    assert shown(watch) == [str(FIRST), "0 of 2,000 rows"]
    watch.telling(SECOND, 1_000, 3_000, "the replica is 3540 s behind, 60 s are allowed")
    assert shown(watch) == [
        str(FIRST),
        "0 of 2,000 rows",
        str(SECOND),
        "1,000 of 3,000 rows, waits",
        "BackfillWindow/m4/second waits: the replica is 3540 s",
        "behind, 60 s are allowed",
    ]
    watch.telling(SECOND, 3_000, 3_000, None)
    assert shown(watch)[-1].startswith("3,000 of 3,000 rows, ")
    assert shown(watch)[-1].endswith(" rows/s, reading back")
    watch.end()
    assert shown(watch)[-1].endswith(" rows/s")


def test_nothing_moves_where_nobody_looks(capsys: pytest.CaptureFixture[str]) -> None:
    watch = Watch(Console(file=StringIO()), "applying")
    watch.telling(FIRST, 0, 2_000, None)
    watch.telling(FIRST, 0, 2_000, "stop exists")
    assert (watch.moves, capsys.readouterr().err) == (False, f"{FIRST} waits: stop exists\n")
