"""Documents as operators get them wrong, through the real loader."""

from __future__ import annotations

from pathlib import Path

import pytest

from elreconcile.desired.config import Config
from elreconcile.desired.load import load
from elreconcile.errors import DesiredStateError
from elreconcile.kinds import KINDS

CONFIG = Config.model_validate_json(
    '{"environment": "test", "ledger": {"sqlite": "ledger.sqlite"},'
    ' "kafka": {"analytics": {"bootstrap_servers": ["localhost:9092"]}},'
    ' "burrow": {"analytics": {"url": "http://localhost:8100", "cluster": "local", "kafka": "analytics"}}}'
)
HEAD = "kind: BurrowMonitor\nname: g\n"


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        ("burrow: analytics\n", ["1:1: missing field 'topics'"]),
        ("burrow: analytics\ntopics: topic\n", ["4:9: 'topics' must be a list, not 'topic'"]),
        ("burrow: analytics\ntopics: [a, b, a]\n", ["1:1: topics names a more than once"]),
        ("burrow: analitics\ntopics: [a]\n", ["3:9: unknown Burrow 'analitics'; did you mean 'analytics'?"]),
        (
            "burrow: analytics\ntopics: [a]\nexpect: {status: ok}\n",
            ["5:18: 'status' must be 'OK', 'WARN', 'ERR', 'STOP', 'STALL' or 'REWIND', not 'ok'; did you mean 'OK'?"],
        ),
        (
            "burrow: analytics\ncluster: analytics\ntopics: [5]\nexpect: {max_lag: -1}\n",
            [
                "4:1: unknown field 'cluster'; known: burrow, expect, kind, name, topics",
                "5:10: 'topics'[0] must be text: put it in quotes",
                "6:19: 'max_lag' must be at least 0, not -1",
            ],
        ),
    ],
)
def test_a_document_that_is_wrong(tmp_path: Path, text: str, messages: list[str]) -> None:
    (tmp_path / "g.yaml").write_text(HEAD + text)
    with pytest.raises(DesiredStateError) as error:
        load(tmp_path, CONFIG, {name: kind.spec for name, kind in KINDS.items()})
    assert [f"{one.line}:{one.column}: {one.message}" for one in error.value.problems] == messages


def test_an_empty_list_of_topics_is_allowed(tmp_path: Path) -> None:
    (tmp_path / "g.yaml").write_text(f"{HEAD}burrow: analytics\ntopics: []\n")
    (resource,) = load(tmp_path, CONFIG, {name: kind.spec for name, kind in KINDS.items()})
    assert str(resource.address) == "BurrowMonitor/analytics/g"
