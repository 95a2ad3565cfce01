"""What makes a thread beside a scan go on, or give up."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from elreconcile.kinds.backfill_window.pace import Interrupted, Pacer
from elreconcile.kinds.backfill_window.spec import Pace


def pacer(stop: Path | None = None) -> Pacer:
    return Pacer(Pace(stop_file=None if stop is None else str(stop)), None, None, lambda reason: None)


def test_it_gives_up_once_nobody_wants_its_answer_though_nothing_makes_it_wait() -> None:
    paced = pacer()
    with paced.others():
        paced.beside()
    with pytest.raises(Interrupted):
        paced.beside()


def test_it_gives_up_while_it_waits(tmp_path: Path) -> None:
    stop = tmp_path / "stop"
    stop.touch()
    paced, gave_up = pacer(stop), threading.Event()

    def beside() -> None:
        try:
            paced.beside()
        except Interrupted:
            gave_up.set()

    with paced.others():
        thread = threading.Thread(target=beside)
        thread.start()
    thread.join(60)
    assert gave_up.is_set()
