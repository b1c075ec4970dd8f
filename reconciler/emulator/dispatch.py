"""From a path to what answers it, and from a result to the bytes of an answer.

Effects: whatever the operation does.
Neighbours: `service` calls it with one decoded request.

Source: SuperOffice docs, agents WebAPI (paths, statuses, error bodies), HTTP headers, $select.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any, Literal

from reconciler.emulator import companions
from reconciler.emulator.history import Author
from reconciler.emulator.members import ErrorObject, Invalid, Malformed, Members, Trouble
from reconciler.emulator.office import Ask, Office
from reconciler.emulator.operations import OPERATIONS
from reconciler.emulator.texts import translated, wanted_language

JSON = "application/json; charset=utf-8"
HTML = "text/html; charset=utf-8"
PREFIX = "/api/v1/"
AGENT = "agents/erpsync/"
_BY_LOWER = {name.lower(): one for name, one in OPERATIONS.items()}


@dataclass(frozen=True)
class Answer:
    """A status, a body and what goes with it. `content` is the decoded body, for the log."""

    status: int
    body: bytes = b""
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    content: Any = None


def json_answer(content: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """An answer with a JSON body."""
    return Answer(status, json.dumps(content, ensure_ascii=False).encode(), JSON, headers or {}, content)


def page(status: int, title: str, headers: Mapping[str, str] | None = None) -> Answer:
    """An answer with an HTML page, as a server or a proxy gives when the API itself does not answer."""
    text = f"<!DOCTYPE html><html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>"
    return Answer(status, text.encode(), HTML, headers or {}, text)


@dataclass(frozen=True)
class Route:
    """What a request is for.

    `kind` is an agent call, its description, a companion, one that needs no login, one for the door, or one that nobody answers.
    """

    operation: str
    kind: Literal["agent", "describe", "companion", "open", "door", "nowhere", "none"]
    writes: bool = False
    name: str = ""


@dataclass(frozen=True)
class Request:
    """One decoded request.

    Attributes:
        raw: the body as it came.
        host: the number of the host whose port was called.
        who: who sends it, once that is known.
        base: the URL that the API lies below, without a slash at the end.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any
    malformed: str = ""
    raw: bytes = b""
    host: int = 0
    who: str = "user"
    base: str = ""


def resolve(method: str, path: str) -> Route:
    """Find out what a request is for; paths match in any case."""
    low = path.rstrip("/").lower()
    if low in ("/api", "/api/v1"):
        return Route(low.removeprefix("/"), "open") if method == "GET" else Route(path, "none")
    if low.startswith(PREFIX + AGENT):
        found = _BY_LOWER.get(low[len(PREFIX + AGENT) :])
        if found is None:
            return Route(path, "none")
        return (
            Route(found.name, "agent", found.writes) if method == "POST" else Route(f"describe {found.name}", "describe", name=found.name)
        )
    if low.startswith(PREFIX):
        name = companions.name_of(method, path.rstrip("/")[len(PREFIX) :])
        if name is not None:
            return Route(name, "companion")
    return Route(path, "none")


_SINCE_10_1_5 = frozenset({"GetAllConnections", "GetAllConnectors", "TryConnectActor"})
"""Source: SuperOffice docs, API changes of NetServer 10.1.5; specifications of the agent of 2021 and of today."""


def answer(office: Office, route: Route, request: Request, author: Author) -> Answer:
    """Perform a request and shape what comes back, errors included."""
    try:
        if route.kind == "agent" and (office.switches.lists_everything or route.operation not in _SINCE_10_1_5):
            return _agent(office, route, request, author)
        if route.kind == "describe":
            return json_answer({"Agent": "ErpSync", "Operation": route.name, "Method": "POST", "Description": "Call it with POST."})
        if route.kind == "open":
            return _about(route, request)
        if route.kind == "companion":
            ask = Ask(Members({}), request.query, author, request.who)
            return _shaped(companions.run(office, route.operation, ask), request, raw=False, select=False)
    except Malformed as error:
        return json_answer({"Message": "The request is invalid.", "MessageDetail": error.detail}, 400)
    except Invalid as error:
        return _invalid(office, error)
    except ErrorObject as error:
        return json_answer(_error_object(str(error), "SoServerException"))
    except Trouble as error:
        return json_answer(_error_object(str(error), error.kind), 500)
    missing = f"No HTTP resource was found that matches the request URI '{request.path}'."
    return json_answer({"Message": missing, "MessageDetail": "No route."}, 404)


def _about(route: Route, request: Request) -> Answer:
    """The version, or the URLs that are answered: as a page, unless JSON is asked for."""
    if "json" not in request.headers.get("accept", "").lower():
        return page(200, "SuperOffice WebAPI")
    if route.operation == "api":
        return json_answer(companions.version(f"{request.base}/api"))
    agents = {f"{request.base}{PREFIX}Agents/ErpSync/{name}": {"POST": ""} for name in OPERATIONS}
    return json_answer({**agents, f"{request.base}{PREFIX}User/currentPrincipal": {"GET": ""}})


def _agent(office: Office, route: Route, request: Request, author: Author) -> Answer:
    if not office.switches.agent_granted:
        return json_answer(_error_object("The application has no access to the ErpSync agent.", "SoSentryException"), 403)
    if request.malformed:
        raise Malformed(request.malformed)
    known = OPERATIONS[route.operation]
    ask = Ask(Members({} if request.body is None else request.body), request.query, author)
    with nullcontext() if known.talks else office.state.lock:
        result = known.run(office, ask)
    return Answer(204) if known.void else _shaped(result, request, raw=known.raw, select=known.select)


def _shaped(result: Any, request: Request, *, raw: bool, select: bool) -> Answer:
    language = None if raw else wanted_language(request.headers.get("so-language"), request.headers.get("accept-language"))
    if language is not None:
        result = translated(result, language)
    if select and "$select" in request.query:
        result = selected(result, request.query["$select"])
    return json_answer(result)


def selected(result: Any, select: str) -> Any:
    """Null every member that `$select` does not name; lists item by item."""
    if isinstance(result, list):
        return [selected(item, select) for item in result]
    if not isinstance(result, dict):
        return result
    wanted = {name.strip().split("/")[0].lower() for name in select.split(",")}
    return {name: value if name.lower() in wanted else None for name, value in result.items()}


def _invalid(office: Office, error: Invalid) -> Answer:
    status = {"bad_request": 400, "error_object": 200, "server_error": 500}[office.switches.invalid_data]
    return json_answer(_error_object(str(error), error.kind), status)


def _error_object(message: str, kind: str) -> dict[str, Any]:
    return {"Error": True, "ErrorType": kind, "Message": message, "ErrorSource": "SuperOffice"}
