"""Values in words: types differ, secrets are references, long texts show where they differ."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model import HIDDEN, Address, Change, SecretRef, Value, Why
from reconciler.report.values import before_after, counted, entries, entries_of, path_text, said_once, seconds_text, value_text, when

SECRET = SecretRef("env", "VISMA_PASSWORD", "2")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "(nothing)"),
        (HIDDEN, "(not shown)"),
        (SECRET, "env:VISMA_PASSWORD, version 2"),
        (SecretRef("file", "x"), "file:x"),
        (True, "true"),
        (1, "1"),
        (1.5, "1.5"),
        ("1", '"1"'),
        ("", '""'),
        ('NO:"Norge"', "'NO:\"Norge\"'"),
        ('it\'s "x"', '"it\'s \\"x\\""'),
        ("a\u202eb", '"a\\u202eb"'),
        ("x" * 200, f'"{"x" * 67} ... {"x" * 33}" (200 characters)'),
        ({"everyone": True}, "everyone"),
        ({"everyone": False, "groups": {"Sales": 3}, "users": {"ANNA": 1, "OLAV": 2}}, 'groups "Sales"; users "ANNA", "OLAV"'),
        ({"everyone": False, "groups": {}, "users": {}}, "nobody"),
        (("a", 1), '["a", 1]'),
        ({"a b": 1}, '{"a b": 1}'),
    ],
)
def test_a_value_in_words(value: Any, text: str) -> None:
    assert value_text(value) == text


@pytest.mark.parametrize(
    ("before", "after", "texts"),
    [
        ("a", "b", ('"a"', '"b"')),
        (None, "b", ("(nothing)", '"b"')),
        (SECRET, SecretRef("env", "VISMA_PASSWORD", "3"), ("env:VISMA_PASSWORD, version 2", "version 3")),
        (SECRET, SecretRef("env", "VISMA_PASSWORD"), ("env:VISMA_PASSWORD, version 2", "no version")),
        (SECRET, SecretRef("env", "OTHER", "2"), ("env:VISMA_PASSWORD, version 2", "env:OTHER, version 2")),
        (HIDDEN, SECRET, ("(not shown)", "env:VISMA_PASSWORD, version 2")),
        ("Vism\u0430", "Visma", ('"Vism\\u0430"', '"Visma"')),
        ("Malmo", "Malmö", ('"Malmo"', '"Malmö"')),
        ("\u00e9", "e\u0301", ('"\\xe9"', '"e\\u0301"')),
        ("a\\n", "a\n", ('"a\\\\n"', '"a\\n"')),
        (1.0, 1, ("1.0", "1")),
    ],
)
def test_both_sides_of_a_change(before: Any, after: Any, texts: tuple[str, str]) -> None:
    assert before_after(before, after) == texts


def test_a_change_deep_in_a_long_text_is_shown_and_not_cut_away() -> None:
    old, new = before_after("a" * 500 + "OLD" + "b" * 500, "a" * 500 + "NEW" + "b" * 500)
    assert old == f'"... {"a" * 20}OLD{"b" * 20} ..." (1,003 characters, from character 481)'
    assert new == f'"... {"a" * 20}NEW{"b" * 20} ..." (1,003 characters, from character 481)'


@given(st.text(max_size=400), st.text(max_size=400))
def test_two_different_texts_never_look_the_same(before: str, after: str) -> None:
    old, new = before_after(before, after)
    assert (old == new) == (before == after)
    assert max(len(old), len(new)) < 1500


def test_a_mapping_that_appears_is_told_per_language_and_key() -> None:
    change = Change(Address.connection("x"), ("name",), None, {"en": "A", "nb": "B"}, Why.CREATED)
    assert list(entries(change)) == [(("name", "en"), None, "A"), (("name", "nb"), None, "B")]
    change = Change(Address.connection("x"), ("name",), {"en": "A", "nb": "B"}, {"en": "A", "nb": "C"}, Why.DESIRED)
    assert list(entries(change)) == [(("name", "nb"), "B", "C")]
    change = Change(Address.connection("x"), ("name",), "A", {"en": "A"}, Why.DESIRED)
    assert list(entries(change)) == [(("name",), "A", {"en": "A"})]
    scope = Change(Address.connection("x"), ("scope",), None, {"everyone": True}, Why.CREATED)
    assert list(entries(scope)) == [(("scope",), None, {"everyone": True})]


def test_nested_mappings_are_told_leaf_by_leaf() -> None:
    actors = {"customer": {"sync": True, "fields": {"NAME": {"crm": "NAME", "default": {}}}}}
    change = Change(Address.connection("x"), ("actors",), None, actors, Why.CREATED)
    assert list(entries(change)) == [
        (("actors", "customer", "sync"), None, True),
        (("actors", "customer", "fields", "NAME", "crm"), None, "NAME"),
        (("actors", "customer", "fields", "NAME", "default"), None, {}),
    ]
    assert list(entries_of(("config",), {})) == [(("config",), {})]
    hidden = {"Password": HIDDEN, "Flag": True}
    change = Change(Address.connection("x"), ("config",), hidden, {"Password": HIDDEN, "Flag": 1}, Why.DESIRED)
    assert list(entries(change)) == [(("config", "Flag"), True, 1)]


def test_paths_quote_what_is_not_a_plain_key() -> None:
    assert path_text(("config", "Filename")) == "config.Filename"
    assert path_text(("config", "a.b\n")) == 'config."a.b\\n"'


def test_numbers_and_times_read_like_sentences() -> None:
    assert [counted(number, "unit") for number in (0, 1, 2, 1000)] == ["no units", "1 unit", "2 units", "1,000 units"]
    assert [seconds_text(s) for s in (0.0, 0.3, 9.94, 9.96, 60, 125, 120, 7260)] == [
        *("under 0.1 s", "0.3 s", "9.9 s", "10 s", "60 s", "2 min 5 s", "2 min", "2 h 1 min"),
    ]
    assert [when(t) for t in (None, "", "2026-11-22T14:00:00.123456+00:00", "2026-11-22T14:00:00Z", "odd")] == [
        *("never", "never", "2026-11-22 14:00:00 UTC", "2026-11-22 14:00:00 UTC", "odd"),
    ]


@pytest.mark.parametrize(
    ("path", "before", "after", "told"),
    [
        (("order",), ("SuperOffice",), ("connection/a", "SuperOffice", "#102"), ("SuperOffice", "a, SuperOffice, #102")),
        (("order",), (), ("SuperOffice",), ("(nothing)", "SuperOffice")),
        (("interval",), 300, 90, ("5m", "90s")),
        (("interval",), None, 7200, ("(nothing)", "2h")),
        (("on",), True, False, ("on", "off")),
        (("config", "on"), True, False, ("true", "false")),
    ],
)
def test_what_is_about_the_whole_tenant_is_told_as_a_file_writes_it(
    path: tuple[str, ...], before: Value, after: Value, told: tuple[str, str]
) -> None:
    assert before_after(before, after, path=path) == told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("It is gone.", "It is gone."),
        (
            "refused: Toggle: NAME: the connector no longer reports it; CustGr: the connector no longer reports it. Unmap each.",
            "refused: Toggle: NAME; CustGr: the connector no longer reports it. Unmap each.",
        ),
        (
            "A: one reason that is long enough; B: one reason that is long enough; C: another reason altogether",
            "A; B: one reason that is long enough; C: another reason altogether",
        ),
        ("A: one reason that is long enough; B: one reason that is long enough-ish", None),
        ("A: 5; B: 5", None),
    ],
)
def test_a_reason_that_many_things_share_is_said_once(text: str, told: str | None) -> None:
    assert said_once(text) == (told or text)
