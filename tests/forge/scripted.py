"""A forge on loopback with the endpoints that the tool uses, written from the public references of GitHub, GitLab and Azure DevOps.

It keeps real state (comments, verdicts, the head of the change), pages as the real ones do, and logs every request. It shares
nothing with `reconciler.forge`.

Source: GitHub REST API (issue comments, pull request reviews, commits/pulls), GitLab REST API (notes, approvals, current user),
Azure DevOps REST API 7.1 (threads, reviewers, connectionData, pullrequestquery), read 2026-11.
"""

from __future__ import annotations

import io
import json
import re
import threading
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

HEAD, MERGED = "1f3c" * 10, "9d0e" * 10
TOKEN = "forge-token-canary-77"


@dataclass
class Spoken:
    """One comment."""

    id: int
    author: str
    body: str
    at: str


@dataclass
class Verdict:
    """One verdict of one person."""

    id: int
    reviewer: str
    state: str
    commit: str
    at: str


@dataclass
class Stored:
    """A file that is handed out, or the address at which it is."""

    octets: bytes = b""
    elsewhere: str = ""


@dataclass
class ScriptedForge:
    """State, log and server. `mishaps` are answered instead, in order: (status, body) or a status with headers."""

    bot: str = "github-actions[bot]"
    author: str = "anna"
    merger: str = "bo"
    writers: tuple[str, ...] = ("anna",)
    head: str = HEAD
    comments: list[Spoken] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    log: list[tuple[str, str]] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    mishaps: list[tuple[int, bytes, dict[str, str]]] = field(default_factory=list)
    minute: int = 0
    kept: list[tuple[str, dict[str, bytes]]] = field(default_factory=list)
    store: str = ""

    def __enter__(self) -> Self:
        forge = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: Any) -> None:
                """Stay silent."""

            def answer(self) -> None:
                octets = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, body, more = forge.respond(self.command, self.path, dict(self.headers), json.loads(octets) if octets else None)
                self.send_response(status)
                for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **more}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_PATCH = do_PUT = answer  # noqa: N815 - the names that http.server looks for

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def now(self) -> str:
        """A minute later each time."""
        self.minute += 1
        return f"2026-11-22T{8 + self.minute // 60:02d}:{self.minute % 60:02d}:00Z"

    def say(self, author: str, body: str) -> Spoken:
        """Somebody comments."""
        spoken = Spoken(1000 + len(self.comments), author, body, self.now())
        self.comments.append(spoken)
        return spoken

    def review(self, reviewer: str, state: str = "APPROVED", commit: str | None = None) -> None:
        """Somebody gives a verdict."""
        self.verdicts.append(Verdict(5000 + len(self.verdicts), reviewer, state, self.head if commit is None else commit, self.now()))

    def keep(self, name: str, files: dict[str, bytes]) -> None:
        """A job keeps files; `store` is where the forge keeps them, itself without it."""
        self.kept.append((name, files))

    # --- serving ---

    def respond(self, method: str, target: str, headers: dict[str, str], body: Any) -> tuple[int, bytes, dict[str, str]]:
        """What a request is answered with."""
        parts = urlsplit(target)
        self.log.append((method, parts.path))
        self.tokens.add(headers.get("Authorization") or headers.get("PRIVATE-TOKEN") or headers.get("Private-Token") or "")
        if self.mishaps:
            return self.mishaps.pop(0)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        for verb, pattern, act in self._routes():
            found = re.fullmatch(pattern, parts.path)
            if verb == method and found:
                status, answer = act(found, query, body)
                if isinstance(answer, Stored):
                    return status, answer.octets, {"Location": answer.elsewhere} if answer.elsewhere else {}
                return status, json.dumps(answer).encode(), {}
        return 404, b'{"message": "Not Found"}', {}

    def _routes(self) -> list[tuple[str, str, Callable[..., tuple[int, Any]]]]:
        github, gitlab = r"/repos/acme/erp", r"/projects/42"
        azure = r"/proj/_apis/git/repositories/repo"
        return [
            ("POST", r"/-/review/(\w+)", self._reviewed),
            ("GET", f"{github}/issues/7/comments", lambda _m, query, _b: (200, _page(map(self._github, self.comments), query))),
            ("POST", f"{github}/issues/7/comments", lambda _m, _q, body: (201, self._github(self.say(self.bot, body["body"])))),
            ("PATCH", f"{github}/issues/comments/(\\d+)", lambda found, _q, body: self._edit(found, body["body"], self._github)),
            ("GET", f"{github}/pulls/7/reviews", lambda _m, query, _b: (200, _page(map(self._github_review, self.verdicts), query))),
            ("GET", f"{github}/pulls/7/commits", lambda _m, query, _b: (200, _page(self._github_commits(), query))),
            ("GET", f"{github}/pulls/7", lambda *_: (200, self._github_pull())),
            ("GET", f"{github}/commits/([0-9a-f]+)/pulls", lambda found, query, _b: (200, _page(self._brought_by(found[1]), query))),
            ("GET", f"{github}/actions/artifacts", lambda _m, query, _b: (200, self._artifacts(query["name"]))),
            ("GET", f"{github}/actions/artifacts/(\\d+)/zip", lambda found, _q, _b: self._hand_out(f"/stored/{found[1]}.zip")),
            ("GET", r"/stored/(\d+)\.zip", lambda found, _q, _b: (200, Stored(_zip(self.kept[int(found[1])][1])))),
            ("GET", f"{gitlab}/merge_requests/7/pipelines", lambda _m, query, _b: (200, _page([{"id": 70}, {"id": 71}], query))),
            ("GET", f"{gitlab}/pipelines/(\\d+)/jobs", lambda found, query, _b: (200, _page(self._jobs(found[1]), query))),
            ("GET", f"{gitlab}/jobs/(\\d+)/artifacts/(.+)", self._job_file),
            ("GET", r"/stored/(\d+)/(.+)", lambda found, _q, _b: (200, Stored(self.kept[int(found[1])][1][found[2]]))),
            ("GET", "/user", lambda *_: (200, {"id": 3, "username": self.bot})),
            ("GET", f"{gitlab}/merge_requests/7/notes", lambda _m, query, _b: (200, _page(map(self._gitlab, self.comments), query))),
            ("POST", f"{gitlab}/merge_requests/7/notes", lambda _m, _q, body: (201, self._gitlab(self.say(self.bot, body["body"])))),
            ("PUT", f"{gitlab}/merge_requests/7/notes/(\\d+)", lambda found, _q, body: self._edit(found, body["body"], self._gitlab)),
            ("GET", f"{gitlab}/merge_requests/7/approvals", lambda *_: (200, self._gitlab_approvals())),
            ("GET", f"{gitlab}/merge_requests/7", lambda *_: (200, self._gitlab_request())),
            (
                "GET",
                f"{gitlab}/repository/commits/([0-9a-f]+)/merge_requests",
                lambda found, query, _b: (200, _page([{"iid": 7, "merge_commit_sha": MERGED}] if found[1] == MERGED else [], query)),
            ),
            ("POST", f"{azure}/pullrequestquery", lambda _m, _q, body: (200, {"results": [self._brought(body["queries"][0])]})),
            ("GET", "/_apis/connectionData", lambda *_: (200, {"authenticatedUser": {"id": self.bot}})),
            ("GET", f"{azure}/pullRequests/7/threads", lambda *_: (200, {"value": [self._thread(one) for one in self.comments]})),
            ("POST", f"{azure}/pullRequests/7/threads", lambda _m, _q, body: (200, self._thread(self.say(self.bot, _text_of(body))))),
            (
                "PATCH",
                f"{azure}/pullRequests/7/threads/(\\d+)/comments/1",
                lambda found, _q, body: self._edit(found, body["content"], self._azure),
            ),
            ("GET", f"{azure}/pullRequests/7/reviewers", lambda *_: (200, {"value": self._votes()})),
            ("GET", f"{azure}/pullRequests/7", lambda *_: (200, self._azure_pull())),
        ]

    def _reviewed(self, found: re.Match[str], _query: Any, _body: Any) -> tuple[int, Any]:
        """No forge has this: another process lets somebody approve."""
        self.review(found[1])
        return 200, {}

    def _artifacts(self, name: str) -> Any:
        found = [{"id": number, "name": kept, "expired": False} for number, (kept, _) in enumerate(self.kept) if kept == name]
        return {"total_count": len(found), "artifacts": found}

    def _hand_out(self, path: str) -> tuple[int, Any]:
        """GitHub always sends one to its store, with an address that needs no token and whose query is its signature."""
        return 302, Stored(elsewhere=f"{self.store or self.url}{path}?sig=1")

    def _jobs(self, pipeline: str) -> list[Any]:
        """All that was kept belongs to the newer of two pipelines."""
        kept = [{"id": number, "artifacts_file": {"filename": "artifacts.zip"}} for number in range(len(self.kept))]
        return [{"id": 900}, *kept] if pipeline == "71" else [{"id": 901}]

    def _job_file(self, found: re.Match[str], _query: Any, _body: Any) -> tuple[int, Any]:
        files = self.kept[int(found[1])][1]
        if found[2] not in files:
            return 404, {"message": "404 Not Found"}
        return self._hand_out(f"/stored/{found[1]}/{found[2]}") if self.store else (200, Stored(files[found[2]]))

    def _edit(self, found: re.Match[str], text: str, shown: Callable[[Spoken], Any]) -> tuple[int, Any]:
        spoken = next((one for one in self.comments if one.id == int(found[1])), None)
        if spoken is None:
            return 404, {"message": "Not Found"}
        if spoken.author != self.bot:
            return 403, {"message": "Resource not accessible by integration"}
        spoken.body, spoken.at = text, self.now()
        return 200, shown(spoken)

    def _github(self, one: Spoken) -> Any:
        return {"id": one.id, "user": {"login": one.author}, "body": one.body, "updated_at": one.at}

    def _github_review(self, one: Verdict) -> Any:
        return {"id": one.id, "user": {"login": one.reviewer}, "state": one.state, "commit_id": one.commit, "submitted_at": one.at}

    def _github_pull(self) -> Any:
        return {
            "number": 7,
            "user": {"login": self.author},
            "head": {"sha": self.head},
            "merged_by": {"login": self.merger},
            "merge_commit_sha": MERGED,
        }

    def _github_commits(self) -> list[Any]:
        """An old one by somebody without an account, then one by each writer, made on the page by GitHub's own committer."""
        made = [{"author": {"login": one}, "committer": {"login": "web-flow"}} for one in self.writers]
        return [{"author": None, "committer": None}, *made]

    def _brought_by(self, commit: str) -> list[Any]:
        return [self._github_pull()] if commit in (MERGED, self.head) else []

    def _gitlab(self, one: Spoken) -> Any:
        return {"id": one.id, "author": {"username": one.author}, "body": one.body, "updated_at": one.at, "system": False}

    def _gitlab_approvals(self) -> Any:
        standing = [one for one in self.verdicts if one.state == "APPROVED"]
        return {"approved_by": [{"user": {"id": one.id, "username": one.reviewer}, "approved_at": one.at} for one in standing]}

    def _gitlab_request(self) -> Any:
        return {"iid": 7, "author": {"username": self.author}, "sha": self.head, "merge_user": None}

    def _azure(self, one: Spoken) -> Any:
        return {"id": 1, "author": {"id": one.author}, "content": one.body, "commentType": "text", "lastContentUpdatedDate": one.at}

    def _thread(self, one: Spoken) -> Any:
        return {"id": one.id, "comments": [self._azure(one)], "status": "closed"}

    def _votes(self) -> list[Any]:
        return [{"id": one.reviewer, "vote": {"APPROVED": 10, "CHANGES_REQUESTED": -10}.get(one.state, 0)} for one in self.verdicts]

    def _brought(self, query: Any) -> Any:
        """For each commit the pull requests whose merge it is; a commit of none is left out."""
        return {commit: [{"pullRequestId": 7}] for commit in query["items"] if query["type"] == "lastMergeCommit" and commit == MERGED}

    def _azure_pull(self) -> Any:
        return {"pullRequestId": 7, "createdBy": {"id": self.author}, "lastMergeSourceCommit": {"commitId": self.head}, "status": "active"}


def _page(found: Any, query: dict[str, str]) -> list[Any]:
    """A page as GitHub and GitLab cut it: 30 and 20 by default, 100 at most."""
    everything, size = list(found), min(int(query.get("per_page", "30")), 100)
    start = (int(query.get("page", "1")) - 1) * size
    return everything[start : start + size]


def _zip(files: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, octets in files.items():
            archive.writestr(name, octets)
    return made.getvalue()


def _text_of(thread: Any) -> str:
    return str(thread["comments"][0]["content"])
