from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from elreconcile.desired.load import load
from elreconcile.errors import DesiredStateError
from elreconcile.model.address import Address
from tests.unit.desired.example import CONFIG, GOOD, SPECS, Note, Rewind, complaints, loaded


def test_every_document_in_the_order_of_the_files(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "b.yml").write_text("# a note\nkind: Note\nname: n2\n")
    (tmp_path / "readme.md").write_text("kind: [")
    first, second, third = loaded(tmp_path, a=f"{GOOD}---\nkind: Note\nname: n1\n")
    assert (first.address, first.file, first.line) == (
        Address("Rewind", "analytics", "eventlogging_consumer_mysql_00"),
        str(tmp_path / "a.yaml"),
        1,
    )
    assert isinstance(first.spec, Rewind)
    assert first.spec.topics == ("eventlogging-valid-mixed",)
    assert (second.spec, second.line) == (Note(kind="Note", name="n1"), 8)
    assert (third.spec.name, third.file, third.line) == ("n2", str(tmp_path / "inner" / "b.yml"), 2)


def test_the_configuration_and_hidden_files_are_no_documents(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "x.yaml").write_text("kind: [")
    (tmp_path / "folder.yaml").mkdir()
    (found,) = loaded(tmp_path, **{"elreconcile": "environment: x", ".hidden": "kind: [", "a": "kind: Note\nname: n"})
    assert found.spec.name == "n"


def test_another_configuration_further_down_is_another_environment(tmp_path: Path) -> None:
    (tmp_path / "test").mkdir()
    (tmp_path / "test" / "elreconcile.yaml").write_text("environment: test")
    assert complaints(tmp_path, a="kind: Note\nname: n") == [
        "test/elreconcile.yaml:1:1: another elreconcile.yaml inside the folder: "
        "its documents are for other systems, load them alone"
    ]


def test_a_folder_without_documents(tmp_path: Path) -> None:
    with pytest.raises(DesiredStateError) as error:
        loaded(tmp_path, a="# nothing\n")
    assert str(error.value) == f"{tmp_path}:1:1: this folder holds no documents"
    assert error.value.exit_code == 65


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(DesiredStateError) as error:
        load(tmp_path / "prod", CONFIG, SPECS)
    assert str(error.value) == f"{tmp_path}/prod:1:1: this is not a folder"


def test_a_link_to_nowhere_is_told(tmp_path: Path) -> None:
    (tmp_path / "b.yaml").symlink_to(tmp_path / "gone")
    assert complaints(tmp_path, a=GOOD) == ["b.yaml:1:1: cannot be read: No such file or directory"]


READ_BY_NOBODY = """
import encodings.utf_8_sig, os, sys  # what is imported late, nobody may read perhaps
from pathlib import Path
from tests.unit.desired.example import complaints
os.chdir(sys.argv[1])
if os.geteuid() == 0:  # who may read everything
    os.setuid(54321)
print(complaints(Path()))
"""


def test_a_folder_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("kind: Note\nname: n")
    (tmp_path / "inner").mkdir(mode=0)
    tmp_path.chmod(0o755)
    words = [sys.executable, "-c", READ_BY_NOBODY, str(tmp_path)]
    ran = subprocess.run(words, capture_output=True, text=True, timeout=60, cwd=Path(__file__).parents[3])
    assert (ran.stdout, ran.stderr) == ("['inner:1:1: this folder cannot be read: Permission denied']\n", "")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.integers(0, len(GOOD) - 1), st.integers(0, 5), st.text("ab01:-?{}[]\"'#&*!| \n\t~é", max_size=4))
def test_a_damaged_document_is_loaded_or_told_in_its_file(tmp_path: Path, at: int, cut: int, instead: str) -> None:
    text = GOOD[:at] + instead + GOOD[at + cut :]
    try:
        loaded(tmp_path, a=text)
    except DesiredStateError as error:
        lines = text.splitlines()
        for problem in error.problems:
            assert problem.message
            assert 1 <= problem.line <= len(lines)
            assert 1 <= problem.column <= len(lines[problem.line - 1]) + 1


def test_a_thousand_documents_take_less_than_600_ms_of_processor_time(tmp_path: Path) -> None:
    """In a process of its own, so that nothing traces it."""
    for number in range(1000):
        (tmp_path / f"{number}.yaml").write_text(GOOD.replace("_00", f"_{number}"))
    script = f"""
import time
from pathlib import Path
from tests.unit.desired.example import CONFIG, SPECS, load

def seconds():
    before = time.process_time()
    assert len(load(Path({str(tmp_path)!r}), CONFIG, SPECS)) == 1000
    return time.process_time() - before

print(min(seconds() for _ in range(3)))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert float(done.stdout) < 0.6
