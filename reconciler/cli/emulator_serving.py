"""What `reconciler emulator serve` prepares and says: the application that may log in, certificates, and how to point a target here.

In: a tenant's id, the kind of certificate. Out: what the emulator is opened with, and lines for a person.
Effects: keeps the application's private key and the authority's certificate beside the state file.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

if TYPE_CHECKING:
    from reconciler.emulator import Emulator, Online
    from reconciler.emulator.certificates import TlsKind

KEY = "emulator-app.pem"


def played(tenant: str, state: Path) -> Online:
    """The tenant and its application, whose private key is made once and kept beside the state file, for this user only.

    Raises:
        click.UsageError: that is no id of a tenant.
        click.ClickException: the key cannot be kept, or is none.
    """
    import re

    from reconciler.emulator import Online
    from reconciler.emulator.door.keys import from_pem, generated, pem

    if not re.fullmatch(r"[A-Za-z]+[0-9]+", tenant):
        raise click.UsageError(f"{tenant!r} is not the id of a tenant; ids look like Cust12345.")
    path = state.parent / KEY
    try:
        state.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as made:
                made.write(pem(generated("application")))
        text = path.read_text(encoding="ascii")
        from_pem(text)
    except (OSError, ValueError) as error:
        raise click.ClickException(
            f"{path} cannot be used as the application's key ({error}). Take it away to have a new one made."
        ) from error
    return Online(tenant=tenant, private_key=text)


def certificates_for(kind: str | None, state: Path) -> tuple[ssl.SSLContext | None, Path | None]:
    """What the server speaks TLS with, and the file with the authority that made its certificate.

    Raises:
        click.ClickException: none can be made.
    """
    if kind is None:
        return None, None
    from reconciler.emulator.certificates import CertificateError, Certificates

    try:
        state.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        certificates = Certificates.below(state.parent)
    except (CertificateError, OSError) as error:
        raise click.ClickException(str(error)) from error
    return certificates.server(cast("TlsKind", kind)), certificates.authority


def announced(served: Emulator, state: Path, authority: Path | None) -> Iterator[str]:
    """What a person has to know to use it."""
    login, password = served.login
    trusted = f", ca_bundle: {_as_named(authority)}" if authority is not None else ""
    if served.online is None:
        yield f"The emulator serves {state} at {served.url}"
        yield f"Login {login}, password {password}. Its ERP folder is {served.erp.path}."
        yield "Point a target at it in targets.yaml:"
        yield f"  emulator: {{kind: emulator, url: {served.url}}}"
    else:
        own = served.door.credentials
        yield f"The emulator serves {state} as the tenant {own.tenant} of SuperOffice Online. Its ERP folder is {served.erp.path}."
        yield f"  root           {served.url}  (state, logins and keys)"
        yield f"  API            {served.api_url}  (until the tenant moves)"
        yield f"  client id      {own.client_id}"
        yield f"  client secret  {own.client_secret}  (the application's token)"
        yield f"  system token   {own.system_token}"
        yield f"  refresh token  {own.refresh_token}"
        yield f"  private key    {state.parent / KEY}"
        yield "These open nothing but this emulator. Point a target at it in targets.yaml, and set the two variables:"
        yield "  online:"
        yield f"    {{kind: online, environment: sod, tenant: {own.tenant}, emulated_at: {served.url.rstrip('/')}{trusted},"
        yield "     auth: {kind: system-user, app_token: {secret: env:SO_APP_TOKEN}, system_token: {secret: env:SO_SYSTEM_TOKEN},"
        yield f"            private_key: {{secret: file:{_as_named(state.parent / KEY)}}}}}, secrets: ['env:*']}}"
        if not state.parent.absolute().is_relative_to(Path.cwd()):
            yield f"Copy the files that it names from {state.parent.absolute()} to here."
    if authority is not None:
        yield f"Trust its certificates with {authority}."
    yield f"Edit it behind the client's back: reconciler emulator edit --url {served.url} --help"


def _as_named(path: Path) -> str:
    """A path as `targets.yaml` in this folder names it; where it lies elsewhere, its name, since the file has to be copied here."""
    whole, here = path.absolute(), Path.cwd()
    return whole.relative_to(here).as_posix() if whole.is_relative_to(here) else path.name
