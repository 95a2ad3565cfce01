"""The laws on real SQLite files."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ledger.checking_laws import CheckingLaws
from tests.ledger.lock_laws import LockLaws
from tests.ledger.moving_laws import MovingLaws
from tests.ledger.on_a_ledger import Settings
from tests.ledger.opening_laws import OpeningLaws
from tests.ledger.store_laws import StoreLaws


class InSqlite:
    @pytest.fixture
    def settings(self, tmp_path: Path) -> Settings:
        return {"ledger": {"sqlite": str(tmp_path / "ledger ü?%.db")}}


class TestStore(InSqlite, StoreLaws):
    pass


class TestOpening(InSqlite, OpeningLaws):
    pass


class TestMoving(InSqlite, MovingLaws):
    pass


class TestChecking(InSqlite, CheckingLaws):
    pass


class TestLocks(InSqlite, LockLaws):
    pass
