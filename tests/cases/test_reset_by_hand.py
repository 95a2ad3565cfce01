"""Who commits without being a member is found out: before a reset, while it is carried out, and over it."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from kafka.structs import OffsetAndMetadata, TopicPartition

from sandbox.addresses import Addresses
from sandbox.waiting import until
from tests.cases.group import EVENTS, Group
from tests.operator import Operator


@pytest.mark.parametrize(
    ("to", "moving", "ends"),
    [("earliest", True, [0, 0]), ("earliest", False, [0, 0]), ("none", True, [None, None])],
    ids=["moving", "standing still", "to be forgotten"],
)
def test_a_consumer_that_assigns_by_hand_is_found_out(
    to: str, moving: bool, ends: list[int | None], group: Group, operator: Operator
) -> None:
    """Its group is Empty. It commits every 200 ms: another offset each time, or always the same."""
    operator.write(group.document(to))
    begun, stop = threading.Event(), threading.Event()

    def commit() -> None:
        with closing(group.consumer(enable_auto_commit=False)) as consumer:
            consumer.assign([TopicPartition(group.topic, part) for part in range(2)])
            at = 60
            while not stop.wait(0.2):
                at = min(at + 1, EVENTS) if moving else at
                consumer.commit({TopicPartition(group.topic, part): OffsetAndMetadata(at, "", -1) for part in range(2)})
                begun.set()

    thread = threading.Thread(target=commit)
    thread.start()
    try:
        assert begun.wait(60)
        applied = operator.apply()
    finally:
        stop.set()
        thread.join()
    assert applied.code == 4, applied
    assert min(offset or 0 for offset in group.commits()) >= 60
    assert "commit" in applied.out + applied.err
    assert operator.apply("--wait", "20s").code == 0
    assert group.commits() == ends


@pytest.mark.parametrize("committed", [[60, 60], [None, 60]], ids=["another commit", "a first commit"])
def test_a_commit_by_hand_after_the_plan_keeps_what_was_to_be_forgotten(
    committed: list[int | None], group: Group, stack: Addresses, tmp_path: Path
) -> None:
    operator = Operator.at(tmp_path / "slow", stack, "timing: {grace: 6s, quiet: 0s}\n")
    operator.write(group.document("{offsets: {0: none, 1: 10}}"))
    if committed[0] is None:
        group.admin.delete_group_offsets(group.name, [TopicPartition(group.topic, 0)])
    assert group.commits() == committed
    with ThreadPoolExecutor() as beside:
        applying = beside.submit(operator.apply)
        until("it has marked", lambda: applying.done() or group.metadata() != {""}, 60)
        assert not applying.done(), applying.result()
        group.commit(70)
        applied = applying.result()
    assert applied.code == 4, applied
    assert "a consumer assigns its partitions by hand" in applied.out
    assert (group.commits(), group.metadata()) == ([70, 60], {""})


def test_a_blocked_reset_leaves_no_trace(group: Group, operator: Operator) -> None:
    operator.write(group.document("earliest"))
    begun, stop = threading.Event(), threading.Event()

    def commit() -> None:
        with closing(group.consumer(enable_auto_commit=False)) as consumer:
            consumer.assign([TopicPartition(group.topic, 0)])
            while not stop.wait(0.2):
                consumer.commit({TopicPartition(group.topic, 0): OffsetAndMetadata(60, "theirs", -1)})
                begun.set()

    thread = threading.Thread(target=commit)
    thread.start()
    try:
        assert begun.wait(60)
        assert operator.apply().code == 4
    finally:
        stop.set()
        thread.join()
    assert group.commits() == [60, 60]
    assert group.metadata() == {"theirs", ""}


def test_somebody_who_commits_over_it_is_noticed_and_settled_by_a_person(
    group: Group, stack: Addresses, tmp_path: Path
) -> None:
    operator = Operator.at(tmp_path / "slow", stack, "timing: {grace: 4s, quiet: 0s}\n")
    operator.write(group.document("earliest"))
    with ThreadPoolExecutor() as beside:
        applying = beside.submit(operator.apply)
        until("it has committed", lambda: applying.done() or group.commits() == [0, 0])
        assert not applying.done(), applying.result()
        group.commit(77)  # what stands beside the other still is the mark of this request
        applied = applying.result()
    assert applied.code == 3, applied
    assert "overwritten" in applied.out
    assert f"\n  elreconcile settle {group.address} --request case --done or --not-done, --reason WHY\n" in applied.out
    again = operator.apply()
    assert (again.code, group.commits()) == (4, [77, 0])
    assert "settle" in again.out
    settled = operator.run("settle", group.address, "--not-done", "--reason", "the writer was started too early")
    assert settled.code == 0, settled
    assert operator.apply("--wait", "20s").code == 0
    assert group.commits() == [0, 0]
