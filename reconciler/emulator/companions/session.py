"""Who is logged in, and which version answers.

Effects: reads the office's state.

Source: SuperOffice docs, User/currentPrincipal (SoPrincipalCarrier); getting the WebAPI version.
"""

from __future__ import annotations

from typing import Any

from reconciler.emulator.office import Office

RELEASE = "12.4 (embedded)"


def version(base: str) -> dict[str, Any]:
    """What `GET api` tells, without login; `base` is the URL of the API."""
    return {
        "v1": f"{base}/v1/",
        "NetServerVersion": "12.4.0.0",
        "NetServerDate": "2026-01-01T00:00:00",
        "NetServerLabel": RELEASE,
        "NetServer": f"SuperOffice {RELEASE}",
        "Services": "Services88",
        "ServicesCurrent": "Services88",
        "Version": "v1",
    }


def current_principal(office: Office, who: str) -> dict[str, Any]:
    """The logged-in associate; `system` is the system user of an Online tenant."""
    me = office.state.row("Associate", 1) or {}
    return {
        "UserType": "SystemAssociate" if who == "system" else "InternalAssociate",
        "Associate": me.get("Name", ""),
        "AssociateId": me.get("AssociateId", 0),
        "IsPerson": True,
        "PersonId": 1,
        "ContactId": 1,
        "GroupId": me.get("UserGroupId", 0),
        "RoleId": 1,
        "RoleName": 'US:"Administrator";NO:"Administrator"',
        "RoleDescription": "",
        "RoleType": "Employee",
        "Licenses": [],
        "FullName": me.get("FullName", ""),
        "EMailAddress": "admin@example.com",
        "FunctionRights": list(office.function_rights()),
        "SecondaryGroups": [],
        "DatabaseContextIdentifier": office.context_identifier,
        "UserName": me.get("Name", ""),
    }
