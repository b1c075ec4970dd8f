"""Layout: columns align by what a screen shows, prose wraps between words, values and addresses are whole."""

from __future__ import annotations

import pytest

from reconciler.report.invocation import Invocation
from reconciler.report.page import Page, Style, bold, cells, command, plain, quoted


def test_columns_align_by_screen_cells_and_do_not_pad_the_last() -> None:
    page = Page()
    page.columns([("日本", "x"), ("abc", "yy"), ("a", "")], indent=1)
    assert page.text() == " 日本  x\n abc   yy\n a\n"
    assert cells("日本") == 4


def test_columns_can_align_to_the_right() -> None:
    page = Page()
    page.columns([("a", "1", "x"), ("b", "100", "y")], right=frozenset({1}))
    assert page.text() == "a    1  x\nb  100  y\n"


def test_prose_wraps_with_a_hanging_indent_and_keeps_long_words_whole() -> None:
    page = Page(40)
    page.prose(f"one two three four five six seven eight nine {'x' * 60} ten", indent=2, lead=[bold("hint: ")])
    assert page.text() == f"  hint: one two three four five six\n        seven eight nine\n        {'x' * 60}\n        ten\n"


def test_prose_without_a_width_stays_on_one_line() -> None:
    page = Page()
    page.prose("word " * 100)
    assert page.text().count("\n") == 1


def test_a_long_last_column_wraps_below_itself_but_a_command_never_does() -> None:
    page = Page(40)
    page.columns(
        [("key", "a sentence that is longer than the screen is wide"), ("key", command("reconciler plan --allow delete=connection/x -o p"))]
    )
    assert page.text() == (
        "key  a sentence that is longer than the\n     screen is wide\nkey  reconciler plan --allow delete=connection/x -o p\n"
    )


def test_gaps_never_double_and_never_open_or_close_a_page() -> None:
    page = Page()
    page.gap()
    page.line("a")
    page.gap()
    page.gap()
    page.line("b")
    page.gap()
    assert page.text() == "a\n\nb\n"


def test_colour_is_painted_only_when_asked_for() -> None:
    page = Page()
    page.line(bold("a"), plain("b"))
    assert page.text() == "ab\n"
    assert page.text(colour=True) == "\x1b[1ma\x1b[0mb\n"


def test_every_style_is_one_sgr() -> None:
    assert all(style.value.replace(";", "").isdigit() for style in Style if style)


@pytest.mark.parametrize(
    ("word", "typed"),
    [
        ("connection/visma-no", "connection/visma-no"),
        ("delete=connection/old%20one", "delete=connection/old%20one"),
        ("a b", '"a b"'),
        ("", '""'),
        ("it's", '"it\'s"'),
        ("a$b", "'a$b'"),
        ("a'$b", "'a'\\''$b'"),
        ("delete=connection/a&b", '"delete=connection/a&b"'),
    ],
)
def test_a_word_to_type_is_quoted_where_a_shell_would_read_it_differently(word: str, typed: str) -> None:
    assert quoted(word) == typed


def test_the_next_command_repeats_target_and_files() -> None:
    given = Invocation("prod", ("a.yaml", "my overlay.yaml"))
    assert given.type("plan", files=True, allow=["delete=connection/x"]) == (
        'reconciler -f a.yaml -f "my overlay.yaml" --target prod plan --allow delete=connection/x'
    )
    assert given.type("recover", "--back") == "reconciler --target prod recover --back"
    assert given.retype("reconciler recover") == "reconciler --target prod recover"
    assert given.retype("reconciler plan") == 'reconciler -f a.yaml -f "my overlay.yaml" --target prod plan'
    assert Invocation().retype("look at the file") == "look at the file"
