"""Any single change to a chain shows, at the place where it was made."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from enum import IntEnum, StrEnum
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.errors import JournalError
from reconciler.journal.chain import canonical, event_hash, plain, verify
from reconciler.journal.events import Event
from reconciler.model import Outcome, Secret
from tests.journal.bodies import RUN, Account, good_run

EVENTS = good_run(Account()).events


def test_a_whole_chain_has_no_break() -> None:
    assert verify(EVENTS) is None
    assert verify([]) is None


@pytest.mark.parametrize("at", range(len(EVENTS)))
@pytest.mark.parametrize(
    "change",
    [
        lambda event: replace(event, body={**event.body, "more": 1}),
        lambda event: replace(event, body={}),
        lambda event: replace(event, target="other"),
        lambda event: replace(event, run="other"),
        lambda event: replace(event, kind="other"),
        lambda event: replace(event, at="2026-11-22T14:30:06.000000Z"),
        lambda event: replace(event, prev="0" * 64),
        lambda event: replace(event, hash="0" * 64),
        lambda event: replace(event, seq=event.seq + 1),
    ],
)
def test_a_changed_event_is_found_where_it_is(change: Callable[[Event], Event], at: int) -> None:
    found = verify([change(event) if number == at else event for number, event in enumerate(EVENTS)])
    assert found is not None
    assert found.seq == EVENTS[at].seq


@pytest.mark.parametrize("at", range(len(EVENTS) - 1))
def test_a_missing_doubled_or_moved_event_is_found(at: int) -> None:
    without = verify(EVENTS[:at] + EVENTS[at + 1 :])
    doubled = verify(EVENTS[: at + 1] + EVENTS[at:])
    swapped = verify([*EVENTS[:at], EVENTS[at + 1], EVENTS[at], *EVENTS[at + 2 :]])
    assert (without and without.seq, doubled and doubled.seq, swapped and swapped.seq) == (at + 1, at + 2, at + 1)


def test_an_event_rewritten_with_its_own_hash_breaks_the_next() -> None:
    forged = Account(after=None)
    forged.add("run-opened", command="recover")
    found = verify([forged.events[0], *EVENTS[1:]])
    assert found is not None
    assert found.seq == 2


class Colour(StrEnum):
    RED = "red"


class Number(IntEnum):
    ONE = 1


def test_plain_gives_json() -> None:
    value = {"a": (1, 2.5, True, None, Outcome.APPLIED), "b": MappingProxyType({"c": [Colour.RED]})}
    made = plain(value)
    assert canonical(made) == '{"a":[1,2.5,true,null,"applied"],"b":{"c":["red"]}}'
    assert type(made["a"][4]) is str
    assert [plain(None), plain(True), plain(7), plain(2.5), plain("a")] == [None, True, 7, 2.5, "a"]
    assert type(plain(Number.ONE)) is int


def test_the_canonical_text_and_the_hash_of_an_event_never_change() -> None:
    """A journal that was written years ago has to be found whole."""
    assert canonical({"b": "é", "a": [1, {"d": None, "c": "x y"}]}) == '{"a":[1,{"c":"x y","d":null}],"b":"\\u00e9"}'
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical(float("nan"))
    made = event_hash(seq=1, target="prod", run=RUN, kind="note", at="2026-11-22T14:30:05.000000Z", body={"text": "é"}, prev="")
    text = (
        '{"at":"2026-11-22T14:30:05.000000Z","body":{"text":"\\u00e9"},"kind":"note","prev":"","run":"' + RUN + '","seq":1,"target":"prod"}'
    )
    assert made == hashlib.sha256(text.encode("ascii")).hexdigest()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1: 2}, {"a": Secret("hunter2-canary")}, {1, 2}, b"x", object()])
def test_what_json_cannot_hold_is_refused_without_showing_it(value: object) -> None:
    with pytest.raises(JournalError) as caught:
        plain({"x": value})
    assert "hunter2" not in str(caught.value) + repr(caught.value)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_canonical_text_is_ascii_and_does_not_depend_on_order(value: object) -> None:
    text = canonical(plain({"value": value, "a": 1}))
    assert text.isascii()
    assert text == canonical(plain(dict(reversed(list({"value": value, "a": 1}.items())))))
