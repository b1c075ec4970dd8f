"""The writer of YAML: any text comes back as it was, or is refused by name; it reads as a person would lay it out."""

from __future__ import annotations

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.desired.characters import hidden_character
from reconciler.desired.findings import Findings
from reconciler.desired.nodes import Scalar as Node
from reconciler.desired.nodes import Table as Nodes
from reconciler.desired.strict import parse
from reconciler.live.document import Entry, Items, Scalar, Table, difference, inline, settled, text, texts, without
from reconciler.live.dump_yaml import render
from reconciler.live.file_rules import Rules

RULES = Rules(lambda value: hidden_character(value, one_line=True), lambda _: "")
TEXTS = st.text(st.characters(codec="utf-8"), max_size=12) | st.sampled_from(
    ("no", "1.10", "0o7", "1_0", "1:30", "<<", "=", "~", "", "---", "...", "- a", "? a")
)
KEYS = TEXTS.filter(bool)


def nodes(written: str) -> tuple[Nodes, tuple[object, ...]]:
    findings = Findings()
    root = parse(written, "dump.yaml", findings).root
    return (root if isinstance(root, Nodes) else Nodes({}, root.source if root else None)), findings.sorted()  # type: ignore[arg-type]


def value(table: Nodes, *path: str) -> object:
    node: object = table
    for key in path:
        node = node.get(key) if isinstance(node, Nodes) else None
    return node.text if isinstance(node, Node) else node


@settings(max_examples=300)
@given(KEYS, TEXTS, TEXTS)
def test_any_text_comes_back(key: str, one: str, other: str) -> None:
    document = Table(
        (
            Entry(
                "top", Table((Entry(key, text(one), comment=RULES.comment(other)), Entry(f"{key}2", inline(a=text(one), b=texts([other])))))
            ),
        )
    )
    root, problems = nodes(render(document))
    if any(hidden_character(part, one_line=True) for part in (key, one, other)):
        return  # such texts are left out before anything is written
    assert problems == ()
    assert value(root, "top", key) == one
    assert value(root, "top", f"{key}2", "a") == one


@settings(max_examples=200)
@given(KEYS, TEXTS)
def test_readers_of_the_older_yaml_read_the_same(key: str, one: str) -> None:
    """PyYAML reads YAML 1.1, where `no` is false, `1:30` is 90 and `=` is something else."""
    if any(hidden_character(part, one_line=True) for part in (key, one)) or any(ord(char) > 0xFFFF for char in key + one):
        return
    assert yaml.safe_load(render(Table((Entry(key, text(one)),)))) == {key: one}


@given(st.text(st.characters(codec="utf-8"), max_size=30))
def test_a_comment_cannot_break_out(label: str) -> None:
    written = render(Table((Entry("a", text("b"), comment=RULES.comment(label)),), (RULES.comment(label),)), (RULES.comment(label),))
    root, problems = nodes(written)
    assert problems == ()
    assert list(root.entries) == ["a"]
    assert "##" not in written or "##vso[" not in written


def test_several_lines() -> None:
    for lines in ("a\nb", "a\n", "\n\na", "  a\nb\n\n", "a\n\n b"):
        root, problems = nodes(render(Table((Entry("config", Table((Entry("x", text(lines)),))),))))
        assert (problems, value(root, "config", "x")) == ((), lines)
    for dangerous in ("a\n::set-output name=x::y", "a\n  ::error::", "a\n##vso[x]y"):
        written = render(Table((Entry("x", text(dangerous)),)))
        assert not any(line.lstrip().startswith("::") or "##vso[" in line for line in written.splitlines())


def test_layout() -> None:
    document = Table(
        (
            Entry("version", Scalar("1", bare=True)),
            Entry(
                "connections",
                Table(
                    (
                        Entry(
                            "a",
                            Table((Entry("name", inline(en=text("No"), nb=text("x, y"))), Entry("config", Table((), ("nothing here",))))),
                        ),
                        Entry("b", Table((Entry("x", text("1"), "short"), Entry("longer", texts(["erp-tab"]), "a comment")), ("a note",))),
                    )
                ),
            ),
            Entry("automatic_sync", inline(on=Scalar("true", bare=True), interval=text("5m"))),
        )
    )
    assert render(document, ("Head.",)) == (
        "# Head.\n"
        "\n"
        "version: 1\n"
        "\n"
        "connections:\n"
        "  a:\n"
        "    # nothing here\n"
        '    name: {en: "No", nb: "x, y"}\n'
        "\n"
        "  b:\n"
        "    # a note\n"
        '    x: "1"             # short\n'
        "    longer: [erp-tab]  # a comment\n"
        "\n"
        "automatic_sync: {on: true, interval: 5m}\n"
    )


def test_what_is_empty_or_taken_out() -> None:
    document = Table((Entry("a", Table((Entry("b", Table((Entry("c", text("x")),))), Entry("d", inline())))),))
    bare = without(document, ("a", "b", "c"), "why")
    assert settled(bare) == Table((Entry("a", Table((Entry("d", inline()),), ("why",))),))
    assert without(document, ("a", "nothing"), "why") is document
    assert settled(without(bare, ("a", "d"), "too")) == Table((), ("too", "why"))


def test_difference() -> None:
    base = Table((Entry("same", text("1")), Entry("other", text("1")), Entry("gone", text("1")), Entry("list", Items((text("a"),)))))
    live = Table((Entry("same", text("1"), "c"), Entry("other", text("2")), Entry("list", Items((text("b"),))), Entry("new", text("3"))))
    assert difference(live, live, base, {}).keys() == ("other", "list", "new", "gone")
