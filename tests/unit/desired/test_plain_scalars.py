from __future__ import annotations

import json
import re
from datetime import date

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from elreconcile.desired.plain_scalars import plain_scalar
from elreconcile.model.json import Json


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("null", None),
        ("true", True),
        ("false", False),
        ("0", 0),
        ("831", 831),
        ("-100", -100),
        ("+100", 100),
        ("9223372036854775807", 2**63 - 1),
        ("1.5", 1.5),
        ("-0.25", -0.25),
    ],
)
def test_is_what_json_says(text: str, value: Json) -> None:
    found = plain_scalar(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    "text",
    [
        "earliest",
        "none",
        "2018-03-13T06:48:00Z",
        "2018-03-13",
        "10m",
        "127.0.0.1",
        "127.0.0.1:9092",
        "1.2.1",
        "localhost:9092",
        "-",
        "--",
        "..",
        "0:831",
        "yesterday",
        "y",
        "n",
        "T188991",
        "0xyz",
        "²",
        "٣",
    ],
)
def test_is_text(text: str) -> None:
    assert plain_scalar(text) == text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("010", "010 looks octal: write 10, or '010' if it is text"),
        ("-0100", "-0100 looks octal: write -100, or '-0100' if it is text"),
        ("08", "08 looks octal: write 8, or '08' if it is text"),
        ("00", "00 looks octal: write 0, or '00' if it is text"),
        ("0x1F", "0x1F is a number to some readers of YAML: write a plain decimal number, or '0x1F' if it is text"),
        ("0o17", "0o17 is a number to some readers of YAML: write a plain decimal number, or '0o17' if it is text"),
        ("0b1", "0b1 is a number to some readers of YAML: write a plain decimal number, or '0b1' if it is text"),
        ("1_000", "1_000 is a number to some readers of YAML: write a plain decimal number, or '1_000' if it is text"),
        ("1e3", "1e3 is a number to some readers of YAML: write a plain decimal number, or '1e3' if it is text"),
        (".5", ".5 is a number to some readers of YAML: write a plain decimal number, or '.5' if it is text"),
        ("5.", "5. is a number to some readers of YAML: write a plain decimal number, or '5.' if it is text"),
        ("+1.5", "+1.5 is a number to some readers of YAML: write a plain decimal number, or '+1.5' if it is text"),
        ("-.inf", "-.inf is a number to some readers of YAML: write a plain decimal number, or '-.inf' if it is text"),
        (".NaN", ".NaN is a number to some readers of YAML: write a plain decimal number, or '.NaN' if it is text"),
        ("12:30", "12:30 is in base 60 to some readers of YAML: write a plain number, or '12:30' if it is text"),
        (
            "06:48:00",
            "06:48:00 is in base 60 to some readers of YAML: write a plain number, or '06:48:00' if it is text",
        ),
        ("yes", "yes is a truth value to some readers of YAML: write true, or 'yes' if it is text"),
        ("On", "On is a truth value to some readers of YAML: write true, or 'On' if it is text"),
        ("NO", "NO is a truth value to some readers of YAML: write false, or 'NO' if it is text"),
        ("True", "True is a word of YAML: write true, or 'True' if it is text"),
        ("~", "~ is a word of YAML: write null, or '~' if it is text"),
        ("NULL", "NULL is a word of YAML: write null, or 'NULL' if it is text"),
        ("9" * 41, "no number here is that long: put it in quotes if it is text"),
        ("9" * 400 + ".0", "no number here is that long: put it in quotes if it is text"),
    ],
)
def test_is_refused_where_readers_disagree(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        plain_scalar(text)


def yaml_1_1(text: str) -> object:
    reader = yaml.SafeLoader("")
    tag = reader.resolve(yaml.ScalarNode, text, (True, False))  # type: ignore[no-untyped-call]
    return reader.construct_object(yaml.ScalarNode(tag, text))


@given(st.text("0123456789+-._:exobEXOBaf", min_size=1, max_size=10))
@example("-0")
@example("1__")
@example("1.5")
def test_what_is_accepted_is_the_same_to_a_reader_of_yaml_1_1(text: str) -> None:
    try:
        ours = plain_scalar(text)
    except ValueError:
        return
    theirs = yaml_1_1(text)
    assert (ours, type(ours)) == (theirs, type(theirs)) or (ours == text and isinstance(theirs, date))


@given(st.integers(-(10**38), 10**38) | st.booleans() | st.none() | st.decimals(-1000, 1000, places=3).map(float))
def test_every_json_scalar_is_read_as_itself(value: Json) -> None:
    text = json.dumps(value)
    if "e" not in text or value in (True, False):
        assert plain_scalar(text) == value
