"""The controls over HTTP and the command line: what another process can do, and that no secret leaks through them."""

from __future__ import annotations

import json
import os
import re
import signal
import ssl
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlencode

import pytest
from click.testing import CliRunner, Result

from reconciler.cli.emulator import emulator as group
from reconciler.cli.emulator_serving import played
from reconciler.desired import load_target
from reconciler.emulator import Emulator
from tests.emulator.api import VISMA, Api
from tests.emulator.tenant import WHO, fetch

CANARY = "canary-5d41"


@pytest.fixture
def secret(api: Api, connector: int) -> int:
    """A connection that holds, and held, secrets."""
    key = int(
        api.connection(connector, config=api.config(connector, Filename="F0001.xlsm", PasswordField=CANARY + "-old"))["ErpConnectionId"]
    )
    carrier = api.read(key)
    carrier["ConfigFields"]["PasswordField"] = CANARY
    api.ok("SaveConnection", {"Connection": carrier})
    return key


@pytest.mark.parametrize("name", ["calls", "history", "state"])
def test_no_password_is_shown_unless_asked_for(api: Api, secret: int, name: str) -> None:
    shown = api.send("GET", f"/emulator/{name}")
    assert (shown.status, CANARY.encode() in shown.body) == (200, False)
    asked = api.send("GET", f"/emulator/{name}?secrets=true")
    assert CANARY.encode() in asked.body


def test_faults_edits_switches_and_ticks_over_http(api: Api, emulator: Emulator, connection: int) -> None:
    assert api.control("fault", operation="GetEngineStatus", kind="error-500-before", times=2).json == {"done": "fault"}
    assert api.post("GetEngineStatus").status == 500
    faults = api.send("GET", "/emulator/faults").json
    assert ([one["kind"] for one in faults["waiting"]], len(faults["fired"])) == (["error-500-before"], 1)
    assert api.control("clear-faults").status == 200
    assert api.post("GetEngineStatus").status == 200
    assert api.control("edit", edit="rename", arguments=[connection, "Edited"]).json == {"result": None}
    assert api.control("edit", edit="add_connector", options={"name": "N", "url": VISMA}).json["result"] == 12
    assert api.control("edit", edit="toggle", arguments=[connection]).json == {"result": True}
    assert api.control("tick").json == {"moved": [connection]}
    assert api.control("land-late").json == {"landed": 0}
    assert api.control("switch", secrets_on_read="blank").status == 200
    assert api.send("GET", "/emulator/switches").json["secrets_on_read"] == "blank"
    assert "toggle" in api.send("GET", "/emulator/edits").json
    last = api.send("GET", "/emulator/calls").json[-1]["sequence"]
    assert api.send("GET", f"/emulator/calls?since={last}").json == []
    assert api.control("clear-calls").status == 200
    assert api.control("reset").status == 200
    assert (emulator.calls, emulator.inspect.connections()) == ([], [])


@pytest.mark.parametrize(
    ("method", "name", "body"),
    [
        ("POST", "nothing", "{}"),
        ("POST", "edit", '{"edit": "_signed"}'),
        ("POST", "edit", '{"edit": "toggle"}'),
        ("POST", "fault", '{"operation": "*"}'),
        ("POST", "edit", '{"edit": "toggle", "arguments": [999]}'),
        ("POST", "switch", '{"nothing": 1}'),
        ("POST", "tick", "[]"),
        ("POST", "tick", "{"),
        ("GET", "nothing", ""),
        ("GET", "calls?since=x", ""),
    ],
)
def test_a_control_that_makes_no_sense_says_so(api: Api, method: str, name: str, body: str) -> None:
    reply = api.send(method, f"/emulator/{name}", raw=body.encode())
    assert (reply.status, list(reply.json)) == (400, ["error"])


# ---- the command line ----


def _run(*arguments: str, state: Path | None = None) -> Result:
    more = ["--state", str(state)] if state else []
    return CliRunner().invoke(group, [arguments[0], *more, *arguments[1:]])


def test_a_state_file_is_edited_without_a_server(tmp_path: Path) -> None:
    state = tmp_path / "emulator.db"
    assert _run("edit", "do", "add_connector", "V", VISMA, state=state).output == "add_connector: 11\n"
    added = _run("edit", "do", "add_connection", "11", 'US:"Norway";NO:"Norge"', 'config={"Filename": "F0001.xlsm"}', state=state)
    assert added.output == "add_connection: 101\n"
    for arguments in (
        ("toggle", "Norge"),
        ("rename", "101", "New"),
        ("set-config", "New", "TextField", "x"),
        ("cursor", "New", "c"),
        ("delete", "New"),
        ("restore", "101"),
        ("erp-password", "F0001.xlsm", "p"),
        ("connector", VISMA, "down"),
        ("fault", "*", "late", "--delay", "2"),
        ("switch", "secrets_on_read", "masked"),
        ("tick",),
        ("land-late",),
        ("clear-calls",),
    ):
        result = _run("edit", *arguments, state=state)
        assert result.exit_code == 0, (arguments, result.output)
    assert 'secrets_on_read = "masked"' in _run("edit", "switch", state=state).output
    assert json.loads(_run("edit", "show", "faults", state=state).stdout)["waiting"][0]["delay_s"] == 2
    assert _run("edit", "clear-faults", state=state).exit_code == 0
    with Emulator(state) as opened:
        row = opened.inspect.connection(101)
        assert (row["DisplayName"], row["Active"], row["ConfigFields"]["TextField"], row["Deleted"]) == ("New", True, "x", False)
        assert opened.faults.waiting == []
    assert "toggle" in _run("edit", "do", "list", state=state).output


@pytest.mark.parametrize(
    "arguments",
    [
        ("toggle", "Nobody"),
        ("toggle", "999"),
        ("fault", "*", "nonsense"),
        ("switch", "nothing", "on"),
        ("switch", "agent_granted"),
        ("do", "nothing"),
        ("do", "toggle"),
    ],
)
def test_wrong_edits_are_usage_errors_and_never_tracebacks(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    result = _run("edit", *arguments, state=tmp_path / "emulator.db")
    assert (result.exit_code, "Error: " in result.stderr, result.exception.__class__) == (2, True, SystemExit)


def test_reset_asks_first_and_throws_away(tmp_path: Path) -> None:
    state = tmp_path / "emulator.db"
    _run("edit", "do", "add_connector", "V", VISMA, state=state)
    assert _run("reset", state=state).exit_code == 1
    with Emulator(state) as opened:
        assert len(opened.inspect.connectors()) == 1
    assert _run("reset", "--yes", state=state).exit_code == 0
    with Emulator(state) as opened:
        assert opened.inspect.connectors() == []


def test_a_serving_emulator_is_edited_by_its_url(emulator: Emulator) -> None:
    url = emulator.url
    assert _run("edit", "--url", url, "do", "add_connector", "V", VISMA).output == "add_connector: 11\n"
    assert len(json.loads(_run("edit", "--url", url, "show", "state").stdout)["connectors"]) == 1
    assert _run("edit", "--url", url, "--password", "wrong", "tick").exit_code == 2
    assert _run("edit", "--url", url, "do", "nothing").exit_code == 2
    assert _run("edit", "--url", "http://example.com/", "tick").exit_code == 2
    assert _run("edit", "--url", "http://127.0.0.1:9/", "tick").exit_code == 1


def test_a_broken_state_file_is_named(tmp_path: Path) -> None:
    state = tmp_path / "emulator.db"
    state.write_text("this is not a database, it is a letter\n" * 50, encoding="utf-8")
    result = _run("edit", "tick", state=state)
    assert (result.exit_code, "emulator.db" in result.stderr) == (1, True)


@pytest.mark.skipif(os.name == "nt", reason="Windows cannot send these signals to one process")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serving_ends_cleanly_on_a_signal(tmp_path: Path, number: signal.Signals) -> None:
    command = [
        sys.executable,
        "-c",
        "from reconciler.cli.emulator import emulator; emulator()",
        "serve",
        "--state",
        str(tmp_path / "emulator.db"),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        url = first.rsplit(" ", 1)[1].strip()
        assert _run("edit", "--url", url, "tick").stdout == '{"moved": []}\n'
        process.send_signal(number)
        process.wait(timeout=20)
        assert process.stderr is not None
        out, err = process.stdout.read(), process.stderr.read()
    assert (process.returncode, "Traceback" in err, "kind: emulator, url: " + url in out) == (0, False, True)


def test_a_tenant_is_served_over_tls_and_says_all_that_a_login_needs(tmp_path: Path) -> None:
    """A process of its own: what it prints and writes is enough to log in, to edit it and to be sent on when the tenant moves."""
    state = tmp_path / "emulator.db"
    command = [sys.executable, "-m", "reconciler", "emulator", "serve", "--state", str(state), "--online", "Cust77", "--tls", "valid"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) as process:
        assert process.stdout is not None
        try:
            lines = [process.stdout.readline().split("  (")[0].strip() for _ in range(14)]
            said = dict(re.split(r"  +", line, maxsplit=1) for line in lines if "  " in line)
            assert "as the tenant Cust77 of SuperOffice Online" in lines[0]
            begins = next(number for number, line in enumerate(lines) if line == "online:")
            (tmp_path / "targets.yaml").write_text("targets:\n  online:\n    " + "\n    ".join(lines[begins + 1 : begins + 4]) + "\n")
            target = load_target("online", directory=tmp_path, environ={})
            assert (target.tenant, target.emulated_at) == ("Cust77", said["root"].rstrip("/"))
            trusted = ssl.create_default_context(cafile=tmp_path / "emulator-ca.pem")
            state_url = f"{said['root']}api/state/Cust77"
            assert fetch(state_url, tls=trusted).json["Api"] == said["API"]
            form = {
                "grant_type": "refresh_token",
                **{name.replace(" ", "_"): said[name] for name in ("client id", "client secret", "refresh token")},
            }
            sent = urlencode(form).encode()
            reply = fetch(
                f"{said['root']}login/common/oauth/tokens", "POST", raw=sent, tls=trusted, Content_Type="application/x-www-form-urlencoded"
            )
            bearer = f"Bearer {reply.json['access_token']}"
            assert fetch(said["API"] + WHO, tls=trusted, Authorization=bearer).json["DatabaseContextIdentifier"] == "Cust77"
            key = Path(said["private key"])
            assert (key.read_text().splitlines()[0], key.stat().st_mode & 0o077 if os.name != "nt" else 0) == (
                "-----BEGIN PRIVATE KEY-----",
                0,
            )
            assert _run("edit", "--url", said["root"], "move", state=state).stdout == '{"host": 2}\n'
            assert fetch(said["API"] + WHO, tls=trusted, Authorization=bearer).status == 421
            assert fetch(fetch(state_url, tls=trusted).json["Api"] + WHO, tls=trusted, Authorization=bearer).status == 200
            assert _run("edit", "--url", said["root"], "expire", state=state).stdout == '{"expired": 1}\n'
            assert _run("edit", "--url", said["root"], "--ca", str(key), "tick", state=state).exit_code != 0
        finally:
            process.terminate()
            process.wait(timeout=20)
    again = key.read_text()
    assert played("Cust77", state).private_key == again
    wrong = _run("serve", "--online", "no tenant", state=state)
    assert (wrong.exit_code, "look like Cust12345" in wrong.stderr) == (2, True)
    key.write_text("no key")
    broken = _run("serve", "--online", "Cust77", state=state)
    assert (broken.exit_code, "emulator-app.pem cannot be used" in broken.stderr) == (1, True)


def test_serving_on_a_taken_port_says_so(tmp_path: Path, emulator: Emulator) -> None:
    port = emulator.url.rsplit(":", 1)[1].strip("/")
    result = _run("serve", "--port", port, state=tmp_path / "emulator.db")
    assert (result.exit_code, f"port {port}" in result.stderr) == (1, True)
