"""What an apply that is cut short says of the world."""

from __future__ import annotations

import pytest

from elreconcile.applying.stopping import Stopping
from elreconcile.cli.apply import _said_what_became
from elreconcile.errors import Interrupted, Unreachable


def test_an_interruption_before_the_run_changed_nothing_and_a_later_one_may_have() -> None:
    stopping = Stopping()
    with pytest.raises(Interrupted, match=r"^interrupted: nothing was changed$"), _said_what_became(stopping):
        raise KeyboardInterrupt
    with stopping.watching():
        pass
    with pytest.raises(Interrupted, match=r"the next apply goes on with it$"), _said_what_became(stopping):
        raise KeyboardInterrupt


def test_what_was_unreachable_before_the_run_changed_nothing_and_later_it_may_have() -> None:
    stopping = Stopping()
    with pytest.raises(Unreachable) as before, _said_what_became(stopping):
        raise Unreachable("Kafka", "no answer", 1)
    assert before.value.__notes__ == ["nothing was changed"]
    with stopping.watching():
        pass
    with pytest.raises(Unreachable) as after, _said_what_became(stopping):
        raise Unreachable("Kafka", "no answer", 1)
    assert not hasattr(after.value, "__notes__")
