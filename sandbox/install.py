"""What the sandbox needs from the machine, got where it can be: apt as root, Kafka's jars with Maven."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sandbox.errors import Missing

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
    packages = sorted({program.package for program in _absent(BURROW, MARIADBD, INSTALL_DB)})
    if packages and os.geteuid() == 0 and shutil.which("apt-get"):
        _apt_install(packages, say)
    programs = [JAVA, BURROW, MARIADBD, INSTALL_DB]
    if not kafka_jars().is_dir():
        programs.append(MAVEN)
    if absent := _absent(*programs):
        raise Missing(list(dict.fromkeys(program.remedy() for program in absent)))
    if not kafka_jars().is_dir():
        _fetch_jars(say)


def _absent(*programs: Program) -> list[Program]:
    return [program for program in programs if program.path() is None]


def _apt_install(packages: list[str], say: Say) -> None:
    say(f"installing {' and '.join(packages)} with apt (their services are not started)")
    quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    with _no_service_starts():
        for command in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
            done = subprocess.run(
                ["apt-get", "-qq", *command],
                env=quiet,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode != 0:
                raise Missing([f"{' '.join(packages)}: apt-get {command[0]} failed:\n{done.stdout}{done.stderr}"])


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
    say(f"fetching Kafka's jars with Maven into {kafka_jars()} (about 50 MB, once)")
    CACHE.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as unfinished:
        output = Path(unfinished) / "jars"
        done = subprocess.run(
            [
                MAVEN.require(),
                "-q",
                "-B",
                "-f",
                str(POM),
                COPY_JARS,
                "-DincludeScope=runtime",
                f"-DoutputDirectory={output}",
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise Missing([f"Kafka's jars: Maven failed:\n{done.stdout}{done.stderr}"])
        if not kafka_jars().is_dir():
            output.rename(kafka_jars())
