"""Multi-language strings: every stored form is read, and a merge touches nothing it was not asked to touch."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.wire.languages import LANGUAGES, LanguageError, encode, encoded_length, iso, merge, parse, shown

texts = st.text(st.characters(codec="utf-8", exclude_characters='"'), max_size=12)
languages = st.sampled_from(sorted({*LANGUAGES.values(), "XX", "QQ"}))
mappings = st.dictionaries(languages, texts, min_size=1, max_size=5)
plain = st.text(max_size=30).filter(lambda text: isinstance(parse(text), str))


@st.composite
def stored(draw: st.DrawFn) -> str:
    """A multi-language string in any order, with or without the trailing semicolon."""
    codes = draw(st.lists(st.sampled_from(sorted([*LANGUAGES, "XX"])), min_size=1, max_size=5, unique=True))
    return ";".join(f'{code}:"{draw(texts)}"' for code in codes) + draw(st.sampled_from(["", ";"]))


@given(mappings | plain)
def test_what_is_encoded_is_read_back(text: str | dict[str, str]) -> None:
    assert parse(encode(text)) == text


@given(stored() | plain)
def test_merging_nothing_changes_nothing(raw: str) -> None:
    assert merge(raw, {}) == raw


@given(stored() | plain)
def test_merging_what_is_there_keeps_every_byte(raw: str) -> None:
    assert merge(raw, parse(raw)) == raw


@given(stored(), mappings)
def test_a_merge_sets_what_it_names_and_keeps_the_rest(raw: str, desired: dict[str, str]) -> None:
    before, after = parse(raw), parse(merged := merge(raw, desired))
    assert isinstance(before, dict)
    assert after == {**before, **desired}
    assert merged.endswith(";") == raw.endswith(";")
    assert isinstance(after, dict)
    assert list(after)[: len(before)] == list(before)
    assert merge(merged, desired) == merged


@given(plain, mappings)
def test_a_mapping_replaces_ordinary_text(raw: str, desired: dict[str, str]) -> None:
    assert parse(merge(raw, desired)) == desired


@given(stored() | plain, plain)
def test_a_plain_string_replaces_the_whole(raw: str, desired: str) -> None:
    assert merge(raw, desired) == desired


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ('US:"Vendor";NO:"Leverandør";', {"en": "Vendor", "nb": "Leverandør"}),
        ('NO:"Filnavn";US:"File Name"', {"nb": "Filnavn", "en": "File Name"}),
        ('US:""', {"en": ""}),
        ('US:"a;b:c";XX:"?"', {"en": "a;b:c", "XX": "?"}),
        ("", ""),
        ("Visma Norway", "Visma Norway"),
        ('US:"a" NO:"b"', 'US:"a" NO:"b"'),
        ('US:"a";NO:"b";;', 'US:"a";NO:"b";;'),
        ('US:"a"; NO:"b"', 'US:"a"; NO:"b"'),
        ('us:"a"', 'us:"a"'),
        ('US:"a";US:"b"', 'US:"a";US:"b"'),
        ('US:"say "hi""', 'US:"say "hi""'),
        ('US:"a"\n', 'US:"a"\n'),
    ],
)
def test_the_format_is_strict(raw: str, expected: object) -> None:
    assert parse(raw) == expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [("nb", "nb"), ("no", "nb"), ("NO", "nb"), ("en", "en"), ("US", "en"), ("sv", "sv"), ("SW", "sv"), ("JP", "ja"), ("CZ", "cs")],
)
def test_codes_are_read_as_people_write_them(code: str, expected: str) -> None:
    assert iso(code) == expected


@pytest.mark.parametrize("code", ["EN", "sw", "us", "No", "xx", "", "nb-NO", "english"])
def test_unknown_codes_are_refused_with_the_list_of_known_ones(code: str) -> None:
    with pytest.raises(LanguageError, match=r"expected a language of SuperOffice, one of cs, da, de, en"):
        iso(code)


@pytest.mark.parametrize("texts", [{"nb": "a", "no": "b"}, {"en": 'say "hi"'}, {"english": "a"}])
def test_what_cannot_be_stored_is_refused(texts: dict[str, str]) -> None:
    with pytest.raises(LanguageError, match=r"^expected "):
        encode(texts)


def test_encoding_does_not_depend_on_the_order_it_was_given() -> None:
    assert encode({"nb": "b", "en": "a"}) == encode({"en": "a", "NO": "b"}) == 'NO:"b";US:"a"'


def test_length_counts_as_the_database_does() -> None:
    assert encoded_length("abc") == 3
    assert encoded_length({"en": "a"}) == len('US:"a"')
    assert encoded_length("\N{GRINNING FACE}") == 2


@pytest.mark.parametrize(
    ("raw", "language", "expected"),
    [
        ('US:"a";NO:"b"', "nb", "b"),
        ('US:"a";NO:"b"', "de", "a"),
        ('DA:"c"', "nb", "c"),
        ('NO:"";US:"a"', "nb", "a"),
        ("x", "nb", "x"),
    ],
)
def test_a_text_to_show(raw: str, language: str, expected: str) -> None:
    assert shown(raw, language) == expected
