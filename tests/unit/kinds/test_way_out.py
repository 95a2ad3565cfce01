from __future__ import annotations

import shlex

from elreconcile.kinds.way_out import settle


def test_the_command_can_be_typed_as_it_is() -> None:
    told = settle("ConsumerGroup/analytics/mine", "2018-03-13-db-down")
    assert told == (
        "elreconcile settle ConsumerGroup/analytics/mine --request 2018-03-13-db-down "
        "--done or --not-done, --reason WHY"
    )


def test_names_that_a_shell_would_break_are_quoted() -> None:
    words = shlex.split(settle("ConsumerGroup/analytics/it's mine", "$(reboot)"))
    assert words[2:5] == ["ConsumerGroup/analytics/it's mine", "--request", "$(reboot)"]
