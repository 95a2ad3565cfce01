"""A fresh ledger for each test, in the database that a subclass names."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from elreconcile.desired.config import load_config
from elreconcile.ledger.opening import init_ledger

Settings = dict[str, Any]


class OnALedger:
    @pytest.fixture
    def settings(self, tmp_path: Path) -> Settings:
        """What elreconcile.yaml says; `ledger` names a place where none was made yet."""
        raise NotImplementedError

    @pytest.fixture
    def unmade(self, tmp_path: Path, settings: Settings) -> Path:
        return write_config(tmp_path / "elreconcile.yaml", settings)

    @pytest.fixture
    def config_file(self, tmp_path: Path, settings: Settings, unmade: Path) -> Path:
        """The ledger is made, and named by its id."""
        return with_id(unmade, settings, init_ledger(load_config(unmade)).id)


def write_config(file: Path, settings: Settings) -> Path:
    file.write_text(json.dumps({"environment": "test", "timing": {"deadline": "5s"}} | settings))
    return file


def with_id(file: Path, settings: Settings, identity: str | None) -> Path:
    """The same configuration, with the id `ledger init` printed."""
    return write_config(file, settings | {"ledger": settings["ledger"] | {"id": identity}})
