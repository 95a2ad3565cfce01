"""What can go wrong with a file, and what is told then."""

from __future__ import annotations

import os
import resource
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from elreconcile.desired.config import Config, load_config
from elreconcile.errors import LedgerError, LockHeld, LockLost, Unreachable
from elreconcile.ledger.opening import init_ledger, open_locks, open_reader, open_writer
from elreconcile.ledger.sqlite import SqliteConnection
from sandbox.waiting import until
from tests.ledger.on_a_ledger import OnALedger, Settings, write_config
from tests.ledger.samples import actors, entry, owner, run

DAMAGED = "The file is damaged, or no ledger: .*`elreconcile ledger import FILE`"


class TestTrouble(OnALedger):
    @pytest.fixture
    def file(self, tmp_path: Path) -> Path:
        return tmp_path / "ledger.db"

    @pytest.fixture
    def settings(self, file: Path) -> Settings:
        return {"ledger": {"sqlite": str(file)}}

    @pytest.fixture
    def config(self, config_file: Path) -> Config:
        return load_config(config_file)

    @pytest.fixture
    def many_files_allowed(self) -> Iterator[None]:
        before = resource.getrlimit(resource.RLIMIT_NOFILE)
        yield
        resource.setrlimit(resource.RLIMIT_NOFILE, before)

    def test_opening_makes_no_file(self, unmade: Path) -> None:
        for opening in (open_reader, open_writer):
            with pytest.raises(LedgerError):
                opening(load_config(unmade))
        assert [path.name for path in unmade.parent.iterdir()] == ["elreconcile.yaml"]

    def test_a_connection_makes_no_file(self, file: Path) -> None:
        for read_only in (True, False):
            with pytest.raises(LedgerError, match="unable to open database file"):
                SqliteConnection(file, 1, read_only=read_only)
        assert not file.exists()

    def test_reading_leaves_no_file_beside_it(self, config: Config, file: Path) -> None:
        with open_writer(config) as writer:
            writer.record([entry()])
        before = file.read_bytes()
        with open_reader(config) as reader:
            assert len(reader.entries()) == 1
            assert sorted(path.name for path in file.parent.iterdir()) == ["elreconcile.yaml", "ledger.db"]
        assert file.read_bytes() == before

    def test_a_folder_that_is_not_there(self, tmp_path: Path) -> None:
        place = {"ledger": {"sqlite": str(tmp_path / "none" / "ledger.db")}}
        config = load_config(write_config(tmp_path / "elreconcile.yaml", place))
        with pytest.raises(LedgerError, match=r"there is no folder .*/none"):
            init_ledger(config)
        assert not (tmp_path / "none").exists()

    @pytest.mark.parametrize("content", [b"no database at all, but longer than a header of SQLite is" * 20])
    def test_a_file_that_is_no_database(self, config: Config, file: Path, content: bytes) -> None:
        file.write_bytes(content)
        for opening in (open_reader, open_writer, init_ledger):
            with pytest.raises(LedgerError, match=rf"ledger\.db: file is not a database\. {DAMAGED}"):
                opening(config)
        assert file.read_bytes() == content

    def test_a_folder_in_its_place(self, config: Config, file: Path) -> None:
        file.unlink()
        file.mkdir()
        with pytest.raises(LedgerError, match=r"ledger\.db: unable to open database file"):
            open_reader(config)

    def test_a_ledger_cut_in_half(self, config: Config, file: Path) -> None:
        with open_writer(config) as writer:
            writer.record([entry(f"g{number}") for number in range(500)])
        with file.open("r+b") as half:
            half.truncate(file.stat().st_size // 2)
        with pytest.raises(LedgerError, match=f"malformed. {DAMAGED}"), open_reader(config) as reader:
            reader.entries()

    def test_an_empty_file_is_no_ledger(self, config: Config, file: Path) -> None:
        file.write_bytes(b"")
        with pytest.raises(LedgerError, match="there is no ledger in"):
            open_reader(config)

    def test_a_state_of_a_later_version(self, config: Config, file: Path) -> None:
        with open_writer(config) as writer:
            writer.record([entry()])
        with closing(sqlite3.connect(file)) as other:
            other.execute("UPDATE elreconcile_entries SET state = 'postponed'")
            other.commit()
        with open_reader(config) as reader, pytest.raises(LedgerError, match="'postponed'"):
            reader.entries()

    def test_a_process_that_does_not_stop_writing(self, config_file: Path, config: Config, file: Path) -> None:
        write_config(
            config_file, {"timing": {"deadline": "1s"}, "ledger": {"sqlite": str(file), "id": config.ledger.id}}
        )
        with (
            closing(sqlite3.connect(file, isolation_level=None)) as other,
            open_writer(load_config(config_file)) as writer,
        ):
            other.execute("BEGIN IMMEDIATE")
            started = time.monotonic()
            with pytest.raises(Unreachable, match="another process is writing"):
                writer.record([entry()])
            assert 0.9 < time.monotonic() - started < 4  # SQLite's own patience is 5 s
            other.execute("ROLLBACK")
            writer.record([entry()])

    def test_a_row_refused_leaves_nothing_of_its_transaction(self, config: Config, file: Path) -> None:
        with closing(sqlite3.connect(file)) as other:
            other.execute(
                "CREATE TRIGGER refuse BEFORE INSERT ON elreconcile_history WHEN NEW.request_id = 'bad' "
                "BEGIN SELECT RAISE(ABORT, 'not this one'); END"
            )
        with open_writer(config) as writer:
            with pytest.raises(LedgerError, match="not this one"):
                writer.record([entry("a"), entry("b", "bad")])
            assert writer.entries() == {}
            assert writer.history() == ()

    def test_a_full_disk(self, config: Config) -> None:
        with open_writer(config) as writer:
            writer._connection.execute("PRAGMA max_page_count = 30")
            with pytest.raises(LedgerError, match="disk is full"):
                writer.record([entry(f"g{number}") for number in range(1000)])
            assert writer.history() == ()
            writer.record([entry()])

    def test_written_means_on_the_disk(self, config: Config) -> None:
        with open_writer(config) as writer:
            assert writer._connection.execute("PRAGMA synchronous")[0][0] == 3  # EXTRA

    def test_after_a_crash_a_reader_finds_whole_transactions(self, config_file: Path, file: Path) -> None:
        with actors(config_file, 1) as (victim,):
            victim.tell("record", "100000", "400")
            until("much was written", lambda: file.stat().st_size > 500_000)
            victim.kill()
        with open_reader(load_config(config_file)) as reader:
            words = reader.history()
        assert words
        assert len(words) % 400 == 0

    def test_a_copy_put_back_shows_in_the_run_number(self, config: Config, file: Path) -> None:
        with open_writer(config) as writer:
            writer.start_run(run("r1"))
        shutil.copy(file, file.with_suffix(".copy"))
        with open_writer(config) as writer:
            writer.start_run(run("r2"))
            assert writer.run_number() == 2
        file.with_suffix(".copy").replace(file)
        with open_reader(config) as reader:
            assert reader.run_number() == 1

    def test_a_connection_is_closed_when_the_file_is_no_database(self, file: Path) -> None:
        file.write_bytes(b"x" * 5000)
        with pytest.raises(LedgerError):
            SqliteConnection(file, 1, read_only=False).has_table("t")

    def test_a_ledger_by_two_names_has_one_set_of_locks(self, config: Config, tmp_path: Path, file: Path) -> None:
        (tmp_path / "link.db").symlink_to(file)
        place = {"ledger": {"sqlite": str(tmp_path / "link.db"), "id": config.ledger.id}}
        by_link = load_config(write_config(tmp_path / "other.yaml", place))
        with (
            open_locks(config).hold(["a"], owner()),
            pytest.raises(LockHeld),
            open_locks(by_link).hold(["a"], owner()),
        ):
            pass

    @pytest.mark.parametrize("again", [False, True])
    def test_a_lock_whose_file_was_removed_is_lost(self, config: Config, tmp_path: Path, again: bool) -> None:
        with open_locks(config).hold(["a", "b"], owner()) as hold:
            shutil.rmtree(tmp_path / "ledger.db.locks")
            if again:
                with open_locks(config).hold(["a", "b"], owner("bob")):
                    pass
            with pytest.raises(LockLost, match=r"the lock on a is lost: .* was removed"):
                hold.check()

    def test_a_lock_file_says_whose_it_is_to_people_too(self, config: Config, tmp_path: Path) -> None:
        with open_locks(config).hold(["ConsumerGroup/analytics/g"], owner()):
            (file,) = (tmp_path / "ledger.db.locks").iterdir()
            assert "alice" in file.read_text()
            assert "ConsumerGroup/analytics/g" in file.read_text()

    def test_locks_that_cannot_be_made(self, config: Config, tmp_path: Path) -> None:
        (tmp_path / "ledger.db.locks").write_text("in the way")
        with pytest.raises(LedgerError, match="cannot lock 1 address in"), open_locks(config).hold(["a"], owner()):
            pass

    @pytest.mark.usefixtures("many_files_allowed")
    def test_more_locks_than_a_shell_allows_open_files(self, config: Config) -> None:
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
        with open_locks(config).hold([f"g{number}" for number in range(400)], owner()) as hold:
            hold.check()

    def test_more_locks_than_the_machine_allows_open_files(self, config_file: Path) -> None:
        command = f"ulimit -n 60; exec {sys.executable} -m tests.ledger.actor {config_file}"
        words = " ".join(f"g{number}" for number in range(100))
        answer = subprocess.run(
            ["bash", "-c", command],
            input=f"hold 0 {words}\nhold 0 g1\n",
            capture_output=True,
            text=True,
            check=True,
            cwd=Path(__file__).parents[3],
        ).stdout
        assert "LedgerError: cannot lock 100 addresses" in answer
        assert "Too many open files" in answer
        assert answer.endswith("held\n")

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
    def test_a_user_who_may_only_read(self, config: Config, file: Path) -> None:
        """Can plan, and leaves nothing behind that would stop those who may write."""
        with open_writer(config) as writer:
            writer.record([entry()])
        program = (
            "import os, sys; from pathlib import Path\n"
            "from elreconcile.desired.config import load_config\n"
            "from elreconcile.ledger import opening, sqlite\n"
            "config = load_config(Path(sys.argv[1]))\n"
            "os.setgid(65534); os.setuid(65534)\n"
            "with opening.open_reader(config) as reader: print(len(reader.entries()))\n"
        )
        with TemporaryDirectory() as name:
            folder = Path(name)
            folder.chmod(0o755)
            place = {"ledger": {"sqlite": str(shutil.copy(file, folder)), "id": config.ledger.id}}
            config_file = write_config(folder / "elreconcile.yaml", place)
            done = subprocess.run(
                [sys.executable, "-c", program, str(config_file)], capture_output=True, text=True, check=True
            )
            assert done.stdout == "1\n"
            assert sorted(path.name for path in folder.iterdir()) == ["elreconcile.yaml", "ledger.db"]


def test_a_sqlite_ledger_needs_no_mysql_client(tmp_path: Path) -> None:
    """Start-up time: importing it costs more than all of SQLite."""
    file = write_config(tmp_path / "elreconcile.yaml", {"ledger": {"sqlite": "ledger.db"}})
    program = (
        "import sys; from pathlib import Path\n"
        "from elreconcile.desired.config import load_config\n"
        "from elreconcile.ledger.opening import init_ledger\n"
        "assert init_ledger(load_config(Path(sys.argv[1]))).made\n"
        "print(sorted({'pymysql', 'ssl', 'elreconcile.systems'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program, str(file)], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
