"""What connectors really do when they are tested, and the files that describe connectors."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import ModuleType

import pytest

from reconciler.emulator import Emulator, EmulatorError
from reconciler.emulator.definitions import SHIPPED
from tests.emulator.api import FORTNOX, WEB, Api


def _test(api: Api, connector: int, **values: str) -> bool:
    config = api.config(connector, **values)
    return bool(api.ok("TestConnectionByConfig", {"ErpConnectionId": connector, "ConfigFields": config}))


def test_a_workbook_must_exist_inside_the_erp_folder(api: Api, emulator: Emulator, connector: int) -> None:
    (emulator.erp.path.parent / "outside.xlsm").write_text("x", encoding="utf-8")
    assert _test(api, connector, Filename="F0001.xlsm")
    for name in ("missing.xlsm", "../outside.xlsm", ".", "F0001.xlsm\x00", str(emulator.erp.path.parent / "outside.xlsm")):
        assert not _test(api, connector, Filename=name)
    emulator.edit.add_erp_file("F0009.xlsm")
    assert _test(api, connector, Filename="F0009.xlsm")
    emulator.edit.remove_erp_file("F0009.xlsm")
    assert not _test(api, connector, Filename="F0009.xlsm")
    (emulator.erp.path.parent / "outside.xlsm").unlink()


def test_a_workbook_with_a_password_opens_with_it_only(api: Api, emulator: Emulator, connector: int) -> None:
    assert not _test(api, connector, Filename="F0003.xlsm")
    assert _test(api, connector, Filename="F0003.xlsm", PasswordField="winter-2026")
    emulator.edit.set_password_in_erp("F0003.xlsm", None)
    assert _test(api, connector, Filename="F0003.xlsm")


def test_passwords_of_the_erp_are_not_kept_in_clear(emulator: Emulator) -> None:
    assert all(b"winter-2026" not in content and b"erp-password" not in content for content in emulator.erp.contents().values())


@pytest.fixture
def sql(api: Api) -> int:
    return api.connector(FORTNOX, "Fortnox")


def test_an_sqlite_erp_must_hold_the_login(api: Api, emulator: Emulator, sql: int) -> None:
    good = {"User": "erp", "Password": "erp-password"}
    assert _test(api, sql, **good)
    assert _test(api, sql, **good, Server=emulator.erp.database_url)
    assert not _test(api, sql, User="erp", Password="wrong")
    assert not _test(api, sql, User="other", Password="erp-password")
    for server in ("sqlite:///missing.db", "sqlite:///F0001.xlsm", "oracle://x", "nonsense"):
        assert not _test(api, sql, **good, Server=server)
    emulator.edit.set_password_in_erp("erp", "changed")
    assert not _test(api, sql, **good)
    assert _test(api, sql, User="erp", Password="changed")


def test_a_postgresql_erp_is_really_asked(api: Api, emulator: Emulator, sql: int) -> None:
    """Port 9 on this machine has no server: the test fails, and the log says why."""
    assert not _test(api, sql, Server="postgresql://127.0.0.1:9/erp", Company="erp", User="u", Password="p")
    assert "Error" in emulator.inspect.why_tests_failed()[-1]


@pytest.mark.postgres
def test_a_postgresql_erp_takes_its_own_logins_only(api: Api, sql: int, tmp_path: Path, pgserver: ModuleType) -> None:
    """A real server, with a role that needs its password."""
    server = pgserver.get_server(tmp_path / "pg", cleanup_mode="delete")
    try:
        server.psql("CREATE ROLE erp LOGIN PASSWORD 'secret-1'; CREATE DATABASE f0001 OWNER erp;")
        access = tmp_path / "pg" / "pg_hba.conf"
        rules = "".join(f"{kind} all erp {address} scram-sha-256\n" for kind, address in (("local", ""), ("host", "127.0.0.1/32")))
        access.write_text(rules + access.read_text(encoding="utf-8"), encoding="utf-8")
        server.psql("SELECT pg_reload_conf();")
        wanted = {"Server": server.get_uri(), "Company": "f0001", "User": "erp"}
        assert _test(api, sql, **wanted, Password="secret-1")
        assert not _test(api, sql, **wanted, Password="wrong")
        assert not _test(api, sql, **{**wanted, "Company": "f0002"}, Password="secret-1")
        server.psql("ALTER ROLE erp PASSWORD 'secret-2';")
        assert not _test(api, sql, **wanted, Password="secret-1")
        assert _test(api, sql, **wanted, Password="secret-2")
    finally:
        server.cleanup()


def test_without_a_driver_a_postgresql_test_fails_and_says_so(
    api: Api, emulator: Emulator, sql: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", missing)
    assert not _test(api, sql, Server="postgresql://127.0.0.1:9/erp", User="u", Password="p")
    assert "psycopg" in emulator.inspect.why_tests_failed()[-1]


@pytest.fixture
def erp_web() -> Iterator[str]:
    class Status(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/status?company=F0001" else 404)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Status) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_web_erp_must_answer_with_success(api: Api, emulator: Emulator, erp_web: str) -> None:
    web = api.connector(WEB, "Web")
    assert _test(api, web, Address=erp_web, Company="F0001")
    assert not _test(api, web, Address=erp_web, Company="F0002")
    for address in ("http://127.0.0.1:9", "http://example.com", "https://127.0.0.1", "http://127.0.0.1:x", "nonsense"):
        assert not _test(api, web, Address=address, Company="F0001")


# ---- definition files ----


def test_the_shipped_connectors_are_loaded(emulator: Emulator) -> None:
    assert set(emulator.office.connectors.shipped) == {"Test.Excel", "Test.Sql", "Test.Web"}
    assert {path.name for path in SHIPPED.iterdir()} == {"excel.yaml", "sql.yaml", "web.yaml"}


def test_a_folder_adds_connectors(tmp_path: Path) -> None:
    (tmp_path / "mine.json").write_text(
        '{"name": "Mine", "urls": ["http://mine.test/x"], "test": {"kind": "file", "field": "Name"},'
        ' "config": [{"key": "Name", "access": "Mandatory"}], "actors": {"Partner": [{"key": "Name"}]}}',
        encoding="utf-8",
    )
    with Emulator(connector_folders=[tmp_path]) as emulator:
        api = Api(emulator)
        key = api.connector("http://mine.test/x", "Mine")
        assert _test(api, key, Name="F0001.xlsm")
        api.http.close()


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        "name: x",
        "{name: x, test: {kind: magic}, config: [], actors: {}}",
        "{name: x, test: {kind: file, field: a}, config: [{key: a, type: Wrong}], actors: {}}",
        "{name: x, test: {kind: file, field: a}, config: [{key: a, colour: red}], actors: {}}",
    ],
)
def test_a_file_that_is_no_definition_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "mine.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(EmulatorError, match=r"mine\.yaml"):
        Emulator(connector_folders=[tmp_path])


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(EmulatorError, match="nowhere"):
        Emulator(connector_folders=[tmp_path / "nowhere"])
