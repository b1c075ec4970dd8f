"""What an Online tenant and its registered application are called, and what they hold.

Effects: none.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Online:
    """An Online tenant, and an application that may log in to it. Everything has a default, as `admin`/`admin` is one onsite.

    Attributes:
        tenant: its customer id.
        client_id: the application's id.
        client_secret: the application's secret, which is also its token (`SO-AppToken`).
        system_token: the tenant's system user token for the application.
        refresh_token: what an administrator's consent left behind; it can be used again and again.
        private_key: the application's RSA key as PEM; blank makes one.
        serial: the serial number of the tenant's database, which names the audience of a login's answer.
        root_url: the un-numbered root, where it goes by another name than the port it serves on (`https://online.superoffice.com`).
        host_urls: the names of the tenant's hosts; with them, the Host header decides which one was called, and there is one port.
    """

    tenant: str = "Cust12345"
    client_id: str = "4f1c7d5e0b6a4a3c9d2e8f7061524334"
    client_secret: str = field(default="emulator-client-secret", repr=False)
    system_token: str = field(default="Reconciler-Kq7Xv2Lm9Zt4", repr=False)
    refresh_token: str = field(default="emulator-refresh-token", repr=False)
    private_key: str = field(default="", repr=False)
    serial: str = "1234567890"
    root_url: str = ""
    host_urls: tuple[str, ...] = ()
