"""Secrets of HashiCorp Vault, over a socket, with its own library."""

import socket
from pathlib import Path

import pytest

from reconciler.emulator.certificates import Certificates, TlsKind
from tests.stores.conftest import CANARY, Serving, refusal, resolver, value
from tests.stores.servers import Loopback, Said, VaultServer

REFERENCE = "vault:secret/erp/visma#password"
Vault = Serving[VaultServer]


def environ(vault: Vault, **more: str) -> dict[str, str]:
    return {"VAULT_ADDR": vault.server.url, "VAULT_TOKEN": VaultServer.token, **more}


def test_the_current_version_or_the_one_that_is_named(vault: Vault) -> None:
    vault.store.versions["erp/visma"] = [{"password": "first"}, {"password": CANARY, "other": "x"}]
    log: list[str] = []
    one = resolver(environ(vault), "vault:secret/erp/", log=log)
    assert value(one, REFERENCE) == CANARY
    assert value(one, REFERENCE, "1") == "first"
    assert value(one, REFERENCE, "2") == CANARY
    assert log == [f"secret {REFERENCE}: version 2", f"secret {REFERENCE}: version 1", f"secret {REFERENCE}: version 2"]
    value(one, REFERENCE)
    assert [(asked.path, asked.query.get("version")) for asked in vault.server.asked] == [
        ("/v1/secret/data/erp/visma", None),
        ("/v1/secret/data/erp/visma", "1"),
        ("/v1/secret/data/erp/visma", "2"),
    ]


def test_a_role_logs_in_once_and_the_namespace_goes_along(vault: Vault) -> None:
    vault.store.versions["erp"] = [{"a": CANARY, "b": "b"}]
    role, secret = VaultServer.role
    by_role = {"VAULT_ADDR": vault.server.url, "VAULT_ROLE_ID": role, "VAULT_SECRET_ID": secret, "VAULT_NAMESPACE": "team"}
    one = resolver(by_role, "vault:secret/erp#*")
    assert (value(one, "vault:secret/erp#a"), value(one, "vault:secret/erp#b")) == (CANARY, "b")
    assert [asked.path for asked in vault.server.asked] == ["/v1/auth/approle/login", "/v1/secret/data/erp", "/v1/secret/data/erp"]
    assert {asked.headers["x-vault-namespace"] for asked in vault.server.asked} == {"team"}
    wrong = resolver({**by_role, "VAULT_SECRET_ID": "wrong-secret-id"}, "vault:secret/erp#*")
    assert "refuses the request (400)" in refusal(wrong, "vault:secret/erp#a", None, "wrong-secret-id")


def test_the_token_that_vault_login_left_is_taken_where_no_other_is_given(vault: Vault, tmp_path: Path) -> None:
    vault.store.versions["erp/visma"] = [{"password": CANARY}]
    (tmp_path / ".vault-token").write_text(VaultServer.token, encoding="utf-8")
    assert value(resolver({"VAULT_ADDR": vault.server.url}, "vault:secret/"), REFERENCE) == CANARY
    assert "refuses it (403)" in refusal(resolver(environ(vault, VAULT_TOKEN="of somebody else"), "vault:secret/"), REFERENCE)


def test_what_is_not_there_is_said(vault: Vault) -> None:
    vault.store.versions["erp/visma"] = [{"password": CANARY, "empty": "", "number": 5}, None]
    one = resolver(environ(vault), "vault:secret/")
    assert "nothing there, or that version was deleted" in refusal(one, REFERENCE)
    assert "nothing there" in refusal(one, REFERENCE, "9")
    assert "nothing there" in refusal(one, "vault:secret/erp/fortnox#password")
    assert "it has no field pasword" in refusal(one, "vault:secret/erp/visma#pasword", "1")
    assert "its field empty is empty" in refusal(one, "vault:secret/erp/visma#empty", "1")
    assert "its field number is no text" in refusal(one, "vault:secret/erp/visma#number", "1")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (Said(403, {"errors": ["permission denied"]}), "refuses it (403)"),
        (Said(401, {"errors": ["no"]}), "lets nobody in"),
        (Said(400, {"errors": [CANARY]}), "refuses the request (400)"),
        (Said(503, {"errors": ["Vault is sealed"]}), "is sealed or stands by"),
        (Said(500, {"errors": [CANARY]}), "failed (InternalServerError)"),
        (Said(429, {"errors": []}), "failed (RateLimitExceeded)"),
        (Said(200, {"data": {"password": CANARY}}), "did not answer as KV version 2 does. Look at what is mounted at secret."),
        (Said(200, [CANARY]), "did not answer as KV version 2 does"),
        (Said(204), "did not answer as KV version 2 does"),
    ],
    ids=lambda one: str(one.status) if isinstance(one, Said) else "",
)
def test_what_vault_answers_is_told_without_its_words(vault: Vault, said: Said, expected: str) -> None:
    vault.store.forced = said
    assert expected in refusal(resolver(environ(vault), "vault:secret/"), REFERENCE)


def test_a_redirect_is_not_followed_and_the_token_stays(vault: Vault) -> None:
    with socket.create_server(("127.0.0.1", 0)) as elsewhere:
        elsewhere.settimeout(0.2)
        target = f"http://127.0.0.1:{elsewhere.getsockname()[1]}/v1/secret/data/erp/visma"
        vault.store.forced = Said(307, None, {"Location": target})
        assert "did not answer as KV version 2 does" in refusal(resolver(environ(vault), "vault:secret/"), REFERENCE)
        with pytest.raises(TimeoutError):
            elsewhere.accept()


def test_where_it_is_and_who_asks_has_to_be_said_and_said_safely(vault: Vault) -> None:
    for given, expected in (
        ({}, "VAULT_ADDR is not set"),
        ({"VAULT_ADDR": "http://vault.example.com"}, "VAULT_ADDR is no https:// address"),
        ({"VAULT_ADDR": "vault.example.com"}, "VAULT_ADDR is no https:// address"),
        ({"VAULT_ADDR": vault.server.url}, "there is no token for 127.0.0.1"),
        ({"VAULT_ADDR": "http://127.0.0.1:9", "VAULT_TOKEN": CANARY}, "127.0.0.1:9 cannot be reached (ConnectionError)"),
        ({"VAULT_ADDR": vault.server.url.replace("http:", "https:"), "VAULT_TOKEN": CANARY}, "is not trusted"),
        ({"VAULT_ADDR": vault.server.url, "VAULT_TOKEN": "of somebody else"}, "refuses it (403)"),
    ):
        assert expected in refusal(resolver(given, "vault:secret/"), REFERENCE), given
    assert [asked.headers.get("x-vault-token") for asked in vault.server.asked] == ["of somebody else"]


def test_over_tls_its_authority_is_named_and_a_wrong_certificate_gets_no_token(vault: Vault, tmp_path: Path) -> None:
    vault.store.versions["erp/visma"] = [{"password": CANARY}]
    certificates = Certificates.below(tmp_path)
    kinds: dict[TlsKind, bool] = {"valid": True, "expired": False, "self-signed": False, "other-host": False, "unknown-authority": False}
    for kind, good in kinds.items():
        with Loopback(vault.store.answer, certificates.server(kind)) as server:
            one = resolver({**environ(vault), "VAULT_ADDR": server.url, "VAULT_CACERT": str(certificates.authority)}, "vault:secret/")
            if good:
                assert value(one, REFERENCE) == CANARY
            else:
                said = refusal(one, REFERENCE)
                assert f"the certificate of {server.authority} is not trusted. Name its authority in VAULT_CACERT." in said
            assert len(server.asked) == (1 if good else 0)


def test_nothing_is_asked_for_what_is_not_allowed(vault: Vault) -> None:
    one = resolver(environ(vault), "vault:secret/erp/", "vault:other/exact#field")
    for reference in ("vault:secret/erp#password", "vault:secret/erpx/a#b", "vault:other/exact#Field", "vault:other/exact/more#field"):
        assert "is not allowed by the target prod; its `secrets` are: vault:secret/erp/" in refusal(one, reference)
    assert vault.server.asked == []
