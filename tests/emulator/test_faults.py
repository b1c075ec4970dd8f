"""Every kind of fault: what the client sees, and whether the effect happened."""

from __future__ import annotations

import contextlib
import gzip
import http.client
import json
import threading
import time
from typing import Any

import pytest

from reconciler.emulator import Call, Emulator, Fault, FaultKind
from reconciler.emulator.faults import HAPPENS, SHAPES
from tests.emulator.api import Api, Reply
from tests.emulator.conftest import VirtualClock

CUT = (OSError, http.client.HTTPException)
TOGGLE = "ToggleErpConnectionActive"


def _toggle(api: Api, connection: int) -> Reply | None:
    """The reply, or None when the connection was cut."""
    with contextlib.suppress(*CUT):
        return api.post(TOGGLE, {"ErpConnectionId": connection})
    return None


def _active(emulator: Emulator, connection: int) -> bool:
    return bool(emulator.inspect.connection(connection)["Active"])


ANSWERED = {
    FaultKind.ERROR_500_BEFORE: 500,
    FaultKind.ERROR_500_AFTER: 500,
    FaultKind.BAD_GATEWAY_BEFORE: 502,
    FaultKind.BAD_GATEWAY_AFTER: 502,
    FaultKind.UNAVAILABLE: 503,
    FaultKind.TOO_MANY: 429,
    FaultKind.UNAUTHORIZED: 401,
    FaultKind.FORBIDDEN: 403,
    FaultKind.MISDIRECTED: 421,
    FaultKind.REDIRECT: 307,
    FaultKind.HTML_BEFORE: 200,
    FaultKind.HTML_AFTER: 200,
    FaultKind.NULL_BODY: 200,
    FaultKind.ERROR_OBJECT_200: 200,
    FaultKind.HUGE_BODY: 200,
    FaultKind.SLOW: 200,
    FaultKind.DRIP: 200,
    FaultKind.STALE_READ: 200,
    FaultKind.REASONS_WITHOUT_FLIP: 200,
    FaultKind.REASONS_WITH_FLIP: 200,
    FaultKind.IGNORED_FIELD: 200,
    FaultKind.ERROR_BODY: 400,
    FaultKind.GZIP_BOMB: 200,
}
UNANSWERED = {FaultKind.REFUSED, FaultKind.DROP_BEFORE, FaultKind.DROP_AFTER, FaultKind.LATE, FaultKind.TRUNCATED}


def test_every_kind_is_described() -> None:
    assert set(ANSWERED) | UNANSWERED == set(FaultKind)


@pytest.mark.parametrize("kind", list(FaultKind), ids=lambda kind: kind.value)
def test_each_kind_has_its_answer_and_its_effect(api: Api, emulator: Emulator, connection: int, kind: FaultKind) -> None:
    """The call that is hit, and only that one: the next is answered as always."""
    emulator.clear_calls()
    emulator.faults.add(Fault(TOGGLE, kind, delay_s=0.01 if kind is not FaultKind.LATE else None, size_bytes=100_000, field="DisplayName"))
    reply = _toggle(api, connection)
    assert (reply.status if reply else None) == ANSWERED.get(kind)
    assert _active(emulator, connection) is (kind in HAPPENS)
    call = emulator.calls[0]
    assert (call.fault, call.effect, call.status) == (
        kind.value,
        kind in HAPPENS,
        ANSWERED.get(kind, 200 if kind is FaultKind.TRUNCATED else None),
    )
    assert [(sequence, fault.kind) for sequence, fault in emulator.faults.fired] == [(call.sequence, kind)]
    assert emulator.faults.waiting == []
    assert (_toggle(api, connection) or call).status == 200


def test_what_the_odd_answers_hold(api: Api, emulator: Emulator, connection: int) -> None:
    def answer(kind: FaultKind, **more: Any) -> Reply:
        emulator.faults.add(Fault(TOGGLE, kind, **more))
        reply = _toggle(api, connection)
        assert reply is not None
        return reply

    assert answer(FaultKind.TOO_MANY, retry_after_s=7).headers["retry-after"] == "7"
    assert "retry-after" not in answer(FaultKind.TOO_MANY).headers
    assert answer(FaultKind.REDIRECT, location="http://x.invalid/").headers["location"] == "http://x.invalid/"
    assert answer(FaultKind.HTML_BEFORE).headers["content-type"].startswith("text/html")
    assert answer(FaultKind.NULL_BODY).json is None
    assert answer(FaultKind.NULL_BODY, effect=False).json is None
    assert answer(FaultKind.ERROR_OBJECT_200).json["Error"] is True
    assert answer(FaultKind.REASONS_WITHOUT_FLIP, reason="no").json == ["no"]
    huge = answer(FaultKind.HUGE_BODY, size_bytes=300_000)
    assert (len(huge.body), huge.json) == (300_000, [])


def test_errors_come_in_every_shape_that_was_ever_seen(api: Api, emulator: Emulator, connection: int) -> None:
    def error(shape: str, status: int | None = None) -> Reply:
        emulator.faults.add(Fault(TOGGLE, FaultKind.ERROR_BODY, shape=shape, status=status))
        reply = _toggle(api, connection)
        assert reply is not None
        return reply

    seen = {
        shape: (reply.status, sorted(reply.json))
        for shape in ("not-found", "argument", "parameter", "http-error", "right")
        for reply in [error(shape)]
    }
    assert seen == {
        "not-found": (404, ["Error", "ErrorMessage", "ErrorSource", "ErrorType"]),
        "argument": (400, ["Error", "ErrorSource", "ErrorType", "Message"]),
        "parameter": (400, ["Message", "MessageDetail"]),
        "http-error": (404, ["$type", "Message"]),
        "right": (403, ["Error", "ErrorSource", "ErrorType", "Message"]),
    }
    assert (error("parameter", 200).status, error("not-found", 200).status) == (200, 200)
    assert (error("null").status, error("null").json) == (200, None)
    assert (error("page").status, error("page").headers["content-type"][:9]) == (401, "text/html")
    assert (error("text", 503).status, error("text").headers["content-type"][:10]) == (503, "text/plain")
    assert (error("nothing", 409).status, error("nothing").body) == (409, b"")
    assert set(SHAPES) == {*seen, "null", "page", "text", "nothing"}
    assert not _active(emulator, connection)
    with pytest.raises(ValueError, match="'odd' is not a shape of an error; there are not-found, argument"):
        Fault(TOGGLE, FaultKind.ERROR_BODY, shape="odd")


def test_a_small_body_can_unpack_to_a_huge_one(api: Api, emulator: Emulator, connection: int) -> None:
    emulator.faults.add(Fault(TOGGLE, FaultKind.GZIP_BOMB, size_bytes=20_000_000))
    reply = _toggle(api, connection)
    assert reply is not None
    assert (reply.headers["content-encoding"], len(reply.body) < 50_000) == ("gzip", True)
    unpacked = gzip.decompress(reply.body)
    assert (len(unpacked), json.loads(unpacked)) == (20_000_000, [])


def test_half_an_answer_announces_a_whole_one(api: Api, emulator: Emulator, connection: int) -> None:
    emulator.faults.add(Fault("GetConnection", FaultKind.TRUNCATED))
    with pytest.raises(http.client.IncompleteRead) as caught:
        api.read(connection)
    assert len(caught.value.partial) < int(caught.value.expected or 0) + len(caught.value.partial)


def test_faults_count_the_calls_that_match_from_when_they_were_added(api: Api, emulator: Emulator, connection: int) -> None:
    emulator.faults.add(Fault("*", FaultKind.ERROR_500_BEFORE, nth=3))
    emulator.faults.add(Fault("read", FaultKind.FORBIDDEN, nth=2, times=2))
    emulator.faults.add(Fault("write", FaultKind.UNAVAILABLE, nth=2, times=None))
    names = ["GetEngineStatus", TOGGLE, "GetEngineStatus", "GetEngineStatus", TOGGLE, TOGGLE, "GetEngineStatus"]
    # The third call of all is the second read as well: the fault added first has it.
    assert [api.post(name, {"ErpConnectionId": connection}).status for name in names] == [200, 200, 500, 403, 503, 503, 200]
    emulator.faults.clear()
    assert api.post(TOGGLE, {"ErpConnectionId": connection}).status == 200


def test_companions_can_fail_too(api: Api, emulator: Emulator) -> None:
    emulator.faults.add(Fault("mdolist/usergroup", FaultKind.ERROR_500_BEFORE))
    assert api.send("GET", "/api/v1/MDOList/usergroup?flat=true").status == 500
    assert [call.operation for call in emulator.calls] == ["MDOList/usergroup"]


# ---- late effects ----


def test_a_late_effect_lands_on_a_word(api: Api, emulator: Emulator, connection: int) -> None:
    emulator.faults.add(Fault(TOGGLE, FaultKind.LATE))
    assert _toggle(api, connection) is None
    assert (_active(emulator, connection), emulator.calls[-1].landed, len(emulator.service.late)) == (False, False, 1)
    assert emulator.on_time_passes() == 0
    assert emulator.land_late() == 1
    call = emulator.calls[-1]
    assert (_active(emulator, connection), call.landed, call.effect, call.active_after) == (True, True, True, True)
    assert [(entry.by, entry.call) for entry in emulator.history.of("ErpConnection", connection)][-1] == ("late", call.sequence)


def test_a_late_effect_lands_when_its_time_has_come(clock: VirtualClock) -> None:
    with Emulator(clock=clock) as emulator:
        clock.emulators.append(emulator)
        api = Api(emulator)
        key = int(api.connection(api.connector())["ErpConnectionId"])
        emulator.faults.add(Fault(TOGGLE, FaultKind.LATE, delay_s=60))
        assert _toggle(api, key) is None
        clock.sleep(59)
        assert _active(emulator, key) is False
        clock.sleep(1)
        assert _active(emulator, key) is True
        api.http.close()


def test_a_late_effect_lands_by_itself_in_real_time(api: Api, emulator: Emulator, connection: int) -> None:
    emulator.faults.add(Fault(TOGGLE, FaultKind.LATE, delay_s=0.05))
    assert _toggle(api, connection) is None
    until = time.monotonic() + 5
    while not _active(emulator, connection) and time.monotonic() < until:
        time.sleep(0.01)
    assert _active(emulator, connection)


def test_a_restore_drops_late_effects(api: Api, emulator: Emulator, connection: int) -> None:
    whole = emulator.snapshot()
    emulator.faults.add(Fault(TOGGLE, FaultKind.LATE))
    assert _toggle(api, connection) is None
    emulator.restore(whole)
    assert emulator.land_late() == 0


# ---- reads that lie, saves that forget ----


def test_a_stale_read_answers_as_before_the_last_change(api: Api, emulator: Emulator, connection: int) -> None:
    emulator.faults.add(Fault("GetConnection", FaultKind.STALE_READ, nth=2, times=2))
    assert api.read(connection)["Active"] is False
    api.toggle(connection)
    assert [api.read(connection)["Active"] for _ in range(3)] == [False, False, True]


def test_a_save_can_forget_one_member(api: Api, emulator: Emulator, connection: int) -> None:
    carrier = {**api.read(connection), "DisplayName": "New", "DisplayDescription": "New", "UserGroupAccessIds": [1]}
    carrier["ConfigFields"]["TextField"] = "New"
    for field in ("DisplayName", "ConfigFields", "TextField", "UserGroupAccessIds"):
        emulator.faults.add(Fault("SaveConnection", FaultKind.IGNORED_FIELD, field=field))
    seen = [api.ok("SaveConnection", {"Connection": carrier}) for _ in range(4)]
    assert [one["DisplayName"] for one in seen[:2]] == ["Norway", "New"]
    assert seen[0]["ConfigFields"]["TextField"] == "New"
    emulator.edit.set_config(connection, "TextField", "Old")
    emulator.edit.set_scope(connection, all_access=True)
    emulator.faults.add(Fault("SaveConnection", FaultKind.IGNORED_FIELD, field="TextField"))
    emulator.faults.add(Fault("SaveConnection", FaultKind.IGNORED_FIELD, field="UserGroupAccessIds", nth=2))
    again = api.ok("SaveConnection", {"Connection": carrier})
    assert (again["ConfigFields"]["TextField"], again["UserGroupAccessIds"]) == ("Old", [1])
    emulator.edit.set_scope(connection, all_access=True)
    assert api.ok("SaveConnection", {"Connection": carrier})["UserGroupAccessIds"] == []


# ---- time ----


def test_slow_and_dripping_answers_take_their_time(api: Api, emulator: Emulator, connection: int) -> None:
    for kind in (FaultKind.SLOW, FaultKind.DRIP):
        emulator.faults.add(Fault("GetConnection", kind, delay_s=0.2))
        before = time.monotonic()
        assert api.read(connection)["ErpConnectionId"] == connection
        assert time.monotonic() - before >= 0.19


def test_a_stopped_emulator_refuses_and_comes_back_on_the_same_port(api: Api, emulator: Emulator, connection: int) -> None:
    url = emulator.url
    emulator.stop()
    with pytest.raises(CUT):
        api.read(connection)
    with pytest.raises(ConnectionRefusedError):
        api.read(connection)
    emulator.start()
    assert emulator.url == url
    assert api.read(connection)["ErpConnectionId"] == connection


# ---- the hook ----


def test_the_hook_runs_before_each_call_and_may_edit(api: Api, emulator: Emulator, connection: int) -> None:
    seen: list[tuple[str, Any]] = []

    def rename_before_the_second(call: Call) -> None:
        seen.append((call.operation, call.request))
        if len(seen) == 2:
            emulator.edit.rename(connection, "Edited")

    emulator.before_call = rename_before_the_second
    assert [api.read(connection)["DisplayName"] for _ in range(2)] == ["Norway", "Edited"]
    assert seen[0] == ("GetConnection", {"ErpConnectionId": connection})
    emulator.before_call = None


def test_many_clients_at_once_toggle_exactly_as_often_as_they_say(emulator: Emulator) -> None:
    """Each flip is one transaction: none is lost and none happens twice."""
    key = emulator.edit.add_connection(emulator.edit.add_connector("V", "app://test-excel"), "x")

    def flip() -> None:
        api = Api(emulator)
        for _ in range(25):
            assert api.toggle(key) == []
        api.http.close()

    threads = [threading.Thread(target=flip) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    flips = [entry.changed["Active"] for entry in emulator.history.of("ErpConnection", key) if "Active" in entry.changed and entry.before]
    assert len(flips) == 125
    assert all(before is not after for before, after in flips)


def test_faults_travel_as_json() -> None:
    fault = Fault("*", FaultKind.LATE, nth=3, delay_s=1.5)
    assert Fault.from_dict(json.loads(json.dumps(fault.as_dict()))) == fault
    assert Fault.from_dict({"operation": "*", "kind": "DROP_AFTER"}).kind is FaultKind.DROP_AFTER
    for wrong in ({"operation": "*"}, {"operation": "*", "kind": "nonsense"}, {"operation": "*", "kind": "late", "when": 1}):
        with pytest.raises(ValueError, match="fault"):
            Fault.from_dict(wrong)
