"""One request to a forge and its JSON answer. No redirect is followed with a token, so it never reaches another host.

Effects: network, through the transport that SuperOffice's client uses too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from urllib3.util import Url, parse_url

from reconciler import __version__
from reconciler.errors import TargetError
from reconciler.superoffice.redact import clean
from reconciler.superoffice.transport import Exchange, Network, NoReply, Reply, Transport, is_loopback

__all__ = ["PAGE", "Wire"]

PAGE: Final = 100  # entries per page: the most that GitHub and GitLab give. Source: their REST references, "Pagination", read 2026-11.
_MOST_PAGES: Final = 100
_SECONDS: Final = 30.0
_REPEATS: Final = 2  # of reads only
_OK: Final = 200
_ELSEWHERE: Final = frozenset({301, 302, 303, 307, 308})
_LONGEST: Final = 200  # characters of a forge's own words in a message


class Wire:
    """Requests below one address, with the same headers.

    Args:
        api: the address of the forge's API; https, or http on this machine.
        headers: what authenticates, and what else every request carries.
        name: what people call the forge, for messages.

    Raises:
        TargetError: the address is not one that a token may be sent to.
    """

    def __init__(self, api: str, headers: Mapping[str, str], name: str) -> None:
        address = _safe(parse_url(api.rstrip("/")), name)
        self.name = name
        self._headers = {"User-Agent": f"reconciler/{__version__}", "Accept": "application/json", **headers}
        self._transport = Transport(address, connections=1, network=Network(connect_seconds=10.0))

    def get(self, path: str) -> Any:
        """Read; repeated where no answer came or the forge had a bad moment."""
        for left in range(_REPEATS, -1, -1):
            try:
                return self._exchange("GET", path, None)
            except TargetError as error:
                if not left or (error.status is not None and error.status < 500):
                    raise
        raise AssertionError("unreachable")

    def send(self, method: str, path: str, body: Mapping[str, Any]) -> Any:
        """Write, once."""
        return self._exchange(method, path, body)

    def pages(self, path: str) -> Iterator[Any]:
        """The entries of a list over all its pages.

        Raises:
            TargetError: an answer is no list, or the pages do not end.
        """
        joint = "&" if "?" in path else "?"
        for page in range(1, _MOST_PAGES + 1):
            found = self.get(f"{path}{joint}per_page={PAGE}&page={page}")
            if not isinstance(found, list):
                raise self.unusable(path, "it answered with something that is not a list")
            yield from found
            if len(found) < PAGE:
                return
        raise self.unusable(path, f"it has more than {_MOST_PAGES * PAGE:,} entries")

    def download(self, path: str) -> bytes:
        """A file. A forge may send us to the store where it keeps files: once, to https, and without the token.

        Raises:
            TargetError: there is none, or it is larger than any answer may be.
        """
        answer = self._transport.exchange("GET", path, self._headers, None, seconds=_SECONDS, fresh=True)
        if isinstance(answer, Reply) and answer.status in _ELSEWHERE and answer.location:
            answer = self._fetch(answer.location)
        if isinstance(answer, NoReply):
            raise self.unusable(path, f"there was no answer ({clean(answer.why)[:_LONGEST]})")
        if answer.status != _OK:
            raise self.unusable(path, f"it answered {answer.status}{_words(answer.body)}", answer.status)
        return answer.body

    def _fetch(self, location: str) -> Exchange:
        address = parse_url(location)
        transport = Transport(_safe(address, self.name)._replace(path="", query=None), connections=1, network=Network(connect_seconds=10.0))
        try:
            path = f"{(address.path or '').removeprefix('/')}{f'?{address.query}' if address.query else ''}"
            return transport.exchange("GET", path, {"User-Agent": self._headers["User-Agent"]}, None, seconds=_SECONDS, fresh=True)
        finally:
            transport.close()

    def unusable(self, path: str, why: str, status: int | None = None) -> TargetError:
        """The error for an answer that is none."""
        hint = {
            401: "The token is wrong or expired.",
            403: "The token may not do this; the documentation of the pipeline says which rights the job needs.",
            404: "Either it does not exist, or the token may not see it.",
        }.get(status or 0, "Repeat the command.")
        place = path.partition("?")[0]
        return TargetError(f"{self.name} gave no usable answer", f"{place}: {why}.", hint, operation=place, status=status)

    def _exchange(self, method: str, path: str, body: Mapping[str, Any] | None) -> Any:
        octets = None if body is None else json.dumps(body).encode()
        headers = dict(self._headers) if octets is None else {**self._headers, "Content-Type": "application/json"}
        answer = self._transport.exchange(method, path, headers, octets, seconds=_SECONDS, fresh=body is not None)
        if isinstance(answer, NoReply):
            raise self.unusable(path, f"there was no answer ({clean(answer.why)[:_LONGEST]})")
        if not 200 <= answer.status < 300:
            raise self.unusable(path, f"it answered {answer.status}{_words(answer.body)}", answer.status)
        try:
            return json.loads(answer.body) if answer.body else None
        except ValueError:
            raise self.unusable(path, f"it answered {answer.status} with something that is not JSON", answer.status) from None


def _safe(address: Url, name: str) -> Url:
    if address.scheme != "https" and not (address.scheme == "http" and is_loopback(address.host or "")):
        shown = f"{address.scheme or ''}://{address.host or ''}"
        raise TargetError(
            f"{name} cannot be reached safely", f"{shown} is not an https address, and a token or a plan may go nowhere else."
        )
    return address


def _words(body: bytes) -> str:
    """What the forge says of an error, if it says it as JSON."""
    try:
        found = json.loads(body)
    except ValueError:
        return ""
    message = found.get("message") if isinstance(found, dict) else None
    return f": {clean(message)[:_LONGEST]}" if isinstance(message, str) and message else ""
