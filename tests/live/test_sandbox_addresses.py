"""Servers named by the environment."""

from __future__ import annotations

import pytest
import yaml

from sandbox.addresses import BURROW, KAFKA, MYSQL, mysql_address, named_by
from sandbox.errors import SandboxError

ALL = {
    KAFKA: "kafka1.example:9092",
    BURROW: "https://burrow.example:8000,jumbo",
    MYSQL: "el:p@ss:word@db1.example:3306/log",
}


def test_none_named_means_a_sandbox() -> None:
    assert named_by({"PATH": "/bin"}) is None


def test_all_three_are_read_and_written() -> None:
    named = named_by(ALL)
    assert named
    assert yaml.safe_load(named.elreconcile_yaml()) == {
        "environment": "sandbox",
        "kafka": {"analytics": {"bootstrap_servers": ["kafka1.example:9092"]}},
        "burrow": {"analytics": {"url": "https://burrow.example:8000", "cluster": "jumbo", "kafka": "analytics"}},
        "mysql": {
            "m4": {"host": "db1.example", "port": 3306, "user": "el", "password": "p@ss:word", "database": "log"}
        },
        "ledger": {"sqlite": "ledger.sqlite", "id": None},
    }
    assert mysql_address(str(named.mysql)) == named.mysql


@pytest.mark.parametrize("name", sorted(ALL))
def test_two_of_three_is_an_error_that_names_the_third(name: str) -> None:
    with pytest.raises(SandboxError, match=f"{name} must be "):
        named_by({key: value for key, value in ALL.items() if key != name})


@pytest.mark.parametrize(("name", "value"), [(KAFKA, "a:1,b:2"), (BURROW, "http://b:1"), (MYSQL, "db1:3306/log")])
def test_a_wrong_form_is_an_error(name: str, value: str) -> None:
    with pytest.raises(SandboxError, match=f"{name} must be "):
        named_by(ALL | {name: value})
