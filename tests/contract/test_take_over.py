"""Taking over what SuperOffice's own client set up: dumped, the references set, planned to no changes, and nothing bent on the way."""

from __future__ import annotations

from pathlib import Path

import yaml

from tests.contract import fill
from tests.dump.conftest import Tenant, checked, filled
from tests.mappings.workbench import Core
from tests.scenarios.stage import truth


def test_a_tenant_that_the_vendors_client_filled_is_taken_over_without_a_change(tmp_path: Path) -> None:
    with filled(tmp_path) as tenant:
        fill.fill(tenant.emulator)
        before = truth(tenant.stage)
        dumped = tenant.dump()
        text = checked(tenant, dumped)

        assert {one.field for one in dumped.variables} == {"PasswordField", "Password"}
        assert fill.VISMA_PASSWORD not in text
        assert fill.FORTNOX_PASSWORD not in text
        tenant.stage.environ |= {
            one.ref.name: fill.VISMA_PASSWORD if one.field == "PasswordField" else fill.FORTNOX_PASSWORD for one in dumped.variables
        }
        tenant.emulator.clear_calls()
        assert tenant.stage.apply().exit_code == 0
        assert tenant.stage.writes == []
        assert truth(tenant.stage) == before
        _nothing_is_bent(tenant, text)


def _nothing_is_bent(tenant: Tenant, text: str) -> None:
    """Twins by their ids, the dead left out, keys and texts as they are stored."""
    written = yaml.load(text, Loader=Core)["connections"]
    living = {row["ConnectionId"]: row for row in tenant.emulator.inspect.connections(deleted=False)}
    twins = [one for one in written.values() if one["name"] == fill.TWINS]
    assert len(written) == len(living) == 4
    assert {one["id"] for one in twins} == {guid for guid, row in living.items() if row["DisplayName"] == fill.TWINS}
    assert fill.QUOTED in [one["name"] for one in written.values()]

    (norway,) = (one for one in written.values() if one["name"] == {"en": "Visma Norway 🇳🇴", "nb": "Visma Norge 🇳🇴", "sv": "Visma Norge"})
    fields = norway["actors"]["customer"]["fields"]
    assert fields["CustGr"]["items"].keys() >= {"01", "1", "no", "null", "1.10"}
    assert fields.keys() >= set(fill.FIELDS)
    assert norway["config"]["TextField"] == "0012"
    assert fields["a: b # c"]["default"] == " 'no' \"yes\" 🚀 "
