"""Nothing that came from elsewhere can move a cursor, hide, reorder, or give orders to a build server."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.report.page import Page, Span, Style
from reconciler.report.untrusted import disarmed, escaped, shortened, visible

WILD = st.text(st.characters(codec=None))
OUR_SGR = re.compile(r"\x1b\[(?:1|2|36|31|32|31;1|32;1|33;1|0)m")


def hidden_characters(text: str) -> list[str]:
    return [char for char in text if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp")]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Visma Norge æøå 日本", "Visma Norge æøå 日本"),
        ("a\nb\tc\rd", r"a\nb\tc\rd"),
        ("\x1b[2J\x9b", r"\x1b[2J\x9b"),
        ("user\u202etxt.exe", r"user\u202etxt.exe"),
        ("a\u200bb\ufeffc\u00add", r"a\u200bb\ufeffc\xadd"),
        ("\u2028\u2029\x85", r"\u2028\u2029\x85"),
        ("\ud800", r"\ud800"),
        ("a\u00a0b\u3000c", r"a\xa0b\u3000c"),
        ("\U000e0041\ufe0f\u3164", r"\U000e0041\ufe0f\u3164"),
        ("\x7f\x00", r"\x7f\x00"),
    ],
)
def test_what_cannot_be_seen_becomes_an_escape(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(WILD)
def test_visible_text_has_no_hidden_character_and_stays_as_it_is_the_second_time(text: str) -> None:
    shown = visible(text)
    assert hidden_characters(shown) == []
    assert shown.isprintable()
    assert visible(shown) == shown


@given(WILD, st.integers(1, 40))
def test_a_shortened_text_is_bounded(text: str, limit: int) -> None:
    assert len(shortened(text, limit)) <= 10 * limit + 40


def test_a_shortened_text_loses_its_middle_and_tells_its_length() -> None:
    assert shortened("a" * 40 + "b" * 960, 12) == "aaaaaaaa ... bbbb (1,000 characters)"


def test_escaping_tells_lookalikes_apart() -> None:
    assert escaped("Vism\u0430") == r"Vism\u0430"


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("##vso[task.setvariable variable=x]y", r"\x23#vso[task.setvariable variable=x]y"),
        ("name: ##[error]x", r"name: \x23#[error]x"),
        ("::add-mask::x", r"\x3a:add-mask::x"),
        ("   ::error::x", r"   \x3a:error::x"),
        ("a::b ## c #1", "a::b ## c #1"),
    ],
)
def test_a_line_is_no_order_to_a_build_server(line: str, shown: str) -> None:
    assert disarmed(line) == shown


@given(
    st.lists(st.lists(st.tuples(WILD, st.sampled_from(list(Style))), max_size=4), max_size=4),
    st.booleans(),
    st.none() | st.integers(20, 100),
)
@example([[("#", Style.PLAIN), ("#vso[x]", Style.STRONG)]], False, None)
@example([[("  ", Style.PLAIN), ("::debug::x", Style.PLAIN)]], False, None)
def test_a_painted_page_holds_no_control_character_but_our_own(
    spans: list[list[tuple[str, Style]]], colour: bool, width: int | None
) -> None:
    page = Page(width)
    for line in spans:
        page.line(*(Span(text, style) for text, style in line))
        for text, style in line:
            page.prose(text, indent=2, style=style)
    page.columns([[Span(text, style) for text, style in line] for line in spans if line])
    text = page.text(colour=colour)
    bare = OUR_SGR.sub("", text) if colour else text
    assert [char for char in hidden_characters(bare) if char != "\n"] == []
    assert not colour or "\x1b" not in bare
    if not colour:
        assert not re.search(r"##\w*\[", text)
        assert not any(line.lstrip().startswith("::") for line in text.splitlines())
