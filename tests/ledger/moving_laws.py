"""What taking a ledger elsewhere must hold: from a SQLite file into the database that a subclass names, and back."""

from __future__ import annotations

import hashlib
import io
import json
import random
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from elreconcile.desired.config import Config, load_config
from elreconcile.errors import ElreconcileError, LedgerError, Refused
from elreconcile.ledger.checking import check_ledger
from elreconcile.ledger.entry import State
from elreconcile.ledger.moving import export_ledger, import_ledger
from elreconcile.ledger.opening import init_ledger, open_reader, open_writer
from elreconcile.ledger.place import place_of
from elreconcile.ledger.store import LedgerWriter
from tests.ledger.on_a_ledger import OnALedger, Settings, with_id, write_config
from tests.ledger.samples import actors, entry, run

ODD = entry(
    "gruppe-ü-☃-𝄞 ",
    "id 'quoted' \\ %s ? \"\n",
    meaning={"to": "zwölf\u2028", "nested": [1, 2.5, True, None, {"": "𝄞 \\ ' \" %"}], "far": 2**63},
    evidence="",
    before=[],
)


def fill(ledger: LedgerWriter) -> None:
    """Runs that ended and one that did not, requests done, open and released, more words than fit one batch."""
    for number in (1, 2, 3):
        ledger.start_run(replace(run(f"r{number}"), plan={"accepted": ["limit-rows"], "n": number}))
    for state in (State.STARTED, State.SENDING, State.SETTLED):
        ledger.record([entry("done", state=state), replace(ODD, state=state)])
    for number in range(300):
        ledger.record([entry(f"g{number % 7}", f"id{number}", state=State.SETTLED, run="r2")])
    ledger.record([entry("open", state=State.SENDING, run="r3"), entry("released", state=State.RELEASED)])
    ledger.end_run("r1", {"a": "settled"})
    ledger.end_run("r2", {})


def exported(config: Config) -> str:
    out = io.StringIO()
    export_ledger(config, out)
    return out.getvalue()


def sealed(lines: list[str]) -> str:
    """With the checksum that belongs to them."""
    body = "".join(f"{line}\n" for line in lines)
    return body + json.dumps({"checksum": hashlib.sha256(body.encode()).hexdigest()}, separators=(",", ":")) + "\n"


class MovingLaws(OnALedger):
    @pytest.fixture
    def source(self, tmp_path: Path) -> Config:
        """A SQLite ledger with a past."""
        settings: Settings = {"ledger": {"sqlite": str(tmp_path / "source.db")}}
        file = write_config(tmp_path / "source.yaml", settings)
        config = load_config(with_id(file, settings, init_ledger(load_config(file)).id))
        with open_writer(config) as ledger:
            fill(ledger)
        return config

    @pytest.fixture
    def file(self, source: Config, tmp_path: Path) -> Path:
        """What was exported of it."""
        path = tmp_path / "ledger.jsonl"
        path.write_text(exported(source))
        return path

    @pytest.fixture
    def target(self, source: Config, unmade: Path, settings: Settings) -> Config:
        """No ledger is there yet; the configuration names the source's."""
        return load_config(with_id(unmade, settings, str(source.ledger.id)))

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
