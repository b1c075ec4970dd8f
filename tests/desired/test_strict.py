"""Strict YAML: what is refused, where it is said to be, and that both parsers of PyYAML see the same."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from reconciler.desired.findings import Findings
from reconciler.desired.nodes import Items, Node, Scalar, Table
from reconciler.desired.strict import Parsed, parse
from tests.desired.cases import CASES

SNIPPETS = {
    "tab in indentation": "a:\n\tb: 1\n",
    "tab below spaces": "a:\n  b: 1\n\tc: 2\n",
    "tab after a colon": "a:\tb\n",
    "tab before a comment": "a: 1\t# b\n",
    "tab in a comment": "a: 1 # b\tc\n",
    "tab in quotes": 'a: "b\tc"\n',
    "tab in a block": "a: |\n  b\n\tc\n",
    "reserved at": "a: @b\n",
    "reserved backtick": "a: `b\n",
    "percent": "a: %b\n",
    "second colon": "a: b: c\n",
    "no colon": "a: 1\nb\nc: 2\n",
    "indentation": "a:\n  b: 1\n c: 2\n",
    "open double quote": 'a: "b\nc: d\n',
    "open single quote": "a: 'b\nc: d\n",
    "open brace": "a: {b: c\nd: e\n",
    "open bracket": "a: [b, c\nd: e\n",
    "wrong bracket": "a: [b c: d}\n",
    "closing bracket": "a: ]\n",
    "unknown escape": 'a: "C:\\data"\n',
    "hex escape": 'a: "\\xZZ"\n',
    "escape too large": 'a: "\\U00110000"\n',
    "escape far too large": 'a: "\\UFFFFFFFF"\n',
    "tag handle": "a: !e!x y\n",
    "tag never closed": "a: !<foo\n",
    "non-specific tag": "a: !\n",
    "yaml 2": "%YAML 2.0\n---\na: 1\n",
    "yaml 1.1": "%YAML 1.1\n---\na: 1\n",
    "unknown directive": "%FOO\n---\na: 1\n",
    "percent key": "a: 1\n%b: 2\n",
    "anchor without name": "a: &\n",
    "alias of nothing": "a: *x\n",
    "anchors of one name": "a: &x 1\nb: &x 2\n",
    "anchor and colon": "a: &b c d: e\n",
    "list as key": "? [a]\n: b\n",
    "list in a mapping": "a: 1\n- b\n",
    "mapping in a list": "- b\na: 1\n",
    "block indicator": "a: |3x\n  b\n",
    "long key": "a" * 1100 + ": 1\n",
    "behind a quote": 'a: "x" y\n',
    "dash": "a: - b\n",
    "documents": "a: 1\n---\nb: 2\n",
    "behind the end": "a: 1\n...\nb: 2\n",
    "bare return": "a: 1\rb: 2\r",
    "bare return at the end": "a: 1\r",
    "comma": "a: , b\n",
    "question mark": "a: ? b\n",
    "document in a quote": 'a: "x\n--- y"\n',
    "braces": "a: {{ x }}\n",
    "single pair": "a: [b: c]\n",
    "empty keys": ": a\n? \n",
    "nothing written": "a:\nb: {c: , d,  e: [ f, ]}\ng:\n  -\n  - h\n",
    "plain over lines": "a: b\n  c\n\n  d\n",
    "flow over lines": "a: [b,\n  c, {d: e,\n f: g}]\n",
    "folded": "a: >-\n  b\n  c\nd: |+\n  e\n\n",
    "noncharacters": "a: \ufffe\nb: \uffff\n",
    "astral": "a: 🙂\n🙂: b\n",
}


def read(text: str, *, pure: bool = False) -> tuple[Parsed, list[str]]:
    findings = Findings()
    parsed = parse(text, "f", findings, pure=pure)
    return parsed, [f"{problem.code} {problem}" for problem in findings.sorted()]


def table(text: str) -> Table:
    parsed, problems = read(text)
    assert problems == []
    assert isinstance(parsed.root, Table)
    return parsed.root


@pytest.mark.parametrize("text", SNIPPETS.values(), ids=SNIPPETS.keys())
def test_both_parsers_say_the_same(text: str) -> None:
    assert read(text) == read(text, pure=True)


def case_files() -> list[Path]:
    return sorted(CASES.glob("*/**/*.yaml"))


@pytest.mark.parametrize("path", case_files(), ids=lambda path: path.relative_to(CASES).as_posix())
def test_both_parsers_say_the_same_of_every_case(path: Path) -> None:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        pytest.skip("never reaches a parser")
    assert read(text) == read(text, pure=True)


def test_a_lone_surrogate_is_refused_by_both_parsers_though_in_other_places() -> None:
    codes = {problem.partition(" ")[0] for pure in (False, True) for problem in read('a: "\\ud800"\n', pure=pure)[1]}
    assert codes == {"control-character"}


def test_nothing_is_resolved() -> None:
    root = table('on: yes\n12: 1.10\n"x": "12"\n~: null\n1.0: 2026-01-31\n')
    assert [(key, entry.value) for key, entry in root] == [
        ("on", Scalar("yes", plain=True, source=root.entries["on"].value.source)),
        ("12", Scalar("1.10", plain=True, source=root.entries["12"].value.source)),
        ("x", Scalar("12", plain=False, source=root.entries["x"].value.source)),
        ("~", Scalar("null", plain=True, source=root.entries["~"].value.source)),
        ("1.0", Scalar("2026-01-31", plain=True, source=root.entries["1.0"].value.source)),
    ]


def test_every_value_knows_its_place() -> None:
    root = table('a:\n  b: [c,\n    "d"]\n')
    inner = root.get("a")
    assert isinstance(inner, Table)
    items = inner.get("b")
    assert isinstance(items, Items)
    nodes: list[Node] = [root, inner, items, *items.items]
    assert [str(node.source) for node in nodes] == ["f:1:1", "f:2:3", "f:2:6", "f:2:7", "f:3:5"]
    assert str(inner.entries["b"].key) == "f:2:3"


def test_columns_count_characters() -> None:
    inner = table("a: {ø🙂: x, b: y}\n").get("a")
    assert isinstance(inner, Table)
    assert str(inner.entries["b"].key) == "f:1:12"


def test_a_stand_in_is_never_taken_for_a_value() -> None:
    """What held a refused character is left out, so that nothing is said about it twice."""
    parsed, problems = read("a\u200b: 1\nb: x\u202e\nc: d\n")
    assert [problem.partition(" ")[0] for problem in problems] == ["control-character"] * 2
    assert isinstance(parsed.root, Table)
    assert [*parsed.root.entries] == ["b", "c"]


def test_problems_before_a_failure_are_told_too() -> None:
    parsed, problems = read("a: &x 1\na: 2\nb: 'c\n")
    assert not parsed.complete
    assert [problem.partition(" ")[0] for problem in problems] == ["anchor", "duplicate-key", "syntax"]


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
def test_depth_is_bounded_without_recursion(opening: str) -> None:
    started = time.process_time()
    for pure in (False, True):
        parsed, problems = read(opening * 3000, pure=pure)
        assert not parsed.complete
        assert [problem.partition(" ")[0] for problem in problems] == ["too-deep"]
    assert time.process_time() - started < 0.5


def test_twenty_levels_are_fine() -> None:
    parsed, problems = read("[" * 20 + "a" + "]" * 20)
    assert problems == []
    assert parsed.complete


def test_a_million_values_are_not_read() -> None:
    parsed, problems = read("[" + "a," * 600_000 + "]")
    assert not parsed.complete
    assert [problem.partition(" ")[0] for problem in problems] == ["too-many"]


def test_reading_needs_no_recursion() -> None:
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(150)
    try:
        assert read("[" * 5000)[1]
    finally:
        sys.setrecursionlimit(limit)


def test_without_libyaml_the_other_parser_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    import yaml

    monkeypatch.setattr(yaml, "__with_libyaml__", False)
    monkeypatch.delattr(yaml, "CSafeLoader")
    assert table("a: 1\n").entries.keys() == {"a"}
