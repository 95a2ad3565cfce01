"""What the documents say is what the code does: commands, kinds, fields, refusals, exit codes, examples, links."""

from __future__ import annotations

import ast
import json
import re
import tempfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import typer

from elreconcile import errors
from elreconcile.cli.exits import CODES, UNREACHABLE
from elreconcile.cli.main import EPILOG, INTERRUPTED, app
from elreconcile.desired.config import Config, load_config
from elreconcile.desired.load import load
from elreconcile.kinds import KINDS
from elreconcile.ledger.entry import PastRun, Run, State
from elreconcile.model.address import Address
from elreconcile.model.change import Action, Change
from elreconcile.model.outcome import Ending, Outcome
from elreconcile.model.plan import Plan, Source
from elreconcile.planning.policy import ACCEPTABLE, COUNTED, limit_id
from elreconcile.planning.standing import STUCK
from elreconcile.reports.as_json import outcomes_json, plan_json, problems_json
from elreconcile.reports.drift_report import drift_json
from elreconcile.reports.history_report import run_json, runs_json

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "elreconcile"
PAGES = {
    str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
    for path in [*ROOT.glob("*.md"), *sorted((ROOT / "docs").rglob("*.md"))]
}
COMMANDS = PAGES["docs/commands.md"]
KNOWN_HOSTS = {"keepachangelog.com", "semver.org"}
NOON = datetime(2018, 3, 13, 12, tzinfo=UTC)
CONFIG = Config.model_validate_json(
    """{
        "environment": "docs",
        "kafka": {"analytics": {"bootstrap_servers": ["kafka:9092"]}},
        "burrow": {"analytics": {"url": "http://burrow:8000", "cluster": "local", "kafka": "analytics"}},
        "mysql": {"m4": {"host": "db1107", "user": "eventlog", "database": "log"}},
        "ledger": {"sqlite": "ledger.sqlite"}
    }"""
)


def sections(page: str) -> Mapping[str, str]:
    """By heading of the second level."""
    return {part.partition("\n")[0]: part for part in page.split("\n## ")[1:]}


def fenced(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)


def first_cells(text: str) -> list[str]:
    """Of every row of every table, the code in the first cell."""
    return [code for row in re.findall(r"^\| (`[^|]*)\|", text, re.MULTILINE) for code in re.findall("`([^`]+)`", row)]


def verbs(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    for name, verb in command.commands.items():
        if hasattr(verb, "commands"):
            yield from verbs(verb, (*path, name))
        else:
            yield " ".join((*path, name)), verb


VERBS = dict(verbs(typer.main.get_command(app)))
OF_VERBS = {name: text for name, text in sections(COMMANDS).items() if name not in ("Exit codes", "JSON")}


def test_every_verb_has_its_section_and_no_other() -> None:
    arguments = {
        name: [param.metavar for param in verb.params if param.param_type_name == "argument"]
        for name, verb in VERBS.items()
    }
    assert set(OF_VERBS) == {" ".join((name, *metavars)) for name, metavars in arguments.items()}


@pytest.mark.parametrize("name", VERBS)
def test_the_section_of_a_verb_names_its_options_and_no_other(name: str) -> None:
    section = next(text for heading, text in OF_VERBS.items() if heading.startswith(name))
    options = [param for param in VERBS[name].params if param.param_type_name == "option"]
    told = {option.split()[0] for option in first_cells(section)}
    assert told == {option for param in options for option in (*param.opts, *param.secondary_opts)}


def test_every_environment_variable_is_told() -> None:
    variables = {param.envvar for verb in VERBS.values() for param in verb.params if param.envvar}
    assert variables == {"ELRECONCILE_CONFIG"}
    assert all(variable in COMMANDS for variable in {*variables, "NO_COLOR"})


def test_every_exit_code_is_told() -> None:
    classes = [each for each in vars(errors).values() if isinstance(each, type) and hasattr(each, "exit_code")]
    used = {each.exit_code for each in classes} | set(CODES.values()) | {UNREACHABLE, INTERRUPTED, 2}
    told = {int(code) for code in re.findall(r"^\| (\d+) \|", sections(COMMANDS)["Exit codes"], re.MULTILINE)}
    assert told == used
    assert {int(code) for code in re.findall(r"\b\d+\b", EPILOG)} == used


def test_every_field_of_the_json_documents_is_told() -> None:
    rows = re.findall(r"^\| (.+) \| .*\| (`.+`) \|$", sections(COMMANDS)["JSON"], re.MULTILINE)
    told = {name.replace("`", ""): set(re.findall("`([^`]+)`", fields)) for name, fields in rows}
    change = Change(Address("K", "s", "n"), Action.NONE, "")
    plan = Plan("docs", Source("state"), "ledger", (), (change,), NOON)
    past = PastRun(1, Run("r", NOON, "alice", "db1107", None, "", {}), None, {})
    outcomes = outcomes_json([Outcome(change.address, Ending.SETTLED, "")], "r", plan)
    texts = (plan_json(plan), outcomes, drift_json(plan, {}), runs_json([past]), run_json(past, []), problems_json([]))
    documents: dict[str, Any] = {each["type"]: each for each in map(json.loads, texts)}
    documents["each of changes"] = documents["plan"]["changes"][0]
    documents["each of outcomes"] = documents["outcomes"]["outcomes"][0]
    assert told == {name: set(each) - {"format_version", "type"} for name, each in documents.items()}
    assert {action for action in Action if f"`{action}`" not in sections(COMMANDS)["JSON"]} == set()


def page_of(kind: str) -> str:
    return PAGES[f"docs/kinds/{KINDS[kind].__module__.rpartition('.')[2]}.md"]


def test_every_kind_has_its_row_and_its_page_and_no_other() -> None:
    linked = dict(re.findall(r"^\| `(\w+)` \|.*\]\((kinds/\w+\.md)\) \|$", PAGES["docs/kinds.md"], re.MULTILINE))
    assert set(linked) == set(KINDS)
    assert {PAGES[f"docs/{page}"].splitlines()[0] for page in linked.values()} == {f"# {kind}" for kind in KINDS}
    assert len([name for name in PAGES if name.startswith("docs/kinds/")]) == len(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_the_page_of_a_kind_names_every_field_and_every_word_for_one(kind: str) -> None:
    told = " ".join(re.findall(r"`([^`\n]+)`", page_of(kind)))
    missing = {word for word in _words(KINDS[kind].spec.model_json_schema()) if not re.search(rf"\b{word}\b", told)}
    assert missing == set()


def _words(schema: Mapping[str, Any]) -> Iterator[str]:
    for model in (schema, *schema["$defs"].values()):
        yield from (name for name in model["properties"] if name != "kind")
        yield from _choices(model["properties"])


def _choices(schema: Any) -> Iterator[str]:
    if isinstance(schema, Mapping):
        yield from (word for word in schema.get("enum", ()) if isinstance(word, str))
        yield from (found for inner in schema.values() for found in _choices(inner))
    elif isinstance(schema, list):
        yield from (found for inner in schema for found in _choices(inner))


def test_the_configuration_names_every_field() -> None:
    told = " ".join(re.findall(r"`([^`\n]+)`", PAGES["docs/configuration.md"]))
    assert {word for word in _words(Config.model_json_schema()) if not re.search(rf"\b{word}\b", told)} == set()


def refusals_in(folder: Path, acceptable: bool = False) -> set[str]:
    """The ids in the code under a folder; a first argument that is no text is one of those that are known."""
    return {
        id for call in _refusals_made(folder) if _is_acceptable(call) or not acceptable for id in _ids(call.args[0])
    }


def _refusals_made(folder: Path) -> Iterator[ast.Call]:
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("Refusal", "Miss"):
                yield node


def test_what_can_be_accepted_is_what_a_refusal_says_of_itself() -> None:
    assert refusals_in(SOURCE, acceptable=True) == ACCEPTABLE


def _is_acceptable(call: ast.Call) -> bool:
    said = [*call.args[5:], *(each.value for each in call.keywords if each.arg == "acceptable")]
    return [ast.unparse(each) for each in said] == ["True"]


def _ids(argument: ast.expr) -> set[str]:
    if isinstance(argument, ast.Constant):
        return {str(argument.value)}
    limits = {limit_id(name) for name in (*COUNTED, "deletion_share")}
    known = {"rule": set(), "entry.state.value": {state.value for state in STUCK}, "limit_id(name)": limits}
    return known[ast.unparse(argument)]


@pytest.mark.parametrize("kind", KINDS)
def test_the_page_of_a_kind_tells_its_refusals(kind: str) -> None:
    told = set(first_cells(sections(page_of(kind))["Refusals"]))
    own = refusals_in(SOURCE / "kinds" / KINDS[kind].__module__.rpartition(".")[2])
    assert own - told == set()
    assert told - own - {"wrong-cluster"} == set()


def test_every_refusal_is_told_somewhere_and_none_that_is_not_there() -> None:
    pages = [page_of(kind) for kind in KINDS]
    told = {id for page in pages for id in first_cells(sections(page)["Refusals"])}
    for section in ("Refusals of any request", "Refusals of any plan"):
        told |= set(first_cells(sections(PAGES["docs/kinds.md"])[section]))
    assert told == refusals_in(SOURCE)


@pytest.mark.parametrize("kind", KINDS)
def test_the_page_of_a_kind_tells_its_outcomes(kind: str) -> None:
    """Its own, and those that the core gives to any kind."""
    package = SOURCE / "kinds" / KINDS[kind].__module__.rpartition(".")[2]
    used = {
        Ending[node.attr].value
        for path in (
            *package.rglob("*.py"),
            *(SOURCE / "applying" / name for name in ("applier.py", "carrying_out.py")),
        )
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "Ending"
    }
    assert set(first_cells(sections(page_of(kind))["Outcomes"])) == used


def test_the_architecture_names_every_room_and_every_state_of_an_entry() -> None:
    page = PAGES["docs/architecture.md"]
    rooms = {path.name for path in SOURCE.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert {room for room in rooms if f"`{room}/`" not in page} == set()
    assert {state for state in State if f"`{state}`" not in page} == set()


@pytest.mark.parametrize("name", [name for name, page in PAGES.items() if fenced(page, "yaml")])
def test_every_example_is_valid(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number, text in enumerate(fenced(PAGES[name], "yaml")):
        folder = tmp_path / str(number)
        folder.mkdir()
        if re.search("^kind:", text, re.MULTILINE):
            (folder / "document.yaml").write_text(text, encoding="utf-8")
            assert load(folder, CONFIG, {kind: each.spec for kind, each in KINDS.items()})
        else:
            _with_secrets(text, folder, monkeypatch)
            (folder / "elreconcile.yaml").write_text(text, encoding="utf-8")
            assert load_config(folder / "elreconcile.yaml")


def _with_secrets(text: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in re.findall(r"\$\{env:(\w+)\}", text):
        monkeypatch.setenv(variable, "secret")
    for path in re.findall(r"\$\{file:([^}]+)\}", text):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text("secret\n", encoding="utf-8")


def test_every_make_target_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = {
        target for page in PAGES.values() for code in _code(page) for target in re.findall("^make ([a-z-]+)", code)
    }
    assert {"demo", "test"} <= named <= targets


def _code(page: str) -> Iterator[str]:
    """Spans in backticks, and lines of code blocks."""
    yield from re.findall(r"`([^`\n]+)`", page)
    yield from (line.strip() for line in re.findall(r"^ {4}(.*)$", page, re.MULTILINE))
    yield from (line for block in fenced(page, r"\w*") for line in block.splitlines())


def test_the_readme_and_the_build_run_the_same_tests() -> None:
    assert "`make test`" in PAGES["README.md"]
    assert (ROOT / ".ci" / "run").read_text(encoding="utf-8").rstrip().endswith("exec make test")


@pytest.mark.parametrize("name", PAGES)
def test_every_link_leads_somewhere(name: str) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", PAGES[name]):
        if "://" not in target:
            path, _, anchor = target.partition("#")
            found = (ROOT / name).parent / path if path else ROOT / name
            assert found.exists(), target
            assert not anchor or anchor in _anchors(found.read_text(encoding="utf-8")), target


def _anchors(page: str) -> set[str]:
    """As GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_decisions_are_numbered_without_gaps() -> None:
    pages = sorted(name for name in PAGES if name.startswith("docs/adr/"))
    for number, name in enumerate(pages, start=1):
        assert name.startswith(f"docs/adr/{number:04}-")
        assert PAGES[name].startswith(f"# {number}. ")
        assert list(sections(PAGES[name])) == ["Context", "Decision", "Consequence"]


def test_the_glossary_has_each_word_once_in_order() -> None:
    words = re.findall(r"^\| ([a-z ,]+) \|", PAGES["docs/glossary.md"], re.MULTILINE)[1:]
    assert len(words) > 50
    assert words == sorted(set(words))


@pytest.mark.parametrize("name", PAGES)
def test_no_page_names_this_machine_or_a_host_that_is_none_of_its_business(name: str) -> None:
    page = PAGES[name]
    for folder in (ROOT, Path.home(), Path(tempfile.gettempdir())):
        assert f"{folder}/" not in page
    hosts = set(re.findall(r"https?://([^\s/:)`\"]+)", page))
    assert {host for host in hosts - KNOWN_HOSTS if not re.search(r"(^|\.)example\.org$|^127\.0\.0\.1$", host)} == set()
