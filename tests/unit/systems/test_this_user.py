from __future__ import annotations

import getpass
import os
import subprocess
import sys

import pytest

from elreconcile.systems.this_user import this_user

NAMELESS = """
import os, pwd
from elreconcile.systems.this_user import this_user
os.setuid(54321)
print(this_user())
"""


def test_it_has_its_name() -> None:
    assert this_user() == getpass.getuser()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become a user that has no name")
def test_one_without_a_name_is_known_by_its_number() -> None:
    told = {name: value for name, value in os.environ.items() if name not in ("LOGNAME", "USER", "LNAME", "USERNAME")}
    ran = subprocess.run([sys.executable, "-c", NAMELESS], env=told, capture_output=True, text=True, timeout=60)
    assert (ran.stdout, ran.stderr) == ("uid 54321\n", "")
