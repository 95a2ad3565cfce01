"""One process of the sandbox: started detached, known by its pid file, ended by that and by nothing else.

The process writes its pid file itself, before it becomes the server, so that a starter killed at any moment
leaves nothing unknown behind. The file holds the process's start time: a pid that was given to a stranger
since is never signalled.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sandbox.errors import SandboxError

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
# $0 is the pid file, "$@" the server. exec keeps pid and start time.
WRITE_PID_FILE_AND_EXEC = """
read -r boot </proc/sys/kernel/random/boot_id
read -r stat </proc/$$/stat
printf '%s\\n%s\\n' "$boot" "$stat" >"$0.new" && mv "$0.new" "$0" && exec "$@"
"""


@dataclass(frozen=True, slots=True)
class Life:
    """A process and no other that may get its pid later."""

    pid: int
    started: int  # clock ticks after boot
    boot: str


def _parse_stat(stat: str) -> tuple[int, str, int]:
    """pid, state and start time from /proc/PID/stat (proc(5)); its name may hold spaces and brackets."""
    pid, _, rest = stat.partition(" (")
    fields = rest.rpartition(") ")[2].split()
    return int(pid), fields[0], int(fields[19])


def life_of(pid: int) -> Life | None:
    """The life that has this pid now; None for no process and for one that only waits to be reaped."""
    try:
        _, state, started = _parse_stat(Path(f"/proc/{pid}/stat").read_text())
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if state in "ZX" else Life(pid, started, BOOT_ID.read_text().strip())


def is_alive(life: Life) -> bool:
    return life_of(life.pid) == life


class Process:
    """A named process in a folder: `NAME.pid` and `NAME.log` lie there."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.pid_file = folder / f"{name}.pid"
        self.log_file = folder / f"{name}.log"
        self._child: subprocess.Popen[bytes] | None = None

    def spawn(self, argv: Sequence[str], env: Mapping[str, str] | None = None) -> None:
        """Start it in its own session (a Ctrl-C here is not its own), output appended to its log."""
        if self.is_running():
            raise SandboxError(f"{self.name} runs already, pid {self.pid}")
        self._reaped(5)  # it may have ended of itself
        self.pid_file.parent.mkdir(parents=True, exist_ok=True)
        self.pid_file.unlink(missing_ok=True)
        with self.log_file.open("ab") as log:
            self._child = subprocess.Popen(
                ["/bin/sh", "-c", WRITE_PID_FILE_AND_EXEC, str(self.pid_file), *argv],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=env,
                start_new_session=True,
            )
        while not self.pid_file.exists() and self._child.poll() is None:
            time.sleep(0.005)

    def life(self) -> Life | None:
        """What the pid file names, alive or not."""
        try:
            boot, stat = self.pid_file.read_text().splitlines()
        except FileNotFoundError:
            return None
        pid, _, started = _parse_stat(stat)
        return Life(pid, started, boot)

    @property
    def pid(self) -> int | None:
        """The pid while it runs."""
        life = self.life()
        return life.pid if life and is_alive(life) else None

    def is_running(self) -> bool:
        return self.pid is not None

    def is_stopped(self) -> bool:
        """By SIGSTOP, to its last thread: those of a busy machine may go on for some milliseconds."""
        try:
            stats = [stat.read_text() for stat in Path(f"/proc/{self.pid}/task").glob("*/stat")]
        except (FileNotFoundError, ProcessLookupError):  # a thread ended meanwhile
            return False
        return bool(stats) and all(_parse_stat(stat)[1] == "T" for stat in stats)

    def exit_code(self) -> int | None:
        """Known only to the Python process that started it: negative for a signal, None while it runs."""
        if not self.is_running():
            self._reaped(5)  # the last threads of an ending process can outlive its first one
        return self._child.poll() if self._child else None

    def send(self, signum: signal.Signals) -> None:
        """Signal it if it runs."""
        if (handle := self._open()) is not None:
            try:
                signal.pidfd_send_signal(handle, signum)
            finally:
                os.close(handle)

    def kill_group(self) -> None:
        """SIGKILL to it and its children: it leads a process group of its own."""
        if pid := self.pid:
            with suppress(ProcessLookupError):  # it ended meanwhile
                os.killpg(pid, signal.SIGKILL)
        self.wait(10)
        self.pid_file.unlink(missing_ok=True)

    def wait(self, seconds: float) -> bool:
        """True once it is gone, False when it still runs after `seconds`."""
        if (handle := self._open()) is not None:
            try:
                gone = select.poll()
                gone.register(handle, select.POLLIN)
                if not gone.poll(seconds * 1000):
                    return False
            finally:
                os.close(handle)
        return self._reaped(seconds)

    def stop(self, signum: signal.Signals = signal.SIGTERM, grace: float = 20) -> None:
        """Ask it to end, insist after `grace` seconds, return when it is gone."""
        self.send(signum)
        self.send(signal.SIGCONT)  # a paused process acts on nothing but SIGKILL
        if not self.wait(grace):
            self.send(signal.SIGKILL)
            self.wait(grace)
        self.pid_file.unlink(missing_ok=True)

    def log_end(self, lines: int = 25) -> str:
        if not self.log_file.exists():
            return "(no log)"
        with self.log_file.open("rb") as log:
            log.seek(max(0, self.log_file.stat().st_size - 100_000))
            text = log.read().decode(errors="replace")
        return "\n".join(text.splitlines()[-lines:]) or "(empty log)"

    def _reaped(self, seconds: float) -> bool:
        """A child of ours is gone only once we took note of it."""
        try:
            if self._child:
                self._child.wait(seconds)
        except subprocess.TimeoutExpired:  # it lives: somebody removed its pid file
            return False
        return True

    def _open(self) -> int | None:
        """A pidfd of the live process: whoever gets the pid later, it stays with this one."""
        life = self.life()
        if life is None:
            return None
        try:
            handle = os.pidfd_open(life.pid)
        except ProcessLookupError:
            return None
        if is_alive(life):
            return handle
        os.close(handle)
        return None
