"""A reset is carried out once: by its ledger, under its id, before it expires, on the cluster it names."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from sandbox.addresses import Addresses
from tests.cases.group import Group
from tests.operator import Operator, Ran


def test_a_consumer_that_has_moved_on_is_success_not_drift(group: Group, operator: Operator) -> None:
    operator.write(group.document("earliest"))
    assert operator.apply().code == 0
    group.commit(100, 100)
    planned = operator.plan("--detailed-exitcode")
    assert (planned.code, operator.apply().code, group.commits()) == (0, 0, [100, 100])


def test_two_applies_at_the_same_moment_move_it_once(group: Group, operator: Operator) -> None:
    operator.write(group.document("{shift: -20}"))
    with ThreadPoolExecutor() as beside:
        both: list[Ran] = [each.result() for each in [beside.submit(operator.apply) for _ in range(2)]]
    assert sorted(each.code for each in both) in ([0, 4], [0, 5]), both
    assert group.commits() == [40, 40]
    held = next(each for each in both if each.code != 0)
    told = ("locked by", "no longer fits", "waits for a precondition")  # by how far the other was
    assert any(words in held.err for words in told), held


def test_an_expired_request_is_never_carried_out(group: Group, operator: Operator) -> None:
    operator.write(group.document("earliest", expires="2020-01-01T00:00:00Z"))
    applied = operator.apply()
    assert (applied.code, group.commits()) == (0, [60, 60])
    assert "expired 2020-01-01T00:00:00Z, not settled" in applied.out


def test_a_settled_id_keeps_its_meaning(group: Group, operator: Operator) -> None:
    operator.write(group.document("earliest"))
    assert operator.apply().code == 0
    operator.write(group.document("latest"))
    applied = operator.apply()
    assert (applied.code, group.commits()) == (4, [0, 0])
    assert '"to":"latest"' in applied.out
    assert '"to":"earliest"' in applied.out


def test_a_ledger_that_was_never_made_rewinds_nothing(group: Group, operator: Operator) -> None:
    operator.write(group.document("earliest"))
    (operator.home / "ledger.sqlite").unlink()
    applied = operator.apply()
    assert (applied.code, group.commits()) == (4, [60, 60])
    assert "ledger init" in applied.err
    assert not (operator.home / "ledger.sqlite").exists()


def test_another_ledger_than_the_one_named_rewinds_nothing(group: Group, operator: Operator) -> None:
    operator.write(group.document("earliest"))
    assert operator.apply().code == 0
    group.commit(100, 100)
    (operator.home / "ledger.sqlite").unlink()
    operator.run("ledger", "init")
    applied = operator.apply()
    assert (applied.code, group.commits()) == (4, [100, 100])


def test_a_ledger_the_config_does_not_name_rewinds_nothing(group: Group, operator: Operator, stack: Addresses) -> None:
    operator.write(group.document("earliest"))
    operator.configure(stack.elreconcile_yaml())
    applied = operator.apply()
    assert (applied.code, group.commits()) == (4, [60, 60])


def test_another_cluster_than_the_one_named_is_refused(group: Group, operator: Operator) -> None:
    operator.write(group.document("earliest"))
    text = operator.config.read_text().replace("{bootstrap_servers", "{cluster_id: somewhere-else, bootstrap_servers")
    operator.configure(text)
    applied = operator.apply()
    assert (applied.code, group.commits()) == (4, [60, 60])
    assert "somewhere-else" in applied.out
