"""Secrets of Azure Key Vault. The extra is `azure`.

Who asks is found by azure-identity in its usual places: the environment, a workload identity (as in GitHub and Azure
pipelines), a managed identity, the Azure CLI. The name of a vault is all that a file gives; its address is made from
`RECONCILER_KEY_VAULT_URL`, for another cloud, or the public one.

Source: azure-identity docs, DefaultAzureCredential; azure-keyvault-secrets docs, SecretClient and its errors.

Effects: network.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError, ResourceNotFoundError, ServiceRequestError
from azure.identity import DefaultAzureCredential
from azure.keyvault.secrets import SecretClient

from reconciler.model import Secret
from reconciler.stores.forms import FORMS
from reconciler.stores.store import Found, StoreError

VARIABLE: Final = "RECONCILER_KEY_VAULT_URL"
PUBLIC: Final = "https://{vault}.vault.azure.net"
CONNECT_S: Final = 10
READ_S: Final = 30
RETRIES: Final = 2

# Where nobody listens to them, Python writes the libraries' warnings to stderr: pages about every credential that was tried.
for _name in ("azure", "msal"):
    logging.getLogger(_name).addHandler(logging.NullHandler())


class AzureKeyVault:
    """Vaults by name, one credential for all. `address` is a URL with {vault} in it."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._credential = DefaultAzureCredential(exclude_interactive_browser_credential=True)
        self._clients: dict[str, SecretClient] = {}

    def fetch(self, name: str, version: str | None) -> Found:
        """The value; its version is the store's version id."""
        parts = FORMS["azure-key-vault"].split(name)
        if parts is None:
            raise StoreError("is not a name in Azure Key Vault", "Write azure-key-vault:VAULT/NAME.")
        vault, secret = parts
        try:
            found = self._client(vault).get_secret(secret, version)
        except ResourceNotFoundError:
            which = "it" if version is None else f"version {version} of it"
            raise StoreError(f"cannot be used: the vault {vault} does not have {which}", "Look at the name, or create it.") from None
        except ClientAuthenticationError:
            raise StoreError(
                f"cannot be read: Azure lets nobody in from here to the vault {vault}",
                "Log in with `az login`, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET or a workload identity.",
            ) from None
        except HttpResponseError as error:
            raise _answered(vault, error.status_code) from None
        except ServiceRequestError:
            raise StoreError(
                f"cannot be read: {_host(self._address.format(vault=vault))} cannot be reached", "Look at the vault's name and the network."
            ) from None
        except (AzureError, ValueError, TypeError, AttributeError, KeyError) as error:  # the last ones: an answer of another shape
            raise StoreError(f"cannot be read: Azure Key Vault failed ({type(error).__name__})", "Try again.") from None
        if not found.value:
            raise StoreError("cannot be used: its value is empty", "Give it a value in the vault.")
        return Found(Secret(found.value), found.properties.version)

    def _client(self, vault: str) -> SecretClient:
        if vault not in self._clients:
            self._clients[vault] = SecretClient(
                self._address.format(vault=vault),
                self._credential,
                connection_timeout=CONNECT_S,
                read_timeout=READ_S,
                retry_total=RETRIES,
                retry_backoff_factor=0.2,
                permit_redirects=False,
            )
        return self._clients[vault]


def _answered(vault: str, status: int | None) -> StoreError:
    if status == 403:
        hint = (
            "Give whoever runs this the role Key Vault Secrets User; look at the vault's firewall, and at whether the version is enabled."
        )
        return StoreError(f"cannot be read: the vault {vault} refuses it (403)", hint)
    return StoreError(f"cannot be read: the vault {vault} answered {status}", "Try again, or look at the vault's logs.")


def _host(url: str) -> str:
    return urlsplit(url).netloc


def open_store(environ: Mapping[str, str]) -> AzureKeyVault:
    """The vaults that the environment's credential reaches.

    Raises:
        StoreError: the address is no https:// URL.
    """
    address = environ.get(VARIABLE, "").rstrip("/") or PUBLIC
    try:
        parts = urlsplit(address.format(vault="vault"))
        good = parts.scheme == "https" and bool(parts.hostname) and not parts.username
    except (KeyError, IndexError, ValueError):
        good = False
    if not good:
        raise StoreError(f"cannot be read: {VARIABLE} is no https:// address", f"Write it like {PUBLIC}.")
    return AzureKeyVault(address)
