from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from elreconcile.errors import Refused
from elreconcile.kinds import KINDS
from elreconcile.ledger.entry import PastRun, Run
from elreconcile.model.address import Address
from elreconcile.model.change import Action, Change
from elreconcile.model.plan import Plan, Source
from elreconcile.planning.reverting import revert
from elreconcile.planning.saved import remember

NOW = datetime(2018, 3, 13, 12, tzinfo=UTC)
GROUP, MONITOR = Address("ConsumerGroup", "analytics", "g"), Address("BurrowMonitor", "analytics", "g")
RESET = Change(GROUP, Action.REQUEST, "reset r1", before={"t": {"0": {"offset": 60, "metadata": "x"}, "1": None}})
FORGOTTEN = Change(MONITOR, Action.REMOVE, "1 stale topic")


def past(outcomes: Any, *changes: Change) -> PastRun:
    plan = Plan("test", Source("state"), "ledger", (), changes, NOW)
    kept = outcomes and {address: {"ending": ending, "reason": ""} for address, ending in outcomes.items()}
    return PastRun(1, Run("run1", NOW, "a", "h", None, plan.digest, remember(plan)), NOW, kept)


def test_offsets_go_back_and_what_cannot_is_said() -> None:
    made = revert(past({str(GROUP): "settled", str(MONITOR): "pending"}, FORGOTTEN, RESET), KINDS, NOW)
    (document,) = made.documents
    assert document == {
        "kind": "ConsumerGroup",
        "name": "g",
        "cluster": "analytics",
        "reset": {
            "id": "revert-run1",
            "reason": "takes back reset r1",
            "topics": {"t": {"to": {"offsets": {"0": 60, "1": "none"}}}},
            "expires": "2018-03-14T12:00:00Z",
        },
    }
    assert [words.split(":")[0] for words in made.cannot] == [str(GROUP), str(MONITOR)]


@pytest.mark.parametrize("ending", ["blocked", "refused"])
def test_what_was_never_touched_is_not_taken_back(ending: str) -> None:
    assert revert(past({str(GROUP): ending}, RESET), KINDS, NOW).documents == ()


def test_a_run_that_was_cut_short_may_have_changed_everything() -> None:
    assert len(revert(past(None, RESET), KINDS, NOW).documents) == 1


def test_a_word_of_a_person_is_no_plan() -> None:
    settled = past({}, RESET)
    with pytest.raises(Refused, match="not one of this version"):
        revert(replace(settled, run=replace(settled.run, plan={"settle": str(GROUP)})), KINDS, NOW)
