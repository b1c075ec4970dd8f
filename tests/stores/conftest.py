"""Stores that serve on loopback, and the environment that leads to them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import pytest

from reconciler.desired import Resolver
from reconciler.emulator.certificates import Certificates
from reconciler.errors import InputError
from reconciler.model import SecretRef, Target
from tests.stores.servers import KeyVaultServer, Loopback, VaultServer, managed_identity

Kept = TypeVar("Kept")
CANARY = "canary-Zp5-of-a-store-Qe8"


@dataclass
class Serving(Generic[Kept]):
    """A store, and the server that speaks for it."""

    store: Kept
    server: Loopback


def resolver(environ: dict[str, str], *allowed: str, log: list[str] | None = None) -> Resolver:
    target = Target(name="prod", kind="onsite", directory=".", secrets=allowed)
    return Resolver(target, environ, Path(), None if log is None else log.append)


def value(one: Resolver, reference: str, version: str | None = None) -> str:
    return one.resolve(SecretRef.parse(reference, version)).reveal()


def refusal(one: Resolver, reference: str, version: str | None = None, *never: str) -> str:
    """What is said when a secret cannot be had; the reference is named, and nothing that is secret."""
    with pytest.raises(InputError) as caught:
        one.resolve(SecretRef.parse(reference, version))
    (problem,) = caught.value.problems
    shown = f"{problem.message} {problem.hint}"
    assert problem.message.startswith(f"The secret {reference} ")
    assert problem.hint
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None or caught.value.__suppress_context__
    for secret in (CANARY, VaultServer.token, VaultServer.role[1], KeyVaultServer.token, *never):
        assert secret not in shown + str(caught.value) + repr(problem)
    return shown


@pytest.fixture
def vault(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Serving[VaultServer]]:
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))  # a token that `vault login` left here is no part of a test
    store = VaultServer()
    with Loopback(store.answer) as server:
        yield Serving(store, server)


@pytest.fixture
def key_vault(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Serving[KeyVaultServer]]:
    """Over TLS, as the library insists; a managed identity on this machine gives the token."""
    store = KeyVaultServer()
    certificates = Certificates.below(tmp_path)
    with Loopback(store.answer, certificates.server()) as server, Loopback(managed_identity) as identity:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificates.authority))
        monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "ManagedIdentityCredential")
        monkeypatch.setenv("IDENTITY_ENDPOINT", f"{identity.url}/msi/token")
        monkeypatch.setenv("IDENTITY_HEADER", "Ze6Md-header-of-azure-Bx4v")
        yield Serving(store, server)
