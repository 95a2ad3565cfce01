"""What a replica says of itself, under the names of MariaDB and of MySQL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from elreconcile.systems.mysql_replica import Unknown, seconds_behind

NAMES = {
    "MariaDB": ("Slave_IO_Running", "Slave_SQL_Running", "Seconds_Behind_Master"),
    "MySQL": ("Replica_IO_Running", "Replica_SQL_Running", "Seconds_Behind_Source"),
}


@pytest.fixture(params=NAMES)
def names(request: pytest.FixtureRequest) -> tuple[str, ...]:
    return NAMES[request.param]


def status(names: tuple[str, ...], *values: object, **others: object) -> Mapping[str, Any]:
    return dict(zip(names, values, strict=True)) | others


@pytest.mark.parametrize("seconds", [0, 17])
def test_seconds_of_one_that_runs(names: tuple[str, ...], seconds: int) -> None:
    assert seconds_behind(status(names, "Yes", "Yes", seconds)) == seconds


@pytest.mark.parametrize(
    ("values", "told"),
    [
        (("Yes", "No", 0), "IO Yes, SQL No"),
        (("Connecting", "Yes", 0), "IO Connecting, SQL Yes"),
        (("Yes", "Yes", None), "IO Yes, SQL Yes"),
    ],
)
def test_one_that_does_not_run_is_never_near(names: tuple[str, ...], values: tuple[object, ...], told: str) -> None:
    with pytest.raises(Unknown, match=told):
        seconds_behind(status(names, *values))


def test_its_last_error_is_told(names: tuple[str, ...]) -> None:
    with pytest.raises(Unknown, match="SQL No: Duplicate entry"):
        seconds_behind(status(names, "Yes", "No", None, Last_SQL_Error="Duplicate entry", Last_IO_Error=""))


def test_names_that_are_not_known_are_not_taken_for_0() -> None:
    with pytest.raises(Unknown, match="IO None, SQL None"):
        seconds_behind({"Mirror_Running": "Yes", "Seconds_Behind_Mirror": 0})
