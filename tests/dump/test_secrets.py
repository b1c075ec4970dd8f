"""No secret is ever in a dump, however the tenant shows it; what the journal sent last is what the dump refers to."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from reconciler import flow
from reconciler.report.json import json_text
from reconciler.report.taking_over_json import dump_object
from tests.dump.conftest import CANARIES, VISMA, Tenant, checked, filled
from tests.scenarios.stage import CONNECTIONS, PASSWORD, staged

POLICIES = ("clear", "masked", "blank")


def spellings(secret: str) -> set[str]:
    """A secret as it may hide in a text."""
    raw = secret.encode()
    return {secret, secret[::-1], base64.b64encode(raw).decode().rstrip("="), raw.hex(), json.dumps(secret)[1:-1], secret.upper()}


def everything(tenant: Tenant, **options: object) -> str:
    """All that a dump says, to people and to machines."""
    made = tenant.dump(**options)
    machine = dump_object(
        made.target,
        made.text,
        proved=made.proof.holds,
        variables=[],
        not_allowed=[],
        hosts=[],
        left_out=made.proof.left_out,
        told=made.proof.told,
    )
    return made.text + json_text(machine) + repr(made)


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("silent", [False, True])
def test_no_password_is_ever_written(tmp_path: Path, policy: str, silent: bool) -> None:
    with filled(tmp_path, secrets_on_read=policy) as tenant:
        connector = tenant.connector()
        for number, canary in enumerate(CANARIES):
            row = tenant.edit.add_connection(connector, f"Company {number}", {"Filename": "F0001.xlsm", "PasswordField": canary})
            tenant.edit.set_config(row, "Undeclared", f"{canary}-too", tell_connector=False)
        tenant.edit.connector_down(VISMA, silent)
        said = everything(tenant)
        assert [canary for canary in CANARIES for one in spellings(canary) if one in said] == []
        text = checked(tenant, tenant.dump())
        assert ("PasswordField: {secret: env:COMPANY_0_PASSWORDFIELD}" in text) is not silent
        assert ("left out: config values. The connector did not answer" in text) is silent
        assert ("left out: Undeclared." in text) is not silent


@pytest.mark.parametrize("policy", POLICIES)
def test_the_reference_last_sent_is_written(tmp_path: Path, policy: str) -> None:
    with staged(tmp_path, switches={"secrets_on_read": policy}) as stage:
        assert stage.apply().exit_code == 0
        tenant = Tenant(stage)
        made = tenant.dump()
        text = checked(tenant, made)
        assert "  norway:\n" in text  # the key that the journal knows, not one made from the name
        assert "PasswordField: {secret: env:VISMA_PASSWORD, version: 1}" in text
        assert [(one.ref.reference, one.known) for one in made.variables] == [("env:VISMA_PASSWORD", True)]
        assert stage.plan().not_checked == ()
        assert PASSWORD not in everything(tenant)


def test_a_text_field_that_was_sent_as_a_secret_stays_one(tmp_path: Path) -> None:
    text = CONNECTIONS.replace('TextField: "0012"', "TextField: {secret: env:TEXT_SECRET}")
    with staged(tmp_path, text=text) as stage:
        stage.environ["TEXT_SECRET"] = CANARIES[0]
        assert stage.apply().exit_code == 0
        tenant = Tenant(stage)
        assert CANARIES[0] not in everything(tenant)
        assert "TextField: {secret: env:TEXT_SECRET}" in checked(tenant, tenant.dump())


def test_passwords_that_were_never_sent_are_not_compared_and_need_their_variables(tenant: Tenant) -> None:
    tenant.edit.add_connection(tenant.connector(), "Visma Norway", {"Filename": "F0001.xlsm", "PasswordField": PASSWORD})
    made = tenant.dump()
    checked(tenant, made)
    (variable,) = made.variables
    assert (variable.connection, variable.field, variable.ref.reference) == (
        "visma-norway",
        "PasswordField",
        "env:VISMA_NORWAY_PASSWORDFIELD",
    )
    assert [one.path for one in tenant.stage.plan().not_checked] == [("config", "PasswordField")]
    # With the variable set, a change is applied with it.
    tenant.stage.environ[variable.ref.name] = PASSWORD
    tenant.stage.change(("Filename: F0001.xlsm", "Filename: F0003.xlsm"))
    assert tenant.stage.apply("no-way-back=connection/visma-norway").exit_code == 0
    assert tenant.stage.connection("Visma Norway")["ConfigFields"]["PasswordField"] == PASSWORD


def test_variables_are_told_apart(tenant: Tenant) -> None:
    connector = tenant.connector()
    for name in ("A b", "A_b", "1 a"):
        tenant.edit.add_connection(connector, name, {"Filename": "F0001.xlsm", "PasswordField": "x"})
    made = tenant.dump()
    checked(tenant, made)
    names = [one.ref.name for one in made.variables]
    assert sorted(names) == ["A_B_2_PASSWORDFIELD", "A_B_PASSWORDFIELD", "ERP_1_A_PASSWORDFIELD"]


def test_what_the_target_does_not_allow_is_told(tmp_path: Path) -> None:
    with filled(tmp_path) as tenant:
        tenant.stage.write_targets("secrets: [env:VISMA_*]", "connector_hosts: [elsewhere.example.com]")
        tenant.edit.add_connection(tenant.connector(), "Other", {"Filename": "F0001.xlsm", "PasswordField": "x"})
        made = tenant.dump()
        assert made.not_allowed == ("env:OTHER_PASSWORDFIELD",)
        assert made.hosts == ("connectors.example.com",)


def test_a_url_with_a_password_is_left_out(tenant: Tenant) -> None:
    connector = tenant.connector(f"https://user:{CANARIES[0]}@connectors.example.com/x", "Odd")
    tenant.edit.add_connection(connector, "On it", tell_connector=False)
    assert CANARIES[0] not in everything(tenant)
    text = checked(tenant, tenant.dump())
    assert "left out: url." in text


def test_a_secret_in_doubt_is_left_out(tmp_path: Path) -> None:
    from dataclasses import replace

    with staged(tmp_path) as stage:
        assert stage.apply().exit_code == 0
        with stage.session() as session:
            recorded = session.recorded()
            doubted = {key: replace(sent, in_doubt=True) for key, sent in recorded.secrets.items()}
            session.recorded = lambda: replace(recorded, secrets=doubted)  # type: ignore[method-assign]
            text = flow.dump(session).text
        assert "left out: PasswordField." in text
        assert "VISMA_PASSWORD" not in text
