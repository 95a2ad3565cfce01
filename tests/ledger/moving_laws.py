"""What taking a ledger elsewhere must hold: from a SQLite file into the database that a subclass names, and back."""

from __future__ import annotations

import io
import json
import random
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from elreconcile.desired.config import Config, load_config
from elreconcile.errors import ElreconcileError, LedgerError, Refused
from elreconcile.ledger.checking import check_ledger
from elreconcile.ledger.entry import State
from elreconcile.ledger.moving import import_ledger
from elreconcile.ledger.opening import init_ledger, open_reader, open_writer
from elreconcile.ledger.place import place_of
from elreconcile.ledger.store import LedgerWriter
from tests.ledger.on_a_ledger import Settings, with_id, write_config
from tests.ledger.samples import actors, entry, run
from tests.ledger.with_a_past import WithAPast, exported, sealed


class MovingLaws(WithAPast):
    def test_all_of_it_arrives(self, source: Config, target: Config, file: Path) -> None:
        import_ledger(target, file)
        with open_reader(source) as before, open_reader(target) as after:
            assert len(after.entries()) == 304
            assert after.identity == before.identity
            assert (after.entries(), after.history()) == (before.entries(), before.history())
            assert (after.runs(), after.run_number()) == (before.runs(), before.run_number())
        assert exported(target) == file.read_text()
        assert check_ledger(target) == check_ledger(source)

    def test_and_back_again(self, target: Config, file: Path, tmp_path: Path) -> None:
        import_ledger(target, file)
        file.write_text(exported(target))
        back = replace_place(tmp_path, target)
        import_ledger(back, file)
        assert exported(back) == file.read_text()

    def test_it_goes_on_where_it_was(self, target: Config, file: Path) -> None:
        import_ledger(target, file)
        with open_writer(target) as ledger:
            assert ledger.start_run(run("r4")) == 4
            ledger.record([replace(entry("open"), state=State.SETTLED, run="r4")])
            assert ledger.history()[-1].state is State.SETTLED
        assert check_ledger(target).wrong == ()

    def test_one_just_made_takes_the_id(self, unmade: Path, settings: Settings, file: Path) -> None:
        made = init_ledger(load_config(unmade))
        head = import_ledger(load_config(unmade), file)
        assert head.id != made.id
        assert check_ledger(load_config(with_id(unmade, settings, head.id))).runs == 3
        with pytest.raises(LedgerError, match=f"names {made.id}"):
            open_reader(load_config(with_id(unmade, settings, made.id)))

    def test_another_id_than_the_configuration_names(self, unmade: Path, settings: Settings, file: Path) -> None:
        other = load_config(with_id(unmade, settings, "another-environment"))
        with pytest.raises(LedgerError, match="names another-environment"):
            import_ledger(other, file)
        with pytest.raises(LedgerError, match="there is no ledger"):
            open_reader(other)

    def test_another_environment_than_the_exported_one(self, unmade: Path, settings: Settings, file: Path) -> None:
        head = json.loads(file.read_text().partition("\n")[0])
        assert head["environment"] == "test"
        other = settings | {"environment": "other"}
        for named in (head["id"], None):
            config = load_config(with_id(unmade, other, named))
            with pytest.raises(LedgerError, match=r"elreconcile.yaml is of other, .*ledger.jsonl of test"):
                import_ledger(config, file)
            with pytest.raises(LedgerError, match="there is no ledger"):
                open_reader(config)

    @pytest.mark.parametrize(
        "held",
        [
            lambda ledger: ledger.start_run(run("theirs")),
            lambda ledger: ledger.record([entry("theirs")]),
        ],
        ids=["a run", "a word"],
    )
    def test_nothing_is_merged_or_overwritten(
        self, unmade: Path, settings: Settings, file: Path, held: Callable[[LedgerWriter], object]
    ) -> None:
        named = load_config(with_id(unmade, settings, init_ledger(load_config(unmade)).id))
        with open_writer(named) as ledger:
            held(ledger)
        before = exported(named)
        for config in (load_config(write_config(unmade, settings)), named):
            with pytest.raises(LedgerError):
                import_ledger(config, file)
        assert exported(named) == before

    def test_it_is_imported_once(self, target: Config, file: Path) -> None:
        import_ledger(target, file)
        with pytest.raises(LedgerError, match="holds a ledger already, with 3 runs"):
            import_ledger(target, file)
        assert exported(target) == file.read_text()

    def test_no_character_may_change(self, target: Config, file: Path) -> None:
        text = file.read_text()
        dice = random.Random(5)  # noqa: S311 - no secret
        places = [0, 1, len(text) - 1, *(dice.randrange(len(text)) for _ in range(30))]
        for place in places:
            file.write_text(text[:place] + ("#" if text[place] != "#" else "%") + text[place + 1 :])
            with pytest.raises(Refused):
                import_ledger(target, file)
        for place in [0, text.index("\n") + 1, *(dice.randrange(len(text)) for _ in range(10))]:
            file.write_text(text[:place])
            with pytest.raises(Refused):
                import_ledger(target, file)
        with pytest.raises(LedgerError, match="there is no ledger"):
            open_reader(target)

    def test_lines_left_out_or_taken_from_another_export(self, target: Config, file: Path) -> None:
        lines = io.StringIO(file.read_text()).readlines()
        for changed in (lines[:5] + lines[6:], [*lines, lines[-1]], lines[:-1], [*lines[:3], *reversed(lines[3:])]):
            file.write_text("".join(changed))
            with pytest.raises(Refused):
                import_ledger(target, file)

    @pytest.mark.parametrize(
        ("then", "now", "told"),
        [
            ('"format_version":"1.0"', '"format_version":"2.0"', "has format 2.0"),
            ('"type":"ledger"', '"type":"plan"', "is not what `elreconcile ledger export` wrote"),
            ('"run_number":3', '"run_number":"3"', "is not as it was written"),
            ('{"run":{', '{"race":{', "does not know: race"),
            ('"fingerprint":', '"thumbprint":', "does not know: word"),
        ],
    )
    def test_a_file_of_another_version(self, target: Config, file: Path, then: str, now: str, told: str) -> None:
        lines = file.read_text().replace(then, now).split("\n")[:-2]
        file.write_text(sealed(lines))
        with pytest.raises(Refused, match=told):
            import_ledger(target, file)

    def test_a_minor_version_is_read(self, target: Config, file: Path) -> None:
        lines = file.read_text().replace('"format_version":"1.0"', '"format_version":"1.7"').split("\n")[:-2]
        file.write_text(sealed(lines))
        assert import_ledger(target, file).run_number == 3

    def test_runs_of_a_later_moment_than_the_counter(self, target: Config, file: Path) -> None:
        lines = file.read_text().split("\n")[:-2]
        counted = json.loads(lines[0])["run_number"]
        file.write_text(sealed([lines[0].replace(f'"run_number":{counted}', '"run_number":0'), *lines[1:]]))
        with pytest.raises(Refused, match="of two moments"):
            import_ledger(target, file)

    def test_all_or_nothing(self, target: Config, file: Path) -> None:
        """The last row but one cannot be put in: of those before it none stays."""
        good = file.read_text()
        lines = good.split("\n")[:-2]
        file.write_text(sealed([*lines, lines[1]]))
        with pytest.raises(ElreconcileError):
            import_ledger(target, file)
        with pytest.raises(LedgerError, match="there is no ledger"):
            open_reader(target)
        file.write_text(good)
        import_ledger(target, file)
        assert exported(target) == good

    def test_of_two_at_the_same_moment_one_is_refused(
        self, target: Config, file: Path, unmade: Path, settings: Settings
    ) -> None:
        config_file = with_id(unmade, settings, str(target.ledger.id))
        with actors(config_file, 2) as two:
            for actor in two:
                actor.tell("import_from", str(file))
            answers = sorted(actor.answer() for actor in two)
        assert answers[0].startswith("LedgerError: nothing was imported"), answers
        assert answers[1] == "imported", answers
        assert exported(target) == file.read_text()

    def test_an_export_is_of_one_moment(self, config_file: Path) -> None:
        """Another process writes meanwhile, and is not kept from it."""
        config = load_config(config_file)
        with actors(config_file, 1) as (writer,):
            writer.tell("record", "60", "40")
            exports = [exported(config).split("\n") for _ in range(12)]
            assert writer.answer() == "recorded"
        for lines in [*exports, exported(config).split("\n")]:
            words = [json.loads(line)["word"] for line in lines if line.startswith('{"word"')]
            entries = [json.loads(line)["entry"] for line in lines if line.startswith('{"entry"')]
            assert len(words) % 40 == 0
            latest = {(word["address"], word["request_id"]): word for word in words}
            assert latest == {(each["address"], each["request_id"]): each for each in entries}

    def test_a_damaged_row_is_not_exported_as_if_it_were_whole(self, target: Config, file: Path) -> None:
        import_ledger(target, file)
        connection = place_of(target).connect(read_only=False)
        assert connection
        with closing(connection):
            connection.execute("UPDATE elreconcile_runs SET plan = '{' WHERE id = 'r2'")
        with pytest.raises(LedgerError, match="a plan is no JSON"):
            exported(target)


def replace_place(folder: Path, config: Config) -> Config:
    """The same ledger's id, with a SQLite file that is not there yet."""
    settings: Settings = {"ledger": {"sqlite": str(folder / "back.db")}}
    return load_config(with_id(folder / "back.yaml", settings, str(config.ledger.id)))
