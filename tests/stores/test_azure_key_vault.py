"""Secrets of Azure Key Vault, over TLS, with its own libraries: the challenge, a managed identity, versions."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.emulator.certificates import Certificates
from tests.stores.conftest import CANARY, Serving, refusal, resolver, value
from tests.stores.servers import KeyVaultServer, Loopback, Said

OLD, NEW = "0" * 31 + "1", "0123456789abcdef0123456789abcdef"
REFERENCE = "azure-key-vault:erp-secrets/visma-password"
KeyVault = Serving[KeyVaultServer]


def environ(key_vault: KeyVault) -> dict[str, str]:
    return {"RECONCILER_KEY_VAULT_URL": key_vault.server.url}


def test_the_current_version_shows_its_id_and_a_named_one_is_fetched(key_vault: KeyVault) -> None:
    key_vault.store.secrets["visma-password"] = {OLD: "first", NEW: CANARY}
    log: list[str] = []
    one = resolver(environ(key_vault), "azure-key-vault:erp-secrets/", log=log)
    assert value(one, REFERENCE) == CANARY
    assert value(one, REFERENCE, OLD) == "first"
    assert log == [f"secret {REFERENCE}: version {NEW}", f"secret {REFERENCE}: version {OLD}"]
    first, *rest = key_vault.server.asked
    assert "authorization" not in first.headers
    assert {asked.headers["authorization"] for asked in rest} == {f"Bearer {KeyVaultServer.token}"}


def test_what_is_not_there_is_said(key_vault: KeyVault) -> None:
    key_vault.store.secrets["visma-password"] = {OLD: CANARY, NEW: ""}
    one = resolver(environ(key_vault), "azure-key-vault:erp-secrets/")
    assert "the vault erp-secrets does not have it" in refusal(one, "azure-key-vault:erp-secrets/nothing")
    assert f"does not have version {'f' * 32} of it" in refusal(one, REFERENCE, "f" * 32)
    assert "its value is empty" in refusal(one, REFERENCE)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (Said(403, {"error": {"code": "Forbidden", "message": CANARY}}), "refuses it (403). Give whoever runs this the role"),
        (Said(400, {"error": {"code": "BadParameter", "message": CANARY}}), "answered 400"),
        (Said(500, {"error": {"code": "Oops", "message": CANARY}}), "answered 500"),
        (Said(307, None, {"Location": "https://127.0.0.1:9/"}), "answered 307"),
        (Said(200, ["nonsense"]), "failed"),
    ],
    ids=lambda one: str(one.status) if isinstance(one, Said) else "",
)
def test_what_azure_answers_is_told_without_its_words(key_vault: KeyVault, said: Said, expected: str) -> None:
    key_vault.store.forced = said
    assert expected in refusal(resolver(environ(key_vault), "azure-key-vault:erp-secrets/"), REFERENCE)


def test_a_redirect_is_not_followed_and_the_token_stays(key_vault: KeyVault) -> None:
    with socket.create_server(("127.0.0.1", 0)) as elsewhere:
        elsewhere.settimeout(0.2)
        key_vault.store.forced = Said(302, None, {"Location": f"https://127.0.0.1:{elsewhere.getsockname()[1]}/"})
        assert "answered 302" in refusal(resolver(environ(key_vault), "azure-key-vault:erp-secrets/"), REFERENCE)
        with pytest.raises(TimeoutError):
            elsewhere.accept()


def test_nobody_is_logged_in(key_vault: KeyVault, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "EnvironmentCredential")
    said = refusal(resolver(environ(key_vault), "azure-key-vault:erp-secrets/"), REFERENCE)
    assert "Azure lets nobody in from here to the vault erp-secrets" in said
    assert "az login" in said


def test_the_libraries_own_pages_about_a_login_stay_out_of_sight(key_vault: KeyVault, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a process of its own: within a test run, somebody listens to every logger."""
    for name in ("AZURE_TOKEN_CREDENTIALS", "IDENTITY_ENDPOINT", "IDENTITY_HEADER"):
        monkeypatch.delenv(name)
    code = (
        "import os; from reconciler.stores import StoreError, open_store\n"
        "try:\n    open_store('azure-key-vault', os.environ).fetch('erp-secrets/visma', None)\n"
        "except StoreError as error:\n    print(error.reason)"
    )
    monkeypatch.setenv("RECONCILER_KEY_VAULT_URL", key_vault.server.url)
    monkeypatch.setenv("PATH", "")  # no Azure CLI of this machine is asked
    done = subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("cannot be read: Azure lets nobody in from here to the vault erp-secrets\n", "")


def test_a_certificate_that_nobody_vouches_for_and_a_port_where_nobody_is(key_vault: KeyVault, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = Certificates.below(tmp_path / "other")
    with Loopback(key_vault.store.answer, other.server()) as stranger:
        for url in (stranger.url, "https://127.0.0.1:9"):
            one = resolver({"RECONCILER_KEY_VAULT_URL": url}, "azure-key-vault:erp-secrets/")
            assert f"{url.removeprefix('https://')} cannot be reached" in refusal(one, REFERENCE)
        assert stranger.asked == []


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:9", "vault.example.com", "https://{nothing}.example.com", "https://user:pw@example.com", "https://{"]
)
def test_an_address_has_to_be_safe(address: str) -> None:
    one = resolver({"RECONCILER_KEY_VAULT_URL": address}, "azure-key-vault:erp-secrets/")
    assert "RECONCILER_KEY_VAULT_URL is no https:// address" in refusal(one, REFERENCE)
