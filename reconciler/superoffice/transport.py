"""One HTTP exchange: what came back, or that nothing did, and whether anything of the request was sent.

No hidden retries, redirects, proxies from the environment or decompression. The deadline is for the whole exchange
(`deadlines`). Writes go over a connection of their own, so that they never ride on one that the server is closing at that
moment.

Source: RFC 9110 section 9.2.2 (no automatic retry without knowing that the first was never applied); RFC 9112 section 9.3.1
(a client cannot tell why a reused connection closed).

Effects: network.
"""

from __future__ import annotations

import ipaddress
import ssl
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import urllib3
from urllib3.util import Timeout, Url

from reconciler.errors import ReconcilerError, TargetError
from reconciler.superoffice.deadlines import PlainConnection, TlsConnection, under_way
from reconciler.superoffice.reasons import hint_for, why_not

__all__ = ["Exchange", "Network", "NoReply", "Reply", "Transport", "is_loopback"]

MAX_BODY: Final = 32 * 1024 * 1024
_CHUNK: Final = 64 * 1024
_GZIP_OR_ZLIB: Final = 32 + zlib.MAX_WBITS


@dataclass(frozen=True, slots=True)
class Reply:
    """A complete answer; the body is not longer than `MAX_BODY`.

    Attributes:
        location: where a redirect leads; nothing here follows it.
        json: what the body was read as, once it was; `answers.read_json` fills and reads it.
    """

    status: int
    content_type: str
    body: bytes
    retry_after: str = ""
    date: str = ""
    location: str = ""
    json: list[Any] = field(default_factory=list, init=False, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class NoReply:
    """No complete answer. `sent` is False only where it is proved that not one byte of the request left.

    `hint` is what to do about it, where that can be told from here.
    """

    sent: bool
    why: str
    hint: str = ""


Exchange = Reply | NoReply


@dataclass(frozen=True, slots=True)
class Network:
    """How hosts are reached.

    Attributes:
        connect_seconds: how long it may take until something can be sent: finding the host, connecting, a proxy, TLS.
        ca_bundle: a PEM file with the authorities that may vouch for a host; None for those of the system.
        proxy: through which hosts other than this machine are reached; None for none, whatever the environment says.
    """

    connect_seconds: float
    ca_bundle: Path | None = None
    proxy: str | None = None


class Transport:
    """Exchanges with one host; safe to use from several threads.

    Args:
        base: scheme, host, port and the path below which everything lies.
        connections: how many connections for reads are kept open.
        network: how it is reached.

    Raises:
        TargetError: the file with authorities cannot be used.
    """

    def __init__(self, base: Url, *, connections: int, network: Network) -> None:
        self._base = base
        self._connect_seconds = network.connect_seconds
        self._proxy = None if is_loopback(base.host or "") else network.proxy
        self._tls = _tls(network.ca_bundle) if base.scheme == "https" else None
        self._pool = self._new_pool(connections)

    def exchange(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None, *, seconds: float, fresh: bool) -> Exchange:
        """Send one request, once.

        Args:
            method, path, headers, body: the request; the path is below the base.
            seconds: for everything, from connecting to the last byte of the answer.
            fresh: use a new connection, and close it afterwards.
        """
        attempt = under_way.begin(seconds, connect_seconds=self._connect_seconds)
        pool = self._new_pool(1) if fresh else self._pool
        try:
            response = pool.urlopen(
                method,
                f"{self._base.path or ''}/{path}" if path else self._base.path or "/",
                body=body,
                headers=headers,
                retries=False,
                redirect=False,
                timeout=Timeout(connect=min(self._connect_seconds, seconds), read=seconds),
                preload_content=False,
                decode_content=False,
            )
            return _complete(response)
        except ReconcilerError:  # a signal asked us to stop: not an answer of the network
            raise
        except Exception as error:  # noqa: BLE001 - whatever went wrong on the way, it may have happened after sending
            if isinstance(error, _Unreadable):
                return NoReply(attempt.sent, str(error))
            return NoReply(attempt.sent, why_not(error, attempt), hint_for(error, attempt))
        finally:
            if fresh:
                pool.close()

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._pool.close()

    def _new_pool(self, size: int) -> urllib3.HTTPConnectionPool:
        host, port = self._base.host or "", self._base.port
        if self._tls is None:
            plain = urllib3.HTTPConnectionPool(host, port, maxsize=size)
            plain.ConnectionCls = PlainConnection
            return plain
        options: dict[str, Any] = {"maxsize": size, "ssl_context": self._tls, "cert_reqs": "CERT_REQUIRED"}
        if self._proxy is None:
            secure: urllib3.HTTPConnectionPool = urllib3.HTTPSConnectionPool(host, port, **options)
        else:  # a tunnel: the proxy learns the name of the host, and nothing of what is said
            through = urllib3.ProxyManager(self._proxy, proxy_ssl_context=self._tls)
            secure = through.connection_from_host(host, port, "https", options)
        secure.ConnectionCls = TlsConnection
        return secure


def is_loopback(host: str) -> bool:
    """Whether a host is this machine itself."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower().rstrip(".") == "localhost"


def _tls(ca_bundle: Path | None) -> ssl.SSLContext:
    """Certificates are always checked, host names too, and nothing older than TLS 1.2 is spoken; no option takes that away."""
    try:
        context = ssl.create_default_context(cafile=ca_bundle)
    except (OSError, ValueError):  # ssl.SSLError is an OSError: not PEM, or no certificate in it
        raise TargetError(
            "The certificates of authorities cannot be used",
            f"{ca_bundle} is not a PEM file with certificates that this user can read.",
            "Change `ca_bundle` of the target in targets.yaml.",
        ) from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


class _Unreadable(Exception):
    """An answer that is too long or compressed in a way we do not read."""


def _complete(response: urllib3.BaseHTTPResponse) -> Reply:
    """Read the whole body, bounded; a connection with an unread rest is closed, not kept."""
    done = False
    too_long = f"the answer is longer than {MAX_BODY // 2**20} MiB"
    try:
        length = response.headers.get("Content-Length", "")
        if length.isascii() and length.isdecimal() and int(length[:20]) > MAX_BODY:
            raise _Unreadable(too_long)
        chunks, size = [], 0
        while chunk := response.read(_CHUNK, decode_content=False):
            chunks.append(chunk)
            size += len(chunk)
            if size > MAX_BODY:
                raise _Unreadable(too_long)
        done = True
    finally:
        if not done:
            response.close()
    headers = response.headers
    body = _inflated(b"".join(chunks), headers.get("Content-Encoding", "identity").strip().lower())
    return Reply(
        response.status,
        headers.get("Content-Type", ""),
        body,
        headers.get("Retry-After", ""),
        headers.get("Date", ""),
        headers.get("Location", ""),
    )


def _inflated(body: bytes, encoding: str) -> bytes:
    """The body as it was before compression, bounded; we ask for none, but something in between may compress."""
    if encoding in ("", "identity") or not body:
        return body
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise _Unreadable("the answer is compressed although we asked for none")
    inflater = zlib.decompressobj(_GZIP_OR_ZLIB)
    try:
        plain = inflater.decompress(body, MAX_BODY)
    except zlib.error:
        raise _Unreadable("the compressed answer is damaged") from None
    if inflater.unconsumed_tail or not inflater.eof:
        raise _Unreadable(f"the compressed answer is incomplete, or longer than {MAX_BODY // 2**20} MiB")
    return plain
