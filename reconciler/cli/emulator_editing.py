"""Where edits of the emulator go: to one that serves, over loopback, or straight into a state file.

Effects: asks a serving emulator; writes the state file.
"""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    import http.client

    from reconciler.emulator import Emulator

__all__ = ["AUTHORITY", "Editing", "opened"]

AUTHORITY = "emulator-ca.pem"
"""The file beside the state that an https emulator's certificate is checked against."""


def opened(state: Path, **more: Any) -> Emulator:
    """An emulator on a state file, not serving yet.

    Raises:
        click.ClickException: the file cannot be used.
    """
    from reconciler.emulator import Emulator, EmulatorError

    try:
        return Emulator(state=state, **more)
    except EmulatorError as error:
        raise click.ClickException(str(error)) from error


class Editing:
    """Where edits go: to a serving emulator, or straight into the state file."""

    def __init__(self, url: str | None, state: Path, login: str, password: str, ca: Path | None) -> None:
        self._url, self._state, self._login, self._ca = url, state, (login, password), ca

    def perform(self, name: str, content: dict[str, Any]) -> Any:
        """Do one control.

        Raises:
            click.UsageError: the emulator does not know or accept it.
            click.ClickException: there is no emulator.
        """
        if self._url is not None:
            return self._ask("POST", name, content)
        return self._on_file(lambda control: control.perform(name, content))

    def show(self, name: str, since: int = 0) -> Any:
        """Read one log or the state, secrets hidden."""
        if self._url is not None:
            return self._ask("GET", f"{name}?since={since}", None)
        return self._on_file(lambda control: control.show(name, since=since))

    def connection(self, text: str) -> int:
        """The id of a connection that is given by its id or by its name in any language.

        Raises:
            click.UsageError: none or several have that name.
        """
        if text.isdecimal():
            return int(text)
        rows = self.show("state")["connections"]
        found = [row for row in rows if not row["Deleted"] and (row["DisplayName"] == text or f':"{text}"' in row["DisplayName"])]
        if len(found) != 1:
            raise click.UsageError(f"{len(found)} connections are called {text!r}; give the id.")
        return int(found[0]["ErpConnectionId"])

    def _on_file(self, act: Any) -> Any:
        from reconciler.emulator.control import ControlError
        from reconciler.emulator.edits.author import EditError

        with closing(opened(self._state)) as emulator:
            try:
                return act(emulator.control)
            except (ControlError, EditError, LookupError, ValueError) as error:
                raise click.UsageError(str(error)) from error

    def _connection(self) -> http.client.HTTPConnection:
        import http.client
        import ssl
        from urllib.parse import urlsplit

        parts = urlsplit(str(self._url))
        if parts.scheme not in ("http", "https") or parts.hostname not in ("127.0.0.1", "localhost"):
            raise click.UsageError("--url must be http:// or https:// on this machine: the emulator serves nowhere else.")
        if parts.scheme == "http":
            return http.client.HTTPConnection(parts.hostname, parts.port, timeout=60)
        authority = self._ca or self._state.parent / AUTHORITY
        try:
            trusted = ssl.create_default_context(cafile=authority)
        except (OSError, ssl.SSLError) as error:
            raise click.UsageError(
                f"{authority} cannot be used to check the emulator's certificate ({error}); name the file with --ca."
            ) from error
        return http.client.HTTPSConnection(parts.hostname, parts.port, timeout=60, context=trusted)

    def _ask(self, method: str, path: str, content: dict[str, Any] | None) -> Any:
        import base64
        import http.client

        token = base64.b64encode(":".join(self._login).encode()).decode()
        connection = self._connection()
        try:
            body = None if content is None else json.dumps(content)
            connection.request(method, f"/emulator/{path}", body, {"Authorization": f"Basic {token}", "Content-Type": "application/json"})
            response = connection.getresponse()
            answer = json.loads(response.read()) if response.status in (200, 400) else None
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise click.ClickException(f"no emulator answers at {self._url} ({error})") from error
        finally:
            connection.close()
        if response.status == 401:
            raise click.UsageError("The emulator does not accept this login; give --login and --password.")
        if response.status != 200 or answer is None:
            raise click.UsageError(str(answer["error"]) if answer and "error" in answer else f"The emulator answered {response.status}.")
        return answer
