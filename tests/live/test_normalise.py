"""Rows of the tenant in the shape that the file has too: decoded, named, and without a secret."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from reconciler.live import connection_attributes, connector_attributes
from reconciler.live.normalise import text_in
from reconciler.model import HIDDEN, Attributes, ConfigField, Connection, Connector, FieldType, Named, SecretRef

GROUPS = {
    1: Named(1, 'US:"Sales";NO:"Salg"'),
    2: Named(2, "Twin"),
    3: Named(3, "Twin"),
    4: Named(4, "Gone", deleted=True),
    5: Named(5, 'SW:"Bara"'),
}
USERS = {1: Named(1, "ADMIN"), 2: Named(2, "ANNA"), 4: Named(4, "LEFT", deleted=True)}
FIELDS = (
    ConfigField("Text", FieldType.TEXT),
    ConfigField("Number", FieldType.INTEGER),
    ConfigField("Flag", FieldType.CHECKBOX),
    ConfigField("Day", FieldType.DATE),
    ConfigField("Ratio", FieldType.DOUBLE),
    ConfigField("Secret", FieldType.PASSWORD),
)
ROW = Connection(
    id=1, guid="guid", connector_id=7, name='US:"Norway";NO:"Norge";XX:"odd";', description="plain", active=True, deleted=False,
    cursor="tx", everyone=True, groups=(1,), users=(2,), config={},
)  # fmt: skip
REF = SecretRef("env", "A", "1")


def attributes(row: Connection, **more: Any) -> Attributes:
    given: dict[str, Any] = {"connector": "connector/x", "fields": FIELDS, "groups": GROUPS, "users": USERS, "language": "en", **more}
    return connection_attributes(row, **given)


def config(raw: dict[str, str], **more: Any) -> Attributes:
    return attributes(replace(ROW, config=raw), **more)["config"]


def test_texts_in_languages_are_mappings_and_unknown_languages_stay() -> None:
    assert attributes(ROW)["name"] == {"en": "Norway", "nb": "Norge", "XX": "odd"}
    assert attributes(ROW)["description"] == "plain"


def test_for_everyone_the_lists_mean_nothing() -> None:
    assert attributes(ROW)["scope"] == {"everyone": True}


def test_a_restricted_scope_is_told_by_name_or_by_id_where_a_name_does_not_tell() -> None:
    """A name used twice, a deleted group, an id that nobody knows."""
    row = replace(ROW, everyone=False, groups=(5, 1, 2, 4, 99), users=(4, 2))
    assert attributes(row)["scope"] == {
        "everyone": False,
        "groups": {"#2": 2, "#4": 4, "#99": 99, "Bara": 5, "Sales": 1},
        "users": {"#4": 4, "ANNA": 2},
    }
    assert attributes(row, language="nb")["scope"]["groups"]["Salg"] == 1


def test_the_order_of_ids_does_not_matter() -> None:
    one, other = replace(ROW, everyone=False, groups=(1, 5)), replace(ROW, everyone=False, groups=(5, 1))
    assert attributes(one) == attributes(other)


def test_values_are_decoded_by_declared_type() -> None:
    raw = {"Text": "0012", "Number": "[I:12]", "Flag": "[I:1]", "Day": "[D:31.01.2026]", "Ratio": "[F:12.50]"}
    assert config(raw) == {"Text": "0012", "Number": 12, "Flag": True, "Day": "2026-01-31", "Ratio": 12.5}


def test_what_cannot_be_decoded_is_shown_as_it_is() -> None:
    assert config({"Number": "twelve", "Day": "someday"}) == {"Number": "twelve", "Day": "someday"}


@pytest.mark.parametrize("raw", ["in-clear", "********", "", "[password]"])
def test_a_password_is_never_shown_whatever_the_tenant_answers(raw: str) -> None:
    assert config({"Secret": raw}) == {"Secret": HIDDEN}
    assert config({"Secret": raw}, sent={"Secret": REF}) == {"Secret": REF}


def test_a_field_for_which_the_file_writes_a_reference_is_a_secret_whatever_its_type() -> None:
    assert config({"Text": "in-clear"}, references=["Text"]) == {"Text": HIDDEN}


def test_a_field_that_is_not_declared_may_be_a_password() -> None:
    assert config({"Stray": "in-clear"}) == {"Stray": HIDDEN}


def test_a_label_carries_no_value_that_could_be_shown() -> None:
    fields = (*FIELDS, ConfigField("Heading", FieldType.LABEL))
    assert "in-clear" not in str(config({"Secret": "in-clear", "Heading": "x"}, fields=fields))


def test_while_the_connector_is_silent_everything_is_a_secret_but_what_means_what_the_file_says() -> None:
    raw = {"Text": "one", "Number": "[I:12]", "Secret": "in-clear"}
    assert config(raw, fields=None) == dict.fromkeys(raw, HIDDEN)
    known = config(
        raw, fields=None, unknown=lambda key, value: 12 if (key, value) == ("Number", "[I:12]") else HIDDEN, sent={"Secret": REF}
    )
    assert known == {"Text": HIDDEN, "Number": 12, "Secret": REF}


def test_a_connector_is_its_name_and_its_url() -> None:
    assert connector_attributes(Connector(1, "Visma", "https://x")) == {"name": "Visma", "url": "https://x"}


@pytest.mark.parametrize(("raw", "text"), [("Plain", "Plain"), ('US:"A";NO:"B"', "A"), ('NO:"B"', "B"), ('NO:"B";SW:"C"', "B")])
def test_a_name_is_told_in_the_language_of_the_file_or_in_its_first(raw: str, text: str) -> None:
    assert text_in(raw, "en") == text


def test_nothing_of_a_row_is_in_its_printed_form() -> None:
    """A row holds secrets in clear, so that a save can echo what it does not change."""
    assert "in-clear" not in repr(replace(ROW, config={"Secret": "in-clear"}))
