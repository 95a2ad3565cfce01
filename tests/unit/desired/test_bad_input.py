"""What an operator reads when a document is wrong: the whole sentence, its place, and all of them at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.desired.example import GOOD, complaints


def test_unknown_field(tmp_path: Path) -> None:
    assert complaints(tmp_path, a=GOOD.replace("topics:", "topic:")) == [
        "a.yaml:6:1: unknown field 'topic'; did you mean 'topics'?"
    ]


def test_unknown_field_far_from_any(tmp_path: Path) -> None:
    assert complaints(tmp_path, a="kind: Note\nname: n\nwhatever: 1\n") == [
        "a.yaml:3:1: unknown field 'whatever'; known: kind, name"
    ]


def test_naive_time(tmp_path: Path) -> None:
    assert complaints(tmp_path, a=GOOD.replace("00:00:00Z", "00:00:00")) == [
        "a.yaml:4:10: '2018-03-20T00:00:00' has no zone: write 2018-03-20T00:00:00Z if it is UTC"
    ]


def test_duplicate_key(tmp_path: Path) -> None:
    assert complaints(tmp_path, a=GOOD + "cluster: jumbo\n") == [
        "a.yaml:7:1: duplicate key 'cluster': already given in line 3"
    ]


def test_octal_looking_offset(tmp_path: Path) -> None:
    assert complaints(tmp_path, a=GOOD.replace("timestamp: 2018-03-13T06:48:00+01:00", "offsets: {0: 010}")) == [
        "a.yaml:5:19: 010 looks octal: write 10, or '010' if it is text"
    ]


def test_octal_looking_partition(tmp_path: Path) -> None:
    assert complaints(tmp_path, a=GOOD.replace("timestamp: 2018-03-13T06:48:00+01:00", "offsets: {'007': 10}")) == [
        "a.yaml:5:16: the key '007' must be of the form ^(0|[1-9][0-9]*)$"
    ]


def test_unknown_cluster(tmp_path: Path) -> None:
    assert complaints(tmp_path, a=GOOD.replace("analytics", "analytcs")) == [
        "a.yaml:3:10: unknown Kafka cluster 'analytcs'; did you mean 'analytics'?"
    ]


def test_unknown_cluster_far_from_any(tmp_path: Path) -> None:
    assert complaints(tmp_path, a=GOOD.replace("analytics", "main")) == [
        "a.yaml:3:10: unknown Kafka cluster 'main'; known: analytics, jumbo"
    ]


def test_unknown_system_of_a_family_without_any(tmp_path: Path) -> None:
    assert complaints(tmp_path, a=GOOD + "burrow: main\n") == ["a.yaml:7:9: unknown Burrow 'main'; none is known"]


def test_missing_expires(tmp_path: Path) -> None:
    assert complaints(tmp_path, a=GOOD.replace("expires: 2018-03-20T00:00:00Z\n", "")) == [
        "a.yaml:1:1: missing field 'expires'"
    ]


def test_missing_inside_a_mapping_is_told_at_its_key(tmp_path: Path) -> None:
    assert complaints(tmp_path, a=GOOD + "sink:\n  writer: w\n") == ["a.yaml:7:1: missing field 'mysql'"]


def test_empty_expires(tmp_path: Path) -> None:
    assert complaints(tmp_path, a=GOOD.replace(" 2018-03-20T00:00:00Z", "")) == [
        "a.yaml:4:9: 'expires' must be a time with a zone such as 2018-03-13T06:48:00Z, and is empty"
    ]


def test_mistyped_target(tmp_path: Path) -> None:
    assert complaints(tmp_path, a=GOOD.replace("timestamp", "timestmap")) == [
        "a.yaml:5:6: unknown field 'timestmap'; did you mean 'timestamp'?"
    ]


def test_mistyped_target_word(tmp_path: Path) -> None:
    assert complaints(tmp_path, a=GOOD.replace("{timestamp: 2018-03-13T06:48:00+01:00}", "ealiest")) == [
        "a.yaml:5:5: 'to' must be 'earliest', 'latest' or 'none', not 'ealiest'; did you mean 'earliest'?"
    ]


def test_two_targets(tmp_path: Path) -> None:
    assert complaints(tmp_path, a=GOOD.replace("+01:00}", "+01:00, shift: -5}")) == [
        "a.yaml:5:5: say exactly one of timestamp, ago, offsets, shift"
    ]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("to: 5", "5: 'to' must be a mapping, not 5"),
        ("to: [x]", "5: 'to' must be a mapping, not a list"),
        (
            "to: {ago: 10 minutes}",
            "11: 'ago' must be a length of time such as 30s, 10m, 2h, 7d or 1h30m, not '10 minutes'",
        ),
        ("to: {shift: 1.5}", "13: 'shift' must be a whole number, not 1.5"),
        ("to: {shift: true}", "13: 'shift' must be a whole number, not true"),
        ("to: {shift: '-5'}", "13: 'shift' must be a whole number, not '-5'"),
        ("to: {offsets: {0: kep}}", "19: '0' must be a whole number or 'keep', not 'kep'; did you mean 'keep'?"),
        ("to: {offsets: {0: -1}}", "19: '0' must be at least 0 or 'keep', not -1"),
        ("topics: x", "9: 'topics' must be a list, not 'x'"),
        ("topics: [a, {b: c}]", "13: 'topics'[1] must be text, not a mapping"),
        ("topics: [a, '']", "13: 'topics'[1] must not be empty"),
        ("topics: [5]", "10: 'topics'[0] must be text: put it in quotes"),
        ("topics: [true]", "10: 'topics'[0] must be text: put it in quotes"),
        ('topics: ["\\x07"]', "10: 'topics'[0] must not hold control characters"),
        (f"topics: [{'x' * 250}]", "10: 'topics'[0] must have at most 249 characters"),
        ("pace: 0", "7: 'pace' must be more than 0.0, not 0"),
        ("pace: 1000", "7: 'pace' must be less than 1000.0, not 1000"),
        ("pace: fast", "7: 'pace' must be a number, not 'fast'"),
        ("careful: maybe", "10: 'careful' must be true or false, not 'maybe'"),
        ("sink: m4", "7: 'sink' must be 'nowhere' or a mapping, not 'm4'"),
        ("sink: {mysql: m5}", "15: unknown MySQL server 'm5'; known: m4"),
        (f"careful: {'x' * 70}", f"10: 'careful' must be true or false, not '{'x' * 60}…'"),
    ],
)  # fmt: skip
def test_wrong_values(tmp_path: Path, line: str, problem: str) -> None:
    name = line.split(":")[0]
    kept = "".join(f"{other}\n" for other in GOOD.splitlines() if not other.startswith(f"{name}:"))
    assert complaints(tmp_path, a=f"{line}\n{kept}") == [f"a.yaml:1:{problem}"]


def test_unknown_kind(tmp_path: Path) -> None:
    assert complaints(tmp_path, a="kind: Rewnd\nname: x") == [
        "a.yaml:1:7: unknown kind 'Rewnd'; did you mean 'Rewind'?"
    ]


def test_missing_kind(tmp_path: Path) -> None:
    assert complaints(tmp_path, a="name: x") == ["a.yaml:1:1: missing field 'kind'"]


def test_kinds_that_are_not_text(tmp_path: Path) -> None:
    assert complaints(tmp_path, a="kind: 5\n---\nkind: [Rewind]\n---\nkind: yes\n") == [
        "a.yaml:1:7: 'kind' must be text: put it in quotes",
        "a.yaml:3:7: 'kind' must be text, not a list",
        "a.yaml:5:7: yes is a truth value to some readers of YAML: write true, or 'yes' if it is text",
    ]


def test_documents_that_are_not_mappings(tmp_path: Path) -> None:
    assert complaints(tmp_path, a="- kind: Rewind\n---\n010\n") == [
        "a.yaml:1:1: a document is a mapping with a kind and a name",
        "a.yaml:3:1: 010 looks octal: write 10, or '010' if it is text",
    ]


def test_a_secret_in_a_document(tmp_path: Path) -> None:
    assert complaints(tmp_path, a=GOOD.replace("[eventlogging-valid-mixed]", "['x${file:pw}']")) == [
        "a.yaml:6:10: a document holds no secrets: ${...} belongs in elreconcile.yaml"
    ]


def test_two_documents_of_one_address_name_both_places(tmp_path: Path) -> None:
    assert complaints(tmp_path, a=GOOD, b=f"# the same again\n{GOOD}") == [
        f"b.yaml:3:7: Rewind/analytics/eventlogging_consumer_mysql_00 is already in {tmp_path}/a.yaml:1"
    ]


def test_a_value_that_could_not_be_read_is_told_once(tmp_path: Path) -> None:
    """Nothing else is said about it, nor about what holds it; the rest of the document is checked all the same."""
    text = GOOD.replace("2018-03-20T00:00:00Z", "12:30").replace("{timestamp: 2018-03-13T06:48:00+01:00}", "*there")
    assert complaints(tmp_path, a=text.replace("analytics", "x")) == [
        "a.yaml:3:10: unknown Kafka cluster 'x'; known: analytics, jumbo",
        "a.yaml:4:10: 12:30 is in base 60 to some readers of YAML: write a plain number, or '12:30' if it is text",
        "a.yaml:5:5: the alias *there is not allowed: write the value out",
    ]


def test_everything_at_once_in_one_document(tmp_path: Path) -> None:
    text = """\
kind: Rewind
name: g
name: h
cluster: analytcs
to: {timestmap: 2018-03-13T06:48:00}
topics: [010]
sink: {mysql: db}
expire: 2018-03-20T00:00:00Z
"""
    assert complaints(tmp_path, a=text, b="kind: Note\nname: [", c="kind: Nte\n") == [
        "a.yaml:1:1: missing field 'expires'",
        "a.yaml:3:1: duplicate key 'name': already given in line 2",
        "a.yaml:4:10: unknown Kafka cluster 'analytcs'; did you mean 'analytics'?",
        "a.yaml:5:6: unknown field 'timestmap'; did you mean 'timestamp'?",
        "a.yaml:6:10: 010 looks octal: write 10, or '010' if it is text",
        "a.yaml:7:15: unknown MySQL server 'db'; known: m4",
        "a.yaml:8:1: unknown field 'expire'; did you mean 'expires'?",
        "b.yaml:2:8: cannot be read as YAML: did not find expected node content",
        "c.yaml:1:7: unknown kind 'Nte'; did you mean 'Note'?",
    ]
