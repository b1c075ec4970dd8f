"""How the door behaves, as switches: each can be turned while the emulator serves.

Effects: none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from reconciler.emulator.switches import Turnable

TenantState = Literal[
    "Unknown", "Provisioning", "Running", "Deleted", "Suspended", "OnlineMaintenance", "OfflineMaintenance", "ProvisioningFailed",
    "Deleting", "DeleteFailed", "MigrationPending",
]  # fmt: skip
"""Source: SuperOffice docs, check tenant status."""

Throttled = Literal["seconds", "date", "silent"]


@dataclass
class DoorSwitches(Turnable):
    """One member per thing that can change or go wrong between the socket and the ErpSync agent."""

    # The tenant (Online)
    tenant_state: TenantState = "Running"
    """What the state endpoint says. The API answers only while it is Running or OnlineMaintenance."""
    state_valid_s: float = 3600.0
    """How far ahead ValidUntil lies."""
    state_names: Literal["right", "foreign_host", "plain_http"] = "right"
    """Which address the state endpoint gives: the tenant's, one outside the vendor's domain, or an http:// one elsewhere."""
    tenant_host: int = 1
    """Which host has the tenant. The others, and the root, answer 421; each new number is a new port."""

    # Logging in (Online)
    refused_login: Literal["flag", "forbidden"] = "flag"
    """How the system user's login is refused: 200 with IsSuccessful false, or 403."""
    login_answer: Literal[
        "right", "tampered", "expired", "not_yet", "other_audience", "other_issuer", "other_tenant", "no_ticket", "unsigned",
        "wrong_key", "unknown_key", "shared_secret",
    ] = "right"  # fmt: skip
    """What is wrong with the signed answer to a login; `unsigned` is `alg: none`, `shared_secret` is HS256 keyed with the public key."""
    minute_tolerance: int = 1
    """By how many minutes the time in a signed system token may be off."""
    oauth_parameters: Literal["both", "body", "query"] = "both"
    """Where the token endpoint looks for its parameters."""

    # Credentials
    ticket_lives_s: float = 6 * 3600.0
    """How long a ticket lives; each use begins the time anew."""
    token_lives_s: float = 3600.0
    """How long an access token lives."""
    lives_calls: int = 0
    """After how many calls a ticket or token has expired whatever the time; 0 means never."""
    app_token_required: bool = True
    """Whether a ticket needs SO-AppToken beside it (Online)."""

    # Rights
    agent_refusal: Literal["forbidden", "unauthorized", "error_object"] = "forbidden"
    """How the ErpSync agent answers while `agent_granted` is off: 403, 401, or 200 with an error object."""
    function_rights: Literal["administrator", "none"] = "administrator"
    """Which rights the user has, as User/currentPrincipal tells them."""

    # Pace and time
    calls_per_second: float = 0.0
    """How many calls are answered in a second before 429; 0 means any number."""
    throttled: Throttled = "seconds"
    """What a 429 of the pace says: Retry-After in seconds, as a date, or nothing."""
    clock_ahead_s: float = 0.0
    """How far the server's clock is ahead of the emulator's, in Date and in everything the login checks."""
