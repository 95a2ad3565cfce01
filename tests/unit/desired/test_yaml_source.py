from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from elreconcile.desired.document import Document
from elreconcile.desired.yaml_source import parse, read
from elreconcile.errors import Problem
from elreconcile.model.json import Json

printable = st.text(st.characters(exclude_categories=("C", "Zl", "Zp"), include_characters="\n\t"), max_size=20)
scalars = st.none() | st.booleans() | st.integers(-(2**63), 2**63) | printable
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(printable, inner, max_size=4)
)


def only(text: str) -> Document:
    (document,), problems = parse(text, "a.yaml")
    assert problems == []
    return document


def told(text: str) -> list[str]:
    return [str(problem).removeprefix("a.yaml:") for problem in sorted(parse(text, "a.yaml")[1])]


def block(value: Json, indent: str = "") -> str:
    """Block style, every scalar as JSON writes it."""
    if isinstance(value, dict) and value:
        return "".join(
            f"\n{indent}{json.dumps(k, ensure_ascii=False)}: {block(v, indent + '  ')}" for k, v in value.items()
        )
    if isinstance(value, list) and value:
        return "".join(f"\n{indent}- {block(inner, indent + '  ')}" for inner in value)
    return json.dumps(value, ensure_ascii=False)


@given(values.filter(lambda value: value is not None))
def test_json_is_read_as_itself_in_flow_and_in_block_style(value: Json) -> None:
    assert only(json.dumps(value, ensure_ascii=False)).value == value
    assert only(f"--- {block(value)}\n").value == value


@given(st.text("ab01:-?{}[],\"'#&*!|>%@`\n\t ~\\.\x85\u2028\ufeffé\x07", max_size=40))
@example("[1,2")
@example("'")
@example("a: 1\n---\n? ")
@example("\ufeff\ufeffa:\n")
def test_everything_stands_inside_the_text(text: str) -> None:
    documents, problems = parse(text, "a.yaml")
    lines = text.splitlines() or [""]
    for one in documents:
        problems += [one.problem_at_key(steps, "at key") for steps in one.values]
        problems += [one.problem_at_value(steps, "at value") for steps in one.values]
    for problem in problems:
        assert 1 <= problem.line <= len(lines)
        assert 1 <= problem.column <= len(lines[problem.line - 1]) + 1


def test_keys_and_values_have_their_places() -> None:
    document = only("# first\na: 1\nb:\n  - x\n  - {c: d}\n")
    assert document.line == 2
    assert document.at(("b", 1, "c")) == "d"
    assert document.problem_at_key(("b", 1, "c"), "m") == Problem("a.yaml", 5, 6, "m")
    assert document.problem_at_value(("b", 1, "c"), "m") == Problem("a.yaml", 5, 9, "m")
    assert document.problem_at_key(("b", 0), "m") == Problem("a.yaml", 4, 5, "m")
    assert set(document.values) == {(), ("a",), ("b",), ("b", 0), ("b", 1), ("b", 1, "c")}


def test_whole_numbers_may_be_keys() -> None:
    assert only("offsets: {0: 831, 11: 5, -1: 2, '007': 1}").value == {
        "offsets": {"0": 831, "11": 5, "-1": 2, "007": 1}
    }


def test_quotes_make_text() -> None:
    assert only("a: '010'\nb: \"yes\"\nc: |\n  12:30\n").value == {"a": "010", "b": "yes", "c": "12:30\n"}


def test_empty_documents_are_passed_over() -> None:
    documents, problems = parse("---\n# nothing\n---\na: 1\n---\nnull\n...\n---\nb: 1\n", "a.yaml")
    assert [(one.value, one.line) for one in documents] == [({"a": 1}, 4), ({"b": 1}, 9)]
    assert problems == []
    assert parse("", "a.yaml") == ([], [])


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("a: 010", ["1:4: 010 looks octal: write 10, or '010' if it is text"]),
        ("a: 1\nb: 2\na: 3", ["3:1: duplicate key 'a': already given in line 1"]),
        ("{0: 1, '0': 2}", ["1:8: duplicate key '0': already given in line 1"]),
        (
            "a: {x: 1}\na: {x: 010, x: 2}",
            [
                "2:1: duplicate key 'a': already given in line 1",
                "2:8: 010 looks octal: write 10, or '010' if it is text",
                "2:13: duplicate key 'x': already given in line 2",
            ],
        ),
        (
            "a: &base 1\nb: *base",
            [
                "1:4: the anchor &base is not allowed: write the value out where needed",
                "2:4: the alias *base is not allowed: write the value out",
            ],
        ),
        ("<<: {a: 1}", ["1:1: the merge key << is not allowed: write the fields out"]),
        (
            "a: !!int '5'",
            ["1:4: the tag tag:yaml.org,2002:int is not allowed: text goes in quotes, numbers go without"],
        ),
        ("!x {a: 1}", ["1:1: the tag !x is not allowed: text goes in quotes, numbers go without"]),
        ("&k a: 1", ["1:1: the anchor &k is not allowed: write the value out where needed"]),
        ("true: 1", ["1:1: a key must be text or a whole number: write 'true' in quotes"]),
        ("1.5: 1", ["1:1: a key must be text or a whole number: write '1.5' in quotes"]),
        ("yes: 1", ["1:1: yes is a truth value to some readers of YAML: write true, or 'yes' if it is text"]),
        (
            "? [010]\n: 1",
            ["1:3: a key must be text or a whole number", "1:4: 010 looks octal: write 10, or '010' if it is text"],
        ),
        ("a: [yes, &x no]", [
            "1:5: yes is a truth value to some readers of YAML: write true, or 'yes' if it is text",
            "1:10: no is a truth value to some readers of YAML: write false, or 'no' if it is text",
            "1:10: the anchor &x is not allowed: write the value out where needed",
        ]),
        ("[" * 60, ["1:51: cannot be read as YAML: nested 50 levels deep"]),
        (
            "a: b: c",
            [
                "1:5: cannot be read as YAML: mapping values are not allowed in this context; "
                "a text that holds ': ' needs quotes"
            ],
        ),
        ("a: [1,\n  2", ["2:4: cannot be read as YAML: did not find expected ',' or ']', in what starts in line 1"]),
        ("a: 'b", ["1:6: cannot be read as YAML: found unexpected end of stream; is a closing quote missing?"]),
        (
            "a:\n\tb: 1",
            [
                "2:1: cannot be read as YAML: found character that cannot start any token; "
                "indent with spaces, quote text that starts with @ or %"
            ],
        ),
        ("é: ü\nb: \x07", ["2:4: cannot be read as YAML: control characters are not allowed"]),
    ],
)  # fmt: skip
def test_refuses(text: str, problems: list[str]) -> None:
    assert told(text) == problems


def test_what_cannot_be_read_is_marked() -> None:
    (document,), _ = parse("a: 010\nb: [*x, !t 1]\nc: 1", "a.yaml")
    assert document.unread == {("a",), ("b", 0), ("b", 1)}
    assert document.value == {"a": None, "b": [None, 1], "c": 1}


def test_documents_before_a_syntax_error_are_kept() -> None:
    documents, problems = parse("a: 1\n---\nb: [\n", "a.yaml")
    assert [one.value for one in documents] == [{"a": 1}]
    assert len(problems) == 1


def test_duplicates_nested_without_end_stop_at_the_same_depth() -> None:
    assert told("{a: 1, a: " * 5000)[-1].endswith("cannot be read as YAML: nested 50 levels deep")


def test_a_file_is_read_as_utf_8(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_bytes("\ufeffa: é".encode())
    (document,), problems = read(file)
    assert (document.value, document.file, problems) == ({"a": "é"}, str(file), [])


def test_a_file_in_another_encoding_is_told_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_bytes(b"a: 1\nb: \xe9t\xe9\n")
    assert read(file) == ([], [Problem(str(file), 2, 4, "this is not UTF-8")])


def test_a_file_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    assert read(file) == ([], [Problem(str(file), 1, 1, "cannot be read: No such file or directory")])
