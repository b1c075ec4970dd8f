"""The schema with a tenant's real names: it accepts what was applied there, and refuses each misspelt name at its line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from reconciler import flow
from reconciler.desired.findings import Findings
from reconciler.desired.nodes import Table
from reconciler.desired.strict import parse
from reconciler.desired.tenant_schema import ConnectionNames, ConnectorNames, ErpFieldNames, TenantNames, tenant_schema
from reconciler.desired.wording import describe
from reconciler.model import ConfigField, FieldType
from reconciler.schemas import schema
from tests.scenarios.stage import Stage, staged

ROOT = Path(__file__).resolve().parent.parent.parent
SHIPPED = (ROOT / "connections.yaml").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with staged(tmp_path_factory.mktemp("stage")) as made:
        made.environ |= {"FORTNOX_PASSWORD": "erp-password"}
        made.write(SHIPPED)
        assert made.apply().exit_code == 0
        yield made


@pytest.fixture(scope="module")
def online(stage: Stage) -> dict[str, Any]:
    """The schema of the tenant to which the file that uses everything was applied."""
    stage.emulator.clear_calls()
    with stage.session() as session:
        made = flow.online_schema(session)
    assert stage.writes == []
    return made


class Core(yaml.SafeLoader):
    """Reads what editors read: YAML 1.2, in which a date is a text and `on` is a word."""


Core.yaml_implicit_resolvers = {
    first: [(tag, form) for tag, form in kinds if tag.rpartition(":")[2] in ("int", "float", "null")]
    for first, kinds in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
Core.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(true|false)$"), list("tf"))


def problems(made: dict[str, Any], text: str) -> list[tuple[int, str]]:
    """Line and message of everything that an editor underlines."""
    root = parse(text, "file.yaml", Findings()).root
    assert isinstance(root, Table)
    validator = jsonschema.Draft202012Validator(made)
    found = set()
    for error in validator.iter_errors(yaml.load(text, Loader=Core)):
        found |= {(one.source.line if one.source else 0, one.message) for one in describe(error, root, set())}
    return sorted(found)


def test_the_schema_is_one_and_its_references_lead_somewhere(online: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator.check_schema(online)
    assert online != schema("connections")


def test_what_was_applied_is_accepted(online: dict[str, Any]) -> None:
    assert problems(online, SHIPPED) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Filename: F0001.xlsm", "Filenam: F0001.xlsm"),
        ("IntegerField: 12 ", "IntegerField: twelve "),
        ('TextField: "0012"', "TextField: 12"),
        ("CheckboxField: true", "CheckboxField: yes"),
        ("PasswordField: {secret: env:VISMA_PASSWORD, version: 1}   # raise", "PasswordField: winter   # raise"),
        ("IntField: {default: 30}", "IntFeld: {default: 30}"),
        ("crm: BUSINESS", "crm: BUSNESS"),
        ("A: Retail", "A: Retial"),
        ("A: Retail", "Q: Retail"),
        ("rank: [NAME, CustNo, CustGr]", "rank: [NAME, CustNr, CustGr]"),
        ("groups: [Sales]", "groups: [Salles]"),
        ("users: [ANNA]", "users: [ANA]"),
        ("POSTALCITY: {crm: POSTALCITY, direction: both, show: [search]}", "POSTALCTY: {crm: POSTALCITY, direction: both}"),
        ("LASTNAME: {crm: LASTNAME", "LASTNAME: {crm: LASTNAMN"),
        ("Company: Nordic AB", "Filename: F0001.xlsm"),
        ("show: [erp-tab, search]", "show: [erp-tab, serch]"),
    ],
)
def test_a_wrong_name_is_refused_at_its_line(online: dict[str, Any], old: str, new: str) -> None:
    assert SHIPPED.count(old) == 1
    text = SHIPPED.replace(old, new)
    line = SHIPPED[: SHIPPED.index(old)].count("\n") + 1
    found = problems(online, text)
    assert {place for place, _ in found} == {line}, found


def test_what_the_tenant_does_not_have_yet_stays_possible(online: dict[str, Any]) -> None:
    text = (
        "version: 1\nconnectors: {new: {name: New, url: 'app://x'}}\n"
        "connections: {other: {name: Other, connector: new, config: {Anything: 1}, "
        "actors: {customer: {fields: {ANY: {crm: X, direction: both}}}}}}\n"
    )
    assert problems(online, text) == []


def names(**more: Any) -> TenantNames:
    fields = (ConfigField("Name", FieldType.TEXT, max_length=5), ConfigField("Title", FieldType.LABEL), ConfigField("N", FieldType.DOUBLE))
    erp = {"customer": {"F": ErpFieldNames("Label", FieldType.LIST, "Mandatory", ("A",), ("1",), ("One",))}}
    found = {"a/b c": ConnectionNames("First", erp), "two": ConnectionNames("Second", {"customer": {"F": ErpFieldNames()}})}
    return TenantNames("prod", {"c": ConnectorNames("C", fields), "down": ConnectorNames("Down")}, found, **more)


def of(text: str) -> list[tuple[int, str]]:
    return problems(tenant_schema(names()), f"version: 1\n{text}\n")


@pytest.mark.parametrize(
    ("text", "accepted"),
    [
        ("connections: {'a/b c': {actors: {customer: {fields: {F: {crm: A}}}}}}", True),
        ("connections: {'a/b c': {actors: {customer: {fields: {F: {crm: ''}}}}}}", True),
        ("connections: {'a/b c': {actors: {customer: {fields: {F: {crm: B}}}}}}", False),
        ("connections: {'a/b c': {actors: {customer: {fields: {F: {items: {'1': One}}}}}}}", True),
        ("connections: {'a/b c': {actors: {customer: {fields: {F: {items: {'1': '#17'}}}}}}}", True),
        ("connections: {'a/b c': {actors: {customer: {fields: {F: {items: {'2': One}}}}}}}", False),
        ("connections: {two: {actors: {customer: {fields: {F: {crm: B, items: {'2': Any}}}}}}}", True),
        ("connections: {two: {actors: {customer: {fields: {G: {crm: B}}}}}}", False),
        ("mapping_sets: {s: {customer: {fields: {F: {crm: B}}}}}", True),
        ("mapping_sets: {s: {customer: {fields: {G: {crm: B}}}}}", False),
        ("connections: {x: {connector: c, config: {Name: short, N: 1.5}}}", True),
        ("connections: {x: {connector: c, config: {Name: much too long}}}", False),
        ("connections: {x: {connector: c, config: {Title: x}}}", False),
        ("connections: {x: {connector: down, config: {Anything: x}}}", True),
        ("connections: {x: {scope: {groups: [Any], users: [ANY]}}}", True),
        ("connections: {x: {absent: true, active: true}}", False),
        ("connections: {two: {absent: true, active: true}}", False),
    ],
)
def test_what_is_known_narrows_and_what_is_not_known_does_not(text: str, accepted: bool) -> None:
    assert (of(text) == []) is accepted, of(text)


def test_equal_names_give_an_equal_schema_and_the_shipped_one_is_left_alone() -> None:
    before = schema("connections")
    assert tenant_schema(names()) == tenant_schema(names())
    assert schema("connections") == before
