"""`python -m sandbox install|up|down|status|env [--folder F]`."""

from __future__ import annotations

import argparse
import logging
import sys
import time
from pathlib import Path

from sandbox.errors import SandboxError
from sandbox.install import install
from sandbox.stack import DEFAULT_FOLDER, Sandbox, elreconcile_yaml


def say(line: str) -> None:
    """Progress; stdout carries only what was asked for."""
    sys.stderr.write(line + "\n")


def up(stack: Sandbox) -> int:
    began = time.monotonic()
    stack.up(say)
    end = "make sandbox-down"
    if stack.folder != DEFAULT_FOLDER:
        end = f"{sys.executable} -m sandbox down --folder {stack.folder}"
    say(f"all answer after {time.monotonic() - began:.1f} s; end them with: {end}")
    say(f"{stack.folder / 'elreconcile.yaml'}:")
    return env(stack)


def down(stack: Sandbox) -> int:
    stack.down()
    return 0


def delete(stack: Sandbox) -> int:
    stack.delete()
    return 0


def status(stack: Sandbox) -> int:
    """Exit code 1 unless all four run."""
    pids = {server: server.process.pid for server in stack.servers}
    for server, pid in pids.items():
        state = f"pid {pid} on 127.0.0.1:{server.port}" if pid else "not running"
        sys.stdout.write(f"{server.name:10} {state}\n")
    return 0 if all(pids.values()) else 1


def env(stack: Sandbox) -> int:
    if not all(server.process.is_running() for server in stack.servers):
        raise SandboxError("it does not run; start it with: python -m sandbox up")
    sys.stdout.write(elreconcile_yaml(stack))
    return 0


def main() -> int:
    logging.getLogger("kafka").setLevel(logging.CRITICAL)  # its complaints while a broker starts are no news
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    verbs = {verb.__name__: verb for verb in (up, down, delete, status, env)}
    parser.add_argument("verb", choices=["install", *verbs])
    parser.add_argument("--folder", type=Path, default=DEFAULT_FOLDER)
    asked = parser.parse_args()
    try:
        if asked.verb == "install":
            install(say)
            return 0
        return verbs[asked.verb](Sandbox(asked.folder))
    except SandboxError as error:
        say(f"sandbox: {error}")
        return 1


if __name__ == "__main__":
    sys.exit(main())
