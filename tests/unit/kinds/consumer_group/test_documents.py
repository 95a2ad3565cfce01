"""Documents as operators get them wrong, through the real loader: where, what, and what was meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from elreconcile.desired.config import Config
from elreconcile.desired.load import load
from elreconcile.errors import DesiredStateError
from elreconcile.kinds import KINDS
from elreconcile.kinds.consumer_group.spec import ConsumerGroup

CONFIG = Config.model_validate_json(
    '{"environment": "test", "ledger": {"sqlite": "ledger.sqlite"},'
    ' "kafka": {"analytics": {"bootstrap_servers": ["localhost:9092"]}}}'
)
HEAD = "kind: ConsumerGroup\nname: g\ncluster: analytics\n"
RESET = "reset:\n  id: 2018-03-13-db-down\n  expires: 2018-03-20T00:00:00Z\n"
TOPIC = "  topics: {topic: }\n"


def problems(folder: Path, text: str) -> list[str]:
    (folder / "g.yaml").write_text(text)
    with pytest.raises(DesiredStateError) as error:
        load(folder, CONFIG, {name: kind.spec for name, kind in KINDS.items()})
    assert error.value.exit_code == 65
    return [f"{one.line}:{one.column}: {one.message}" for one in error.value.problems]


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("earlist", "7:7: 'to' must be 'earliest', 'latest' or 'none', not 'earlist'; did you mean 'earliest'?"),
        ("{timestmp: 2018-03-13T06:48:00Z}", "7:8: unknown field 'timestmp'; did you mean 'timestamp'?"),
        (
            "{timestamp: 2018-03-13T06:48:00}",
            "7:19: '2018-03-13T06:48:00' has no zone: write 2018-03-13T06:48:00Z if it is UTC",
        ),
        (
            "{timestamp: 2018-03-13 06:48:00Z}",
            "7:19: '2018-03-13 06:48:00Z' is not how times are written here: write 2018-03-13T06:48:00Z",
        ),
        ("{offset: 5, shift: -3}", "7:7: offset and shift are 2 targets: say exactly one"),
        ("{offset: 5, shift: -3, ago: 1h}", "7:7: ago, offset and shift are 3 targets: say exactly one"),
        (
            "{}",
            "7:7: say one of timestamp, ago, offset, offsets, shift, behind_end with its value, "
            "or a word: earliest, latest, none",
        ),
        (
            "{offset: }",
            "7:7: say one of timestamp, ago, offset, offsets, shift, behind_end with its value, "
            "or a word: earliest, latest, none",
        ),
        ("5", "7:7: 'to' must be a mapping, not 5"),
        ("{offset: 010}", "7:16: 010 looks octal: write 10, or '010' if it is text"),
        ("{offset: -1}", "7:16: 'offset' must be at least 0, not -1"),
        ("{behind_end: 1.5}", "7:20: 'behind_end' must be a whole number, not 1.5"),
        ("{shift: true}", "7:15: 'shift' must be a whole number, not true"),
        ("{offsets: {}}", "7:17: 'offsets' must not be empty"),
        ("{offsets: {0: keep}}", "7:7: `offsets` keeps every partition: leave the topic out"),
        (
            "{offsets: {0: kep}}",
            "7:21: '0' must be a whole number or 'keep' or 'none', not 'kep'; did you mean 'keep'?",
        ),
        ("{offsets: {all: 5}}", "7:18: 'all' is no partition: they are numbered 0, 1, 2 and so on"),
        ("{offsets: {0: 5, 0: 6}}", "7:24: duplicate key '0': already given in line 7"),
    ],
)
def test_a_mistyped_target(tmp_path: Path, target: str, message: str) -> None:
    assert problems(tmp_path, f"{HEAD}{RESET}  to: {target}\n{TOPIC}") == [message]


def test_a_reset_without_expires(tmp_path: Path) -> None:
    text = f"{HEAD}reset:\n  id: a\n  to: latest\n{TOPIC}"
    assert problems(tmp_path, text) == ["4:1: missing field 'expires'"]


def test_topics_without_a_target(tmp_path: Path) -> None:
    text = f"{HEAD}{RESET}  topics: {{a: , b: {{to: latest}}, c: {{}}}}\n"
    assert problems(tmp_path, text) == ["5:3: no target for a, c: give the reset or the topic a `to`"]


def test_everything_wrong_is_told_at_once(tmp_path: Path) -> None:
    text = (
        "kind: ConsumerGroup\nname: g\ncluster: analitics\nexpect: {min_member: 1, max_lag: -1, state: stable}\n"
        "reset:\n  id: 5\n  expires: 2018-03-20T00:00:00\n  to: latest\n  on_no_match: ignore\n  topics: [topic]\n"
    )
    assert problems(tmp_path, text) == [
        "3:10: unknown Kafka cluster 'analitics'; did you mean 'analytics'?",
        "4:10: unknown field 'min_member'; did you mean 'min_members'?",
        "4:34: 'max_lag' must be at least 0, not -1",
        "4:45: 'state' must be 'Stable', 'Empty', 'PreparingRebalance', 'CompletingRebalance' or 'Dead', "
        "not 'stable'; did you mean 'Stable'?",
        "6:7: 'id' must be text: put it in quotes",
        "7:12: '2018-03-20T00:00:00' has no zone: write 2018-03-20T00:00:00Z if it is UTC",
        "9:16: 'on_no_match' must be 'fail', 'earliest' or 'latest', not 'ignore'",
        "10:11: 'topics' must be a mapping, not a list",
    ]


def test_the_document_of_the_readme_is_read_as_it_is_meant(tmp_path: Path) -> None:
    (tmp_path / "g.yaml").write_text(
        f"{HEAD}expect: {{min_members: 1, max_lag: 50000}}\n{RESET}"
        "  reason: T188991\n"
        "  to: {timestamp: 2018-03-13T06:48:00Z}\n"
        "  topics:\n"
        "    eventlogging-valid-mixed:\n"
        "    eqiad.mediawiki.page-create: {to: {behind_end: 67000}}\n"
        "    old-topic: {to: none}\n"
        "    by-hand: {to: {offsets: {0: 5, 1: keep}}}\n"
    )
    (resource,) = load(tmp_path, CONFIG, {name: kind.spec for name, kind in KINDS.items()})
    assert str(resource.address) == "ConsumerGroup/analytics/g"
    spec = resource.spec
    assert isinstance(spec, ConsumerGroup)
    assert spec.reset is not None
    assert {topic: dump(spec.reset.target(topic)) for topic in spec.reset.topics} == {
        "eventlogging-valid-mixed": {"timestamp": "2018-03-13T06:48:00Z"},
        "eqiad.mediawiki.page-create": {"behind_end": 67000},
        "old-topic": "none",
        "by-hand": {"offsets": {"0": 5, "1": "keep"}},
    }


def dump(target: object) -> object:
    return target if isinstance(target, str) else target.model_dump(mode="json", exclude_unset=True)  # type: ignore[attr-defined]
