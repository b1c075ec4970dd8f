"""URLs as a person writes them in a file: what is wrong with one, and which host it names.

Source: RFC 3986 (URI syntax); SuperOffice docs, ERP connectors: onsite http(s)://…/ErpConnectorWS.svc or plugin://<name>,
Online app://<client id>. A connector URL says where SuperOffice sends config values, passwords among them.

Effects: none.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

_NOT_IN_URL = re.compile(r"[^!#-;=?-\[\]_a-z~%]")  # what RFC 3986 has no place for: spaces, quotes, <>, backslash, ^, `, {|}, not ASCII
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?\.?")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True, slots=True)
class Refused:
    """What is wrong with a URL, as a sentence, and the next step. Never the URL itself: it may carry a password."""

    message: str
    hint: str


def connector_host(url: str) -> str | Refused:
    """The host, client id or plugin name that the URL of a connector names, in small letters; or what is wrong with it."""
    parts = _split(url)
    if isinstance(parts, Refused):
        return parts
    if parts.scheme in ("http", "https"):
        return _web_host(parts)
    if parts.scheme in ("app", "plugin"):
        if parts.path or parts.query or parts.fragment or not _NAME.fullmatch(parts.netloc):
            return Refused(f"After {parts.scheme}:// exactly one name is expected.", f"Write {parts.scheme}://<name>.")
        return parts.netloc.lower()
    return Refused("This is not a URL of a connector.", "Write https://host/…, http://host/…, app://<client id> or plugin://<name>.")


def tenant_problem(url: str) -> Refused | None:
    """What is wrong with the URL of a target; None when nothing is. Without TLS only the machine itself is spoken to."""
    parts = _split(url)
    if isinstance(parts, Refused):
        return parts
    if parts.scheme not in ("http", "https"):
        return Refused("The URL of a target begins with https:// or, on this machine, http://.", "Write it with its scheme.")
    host = _web_host(parts)
    if isinstance(host, Refused):
        return host
    if parts.scheme == "http" and not is_loopback(host):
        return Refused(
            "http:// is only for this machine, since passwords would travel in clear.", "Write https://, or http://127.0.0.1:<port>."
        )
    if parts.query or parts.fragment:
        return Refused("The URL of a target has no `?` and no `#`.", "Write the address alone.")
    return None


def emulated_problem(url: str) -> Refused | None:
    """What is wrong with the address of an emulator that plays Online; None when nothing is. It is on this machine, or it is none."""
    if refused := tenant_problem(url):
        return refused
    parts = urlsplit(url)
    if not is_loopback((parts.hostname or "").rstrip(".")):
        hint = "Take `emulated_at` out: a real tenant is found through `environment` and `tenant`."
        return Refused("Only an emulator on this machine may stand for SuperOffice Online.", hint)
    return (
        None
        if parts.path in ("", "/")
        else Refused("This address names a path; state and login lie at the top.", "Write the host and port alone.")
    )


def proxy_problem(url: str) -> Refused | None:
    """What is wrong with the URL of a proxy; None when nothing is."""
    parts = _split(url)
    if isinstance(parts, Refused):
        return parts
    if parts.scheme not in ("http", "https") or isinstance(_web_host(parts), Refused):
        return Refused("The URL of a proxy is http://host:port or https://host:port.", "Write it with its scheme and its host.")
    return None if parts.path in ("", "/") and not parts.query else Refused("The URL of a proxy has no path.", "Write host and port alone.")


def _split(url: str) -> SplitResult | Refused:
    if found := _NOT_IN_URL.search(url):
        if ord(found[0]) > 127:
            return Refused("A URL holds ASCII characters only.", "Write the host in its xn-- form, and percent-encode the rest.")
        return Refused("This URL holds a character that no URL can hold, such as a space.", "Percent-encode it.")
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises when it is no port
    except ValueError:
        return Refused("This URL has no host that can be read, or a port that does not exist.", "Write https://host:port/path.")
    if "@" in parts.netloc:
        return Refused("A URL must not hold a user name or a password.", "Take out what stands before the `@`.")
    return parts


def _web_host(parts: SplitResult) -> str | Refused:
    host = parts.hostname or ""
    if not _is_address(host) and not _HOST.fullmatch(host):
        return Refused("This URL names no host.", f"Write {parts.scheme}://host/path.")
    if parts.fragment:
        return Refused("The part after `#` is never sent to a server.", "Take it out.")
    return host.rstrip(".")


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Whether a host is this machine itself."""
    return host == "localhost" or (_is_address(host) and ipaddress.ip_address(host).is_loopback)
