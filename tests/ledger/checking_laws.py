"""What a check of a ledger must tell: what contradicts itself, what is open, and nothing of a sound one."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from elreconcile.desired.config import Config
from elreconcile.ledger.checking import check_ledger
from elreconcile.ledger.entry import State
from elreconcile.ledger.moving import import_ledger
from elreconcile.ledger.opening import open_writer
from elreconcile.ledger.place import place_of
from tests.ledger.samples import entry, run
from tests.ledger.with_a_past import WithAPast


class CheckingLaws(WithAPast):
    def test_a_sound_ledger(self, source: Config, target: Config, file: Path) -> None:
        import_ledger(target, file)
        checked = check_ledger(target)
        assert (checked.identity, checked.runs, checked.words, checked.entries) == (source.ledger.id, 3, 308, 304)
        assert checked.wrong == ()
        assert [each.address for each in checked.open] == [entry("open").address]
        assert [each.run.id for each in checked.cut_short] == ["r3"]

    @pytest.mark.parametrize(
        ("ends", "told"),
        [(State.SETTLED, []), (State.RELEASED, []), (State.UNCERTAIN, ["r3"])],
    )
    def test_a_run_without_an_end_is_told_while_a_request_of_it_is_open(
        self, target: Config, file: Path, ends: State, told: list[str]
    ) -> None:
        import_ledger(target, file)
        with open_writer(target) as ledger:
            ledger.start_run(run("r4"))
            ledger.record([replace(entry("open"), state=ends, run="r4")])
            ledger.end_run("r4", {})
        assert [each.run.id for each in check_ledger(target).cut_short] == told

    @pytest.mark.parametrize(
        ("damage", "told"),
        [
            ("UPDATE elreconcile_ledger SET run_number = 2", "has counted 2 runs, and holds number 3"),
            ("UPDATE elreconcile_ledger SET run_number = 5", "has counted 5 runs, and does not hold number 4, 5"),
            ("DELETE FROM elreconcile_runs WHERE id = 'r2'", "does not hold number 2"),
            ("DELETE FROM elreconcile_runs WHERE id = 'r2'", "is of a run that is not there: r2"),
            ("UPDATE elreconcile_runs SET plan = '{' WHERE id = 'r2'", "run r2 cannot be read"),
            ("UPDATE elreconcile_runs SET started_at = 'soon' WHERE id = 'r2'", "run r2 cannot be read"),
            (
                "UPDATE elreconcile_entries SET state = 'settled' WHERE address LIKE '%/open'",
                "is not the last",
            ),
            ("DELETE FROM elreconcile_entries WHERE address LIKE '%/done'", "the history of {done} has no entry"),
            ("DELETE FROM elreconcile_history WHERE address LIKE '%/done'", "the entry {done} has no history"),
            (
                "UPDATE elreconcile_entries SET pins = '{' WHERE address LIKE '%/done'",
                "the entry {done} cannot be read",
            ),
            ("UPDATE elreconcile_history SET meaning = '' WHERE address LIKE '%/done'", "on {done}, cannot be read"),
            ("UPDATE elreconcile_history SET state = 'postponed' WHERE address LIKE '%/done'", "'postponed'"),
        ],
    )
    def test_what_contradicts_itself_is_told(self, target: Config, file: Path, damage: str, told: str) -> None:
        import_ledger(target, file)
        connection = place_of(target).connect(read_only=False)
        assert connection
        with closing(connection):
            connection.execute(damage.replace("%", "%%") if "mysql" in type(connection).__module__ else damage)
        wrong = check_ledger(target).wrong
        assert any(told.format(done=" ".join(entry("done").key)) in each for each in wrong), wrong
