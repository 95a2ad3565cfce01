"""`ledger export`, `import` and `check`, as an operator runs them. No server is contacted."""

from __future__ import annotations

import json
import sqlite3
import stat
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from elreconcile.desired.config import load_config
from elreconcile.ledger.entry import State
from elreconcile.ledger.opening import open_writer
from tests.cli.places import offline
from tests.ledger.samples import entry, run
from tests.operator import COMMAND, Operator

SETTLED, OPEN = entry("done", state=State.SETTLED), entry("open", state=State.UNCERTAIN)


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    """With a ledger of two runs, the second of which was cut short."""
    made = offline(tmp_path)
    with open_writer(load_config(made.config)) as ledger:
        ledger.start_run(run("r1"))
        ledger.record([SETTLED])
        ledger.end_run("r1", {SETTLED.address: "settled"})
        ledger.start_run(run("r2"))
    return made


def moved(operator: Operator) -> None:
    """The configuration names another place, and the same id."""
    operator.configure(operator.config.read_text().replace("ledger.sqlite", "elsewhere.sqlite"))


def test_a_ledger_is_moved(operator: Operator, tmp_path: Path) -> None:
    file = tmp_path / "ledger.jsonl"
    told = operator.run("history", "--json").out
    done = operator.run("ledger", "export", str(file))
    assert (done.code, done.out) == (0, "")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    moved(operator)
    assert operator.run("history").code == 4, "a ledger that is not there yet has not forgotten anything"
    imported = operator.run("ledger", "import", str(file))
    assert imported.code == 0, imported
    assert f"id: {imported.out.strip()}" in operator.config.read_text()
    assert operator.run("history", "--json").out == told
    again = operator.run("ledger", "import", str(file))
    assert (again.code, again.out) == (4, "")
    assert "holds a ledger already" in again.err


def test_to_stdout_it_is_the_same_text(operator: Operator, tmp_path: Path) -> None:
    file = tmp_path / "ledger.jsonl"
    assert operator.run("ledger", "export", str(file)).code == 0
    shown = operator.run("ledger", "export")
    assert (shown.code, shown.out) == (0, file.read_text())
    lines = [json.loads(line) for line in shown.out.splitlines()]
    assert [next(iter(line)) for line in lines[1:]] == ["run", "run", "word", "entry", "checksum"]
    assert lines[1]["run"]["outcomes"] == {SETTLED.address: "settled"}


def test_a_reader_that_goes_away_is_no_defect(operator: Operator) -> None:
    words = " ".join((*COMMAND, "ledger", "export"))
    piped = subprocess.run(
        ["bash", "-c", f"{words} | head -c 10"], env=operator.environment, capture_output=True, text=True, timeout=60
    )
    assert (piped.stdout, "Traceback" in piped.stderr) == ('{"environm', False)


def test_a_file_that_is_there_stays_as_it_is(operator: Operator) -> None:
    """Most of all the ledger itself."""
    ledger = operator.home / "ledger.sqlite"
    before = ledger.read_bytes()
    refused = operator.run("ledger", "export", str(ledger))
    assert (refused.code, ledger.read_bytes()) == (64, before)
    assert "cannot be exported to" in refused.err


def test_an_export_that_fails_leaves_no_file(operator: Operator, tmp_path: Path) -> None:
    with closing(sqlite3.connect(operator.home / "ledger.sqlite")) as ledger:
        ledger.execute("UPDATE elreconcile_history SET pins = '{'")
        ledger.commit()
    failed = operator.run("ledger", "export", str(tmp_path / "ledger.jsonl"))
    assert failed.code == 4, failed
    assert not (tmp_path / "ledger.jsonl").exists()


def test_a_file_that_was_edited_or_is_none_is_refused(operator: Operator, tmp_path: Path) -> None:
    file = tmp_path / "ledger.jsonl"
    assert operator.run("ledger", "export", str(file)).code == 0
    file.write_text(file.read_text().replace('"state":"settled"', '"state":"released"'))
    moved(operator)
    edited = operator.run("ledger", "import", str(file))
    assert (edited.code, "edited or cut short" in edited.err) == (4, True)
    file.write_bytes(b"\xff\xfe")
    assert operator.run("ledger", "import", str(file)).code == 4
    assert operator.run("ledger", "import", str(tmp_path / "nothing")).code == 64
    assert not (operator.home / "elsewhere.sqlite").exists()


def test_0_what_is_sound(operator: Operator) -> None:
    """A run without an end is told; with no request open it is nothing that has to be finished."""
    checked = operator.run("ledger", "check")
    assert checked.code == 0, checked
    assert "2 runs, 1 words on 1 requests" in checked.out
    assert "no end: run r2, begun 2018-03-13T06:48:00Z by alice@db1107" in checked.out
    assert "plan again to see what is left to do" in checked.out


def test_3_what_is_open_with_what_to_do_next(operator: Operator) -> None:
    with open_writer(load_config(operator.config)) as ledger:
        ledger.record([entry("begun", run="r2"), entry("open", state=State.UNCERTAIN, run="r2")])
    checked = operator.run("ledger", "check")
    assert checked.code == 3, checked
    lines = checked.out.splitlines()
    begun, after, unsure, then = lines[1:5]
    assert begun.startswith(f"open: {entry('begun').address} 2018-03-13-db-down: started by run r2")
    assert "apply its document again" in after
    assert unsure.startswith(f"open: {OPEN.address} 2018-03-13-db-down: uncertain by run r2")
    assert f"elreconcile settle {OPEN.address} --request 2018-03-13-db-down" in then
    assert "apply" not in then
    assert "cut short with the requests above" in lines[-1]


def test_4_what_is_wrong(operator: Operator) -> None:
    with closing(sqlite3.connect(operator.home / "ledger.sqlite")) as ledger:
        ledger.execute("UPDATE elreconcile_ledger SET run_number = 1")
        ledger.commit()
    checked = operator.run("ledger", "check")
    assert checked.code == 4, checked
    assert "wrong: it has counted 1 runs, and holds number 2" in checked.out


def test_4_a_file_with_damaged_pages(operator: Operator) -> None:
    """SQLite's own look finds what no single reading would."""
    file = operator.home / "ledger.sqlite"
    with closing(sqlite3.connect(file)) as ledger:
        index = "SELECT rootpage FROM sqlite_master WHERE name = 'sqlite_autoindex_elreconcile_entries_1'"
        (page,) = ledger.execute(index).fetchone()
        (size,) = ledger.execute("PRAGMA page_size").fetchone()
    with file.open("r+b") as raw:
        raw.seek((page - 1) * size + 3)
        raw.write(b"\x00\x00")  # the index holds no cells any more
    checked = operator.run("ledger", "check")
    assert checked.code == 4, checked
    assert "wrong: " in checked.out


def test_4_another_ledger_than_the_one_named(operator: Operator) -> None:
    operator.configure(operator.config.read_text().replace("id: ", "id: not-"))
    for words in (["check"], ["export"]):
        ran = operator.run("ledger", *words)
        assert (ran.code, ran.out) == (4, "")
        assert "not the same ledger" in ran.err
