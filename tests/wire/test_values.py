"""Config values: by meaning, whatever form they were stored in; and live data never raises."""

import math
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model import FieldType
from reconciler.wire.values import ValueProblem, decode, encode, from_plain, generic_decode, has_template_tag

moments = st.datetimes(min_value=datetime(1, 1, 1), max_value=datetime(9999, 12, 31)).map(lambda one: one.replace(microsecond=0))  # noqa: DTZ001
values = st.one_of(
    st.tuples(st.text(), st.sampled_from([FieldType.TEXT, FieldType.PASSWORD, FieldType.LIST])),
    st.tuples(st.integers(-(2**31), 2**31 - 1), st.just(FieldType.INTEGER)),
    st.tuples(st.booleans(), st.just(FieldType.CHECKBOX)),
    st.tuples(st.floats(allow_nan=False, allow_infinity=False), st.just(FieldType.DOUBLE)),
    st.tuples(moments.map(lambda one: one.isoformat().removesuffix("T00:00:00")), st.just(FieldType.DATE)),
)


@given(values)
def test_what_is_encoded_is_read_back_with_its_type(case: tuple[object, FieldType]) -> None:
    value, field_type = case
    decoded = decode(encode(value, field_type), field_type)  # type: ignore[arg-type]
    assert (decoded, type(decoded)) == (value, type(value))


@given(values.filter(lambda case: case[1] not in (FieldType.TEXT, FieldType.PASSWORD, FieldType.LIST, FieldType.CHECKBOX)))
def test_without_a_type_the_moniker_tells(case: tuple[object, FieldType]) -> None:
    value, field_type = case
    assert generic_decode(encode(value, field_type)) == value  # type: ignore[arg-type]


@given(st.text(), st.sampled_from(list(FieldType)))
def test_live_data_never_raises(raw: str, field_type: FieldType) -> None:
    decode(raw, field_type)
    generic_decode(raw)
    has_template_tag(raw)


@given(st.text(alphabet="[]:IFDT0123456789/.- e", max_size=30), st.sampled_from(list(FieldType)))
def test_nearly_encoded_data_never_raises(raw: str, field_type: FieldType) -> None:
    decode(raw, field_type)
    generic_decode(raw)


@pytest.mark.parametrize(
    ("raw", "field_type", "expected"),
    [
        ("[I:12345]", FieldType.INTEGER, 12345),
        ("12", FieldType.INTEGER, 12),
        ("-7", FieldType.INTEGER, -7),
        ("twelve", FieldType.INTEGER, "twelve"),
        ("[I:]", FieldType.INTEGER, "[I:]"),
        ("", FieldType.INTEGER, ""),
        ("[I:1]", FieldType.CHECKBOX, True),
        ("[I:0]", FieldType.CHECKBOX, False),
        ("True", FieldType.CHECKBOX, True),
        ("0", FieldType.CHECKBOX, False),
        ("[I:2]", FieldType.CHECKBOX, "[I:2]"),
        ("[F:12345.6789]", FieldType.DOUBLE, 12345.6789),
        ("[I:3]", FieldType.DOUBLE, 3.0),
        ("1.5", FieldType.DOUBLE, 1.5),
        ("1,5", FieldType.DOUBLE, "1,5"),
        ("nan", FieldType.DOUBLE, "nan"),
        ("1e999", FieldType.DOUBLE, "1e999"),
        ("[DT:12/31/2013 23:59:59.0000000]", FieldType.DATE, "2013-12-31T23:59:59"),
        ("[DT:01/31/2026 00:00:00.0000000]", FieldType.DATE, "2026-01-31"),
        ("[DT:11/09/2017 14:53:18]", FieldType.DATE, "2017-11-09T14:53:18"),
        ("[DT:11/09/2017 14:53:18.5000000]", FieldType.DATE, "2017-11-09T14:53:18.5"),
        ("[D:09.11.2017]", FieldType.DATE, "2017-11-09"),
        ("[D:11/09/2017]", FieldType.DATE, "2017-11-09"),
        ("2026-01-31", FieldType.DATE, "2026-01-31"),
        ("2026-01-31T00:00:00", FieldType.DATE, "2026-01-31"),
        ("[DT:13/45/2026 00:00:00]", FieldType.DATE, "[DT:13/45/2026 00:00:00]"),
        ("01/31/2026", FieldType.DATE, "01/31/2026"),
        ("[I:12]", FieldType.TEXT, "[I:12]"),
        ("item1", FieldType.LIST, "item1"),
        ("[I:1]", FieldType.LABEL, "[I:1]"),
    ],
)
def test_stored_forms(raw: str, field_type: FieldType, expected: object) -> None:
    decoded = decode(raw, field_type)
    assert (decoded, type(decoded)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("value", "field_type", "expected"),
    [
        (True, FieldType.CHECKBOX, "[I:1]"),
        (False, FieldType.CHECKBOX, "[I:0]"),
        (12, FieldType.INTEGER, "[I:12]"),
        (12345.6789, FieldType.DOUBLE, "[F:12345.6789]"),
        (1e21, FieldType.DOUBLE, "[F:1000000000000000000000]"),
        ("2026-01-31", FieldType.DATE, "[DT:01/31/2026 00:00:00.0000000]"),
        ("2013-12-31T23:59:59", FieldType.DATE, "[DT:12/31/2013 23:59:59.0000000]"),
        ("F0001.xlsm", FieldType.TEXT, "F0001.xlsm"),
    ],
)
def test_sent_forms(value: str | float | bool, field_type: FieldType, expected: str) -> None:
    assert encode(value, field_type) == expected


@pytest.mark.parametrize(
    ("value", "field_type"),
    [
        (1, FieldType.CHECKBOX),
        (True, FieldType.INTEGER),
        (2**31, FieldType.INTEGER),
        (1, FieldType.DOUBLE),
        (math.nan, FieldType.DOUBLE),
        ("31.01.2026", FieldType.DATE),
        ("2026-02-30", FieldType.DATE),
        (12, FieldType.TEXT),
        ("x", FieldType.LABEL),
    ],
)
def test_what_is_not_of_the_type_is_not_sent(value: str | float | bool, field_type: FieldType) -> None:
    with pytest.raises(ValueProblem, match=r"^expected "):
        encode(value, field_type)


@pytest.mark.parametrize(
    "text", ["1.10", "0010", "on", "no", "Y", "null", "~", "", "12", "-3", "1e3", "0x1F", "0o7", "0b1", "1_000", "12:30:45"]
)
@pytest.mark.parametrize("field_type", [FieldType.TEXT, FieldType.PASSWORD, FieldType.LIST])
def test_text_that_others_read_as_another_type_must_be_quoted(text: str, field_type: FieldType) -> None:
    with pytest.raises(ValueProblem, match=r"^expected .*quote it$"):
        from_plain(text, quoted=False, field_type=field_type)
    assert from_plain(text, quoted=True, field_type=field_type) == text


@pytest.mark.parametrize("text", ["2026-01-31", "2026-01-31T10:00:00Z", ".inf", ".NaN", "=", "<<", ".5", "True", "OFF", "190:20:30"])
def test_so_must_these(text: str) -> None:
    with pytest.raises(ValueProblem, match="quote it"):
        from_plain(text, quoted=False, field_type=FieldType.TEXT)


@pytest.mark.parametrize("text", ["F0001.xlsm", "item1", "A", "1.2.3", "v1", "-x", "10%", "Visma Norway", "nobody", "one", "1a", "-", "."])
def test_harmless_text_needs_no_quotes(text: str) -> None:
    assert from_plain(text, quoted=False, field_type=FieldType.TEXT) == text


@pytest.mark.parametrize(
    ("text", "field_type", "expected"),
    [
        ("12", FieldType.INTEGER, 12),
        ("+12", FieldType.INTEGER, 12),
        ("-2147483648", FieldType.INTEGER, -(2**31)),
        ("true", FieldType.CHECKBOX, True),
        ("False", FieldType.CHECKBOX, False),
        ("12", FieldType.DOUBLE, 12.0),
        (".5", FieldType.DOUBLE, 0.5),
        ("1e3", FieldType.DOUBLE, 1000.0),
        ("2026-01-31", FieldType.DATE, "2026-01-31"),
        ("2026-01-31T00:00:00", FieldType.DATE, "2026-01-31"),
        ("2026-01-31T10:20:30", FieldType.DATE, "2026-01-31T10:20:30"),
    ],
)
@pytest.mark.parametrize("quoted", [False, True])
def test_plain_values(text: str, field_type: FieldType, expected: object, quoted: bool) -> None:
    value = from_plain(text, quoted=quoted, field_type=field_type)
    assert (value, type(value)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("text", "field_type"),
    [
        ("0010", FieldType.INTEGER),
        ("2147483650", FieldType.INTEGER),
        ("1.0", FieldType.INTEGER),
        ("0x10", FieldType.INTEGER),
        ("9" * 5000, FieldType.INTEGER),
        ("yes", FieldType.CHECKBOX),
        ("1", FieldType.CHECKBOX),
        (".inf", FieldType.DOUBLE),
        ("1e999", FieldType.DOUBLE),
        ("1,5", FieldType.DOUBLE),
        ("31.01.2026", FieldType.DATE),
        ("2026-02-30", FieldType.DATE),
        ("2026-01-31T25:00:00", FieldType.DATE),
        ("2026-01-31 10:00:00", FieldType.DATE),
        ("", FieldType.DATE),
        ("anything", FieldType.LABEL),
    ],
)
def test_what_does_not_fit_says_what_is_expected_and_not_what_was_found(text: str, field_type: FieldType) -> None:
    with pytest.raises(ValueProblem) as caught:
        from_plain(text, quoted=False, field_type=field_type)
    assert str(caught.value).startswith("expected ")
    assert not text or text not in str(caught.value)


@pytest.mark.parametrize("raw", ["<company>", "[password]", "{serial}", "%OWNER%", "C:\\<name>\\erp", "[I:twelve]", "[X:1]"])
def test_what_may_be_a_template_tag_counts_as_one(raw: str) -> None:
    assert has_template_tag(raw)


@pytest.mark.parametrize("raw", ["", "ErpClient.xlsm", "[I:0]", "[F:1.5]", "[DT:01/31/2026 00:00:00.0000000]", "a < b", "50%", "item1"])
def test_ordinary_defaults_have_no_template_tag(raw: str) -> None:
    assert not has_template_tag(raw)
