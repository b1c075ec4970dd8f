"""Certificates, right and wrong, so that a client can be tried over TLS: made anew each time by a certificate authority of our own.

Effects: writes the authority's certificate (no key) to a file; makes random keys.
Neighbours: tests and `reconciler emulator serve --tls`. Needs `trustme` (the extra `tls`), which is imported when it is used.
"""

from __future__ import annotations

import ssl
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    import trustme

NAMES = ("127.0.0.1", "localhost")

TlsKind = Literal["valid", "expired", "self-signed", "other-host", "unknown-authority", "tls-1.0"]
"""What is wrong with a server's TLS, if anything; `tls-1.0` has a good certificate and speaks nothing newer."""
TLS_KINDS: tuple[str, ...] = get_args(TlsKind)


class CertificateError(Exception):
    """No certificate can be made; the message says why."""


@dataclass(frozen=True)
class Certificates:
    """An authority, and what servers show.

    Attributes:
        authority: the file with its certificate: what a client has to trust.
    """

    authority: Path
    _made_by: trustme.CA

    @classmethod
    def below(cls, folder: Path) -> Certificates:
        """A new authority, whose certificate is written to `emulator-ca.pem` in a folder.

        Raises:
            CertificateError: `trustme` is not installed, or the file cannot be written.
        """
        authority = _new_authority()
        path = folder / "emulator-ca.pem"
        try:
            authority.cert_pem.write_to_path(str(path))
        except OSError as error:
            raise CertificateError(f"{path} cannot be written: {error.strerror}") from error
        return cls(path, authority)

    def server(self, kind: TlsKind = "valid") -> ssl.SSLContext:
        """What a server on this machine speaks TLS with."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        showing: dict[TlsKind, Callable[[], None]] = {
            "valid": lambda: self._made_by.issue_cert(*NAMES).configure_cert(context),
            "expired": lambda: self._expired().configure_cert(context),
            "self-signed": lambda: _show_itself(context),
            "other-host": lambda: self._made_by.issue_cert("elsewhere.example.com").configure_cert(context),
            "unknown-authority": lambda: _new_authority().issue_cert(*NAMES).configure_cert(context),
            "tls-1.0": lambda: self._made_by.issue_cert(*NAMES).configure_cert(context),
        }
        showing[kind]()
        if kind == "tls-1.0":
            # OpenSSL and Python discourage it, which is the point: a client has to refuse such a server.
            context.set_ciphers("ALL:@SECLEVEL=0")
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)
                context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1
        return context

    def client(self) -> ssl.SSLContext:
        """What a client that trusts this authority, and no other, speaks TLS with."""
        return ssl.create_default_context(cafile=str(self.authority))

    def _expired(self) -> trustme.LeafCert:
        now = datetime.now(UTC)
        return self._made_by.issue_cert(*NAMES, not_before=now - timedelta(days=30), not_after=now - timedelta(days=1))


def _show_itself(context: ssl.SSLContext) -> None:
    """An authority's own certificate, shown as a server's."""
    authority = _new_authority()
    with authority.cert_pem.tempfile() as certificate, authority.private_key_pem.tempfile() as key:
        context.load_cert_chain(certificate, key)


def _new_authority() -> trustme.CA:
    try:
        from trustme import CA
    except ImportError:
        raise CertificateError("TLS needs the package trustme; install it with: pip install 'reconciler[tls]'") from None
    return CA()
