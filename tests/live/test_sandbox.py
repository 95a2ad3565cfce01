"""The sandbox starts real servers, keeps its promises about them, and ends what it started and nothing else."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pymysql
import pytest
import yaml

from sandbox.errors import Missing, ServerFailed
from sandbox.install import Program
from sandbox.owned import own_folder, sweep
from sandbox.ports import is_free
from sandbox.process import Process, is_alive, life_of
from sandbox.stack import Sandbox
from sandbox.waiting import until

REPOSITORY = Path(__file__).resolve().parents[2]


def sandbox_command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sandbox", *arguments],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def processes_of(folder: Path) -> list[str]:
    """Command lines of all live processes that name the folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if str(folder) in command and int(entry.name) != os.getpid():
            found.append(f"{entry.name} {command}")
    return found


def test_all_answer_and_down_leaves_no_process(own_sandbox: Sandbox) -> None:
    own_sandbox.up()
    lives = [server.process.life() for server in own_sandbox.servers]
    for server in own_sandbox.servers:
        server.probe()

    own_sandbox.down()

    assert [life for life in lives if life and is_alive(life)] == []
    assert processes_of(own_sandbox.folder) == []
    assert all(is_free(server.port) for server in own_sandbox.servers)


def test_up_again_keeps_what_runs(own_sandbox: Sandbox) -> None:
    own_sandbox.up()
    before = [server.process.pid for server in own_sandbox.servers]
    Sandbox(own_sandbox.folder).up()
    assert [server.process.pid for server in own_sandbox.servers] == before


def test_a_killed_kafka_comes_back_where_it_was(own_sandbox: Sandbox) -> None:
    kafka = own_sandbox.kafka
    kafka.start()
    with closing(kafka.admin()) as admin:
        admin.create_topics({"kept": {"num_partitions": 2, "replication_factor": 1}}, wait_for_metadata=True)
        before = kafka.bootstrap, admin.describe_topics(["kept"])[0]["topic_id"]

    kafka.kill()
    assert is_free(kafka.port)
    kafka.start()

    with closing(kafka.admin()) as admin:
        assert (kafka.bootstrap, admin.describe_topics(["kept"])[0]["topic_id"]) == before
        admin.delete_topics(["kept"])


def test_a_paused_server_is_silent_until_resumed(own_sandbox: Sandbox) -> None:
    mariadb = own_sandbox.mariadb
    mariadb.start()
    mariadb.pause()
    with pytest.raises(pymysql.OperationalError):
        mariadb.connect(read_timeout=1)
    mariadb.resume()
    with mariadb.connect() as connection, connection.cursor() as cursor:
        assert cursor.execute("SELECT 1") == 1


def test_a_paused_server_can_be_stopped(own_sandbox: Sandbox) -> None:
    own_sandbox.zookeeper.start()
    own_sandbox.zookeeper.pause()
    own_sandbox.zookeeper.stop()
    assert not own_sandbox.zookeeper.process.is_running()


def test_a_port_taken_meanwhile_is_replaced(own_sandbox: Sandbox) -> None:
    own_sandbox.down()
    taken = own_sandbox.zookeeper.port
    with socket.create_server(("127.0.0.1", taken)):
        own_sandbox.up()
        assert own_sandbox.zookeeper.port != taken
        own_sandbox.burrow.probe()


def test_a_server_that_cannot_start_shows_the_end_of_its_log(tmp_path: Path) -> None:
    with Sandbox(tmp_path) as stack:
        meta = stack.kafka.folder / "data" / "meta.properties"
        meta.parent.joinpath("spoiled").write_text(meta.read_text().replace("node.id=1", "node.id=7"))
        stack.kafka.stop()
        meta.parent.joinpath("spoiled").replace(meta)
        others = stack.mariadb, stack.zookeeper  # Burrow may end of itself when its Kafka does
        before = [server.process.pid for server in others]

        with pytest.raises(ServerFailed, match=r"kafka ended while starting \(exit code 1\)(.|\n)*node id") as failed:
            stack.up()

        assert failed.value.log_end in str(failed.value)
        assert not stack.kafka.process.is_running()
        assert [server.process.pid for server in others] == before, "up() ends only what that call started"


@pytest.mark.parametrize("moment", ["mariadb-setup", "kafka-setup", "zookeeper", "burrow"])
def test_a_starter_killed_at_any_moment_leaves_nothing_that_down_does_not_end(tmp_path: Path, moment: str) -> None:
    starter = subprocess.Popen([sys.executable, "-m", "sandbox", "up", "--folder", tmp_path], cwd=REPOSITORY)
    until(f"{moment} is started", (tmp_path / f"{moment}.pid").exists)
    starter.kill()
    starter.wait()

    assert sandbox_command("down", "--folder", str(tmp_path)).returncode == 0

    assert processes_of(tmp_path) == []


def test_after_an_interrupted_first_start_the_next_one_works(tmp_path: Path) -> None:
    for moment in ("mariadb-setup", "kafka-setup"):
        starter = subprocess.Popen([sys.executable, "-m", "sandbox", "up", "--folder", tmp_path], cwd=REPOSITORY)
        until(f"{moment} is started", (tmp_path / f"{moment}.pid").exists)
        starter.kill()
        starter.wait()
        Sandbox(tmp_path).down()
    with Sandbox(tmp_path) as stack:
        assert all(server.process.is_running() for server in stack.servers)


@pytest.mark.parametrize("changed", ["start time", "boot"])
def test_a_pid_given_to_a_stranger_is_not_signalled(tmp_path: Path, changed: str) -> None:
    stranger = subprocess.Popen(["sleep", "60"])
    life = life_of(stranger.pid)
    assert life
    started = life.started - 1 if changed == "start time" else life.started
    boot = "another-boot" if changed == "boot" else life.boot
    fields = ["S", *["0"] * 18, str(started)]
    (tmp_path / "kafka.pid").write_text(f"{boot}\n{stranger.pid} (java) {' '.join(fields)}\n")

    Process("kafka", tmp_path).stop()

    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


def test_a_process_that_ended_of_itself_can_be_started_again(tmp_path: Path) -> None:
    process = Process("short", tmp_path)
    for _ in range(2):  # a child nobody took note of would be told by a ResourceWarning
        process.spawn(["true"])
        until("it has ended", lambda: not process.is_running())

    assert process.exit_code() == 0


def test_what_a_killed_owner_left_is_swept(tmp_path: Path) -> None:
    script = """
import sys; from pathlib import Path; from sandbox.owned import own_folder; from sandbox.stack import Sandbox
stack = Sandbox(own_folder("shared", Path(sys.argv[1]))); stack.choose_ports(); stack.mariadb.start()
print(stack.mariadb.process.pid, flush=True); sys.stdin.read()
"""
    command = [sys.executable, "-c", script, str(tmp_path)]
    owner = subprocess.Popen(command, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert owner.stdout
    pid = int(owner.stdout.readline())
    sweep(tmp_path)
    assert life_of(pid), "its owner lives"

    owner.kill()
    owner.communicate()
    own_folder("shared", tmp_path)

    assert life_of(pid) is None
    assert [path for path in tmp_path.iterdir() if path.is_dir()] == []


def test_the_command_runs_one_beside_another(own_sandbox: Sandbox, tmp_path: Path) -> None:
    folder = ("--folder", str(tmp_path / "second"))
    own_sandbox.up()
    assert sandbox_command("status", *folder).returncode == 1
    try:
        up = sandbox_command("up", *folder)
        second = Sandbox(tmp_path / "second")
        assert up.returncode == 0, up.stderr
        assert sandbox_command("status", *folder).returncode == 0
        assert sandbox_command("env", *folder).stdout == up.stdout
        assert (second.folder / "elreconcile.yaml").read_text() == up.stdout
        written = yaml.safe_load(up.stdout)
        assert written["kafka"]["analytics"]["bootstrap_servers"] == [second.kafka.bootstrap]
        assert written["mysql"]["m4"]["port"] == second.mariadb.port
        assert {server.port for server in second.servers}.isdisjoint(server.port for server in own_sandbox.servers)
        assert all(server.process.is_running() for server in own_sandbox.servers)
    finally:
        assert sandbox_command("delete", *folder).returncode == 0
    assert not second.folder.exists()
    assert sandbox_command("env", *folder).returncode == 1


def test_what_is_missing_is_named_with_its_remedy() -> None:
    nowhere = Program(("no-such-program",), "no-such-package", "build it")
    with pytest.raises(Missing, match="no-such-program: as root, apt-get install no-such-package; elsewhere, build it"):
        nowhere.require()
