"""The same reset with the ledger on a server: remembered, locked, and refused when it is not the one named."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from kafka.structs import OffsetAndMetadata, TopicPartition

from sandbox.addresses import Addresses, MySqlAddress
from tests.laws.worlds import ConsumerGroupWorld
from tests.operator import TIMING, Operator


@pytest.fixture
def operator(stack: Addresses, database: MySqlAddress, world: ConsumerGroupWorld, tmp_path: Path) -> Operator:
    text = stack.elreconcile_yaml().replace("sqlite: ledger.sqlite", f"mysql: m4, database: {database.database}")
    (tmp_path / "state").mkdir()
    made = Operator(tmp_path)
    made.configure(text + TIMING)
    made.configure(made.config.read_text().replace("id: null", f"id: {made.run('ledger', 'init').out.strip()}"))
    made.write(world.document)
    return made


def test_a_reset_is_carried_out_once(world: ConsumerGroupWorld, operator: Operator) -> None:
    assert operator.apply().code == 0
    assert world.is_converged()
    world.commit(world.topic, {0: 100, 1: 100})
    assert operator.apply().code == 0
    assert set(world.commits().values()) == {100}


def test_two_at_once_move_it_once(world: ConsumerGroupWorld, operator: Operator) -> None:
    with ThreadPoolExecutor() as beside:
        both = [each.result() for each in [beside.submit(operator.apply) for _ in range(2)]]
    assert sorted(each.code for each in both) in ([0, 4], [0, 5]), both
    assert world.is_converged()


def test_another_ledger_than_the_one_named_moves_nothing(
    world: ConsumerGroupWorld, operator: Operator, database: MySqlAddress
) -> None:
    with database.connect() as connection, connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE `{database.database}`")
        cursor.execute(f"CREATE DATABASE `{database.database}`")
    refused = operator.apply()
    assert refused.code == 4, refused
    operator.run("ledger", "init")
    refused = operator.apply()
    assert refused.code == 4, refused
    assert set(world.commits().values()) == {60}


@pytest.fixture
def moved(operator: Operator, world: ConsumerGroupWorld, stack: Addresses, tmp_path: Path) -> Callable[[], None]:
    """The reset was carried out with a ledger in a file; calling this takes that ledger to the server."""
    server = operator.config.read_text()
    operator.configure(stack.elreconcile_yaml() + TIMING)
    ledger = operator.run("ledger", "init").out.strip()
    operator.configure(operator.config.read_text().replace("id: null", f"id: {ledger}"))
    file = tmp_path / "ledger.jsonl"
    assert operator.apply().code == 0
    assert operator.run("ledger", "export", str(file)).code == 0

    def move() -> None:
        operator.configure(re.sub("id: [0-9a-f-]{36}", f"id: {ledger}", server))
        imported = operator.run("ledger", "import", str(file))
        assert imported.code == 0, imported
        assert operator.run("ledger", "check").code == 0

    return move


def test_a_reset_stays_done_where_the_ledger_is_moved(
    world: ConsumerGroupWorld, operator: Operator, moved: Callable[[], None]
) -> None:
    moved()
    world.commit(world.topic, {0: 100, 1: 100})
    assert operator.plan("--detailed-exitcode").code == 0
    assert operator.apply().code == 0
    assert set(world.commits().values()) == {100}
    operator.write(world.document.replace("id: law", "id: second"))
    assert operator.apply().code == 0
    assert set(world.commits().values()) == {60}
    assert [run["number"] for run in operator.run("history", "--json").json["runs"]] == [1, 2]


def test_an_export_older_than_a_plan_is_noticed_after_it_was_imported(
    world: ConsumerGroupWorld, operator: Operator, moved: Callable[[], None], tmp_path: Path
) -> None:
    """A run was counted after the export, and a plan saved after that: where the old export stands nothing is done."""
    before, after = tmp_path / "before.json", tmp_path / "after.json"
    operator.write(world.document.replace("id: law", "id: third").replace("-40", "-5"))
    assert operator.plan("--out", str(before)).code == 0
    operator.write(world.document.replace("id: law", "id: second").replace("-40", "-10"))
    assert operator.apply().code == 0
    operator.write(world.document.replace("id: law", "id: third").replace("-40", "-5"))
    assert operator.plan("--out", str(after)).code == 0
    moved()
    stale = operator.run("apply", str(after))
    assert (stale.code, set(world.commits().values())) == (4, {10}), stale
    assert "older copy" in stale.err
    world.commit(world.topic, {0: 20, 1: 20})
    assert operator.run("apply", str(before)).code == 0, "and one made before it can be applied"
    assert set(world.commits().values()) == {15}


def test_marks_of_another_run_are_not_taken_for_ours(world: ConsumerGroupWorld, operator: Operator) -> None:
    """A commit that carries our words for another request proves nothing for this one."""
    places = {
        TopicPartition(world.topic, part): OffsetAndMetadata(20, "elreconcile reset other", -1) for part in (0, 1)
    }
    world.admin.alter_group_offsets(world.name, places)
    operator.write(world.document.replace("shift: -40", "shift: -10"))
    assert operator.apply().code == 0
    assert set(world.commits().values()) == {10}
