"""Saved plans as files, and the folder that they speak of."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from elreconcile.cli.plan_file import folder_of, load, save
from elreconcile.desired.config import Config, LedgerConfig
from elreconcile.errors import UsageError
from elreconcile.model.plan import Plan, Source

PLAN = Plan("test", Source("docs"), "ledger", (), (), datetime(2018, 3, 13, tzinfo=UTC))
CONFIG = Config(environment="test", ledger=LedgerConfig(sqlite=Path("ledger.sqlite")))


def test_where_it_cannot_be_written_the_file_that_was_asked_for_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    out = tmp_path / "file" / "plan.json"
    with pytest.raises(UsageError) as error:
        save(PLAN, out, CONFIG, (0, None))
    assert str(error.value) == f"the plan cannot be written to {out}: Not a directory"


def test_a_relative_folder_is_found_from_here_or_from_where_the_plan_was_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, other = tmp_path / "made", tmp_path / "other"
    (made / "docs").mkdir(parents=True)
    other.mkdir()
    monkeypatch.chdir(made)
    save(PLAN, tmp_path / "plan.json", CONFIG, (0, None))
    saved = load(tmp_path / "plan.json")
    assert folder_of(saved) == Path("docs")
    monkeypatch.chdir(other)
    assert folder_of(saved) == made / "docs"
    assert folder_of(replace(saved, plan=replace(PLAN, source=Source(str(other))))) == other
