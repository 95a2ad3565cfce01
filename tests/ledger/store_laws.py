"""What the store must hold."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from msgspec.structs import replace

from elreconcile.desired.config import load_config
from elreconcile.errors import ElreconcileError
from elreconcile.ledger.entry import Entry, PastRun, State
from elreconcile.ledger.opening import open_reader, open_writer
from elreconcile.ledger.place import place_of
from elreconcile.ledger.store import LedgerReader, LedgerWriter
from tests.ledger.on_a_ledger import OnALedger
from tests.ledger.samples import AT, actors, entry, run


class StoreLaws(OnALedger):
    @pytest.fixture
    def writer(self, config_file: Path) -> Iterator[LedgerWriter]:
        with open_writer(load_config(config_file)) as ledger:
            yield ledger

    @pytest.fixture
    def reader(self, config_file: Path) -> Iterator[LedgerReader]:
        with open_reader(load_config(config_file)) as ledger:
            yield ledger

    def test_an_entry_comes_back_as_it_was_recorded(self, writer: LedgerWriter, reader: LedgerReader) -> None:
        written = entry(
            "gruppe-ü-☃-𝄞",
            "id 'quoted' \\ %s ? \"",
            meaning={"to": "zwölf", "nested": [1, 2.5, True, None, {"": "𝄞 \\ ' \" %"}]},
            pins={"t": {"0": 2**63 - 1, "1": -1}},
            evidence="",
            before=[],
        )
        writer.record([written])
        assert reader.entries() == {written.key: written}

    def test_a_time_of_another_zone_comes_back_as_the_same_instant(
        self, writer: LedgerWriter, reader: LedgerReader
    ) -> None:
        at = datetime(2018, 3, 13, 8, 48, tzinfo=timezone(timedelta(hours=2)))
        writer.record([entry(at=at)])
        (read,) = reader.entries().values()
        assert read.at == at
        assert read.at.utcoffset() == timedelta(0)

    def test_the_latest_word_counts_and_every_word_is_kept(self, writer: LedgerWriter, reader: LedgerReader) -> None:
        words = [entry(state=state, evidence=state.value) for state in State]
        for word in words:
            writer.record([word])
        assert reader.entries() == {words[-1].key: words[-1]}
        assert reader.history() == tuple(words)

    def test_the_history_is_enough_to_make_the_entries_from(self, writer: LedgerWriter, reader: LedgerReader) -> None:
        dice = random.Random(7)  # noqa: S311 - no secret
        for _ in range(30):
            batch = {
                word.key: word
                for _ in range(dice.randint(0, 6))
                for word in [entry(f"g{dice.randint(0, 5)}", f"id{dice.randint(0, 2)}", evidence=dice.random())]
            }
            writer.record(list(batch.values()))
        assert reader.entries() == {word.key: word for word in reader.history()}

    def test_entries_of_some_addresses(self, writer: LedgerWriter, reader: LedgerReader) -> None:
        one, two, three = entry("a"), entry("b", "1"), entry("b", "2")
        writer.record([one, two, three])
        assert reader.entries_for([two.address, two.address, "no/such/thing"]) == {two.key: two, three.key: three}
        assert reader.entries_for([]) == {}

    def test_more_addresses_than_fit_one_query(self, writer: LedgerWriter, reader: LedgerReader) -> None:
        words = [entry(f"g{number}") for number in range(2100)]
        writer.record(words)
        found = reader.entries_for(word.address for word in words[:2050])
        assert found == {word.key: word for word in words[:2050]}

    @pytest.mark.parametrize("other", ["Group", "group ", "grüup", "gröup", " group", "group\u00ad"])
    def test_names_that_look_alike_are_others(self, writer: LedgerWriter, reader: LedgerReader, other: str) -> None:
        words = [entry("group", "id"), entry(other, "id"), entry("group", "Id"), entry("group", "id ")]
        writer.record(words)
        assert reader.entries() == {word.key: word for word in words}
        assert list(reader.entries_for([words[1].address])) == [words[1].key]

    def test_the_longest_names_fit(self, writer: LedgerWriter, reader: LedgerReader) -> None:
        written = entry("𝄞" * 249, "𝄞" * 249)
        writer.record([written])
        assert reader.entries() == {written.key: written}

    def test_a_time_without_a_zone_is_refused_and_nothing_recorded(
        self, writer: LedgerWriter, reader: LedgerReader
    ) -> None:
        with pytest.raises(ValueError, match="no zone"):
            writer.record([entry("a"), entry("b", at=AT.replace(tzinfo=None))])
        assert reader.entries() == {}
        assert reader.history() == ()

    def test_the_same_request_twice_in_one_go_keeps_the_last(self, writer: LedgerWriter, reader: LedgerReader) -> None:
        first, last = entry(state=State.STARTED), entry(state=State.SETTLED)
        writer.record([first, last])
        assert reader.entries() == {last.key: last}
        assert reader.history() == (first, last)

    def test_the_words_of_one_run(self, writer: LedgerWriter, reader: LedgerReader) -> None:
        first, other, last = entry("a", run="mine"), entry("a", run="another"), entry("b", run="mine")
        for word in (first, other, last):
            writer.record([word])
        assert reader.words_of("mine") == (first, last)
        assert reader.words_of("nobody's") == ()

    def test_a_reading_ledger_cannot_write(self, config_file: Path, writer: LedgerWriter) -> None:
        place = place_of(load_config(config_file))
        connection = place.connect(read_only=True)
        assert connection
        with LedgerWriter(connection, place.dialect, writer.identity) as writing_on_it:
            with pytest.raises(ElreconcileError, match=r"(?i)read.?only"):
                writing_on_it.record([entry()])
            with pytest.raises(ElreconcileError, match=r"(?i)read.?only"):
                writing_on_it.start_run(run())
            assert writing_on_it.entries() == {}
            assert writing_on_it.run_number() == 0

    def test_run_numbers_grow_by_one(self, writer: LedgerWriter, reader: LedgerReader) -> None:
        assert reader.run_number() == 0
        assert [writer.start_run(run(f"r{number}")) for number in range(3)] == [1, 2, 3]
        assert reader.run_number() == 3

    def test_a_run_that_cannot_be_recorded_takes_no_number(self, writer: LedgerWriter, reader: LedgerReader) -> None:
        writer.start_run(run("r1"))
        with pytest.raises(ElreconcileError):
            writer.start_run(run("r1"))
        assert reader.run_number() == 1
        assert writer.start_run(run("r2")) == 2

    def test_a_run_is_kept_with_its_plan_and_its_end(self, writer: LedgerWriter, reader: LedgerReader) -> None:
        first, other = run("r1"), replace(run("r2"), git_commit="3f2a9c1", digest="e" * 64)
        assert (reader.runs(), reader.run("r1")) == ((), None)
        for begun in (first, other):
            writer.start_run(begun)
        assert reader.runs() == (PastRun(1, first, None, None), PastRun(2, other, None, None))
        writer.end_run("r1", {"a": "settled"})
        ended = reader.run("r1")
        assert ended
        assert ended.ended_at
        assert abs(datetime.now(UTC) - ended.ended_at) < timedelta(minutes=1)
        assert ended == PastRun(1, first, ended.ended_at, {"a": "settled"})
        assert reader.runs_of_plan("e" * 64, 1) == (PastRun(2, other, None, None),)
        assert reader.runs_of_plan("e" * 64, 2) == reader.runs_of_plan("f" * 64, 0) == ()
        assert [reader.run_id(number) for number in range(4)] == [None, "r1", "r2", None]

    def test_numbers_of_processes_running_at_once_are_distinct_and_without_gaps(
        self, config_file: Path, writer: LedgerWriter
    ) -> None:
        with actors(config_file, 2) as two:
            for actor in two:
                actor.tell("start_runs", "25")
            numbers = [int(number) for actor in two for number in actor.answer().split()]
        assert sorted(numbers) == list(range(1, 51))

    def test_processes_recording_the_same_requests_at_once_all_succeed(
        self, config_file: Path, reader: LedgerReader
    ) -> None:
        with actors(config_file, 2) as two:
            for actor in two:
                actor.tell("record", "20", "50")
            assert [actor.answer() for actor in two] == ["recorded", "recorded"]
        assert len(reader.entries()) == 50
        assert len(reader.history()) == 2 * 20 * 50

    @pytest.mark.parametrize("after", [0.05, 0.1, 0.2])
    def test_a_writer_killed_at_any_moment_leaves_whole_transactions(
        self, config_file: Path, reader: LedgerReader, after: float
    ) -> None:
        with actors(config_file, 1) as (victim,):
            victim.tell("record", "100000", "40")
            while not reader.history():
                time.sleep(0.01)
            time.sleep(after)
            victim.kill()
        with open_writer(load_config(config_file)) as successor:
            successor.record([entry("after the crash")])
        words = reader.history()[:-1]
        assert len(words) % 40 == 0
        runs = {word.run for word in reader.entries_for(word.address for word in words).values()}
        assert len(runs) == 1

    def test_a_thousand_entries_take_less_than_300_ms(self, config_file: Path, writer: LedgerWriter) -> None:
        """Once of ten times. On a machine busy with other things: at most 3 times what the same rows, sent bare, do."""
        pins = {"eventlogging-valid-mixed": {str(partition): 2**40 + partition for partition in range(12)}}
        words = [entry(f"eventlogging_consumer_mysql_{number}", pins=pins, before=pins) for number in range(1000)]
        assert any(
            _seconds_to_record(writer, words) < max(0.3, 3 * _seconds_for_bare_rows(config_file, words))
            for _ in range(10)
        )


def _seconds_for_bare_rows(config_file: Path, words: list[Entry]) -> float:
    place = place_of(load_config(config_file))
    text = json.dumps([word.pins for word in words[:1]] * 3)
    connection = place.create()
    with closing(connection):
        connection.execute("CREATE TABLE IF NOT EXISTS bare (a VARCHAR(255) PRIMARY KEY, b VARCHAR(4000))")
        started = time.perf_counter()
        rows = [(word.address, text) for word in words]
        put = place.dialect.sql("REPLACE INTO bare (a, b) VALUES (?, ?)")
        connection.in_transaction(lambda: connection.execute_many(put, rows))
        return time.perf_counter() - started


def _seconds_to_record(writer: LedgerWriter, words: list[Entry]) -> float:
    started = time.perf_counter()
    writer.record(words)
    return time.perf_counter() - started
