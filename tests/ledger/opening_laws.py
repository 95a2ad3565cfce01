"""What making and opening a ledger must hold."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from elreconcile.desired.config import Config, load_config
from elreconcile.errors import LedgerError
from elreconcile.ledger.opening import Initialized, init_ledger, open_locks, open_reader, open_writer
from elreconcile.ledger.place import place_of
from elreconcile.ledger.store import LedgerReader
from tests.ledger.on_a_ledger import OnALedger, Settings, with_id
from tests.ledger.samples import actors, entry


class OpeningLaws(OnALedger):
    @pytest.fixture
    def config(self, config_file: Path) -> Config:
        return load_config(config_file)

    @pytest.mark.parametrize("opening", [open_reader, open_writer])
    def test_a_ledger_never_made_is_an_error_and_stays_unmade(
        self, unmade: Path, opening: Callable[[Config], LedgerReader]
    ) -> None:
        for _ in range(2):
            with pytest.raises(LedgerError, match=r"no ledger in .*elreconcile ledger init"):
                opening(load_config(unmade))

    def test_a_ledger_that_was_lost_is_told_from_one_never_made(self, unmade: Path, settings: Settings) -> None:
        config = load_config(with_id(unmade, settings, "a-lost-one"))
        for attempt in (open_reader, open_writer, init_ledger):
            with pytest.raises(LedgerError, match="names a-lost-one: it was lost or is elsewhere") as told:
                attempt(config)
            assert "with `elreconcile ledger import FILE`, and take out of the documents" in str(told.value)

    def test_it_is_made_once(self, unmade: Path) -> None:
        first = init_ledger(load_config(unmade))
        assert first.made
        assert str(uuid.UUID(first.id)) == first.id
        assert init_ledger(load_config(unmade)) == Initialized(first.id, made=False)

    def test_making_it_again_alters_nothing(self, config: Config) -> None:
        written = entry()
        with open_writer(config) as writer:
            writer.record([written])
        assert not init_ledger(config).made
        with open_reader(config) as reader:
            assert reader.entries() == {written.key: written}

    def test_a_configuration_without_an_id_is_told_what_to_write(self, unmade: Path) -> None:
        made = init_ledger(load_config(unmade))
        with pytest.raises(LedgerError, match=re.escape(f"write `id: {made.id}` under `ledger:`")):
            open_reader(load_config(unmade))
        with pytest.raises(LedgerError, match="write its `id:` under `ledger:`"):
            open_locks(load_config(unmade))

    def test_another_ledger_than_the_one_named_is_refused_showing_both(
        self, config_file: Path, settings: Settings
    ) -> None:
        with open_reader(load_config(config_file)) as reader:
            found = reader.identity
        config = load_config(with_id(config_file, settings, "another"))
        for attempt in (open_reader, open_writer, init_ledger):
            with pytest.raises(LedgerError, match=f"elreconcile.yaml names another, .* has {found}"):
                attempt(config)

    def test_a_ledger_is_that_of_one_environment(self, config_file: Path, settings: Settings) -> None:
        identity = str(load_config(config_file).ledger.id)
        other = settings | {"environment": "other"}
        for named in (identity, None):
            config = load_config(with_id(config_file, other, named))
            for attempt in (open_reader, open_writer, init_ledger):
                with pytest.raises(LedgerError, match=r"elreconcile.yaml is of other, .* of test, .* not done here"):
                    attempt(config)
        with open_reader(load_config(with_id(config_file, settings, identity))) as reader:
            assert reader.identity == identity

    def test_the_identity_is_that_of_the_configuration(self, config: Config) -> None:
        with open_reader(config) as reader, open_writer(config) as writer:
            assert reader.identity == writer.identity == config.ledger.id

    def test_one_made_by_several_at_once_has_one_id(self, unmade: Path) -> None:
        with actors(unmade, 4) as four:
            for actor in four:
                actor.tell("init")
            answers = [actor.answer().split() for actor in four]
        assert len({identity for identity, _ in answers}) == 1
        assert sorted(made for _, made in answers) == ["False", "False", "False", "True"]

    def test_making_that_was_cut_short_is_no_ledger_and_can_be_completed(self, unmade: Path) -> None:
        place = place_of(load_config(unmade))
        connection = place.create()
        for table in place.dialect.tables()[:2]:
            connection.execute(table)
        connection.close()
        with pytest.raises(LedgerError, match="no ledger in"):
            open_reader(load_config(unmade))
        assert init_ledger(load_config(unmade)).made
