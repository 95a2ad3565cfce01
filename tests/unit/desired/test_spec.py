from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from elreconcile.desired.spec import (
    Instant,
    Name,
    Span,
    Spec,
    format_instant,
    format_span,
    parse_instant,
    parse_span,
)
from tests.unit.desired.example import CONFIG, Rewind

instants: TypeAdapter[datetime] = TypeAdapter(Instant)
spans: TypeAdapter[timedelta] = TypeAdapter(Span)
zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.datetimes(datetime(1970, 1, 1), datetime(9999, 1, 1)), zones)  # noqa: DTZ001 (the zone is drawn too)
def test_an_instant_is_the_same_moment_in_any_zone(naive: datetime, zone: timezone) -> None:
    moment = naive.replace(tzinfo=zone)
    read = parse_instant(format_instant(moment))
    assert read == moment
    assert read.tzinfo is UTC


@pytest.mark.parametrize("text", ["2018-03-13T06:48:00Z", "2018-03-13T06:48:00.25Z", "2018-03-13T07:48:00+01:00"])
def test_an_instant_survives_json(text: str) -> None:
    moment = instants.validate_json(f'"{text}"', strict=True)
    assert instants.validate_json(instants.dump_json(moment), strict=True) == moment
    assert instants.validate_python(moment) == moment


def test_equal_moments_are_written_alike() -> None:
    assert instants.dump_python(parse_instant("2018-03-13T07:48:00+01:00"), mode="json") == "2018-03-13T06:48:00Z"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("2018-03-13T06:48:00", "'2018-03-13T06:48:00' has no zone: write 2018-03-13T06:48:00Z if it is UTC"),
        ("2018-03-13", "'2018-03-13' has no zone: write 2018-03-13T00:00:00Z if it is UTC"),
        ("2018-03-13 06:48", "'2018-03-13 06:48' has no zone: write 2018-03-13T06:48:00Z if it is UTC"),
        (
            "2018-03-13 06:48+01:00",
            "'2018-03-13 06:48+01:00' is not how times are written here: write 2018-03-13T06:48:00+01:00",
        ),
        ("2018-02-30T00:00:00Z", "must be a time with a zone such as 2018-03-13T06:48:00Z"),
        ("0001-01-01T00:00:00+14:00", "must be a time with a zone such as 2018-03-13T06:48:00Z"),
        ("1520923680", "must be a time with a zone such as 2018-03-13T06:48:00Z"),
        ("tomorrow", "must be a time with a zone such as 2018-03-13T06:48:00Z"),
        ("", "must be a time with a zone such as 2018-03-13T06:48:00Z"),
        ("٢٠١٨-03-13T06:48:00Z", "must be a time with a zone such as 2018-03-13T06:48:00Z"),
    ],
)
def test_other_times_are_refused_and_told_how_to_write_them(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        parse_instant(text)


@pytest.mark.parametrize("value", [datetime(2018, 3, 13), 1520923680, None])  # noqa: DTZ001
def test_an_instant_is_nothing_else(value: object) -> None:
    with pytest.raises(ValidationError, match="must be a time with a zone"):
        instants.validate_python(value)


@given(st.integers(0, 10**5 * 86400 - 1).map(lambda seconds: timedelta(seconds=seconds)))
def test_a_span_survives_being_written(span: timedelta) -> None:
    assert parse_span(format_span(span)) == span
    assert spans.validate_json(spans.dump_json(span), strict=True) == span
    assert spans.validate_python(span) == span


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30s", 30),
        ("10m", 600),
        ("2h", 7200),
        ("7d", 604800),
        ("90d", 7776000),
        ("1h30m", 5400),
        ("0s", 0),
        ("90m", 5400),
    ],
)
def test_a_span_in_the_words_people_use(text: str, seconds: int) -> None:
    assert parse_span(text) == timedelta(seconds=seconds)


def test_a_span_is_written_in_its_largest_units() -> None:
    assert format_span(timedelta(days=1, hours=1, seconds=5)) == "1d1h5s"
    assert format_span(timedelta(0)) == "0s"
    assert format_span(timedelta(seconds=90)) == "1m30s"


@pytest.mark.parametrize("value", ["", "10", "10 m", "m", "1m1h", "-5m", "1.5h", "10M", "999999d", "٣m", 10, None])
def test_a_span_is_nothing_else(value: object) -> None:
    with pytest.raises(ValidationError, match="must be a length of time such as 30s, 10m, 2h, 7d or 1h30m"):
        spans.validate_python(value)


@pytest.mark.parametrize(
    ("name", "fits"),
    [
        ("g", True),
        ("a b/c:é", True),
        ("x" * 249, True),
        ("", False),
        ("x" * 250, False),
        ("a\nb", False),
        ("\x9f", False),
    ],
)
def test_a_name(name: str, fits: bool) -> None:
    names: TypeAdapter[str] = TypeAdapter(Name)
    if fits:
        assert names.validate_python(name) == name
    else:
        with pytest.raises(ValidationError):
            names.validate_python(name)


WHOLE: dict[str, Any] = {
    "kind": "Rewind",
    "name": "g",
    "cluster": "analytics",
    "expires": parse_instant("2018-03-20T00:00:00Z"),
    "to": "earliest",
}


def test_a_spec_made_in_python_is_checked_the_same_way() -> None:
    spec = Rewind(**WHOLE)
    assert str(spec.address()) == "Rewind/analytics/g"
    with pytest.raises(ValidationError, match="frozen"):
        spec.name = "h"  # type: ignore[misc]
    with pytest.raises(ValidationError, match="extra"):
        Rewind.model_validate(WHOLE | {"reset": 1})


def test_a_systems_name_is_checked_where_the_configuration_is_known() -> None:
    Rewind.model_validate(WHOLE | {"cluster": "analytcs"})
    with pytest.raises(ValidationError, match="unknown Kafka cluster 'analytcs'; did you mean 'analytics'"):
        Rewind.model_validate(WHOLE | {"cluster": "analytcs"}, context=CONFIG.system_names())


def test_a_kind_has_to_say_its_address() -> None:
    with pytest.raises(TypeError, match="address"):
        Spec(kind="x", name="y")  # type: ignore[abstract]
