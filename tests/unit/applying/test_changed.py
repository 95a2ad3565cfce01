"""What is told where a plan no longer fits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from elreconcile.applying.changed import changed
from elreconcile.model.address import Address
from elreconcile.model.change import Action, Change, Guard, Refusal, Request
from elreconcile.model.plan import Plan, Source

AT, LATER = datetime(2018, 3, 13, tzinfo=UTC), datetime(2018, 3, 14, tzinfo=UTC)
GROUP = Address("ConsumerGroup", "analytics", "g")
RESET = Change(
    GROUP,
    Action.REQUEST,
    "reset r1",
    effect={"t": {"0": 5}},
    pins={"t": {"0": 5}},
    document="aaaa",
    request=Request("r1", LATER, {"to": "latest"}, "ffff"),
    guards=(Guard("topic id of t", "id-1"),),
)
DONE = replace(RESET, action=Action.NONE, effect=None, pins=None)
GONE = Refusal("unknown-field", "column c of table t", "missing", "every field has a column", "take the field out")


def plan(*changes: Change, environment: str = "test", made_at: datetime = AT) -> Plan:
    return Plan(environment, Source("state"), "ledger", (), changes, made_at)


def told(now: Plan) -> Sequence[str]:
    return changed(plan(RESET), now, [RESET], {GROUP: "state/g.yaml"})


@pytest.mark.parametrize(
    ("now", "texts"),
    [
        (plan(RESET), []),
        (plan(), [f"{GROUP} is no longer in state"]),
        (plan(replace(RESET, document="bbbb")), [f"the document of {GROUP} was changed since (state/g.yaml)"]),
        (
            plan(replace(RESET, document="bbbb", pins={"t": {"0": 6}}, effect={"t": {"0": 6}})),
            [
                f"the document of {GROUP} was changed since (state/g.yaml)",
                f"{GROUP}: effect / t / 0: then 5, now 6",
                f"{GROUP}: pins / t / 0: then 5, now 6",
            ],
        ),
        (
            plan(replace(DONE, document="bbbb", request=Request("r2", LATER, {"to": "earliest"}, "gggg"))),
            [
                f"the document of {GROUP} was changed since (state/g.yaml)",
                f'{GROUP}: request / id: then "r1", now "r2"',
                f'{GROUP}: request / meaning / to: then "latest", now "earliest"',
            ],
        ),
        (
            plan(replace(RESET, guards=(Guard("topic id of t", "id-2"),))),
            [f'{GROUP}: guards / topic id of t: then "id-1", now "id-2"'],
        ),
        (
            plan(DONE, made_at=LATER),
            [
                f"request r1 of {GROUP} expired at 2018-03-14T00:00:00Z: "
                "where it was not carried out, write a new request"
            ],
        ),
        (
            plan(replace(DONE, refusals=(GONE,))),
            [
                f"{GROUP}: refused (unknown-field): column c of table t: missing; every field has a column\n"
                "  take the field out"
            ],
        ),
        (plan(RESET, environment="other"), ['environment: then "test", now "other"']),
        (
            plan(replace(RESET, request=Request("r1", LATER, {"to": "latest"}, "gggg"))),
            [f'changes / {GROUP} / request / fingerprint: then "ffff", now "gggg"'],
        ),
    ],
)
def test_what_differs_is_told_in_the_words_of_the_field(now: Plan, texts: list[str]) -> None:
    assert list(told(now)) == texts
