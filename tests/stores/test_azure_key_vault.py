"""Secrets of Azure Key Vault, over TLS, with its own libraries: the challenge, a managed identity, versions."""

import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from reconciler.emulator.certificates import Certificates
from tests.stores.conftest import CANARY, Serving, refusal, resolver, value
from tests.stores.servers import EntraServer, KeyVaultServer, Loopback, Said
from tests.superoffice.proxying import Proxy

OLD, NEW = "0" * 31 + "1", "0123456789abcdef0123456789abcdef"
REFERENCE = "azure-key-vault:erp-secrets/visma-password"
VAULT_HOST = "erp-secrets.vault.azure.net"
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


# --- an application that logs in with its secret ---


@pytest.fixture
def cloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serving[KeyVaultServer]]:
    """The public addresses of Azure, both behind a proxy that leads to this machine: nothing here knows that it is not Azure."""
    entra, vault = EntraServer(), KeyVaultServer(f"https://{EntraServer.host}/{EntraServer.tenant}")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(EntraServer.host, VAULT_HOST).configure_cert(tls)
    by_host = {EntraServer.host: entra.answer, VAULT_HOST: vault.answer}
    server = Loopback(lambda asked: by_host[asked.headers["host"]](asked), tls)
    with server, Proxy(int(server.authority.partition(":")[2])).serving() as address:
        for name, text in {
            "HTTPS_PROXY": address,
            "NO_PROXY": "",
            "REQUESTS_CA_BUNDLE": str(tmp_path / "ca.pem"),
            "AZURE_TOKEN_CREDENTIALS": "EnvironmentCredential",
            "AZURE_TENANT_ID": EntraServer.tenant,
            "AZURE_CLIENT_ID": EntraServer.client,
            "AZURE_CLIENT_SECRET": EntraServer.secret,
        }.items():
            monkeypatch.setenv(name, text)
        yield Serving(vault, server)


def test_an_application_logs_in_once_with_its_secret(cloud: KeyVault) -> None:
    cloud.store.secrets["visma-password"] = {OLD: "first", NEW: CANARY}
    one = resolver({}, "azure-key-vault:erp-secrets/")
    assert value(one, REFERENCE) == CANARY
    assert value(one, REFERENCE, OLD) == "first"
    logins = [asked for asked in cloud.server.asked if asked.method == "POST"]
    assert [asked.body["scope"] for asked in logins] == ["https://vault.azure.net/.default"]
    at_vault = [asked for asked in cloud.server.asked if asked.headers["host"] == VAULT_HOST]
    assert "authorization" not in at_vault[0].headers
    assert all(EntraServer.secret not in str(asked) for asked in at_vault)


def test_an_application_whose_secret_is_over_is_told_without_it(cloud: KeyVault, monkeypatch: pytest.MonkeyPatch) -> None:
    over = "Hb5Lz-secret-that-is-over-Jm9t"
    monkeypatch.setenv("AZURE_CLIENT_SECRET", over)
    said = refusal(resolver({}, "azure-key-vault:erp-secrets/"), REFERENCE, None, over)
    assert "Azure lets nobody in from here to the vault erp-secrets" in said
    assert "AZURE_CLIENT_SECRET" in said


def test_an_application_that_may_not_read_the_vault_is_told_that(cloud: KeyVault) -> None:
    cloud.store.forced = Said(403, {"error": {"code": "Forbidden", "message": CANARY}})
    assert "refuses it (403)" in refusal(resolver({}, "azure-key-vault:erp-secrets/"), REFERENCE, None, EntraServer.secret)
