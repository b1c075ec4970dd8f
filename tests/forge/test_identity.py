"""What a job's identity token says is kept; the token is not, and that it cannot be had stops nothing."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from reconciler.cli.who import claims, who
from reconciler.forge.identity import identity_token
from tests.cli.conftest import Folder, applied, folder

__all__ = ["applied", "folder"]

SUBJECT = "repo:acme/erp:environment:production"


def token(**told: Any) -> str:
    body = base64.urlsafe_b64encode(json.dumps({"iss": "https://token.example.com", "sub": SUBJECT, **told}).encode()).decode().rstrip("=")
    return f"e30.{body}.c2lnbmF0dXJl-canary"


class Issuer:
    """GitHub's token service on loopback: one answer, and what was asked."""

    def __init__(self, status: int, body: bytes) -> None:
        self.asked: list[tuple[str, str]] = []
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer.asked.append((self.path, self.headers["Authorization"]))
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Nothing goes to the terminal."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/abc//idtoken/7?api-version=2.0"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def environ(self) -> dict[str, str]:
        return {"ACTIONS_ID_TOKEN_REQUEST_URL": self.url, "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "bearer-canary"}


@pytest.fixture
def issuer(request: pytest.FixtureRequest) -> Iterator[Issuer]:
    made = Issuer(*request.param)
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.mark.parametrize("issuer", [(200, json.dumps({"value": token()}).encode())], indirect=True)
def test_github_is_asked_for_the_token_of_the_job(issuer: Issuer) -> None:
    given = identity_token(issuer.environ())
    assert issuer.asked == [("/abc//idtoken/7?api-version=2.0&audience=reconciler", "Bearer bearer-canary")]
    assert who({}, token=given)["identity"] == {"iss": "https://token.example.com", "sub": SUBJECT}


@pytest.mark.parametrize("issuer", [(403, b"{}"), (200, b"not JSON"), (200, b"[]"), (200, b'{"value": 7}')], indirect=True)
def test_an_answer_that_is_none_gives_no_token(issuer: Issuer) -> None:
    assert identity_token(issuer.environ()) == ""


def test_no_token_goes_to_an_address_in_clear() -> None:
    assert identity_token({"ACTIONS_ID_TOKEN_REQUEST_URL": "http://token.example.com/x", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "b"}) == ""


@pytest.mark.parametrize("wrong", ["", "a.b", "a.!!.c", "a.W10.c", "a.e30.c", "x" * 10_000, "a.bm90IGpzb24.c"])
def test_what_is_no_token_says_nothing(wrong: str) -> None:
    assert claims(wrong) == {}


def test_only_what_says_which_job_it_is_is_kept() -> None:
    told = claims(token(workflow_ref="acme/erp/.github/workflows/apply.yml@refs/heads/main", run_id=17, secret="x" * 9, aud=["y"]))
    assert sorted(told) == ["iss", "run_id", "sub", "workflow_ref"]


def test_a_run_keeps_what_the_token_says_and_not_the_token(applied: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECONCILER_ID_TOKEN", token())
    applied.change("IntegerField: 12", "IntegerField: 13")
    assert applied.run("apply", "--yes").code == 0
    run = json.loads(applied.run("history", "--format", "json").out)["runs"][-1]["run"]
    told = applied.run("audit", "report", run).out
    assert f"{SUBJECT}, from https://token.example.com; as it was shown, not checked" in told
    kept = b"".join(path.read_bytes() for path in (applied.path / ".reconciler").glob("journal.db*"))
    assert b"canary" not in kept.replace(b"hunter2-canary", b"")
    assert b"c2lnbmF0dXJl" not in kept
