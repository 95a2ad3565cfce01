"""The generated schemas are fresh, and agree with the loader about the examples."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from elreconcile.desired.config import Config
from elreconcile.desired.load import Resource, load
from elreconcile.desired.yaml_source import parse, read
from elreconcile.kinds import KINDS
from tests.cli.places import nowhere
from tests.operator import Operator

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = ROOT / "schemas"
EXAMPLES = sorted((ROOT / "state").rglob("*.yaml"))
FOLDERS = sorted({path.parent for path in EXAMPLES})
CONFIG = Config.model_validate_json(
    """{
        "environment": "examples",
        "kafka": {"analytics": {"bootstrap_servers": ["kafka:9092"]}},
        "burrow": {"analytics": {"url": "http://burrow:8000", "cluster": "local", "kafka": "analytics"}},
        "mysql": {"m4": {"host": "db", "user": "u", "database": "log"}},
        "ledger": {"sqlite": "ledger.sqlite"}
    }"""
)


def fits(name: str, value: Any) -> None:
    schema = json.loads((SCHEMAS / f"{name}.json").read_text(encoding="utf-8"))
    Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(value)


def loaded(folder: Path) -> tuple[Resource[Any], ...]:
    return load(folder, CONFIG, {name: kind.spec for name, kind in KINDS.items()})


def test_they_are_as_the_code_makes_them(tmp_path: Path) -> None:
    assert Operator(tmp_path).run("schema", "--check", str(SCHEMAS)).code == 0
    assert {path.stem for path in SCHEMAS.iterdir()} == {*KINDS, "document", "elreconcile"}


def test_one_that_is_not_is_named_and_mended(tmp_path: Path) -> None:
    folder = tmp_path / "schemas"
    shutil.copytree(SCHEMAS, folder)
    (folder / "document.json").write_text("{}\n")
    (folder / "ConsumerGroup.json").unlink()
    operator = Operator(tmp_path)
    stale = operator.run("schema", "--check", str(folder))
    assert (stale.code, stale.out) == (1, "")
    assert [line.partition(" ")[0] for line in stale.err.splitlines()] == [
        str(folder / "ConsumerGroup.json"),
        str(folder / "document.json"),
    ]
    mended = operator.run("schema", str(folder))
    assert (mended.code, mended.err) == (0, f"2 of {len(KINDS) + 2} schemas written to {folder}\n")
    assert all((folder / path.name).read_text() == path.read_text() for path in SCHEMAS.iterdir())


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_every_example_fits_the_schemas(path: Path) -> None:
    documents, problems = read(path)
    assert not problems
    for document in documents:
        value: Any = document.value
        fits("document", value)
        fits(value["kind"], value)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_example_is_loaded(folder: Path) -> None:
    assert loaded(folder)


def test_every_kind_has_an_example() -> None:
    assert {resource.spec.kind for folder in FOLDERS for resource in loaded(folder)} == set(KINDS)


def test_the_configuration_of_the_sandbox_fits() -> None:
    (document,), problems = parse(nowhere(9092).elreconcile_yaml(), "elreconcile.yaml")
    assert not problems
    fits("elreconcile", document.value)
