"""Time spans in every form that the API or its clients write."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.wire.timespan import LONGEST, seconds_from, text_of


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("00:05:00", 300), ("0:05", 300), ("1:30", 5400), ("5:00:00", 18000), ("00:00:00", 0), ("00:05:00.0000000", 300),
        ("24:00:00", 86400), ("1.00:00:00", 86400), ("2.03:04:05", 183845), ("23:59:59", 86399),
        ("PT5M", 300), ("PT300S", 300), ("PT300.0S", 300), ("PT1H30M", 5400), ("P1D", 86400), ("P1DT1S", 86401), ("P1W", 604800),
        ("PT90M", 5400), ("P0D", 0),
    ],
)  # fmt: skip
def test_every_form_is_read(text: str, seconds: int) -> None:
    assert seconds_from(text) == seconds


@pytest.mark.parametrize(
    "text",
    [
        "", "5", "auto", "5m", "-00:05:00", "00:60:00", "00:00:60", "00:05:00.5", "PT0.5S", "P", "PT", "P1DT", "P1M", "P1Y", "-PT5M",
        "pt5m", " 00:05:00", "00:05:00\n", "\u0660\u0660:\u0660\u0665", "99999.00:00:00", "PT9999999999S", "1:2:3:4", "P1.5D",
    ],
)  # fmt: skip
def test_anything_else_is_none(text: str) -> None:
    assert seconds_from(text) is None


@given(st.integers(0, LONGEST))
def test_what_is_sent_is_read_back(seconds: int) -> None:
    assert seconds_from(text_of(seconds)) == seconds
    assert len(text_of(seconds)) == 8


@pytest.mark.parametrize("seconds", [-1, LONGEST + 1])
def test_a_day_and_longer_has_no_form_that_all_read_alike(seconds: int) -> None:
    with pytest.raises(ValueError, match="23:59:59"):
        text_of(seconds)
