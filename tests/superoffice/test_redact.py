"""Somebody else's text: cleaned, bounded, and without secrets in any form in which they may come back."""

import base64
import html
import json
import string
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model import Secret
from reconciler.superoffice.redact import LIMIT, Named, Redactor, clean

SECRET = 'Gr&nse<ost>"4711\\%+/ü \N{KEY}'
ECHOES = {
    "clear": SECRET,
    "JSON": json.dumps(SECRET),
    "JSON, not ASCII": json.dumps(SECRET, ensure_ascii=False),
    "URL": quote(SECRET, safe=""),
    "URL with slashes": quote(SECRET),
    "URL in small letters": quote(SECRET, safe="").lower(),
    "form": quote_plus(SECRET),
    "HTML": html.escape(SECRET),
    "HTML text": html.escape(SECRET, quote=False),
    "base64": base64.b64encode(SECRET.encode()).decode(),
    "base64 for URLs": base64.urlsafe_b64encode(SECRET.encode()).decode(),
    "base64 after something": base64.b64encode(b"user:" + SECRET.encode()).decode(),
    "base64 within something": base64.b64encode(b"user12:" + SECRET.encode() + b"!!").decode(),
    "base64 of UTF-16": base64.b64encode(SECRET.encode("utf-16-le")).decode(),
    "hex": SECRET.encode().hex(),
    "cut": SECRET[:12],
    "in two": SECRET[:10] + "..." + SECRET[10:],
    "with a line break within": SECRET[:6] + "\n" + SECRET[6:],
}


def pieces(value: str, length: int) -> set[str]:
    return {value[at : at + length] for at in range(len(value) - length + 1)}


@pytest.mark.parametrize("form", ECHOES)
def test_no_form_of_a_secret_is_shown(form: str) -> None:
    redactor = Redactor()
    redactor.learn([Secret(SECRET)])
    shown = redactor.show(f"The value '{ECHOES[form]}' is not valid.")
    assert shown.startswith("The value '")
    assert shown.endswith("is not valid.")
    for known in (SECRET, json.dumps(SECRET), quote(SECRET, safe=""), html.escape(SECRET)):
        assert not any(one in shown for one in pieces(known, 8))
    assert not any(one in shown for one in pieces(base64.b64encode(SECRET.encode()).decode(), 12))


@given(st.text(min_size=8, max_size=60), st.text(max_size=40), st.text(max_size=40))
def test_a_secret_anywhere_is_taken_out(secret: str, before: str, after: str) -> None:
    redactor = Redactor()
    redactor.learn([secret])
    shown = redactor.show(before + secret + after)
    assert secret not in shown or secret in "<secret> <secret>"
    assert clean(secret) == "" or len(clean(secret)) < 8 or clean(secret) not in shown


def test_a_short_secret_withholds_the_whole_text() -> None:
    redactor = Redactor()
    redactor.learn([Secret("a1")])
    assert redactor.show("the password a1 is short") == "(text withheld: it may hold a secret)"
    assert redactor.show("no such thing here") == "no such thing here"


def test_nothing_is_learned_from_an_empty_secret() -> None:
    redactor = Redactor()
    redactor.learn([Secret("")])
    assert redactor.show("text") == "text"


@given(st.text(max_size=600))
def test_what_is_shown_is_one_short_printable_line(text: str) -> None:
    shown = Redactor().show(text)
    assert shown.isprintable()
    assert len(shown) <= LIMIT


def test_control_characters_cannot_move_the_cursor() -> None:
    assert clean("a\x1b[2Jb\r\nc\u202ed\u2028e\x00f") == "a [2Jb c d e f"


def test_a_long_text_is_cut_after_its_secrets_are_gone() -> None:
    redactor = Redactor()
    redactor.learn([Secret("hunter2hunter2")])
    shown = redactor.show("x" * (LIMIT - 8) + "hunter2hunter2" + "y" * 9000)
    assert "hunter" not in shown
    assert shown.endswith("…")


def test_many_secrets_and_a_long_text_take_no_time() -> None:
    redactor = Redactor()
    redactor.learn([Secret(f"secret-number-{number}-{'x' * 1000}") for number in range(20)])
    assert redactor.show("secret " * 10_000).startswith("secret secret")


@given(st.text(string.ascii_letters, min_size=8, max_size=30), st.data())
def test_every_part_of_eight_characters_is_found_at_every_offset(secret: str, data: st.DataObject) -> None:
    """The quick way to rule a secret out never rules out a part that counts."""
    start = data.draw(st.integers(0, len(secret) - 8))
    part = secret[start : start + 8]
    redactor = Redactor()
    redactor.learn([secret])
    assert part not in redactor.show("0" * data.draw(st.integers(0, 9)) + part + "1")


NAME, RANDOM = "Visma Business & Ärger", "aB3dE6gH9jK2"


@pytest.mark.parametrize("text", ["Visma Business", f"The app {NAME} is not approved.", json.dumps(NAME), quote(NAME), html.escape(NAME)])
def test_the_name_with_which_a_secret_begins_is_shown_by_itself(text: str) -> None:
    redactor = Redactor()
    redactor.learn([Named(f"{NAME}-{RANDOM}", NAME)])
    assert redactor.show(text) == text


@pytest.mark.parametrize("form", [str, json.dumps, quote, html.escape, lambda text: base64.b64encode(text.encode()).decode()])
def test_what_follows_the_name_is_not_shown_in_any_form_or_part(form: Callable[[str], str]) -> None:
    redactor = Redactor()
    redactor.learn([Named(f"{NAME}-{RANDOM}", NAME)])
    whole = redactor.show(f"Unknown {form(f'{NAME}-{RANDOM}')}.")
    assert whole.replace('"', "") == "Unknown <secret>."
    for at in range(len(RANDOM) - 7):
        assert RANDOM[at : at + 8] not in redactor.show(f"{NAME} {RANDOM[at:]}")
        assert RANDOM[at : at + 8] not in redactor.show(f"{NAME}-{RANDOM[: at + 8]}")


def test_a_name_that_leaves_too_little_behind_it_is_part_of_the_secret() -> None:
    redactor = Redactor()
    redactor.learn([Named("0123456789abcdef-1234", "0123456789abcdef")])
    assert redactor.show("0123456789abcdef") == "<secret>"


def test_what_is_a_secret_elsewhere_is_hidden_although_another_one_begins_with_it() -> None:
    redactor = Redactor()
    redactor.learn([Named(f"{NAME}-{RANDOM}", NAME), f"{NAME}-{RANDOM}"])
    assert not pieces(NAME, 8) & pieces(redactor.show(NAME), 8)
