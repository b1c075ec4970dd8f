"""What the stores hold is sent to the tenant and nowhere else: everything is done and much fails, and no byte that comes out holds it."""

import json
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest

from tests.canaries.needles import find
from tests.canaries.test_canaries import Aviary
from tests.scenarios.stage import CONNECTIONS, RealClock, staged
from tests.stores.conftest import Serving
from tests.stores.file_keyring import FileKeyring
from tests.stores.servers import KeyVaultServer, Said, VaultServer

SECRETS = {
    "vault, old": 'Rm4Kd9-"<&ø>%/-Tz7Wq2',
    "vault, new": "Xp8Lb3-'é;{}$~#-Jn5Vc6",
    "azure": "Hs2Gy7-<\"'>%20&-Dk9Fr4",
    "keyring": "Bt6Nw1-%41<&>-Mz3Qj8",
    "token of vault": VaultServer.token,
    "secret id of vault": VaultServer.role[1],
    "token of azure": KeyVaultServer.token,
    "header of azure": "Ze6Md-header-of-azure-Bx4v",
}
VERSION = "0123456789abcdef0123456789abcdef"
OTHERS = """\
  azure:
    name: Azure
    connector: visma
    active: true
    scope: everyone
    config: {Filename: F0003.xlsm, PasswordField: {secret: azure-key-vault:erp-secrets/visma, version: 0123456789abcdef0123456789abcdef}}
  keyring:
    name: Keyring
    connector: visma
    active: true
    scope: everyone
    config: {Filename: F0003.xlsm, PasswordField: {secret: keyring:reconciler/visma}}
"""


@pytest.fixture
def aviary(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    vault: Serving[VaultServer],
    key_vault: Serving[KeyVaultServer],
) -> Iterator[Aviary]:
    """Three connections, each with its password in another store."""
    vault.store.versions["erp/visma"] = [{"password": SECRETS["vault, old"]}, {"password": SECRETS["vault, new"]}]
    key_vault.store.secrets["visma"] = {VERSION: SECRETS["azure"]}
    (tmp_path / "keyring.json").write_text(json.dumps({"reconciler/visma": SECRETS["keyring"]}), encoding="utf-8")
    before = keyring.get_keyring()
    keyring.set_keyring(FileKeyring())
    monkeypatch.chdir(tmp_path)
    text = CONNECTIONS.replace("env:VISMA_PASSWORD, version: 1", "'vault:secret/erp/visma#password', version: 1") + OTHERS
    with staged(tmp_path, text=text, clock=RealClock()) as stage:
        stage.write_targets("secrets: ['vault:secret/erp/', 'azure-key-vault:erp-secrets/', 'keyring:reconciler/']")
        stage.emulator.edit.set_password_in_erp("F0003.xlsm", None)
        stage.environ |= {
            "VAULT_ADDR": vault.server.url,
            "VAULT_ROLE_ID": VaultServer.role[0],
            "VAULT_SECRET_ID": VaultServer.role[1],
            "RECONCILER_KEY_VAULT_URL": key_vault.server.url,
            "TEST_KEYRING": str(tmp_path / "keyring.json"),
        }
        yield Aviary(stage, monkeypatch, capfd)
    keyring.set_keyring(before)


def password(aviary: Aviary, name: str) -> str:
    return str(aviary.stage.connection(name)["ConfigFields"]["PasswordField"])


def silent(aviary: Aviary) -> None:
    hits = find(SECRETS, {place: content for place, content in aviary.out.items() if place != "keyring.json"})
    assert hits == [], hits
    assert len(b"".join(aviary.out.values())) > 1000


def test_values_go_from_the_stores_to_the_tenant_and_their_versions_to_the_reader(
    aviary: Aviary, vault: Serving[VaultServer], key_vault: Serving[KeyVaultServer]
) -> None:
    planned = aviary.type("plan", "-o", "plan.json", code=0)
    assert "azure-key-vault:erp-secrets/visma" in planned
    assert VERSION in planned
    assert (vault.server.asked, key_vault.server.asked) == ([], [])
    said = aviary.type("apply", "plan.json", code=0)
    assert [password(aviary, name) for name in ("Visma Norway", "Azure", "Keyring")] == [
        SECRETS[name] for name in ("vault, old", "azure", "keyring")
    ]
    for line in (
        "secret vault:secret/erp/visma#password: version 1",
        f"secret azure-key-vault:erp-secrets/visma: version {VERSION}",
        "secret keyring:reconciler/visma: read",
    ):
        assert line in said
    aviary.stage.change(("#password', version: 1", "#password', version: 2"))
    aviary.type("plan", "--format", "json", code=0)
    aviary.type("apply", "--yes", "--format", "json", code=0)
    assert password(aviary, "Visma Norway") == SECRETS["vault, new"]
    aviary.look_around()
    silent(aviary)


def test_a_store_that_fails_stops_before_the_first_write_and_says_what_to_do(
    aviary: Aviary, vault: Serving[VaultServer], key_vault: Serving[KeyVaultServer]
) -> None:
    vault.store.forced = Said(403, {"errors": [SECRETS["vault, old"], VaultServer.token]})
    said = aviary.type("apply", "--yes", code=1)
    assert "The secret vault:secret/erp/visma#password cannot be read" in said
    vault.store.forced = None
    key_vault.store.forced = Said(500, {"error": {"code": "Oops", "message": SECRETS["azure"]}})
    assert "the vault erp-secrets answered 500" in aviary.type("apply", "--yes", "--format", "json", code=1)
    key_vault.store.forced = None
    aviary.setenv("TEST_KEYRING", "locked")
    assert "the keyring is locked" in aviary.type("apply", "--yes", code=1)
    aviary.setenv("TEST_KEYRING", str(aviary.stage.folder / "keyring.json"))
    aviary.setenv("VAULT_SECRET_ID", "of somebody else")
    assert "refuses the request (400)" in aviary.type("apply", "--yes", code=1)
    assert aviary.stage.writes == []
    aviary.type("history", code=0)
    silent(aviary)
