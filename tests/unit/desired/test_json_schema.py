from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from elreconcile.desired.json_schema import schema_text, schemas
from elreconcile.desired.spec import format_instant, format_span
from elreconcile.desired.yaml_source import parse
from tests.unit.desired.example import GOOD, SPECS
from tests.unit.desired.test_config import SMALLEST, WHOLE

SCHEMAS = schemas(SPECS)


def check(name: str, text: str) -> None:
    (document,), problems = parse(text, "a.yaml")
    assert not problems
    Draft202012Validator(SCHEMAS[name]).validate(document.value)


def test_there_is_one_for_each_kind_for_any_document_and_for_the_configuration() -> None:
    assert set(SCHEMAS) == {"Rewind", "Note", "document", "elreconcile"}
    for schema in SCHEMAS.values():
        Draft202012Validator.check_schema(schema)
        assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
        assert "$id" not in schema


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Rewind", GOOD),
        ("document", GOOD),
        ("document", "kind: Note\nname: n\n"),
        ("elreconcile", WHOLE),
        ("elreconcile", SMALLEST),
    ],
)
def test_what_is_right_fits(name: str, text: str) -> None:
    check(name, text)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("document", GOOD.replace("Rewind", "Rewnd")),
        ("document", GOOD.replace("Rewind", "Note")),
        ("Rewind", GOOD.replace("topics", "topic")),
        ("Rewind", GOOD.replace("00:00:00Z", "00:00:00")),
        ("Rewind", GOOD.replace("expires: 2018-03-20T00:00:00Z\n", "")),
        ("Rewind", GOOD.replace("{timestamp: 2018-03-13T06:48:00+01:00}", "ealiest")),
        ("Rewind", GOOD.replace("timestamp: 2018-03-13T06:48:00+01:00", "ago: 10 minutes")),
        ("Rewind", GOOD.replace("timestamp: 2018-03-13T06:48:00+01:00", "offsets: {'007': 1}")),
        ("elreconcile", SMALLEST + "kafka: {a/b: {bootstrap_servers: ['k:1']}}\n"),
        ("elreconcile", SMALLEST + "kafka: {k: {bootstrap_servers: []}}\n"),
    ],
)
def test_what_is_wrong_does_not(name: str, text: str) -> None:
    with pytest.raises(ValidationError):
        check(name, text)


@given(st.datetimes(datetime(1970, 1, 1), timezones=st.just(UTC)), st.integers(0, 10**9))  # noqa: DTZ001
def test_times_and_lengths_as_they_are_written_fit(moment: datetime, seconds: int) -> None:
    times = SCHEMAS["Rewind"]["properties"]["expires"]
    lengths = SCHEMAS["elreconcile"]["$defs"]["Limits"]["properties"]["min_retention_left"]
    Draft202012Validator(times).validate(format_instant(moment))
    Draft202012Validator(lengths).validate(format_span(timedelta(seconds=seconds)))


def test_descriptions_come_along() -> None:
    assert SCHEMAS["Rewind"]["description"] == "Moves a group."
    assert SCHEMAS["Rewind"]["properties"]["expires"]["description"] == "Past it, never carried out."


def test_the_text_is_the_same_whatever_the_order_of_the_kinds() -> None:
    other = schemas(dict(reversed(SPECS.items())))
    assert {name: schema_text(schema) for name, schema in other.items()} == {
        name: schema_text(schema) for name, schema in SCHEMAS.items()
    }
    assert json.loads(schema_text(SCHEMAS["document"])) == SCHEMAS["document"]
