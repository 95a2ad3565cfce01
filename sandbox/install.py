"""What the sandbox needs from the machine, got where it can be: apt as root, Kafka's jars with Maven.

Imports nothing but Python's own: it runs beside the making of .venv, as `python3 -m sandbox.install [venv]`.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sandbox.errors import Missing, SandboxError

HERE = Path(__file__).resolve().parent
POM = HERE / "pom.xml"
CACHE = HERE.parent / ".cache"
SEARCH_PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/local/sbin", "/usr/sbin", "/sbin"])
COPY_JARS = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies"
START_NO_SERVICE = Path("/usr/sbin/policy-rc.d")

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Program:
    """A program, under the names it goes by, and the Debian package that brings it."""

    names: tuple[str, ...]
    package: str
    elsewhere: str

    def path(self) -> str | None:
        found = (shutil.which(name, path=SEARCH_PATH) for name in self.names)
        return next((path for path in found if path), None)

    def require(self) -> str:
        path = self.path()
        if path is None:
            raise Missing([self.remedy()])
        return path

    def remedy(self) -> str:
        return f"{self.names[0]}: as root, apt-get install {self.package}; elsewhere, {self.elsewhere}"


JAVA = Program(("java",), "openjdk-17-jre-headless", "a Java 17 on PATH")
MAVEN = Program(("mvn",), "maven", "Apache Maven 3 on PATH")
BURROW = Program(("Burrow", "burrow"), "burrow", "LinkedIn Burrow 1.2.1 on PATH")
MARIADBD = Program(("mariadbd", "mysqld"), "mariadb-server", "MariaDB 10.11's programs on PATH")
INSTALL_DB = Program(("mariadb-install-db", "mysql_install_db"), "mariadb-server", MARIADBD.elsewhere)


def java() -> str:
    return JAVA.require()


def burrow_binary() -> str:
    return BURROW.require()


def mariadbd() -> str:
    return MARIADBD.require()


def mariadb_install_db() -> str:
    return INSTALL_DB.require()


def kafka_jars() -> Path:
    """The folder of Kafka's jars, there or not; another pom means another folder."""
    return CACHE / f"kafka-{hashlib.sha256(POM.read_bytes()).hexdigest()[:12]}"


def kafka_classpath() -> str:
    if not kafka_jars().is_dir():
        raise Missing([f"Kafka's jars in {kafka_jars()}: python -m sandbox install"])
    return f"{kafka_jars()}/*"


def install(say: Say) -> None:
    """Get all that is missing. Quick when nothing is. Raises Missing with everything that cannot be had."""
    with ThreadPoolExecutor() as beside_apt:
        jars = beside_apt.submit(_fetch_jars, say) if MAVEN.path() else None
        _install_programs(say)
    if jars:
        jars.result()
    else:
        _fetch_jars(say)


def install_venv(say: Say) -> None:
    """Debian's Python comes without what `python -m venv` needs."""
    if importlib.util.find_spec("ensurepip") is None:
        if not _may_apt():
            raise Missing(["python3 -m venv: as root, apt-get install python3-venv"])
        _apt_install(["python3-venv"], say)


def _install_programs(say: Say) -> None:
    needed = [JAVA, BURROW, MARIADBD, INSTALL_DB]
    if not kafka_jars().is_dir():
        needed.append(MAVEN)
    packages = sorted({program.package for program in _absent(needed)})
    if packages and _may_apt():
        _apt_install(packages, say)
    if absent := _absent(needed):
        raise Missing(list(dict.fromkeys(program.remedy() for program in absent)))


def _may_apt() -> bool:
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def _absent(programs: Sequence[Program]) -> list[Program]:
    return [program for program in programs if program.path() is None]


def _apt_install(packages: list[str], say: Say) -> None:
    say(f"installing {' and '.join(packages)} with apt (their services are not started)")
    quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    with _no_service_starts():
        for command in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
            done = _run(["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300", *command], env=quiet)
            if done.returncode != 0:
                raise Missing([f"{' '.join(packages)}: apt-get {command[0]} failed:\n{done.stdout}"])


@contextmanager
def _no_service_starts() -> Iterator[None]:
    """Debian's own way to install a package without starting what is in it."""
    try:
        with START_NO_SERVICE.open("x") as policy:
            policy.write("#!/bin/sh\nexit 101\n")
    except FileExistsError:
        yield
        return
    try:
        START_NO_SERVICE.chmod(0o755)
        yield
    finally:
        START_NO_SERVICE.unlink()


def _fetch_jars(say: Say) -> None:
    if kafka_jars().is_dir():
        return
    say(f"fetching Kafka's jars with Maven into {kafka_jars()} (about 50 MB, once)")
    CACHE.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as unfinished:
        output = Path(unfinished) / "jars"
        copy = [COPY_JARS, "-DincludeScope=runtime", f"-DoutputDirectory={output}"]
        done = _run([MAVEN.require(), "--quiet", "--batch-mode", "--file", str(POM), *copy])
        if done.returncode != 0:
            raise Missing([f"Kafka's jars: Maven failed:\n{done.stdout}"])
        if not kafka_jars().is_dir():
            output.rename(kafka_jars())


def _run(command: Sequence[str], env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Without a terminal to ask at; stdout holds stderr too."""
    return subprocess.run(
        command,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def main() -> int:
    def say(line: str) -> None:
        sys.stderr.write(line + "\n")

    try:
        (install_venv if sys.argv[1:] == ["venv"] else install)(say)
    except SandboxError as error:
        say(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
