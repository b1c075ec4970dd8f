"""Where a tenant of Online is: what the state endpoint says is believed as far as it may be, and asked for again when it has to be."""

from datetime import timedelta
from typing import Any

import pytest

from reconciler.errors import ReadError, TargetError
from reconciler.model import Outcome, Timeouts
from reconciler.superoffice.gateway import Gateway
from reconciler.superoffice.roothost import HOSTS
from tests.superoffice.scripted import FakeClock
from tests.superoffice.vendor import TENANT, Vendor, Visitor, answer


def listed(visitor: Visitor) -> list[int]:
    return [one.id for one in Gateway(visitor.client).list_connections(include_deleted=False)]


def test_the_hosts_that_exist() -> None:
    assert dict(HOSTS) == {
        "sod": "https://sod.superoffice.com",
        "qaonline": "https://qaonline.superoffice.com",
        "online": "https://online.superoffice.com",
    }


@pytest.mark.parametrize("state", ["Running", "OnlineMaintenance", 2, "5"])
def test_a_tenant_that_runs_is_called_where_the_state_says(state: Any) -> None:
    with Vendor(state={"State": state}) as vendor:
        assert listed(Visitor(vendor)) == [110]
        assert [call.path for call in vendor.got] == [
            f"/api/state/{TENANT}",
            "/Login/api/PartnerSystemUser/Authenticate",
            "/login/.well-known/jwks",
            f"/{TENANT}/api/v1/Agents/ErpSync/GetAllConnections",
        ]
        assert "authorization" not in vendor.got[0].headers


STOPPED = [
    ("OfflineMaintenance", "is under maintenance", "Usually that takes minutes."),
    (6, "is under maintenance", "Usually that takes minutes."),
    ("MigrationPending", "waits to be moved", "That can take days."),
    ("Provisioning", "is still being set up", "Repeat the command when it runs."),
    ("Suspended", "is suspended", "Its owner has to settle that with SuperOffice."),
    ("Deleted", "is deleted", "Check `tenant`"),
    ("Deleting", "is being deleted", "Check `tenant`"),
    ("ProvisioningFailed", "does not run (state ProvisioningFailed)", "Ask SuperOffice about it."),
    ("DeleteFailed", "does not run (state DeleteFailed)", "Ask SuperOffice about it."),
    ("Unknown", "does not run (state Unknown)", "Ask SuperOffice about it."),
    (None, "does not run (state None)", "Ask SuperOffice about it."),
]


@pytest.mark.parametrize(("state", "words", "hint"), STOPPED)
def test_a_tenant_that_does_not_run_is_not_called(state: Any, words: str, hint: str) -> None:
    with Vendor(state={"State": state, "IsRunning": False}) as vendor:
        with pytest.raises(TargetError) as caught:
            listed(Visitor(vendor))
        assert len(vendor.got) == 1
    assert caught.value.summary == "SuperOffice is not available"
    assert words in caught.value.detail
    assert caught.value.hint.startswith(hint)
    assert caught.value.exit_code == 1


@pytest.mark.parametrize("running", [None, "true", 1, "False"])
def test_only_true_says_that_it_runs(running: Any) -> None:
    with Vendor(state={"IsRunning": running}) as vendor, pytest.raises(TargetError, match="does not run"):
        listed(Visitor(vendor))


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (answer(404, {"Message": "no"}), "knows no such tenant"),
        (answer(200, b"<html>", Content_Type="text/html"), "something that is no state"),
        (answer(200, None), "something that is no state"),
        (answer(200, []), "something that is no state"),
        (answer(403, {"Message": "no"}), "answered 403"),
        (answer(302, None, Location="http://127.0.0.1:1/"), "a redirect, which is never followed"),
    ],
)
def test_an_answer_that_is_no_state(told: Any, words: str) -> None:
    with Vendor(asked={TENANT: [told] * 4}) as vendor:
        with pytest.raises(TargetError, match=words):
            listed(Visitor(vendor, clock=FakeClock()))
        assert {call.path for call in vendor.got} == {f"/api/state/{TENANT}"}


def test_the_state_of_another_tenant_is_not_believed() -> None:
    with Vendor(state={"ContextIdentifier": "Cust99"}) as vendor, pytest.raises(TargetError, match="answered for another tenant"):
        listed(Visitor(vendor))


def test_a_state_endpoint_that_fails_for_a_moment_is_asked_again() -> None:
    with Vendor(asked={TENANT: [answer(503, None), answer(429, None, Retry_After="3"), answer(500, b"x")]}) as vendor:
        clock = FakeClock()
        assert listed(Visitor(vendor, clock=clock, timeouts=Timeouts())) == [110]
        assert clock.slept == [0.25, 3.0, 1.0]


EVIL = [
    "http://online3.superoffice.com/Cust12345/api",
    "https://online3.superoffice.com.evil.example/Cust12345/api",
    "https://evilsuperoffice.com/api",
    "https://superoffice.com/api",
    "https://user:pw@online3.superoffice.com/api",
    "https://online3.superoffice.com@evil.example/api",
    "https://online3.superoffice.com:8443/api",
    "https://evil.example/online3.superoffice.com/api",
    "https://evil.example\\.superoffice.com/api",
    "https://evil.example#.superoffice.com",
    "https://evil.example/?x=.superoffice.com",
    "https://127.0.0.1/api",
    "https://localhost/api",
    "https://[::1]/api",
    "//online3.superoffice.com/api",
    "https://onlíne.superoffice.com/api",
    "https://online3.superoffice.com /api",
    "javascript:alert(1)",
    "",
    None,
    7,
]


@pytest.mark.parametrize("api", EVIL)
def test_no_login_goes_to_an_address_outside_of_the_vendors_domain(api: Any) -> None:
    with Vendor(state={"Api": api}) as vendor:
        with pytest.raises(TargetError, match="to which no login may be sent"):
            listed(Visitor(vendor, emulated=False))
        assert len(vendor.got) == 1


@pytest.mark.parametrize(
    "api",
    [
        "https://online3.superoffice.com/Cust12345/api",
        "https://sod2.superoffice.com:443/Cust12345/api",
        "https://APP.SuperOffice.com/Cust12345/api",
        "https://disasterrecovery.superoffice.com/Cust12345/api",
    ],
)
def test_every_host_of_the_vendor_is_taken_as_it_is(api: str) -> None:
    with Vendor(state={"Api": api}) as vendor:
        assert Visitor(vendor, emulated=False).home.api() == api


@pytest.mark.parametrize("api", ["https://online3.superoffice.com/Cust12345/api", "http://10.0.0.1/api", "https://example.com/api"])
def test_an_emulator_never_leads_to_a_real_host(api: str) -> None:
    with Vendor(state={"Api": api}) as vendor, pytest.raises(TargetError, match="expected a loopback address"):
        listed(Visitor(vendor))


def test_an_address_is_used_as_long_as_it_is_valid() -> None:
    clock = FakeClock()
    until = (clock.now() + timedelta(seconds=600)).replace(tzinfo=None).isoformat()
    with Vendor(state={"ValidUntil": until}) as vendor:
        visitor = Visitor(vendor, clock=clock)
        for _ in range(3):
            listed(visitor)
        assert len(vendor.calls(f"state/{TENANT}")) == 1
        clock.sleep(599)
        listed(visitor)
        assert len(vendor.calls(f"state/{TENANT}")) == 1
        clock.sleep(2)
        listed(visitor)
        assert len(vendor.calls(f"state/{TENANT}")) == 2


@pytest.mark.parametrize("until", ["2001-01-01T00:00:00Z", "2026-01-31T12:00:01"])
def test_an_address_whose_time_is_over_at_once_is_not_asked_for_by_every_call(until: str) -> None:
    with Vendor(state={"ValidUntil": until}) as vendor:
        visitor = Visitor(vendor, clock=FakeClock())
        for _ in range(5):
            listed(visitor)
        assert len(vendor.calls(f"state/{TENANT}")) == 1


@pytest.mark.parametrize("until", [None, "soon", 5, ""])
def test_without_a_time_an_address_holds_for_the_run(until: Any) -> None:
    clock = FakeClock()
    with Vendor(state={"ValidUntil": until}) as vendor:
        visitor = Visitor(vendor, clock=clock)
        listed(visitor)
        clock.sleep(86400)
        listed(visitor)
        assert len(vendor.calls(f"state/{TENANT}")) == 1


# --- a tenant that moves ---


def test_a_read_follows_a_tenant_that_moved() -> None:
    with Vendor() as new, Vendor() as vendor:
        visitor = Visitor(vendor)
        assert listed(visitor) == [110]
        new.valid = vendor.valid
        vendor.state = {"Api": new.api}
        vendor.asked = {"GetAllConnections": [answer(421, {"Message": "Wrong subdomain."})] * 3}
        assert listed(visitor) == [110]
        assert len(vendor.calls("GetAllConnections")) == 2
        assert len(new.calls("GetAllConnections")) == 1
        assert vendor.issued == 1  # a ticket that the new host knows is kept


def test_a_host_that_sends_everybody_away_is_told_once() -> None:
    with Vendor(asked={"GetAllConnections": [answer(421, {"Message": "Wrong subdomain."})] * 9}) as vendor:
        with pytest.raises(ReadError, match="Wrong subdomain") as caught:
            listed(Visitor(vendor))
        assert len(vendor.calls("GetAllConnections")) == 1
        assert len(vendor.calls(f"state/{TENANT}")) == 2
    assert caught.value.status == 421


def test_two_hosts_that_send_to_each_other_are_not_followed_for_ever() -> None:
    with Vendor() as new, Vendor() as vendor:
        visitor = Visitor(vendor)
        listed(visitor)
        new.valid = vendor.valid
        vendor.state = {"Api": new.api}
        wrong = {"GetAllConnections": [answer(421, {"Message": "Wrong subdomain."})] * 9}
        vendor.asked, new.asked = dict(wrong), {"GetAllConnections": list(wrong["GetAllConnections"])}
        with pytest.raises(ReadError, match="Wrong subdomain"):
            listed(visitor)
        assert (len(vendor.calls("GetAllConnections")), len(new.calls("GetAllConnections"))) == (2, 1)


def test_a_write_is_never_sent_after_a_tenant_by_itself() -> None:
    with Vendor() as new, Vendor() as vendor:
        visitor = Visitor(vendor)
        gateway = Gateway(visitor.client)
        listed(visitor)
        new.valid = vendor.valid
        vendor.state = {"Api": new.api}
        vendor.asked = {name: [answer(421, None)] * 3 for name in ("ToggleErpConnectionActive", "GetAllConnections")}
        result = gateway.toggle(110)
        assert (result.outcome, result.status, result.final) == (Outcome.NOT_APPLIED, 421, False)
        assert (len(vendor.calls("ToggleErpConnectionActive")), len(new.calls("ToggleErpConnectionActive"))) == (1, 0)
        assert listed(visitor) == [110]  # the read that every write is followed by finds the new host
        assert gateway.toggle(110).outcome is Outcome.APPLIED
        assert (len(vendor.calls("ToggleErpConnectionActive")), len(new.calls("ToggleErpConnectionActive"))) == (1, 1)


def test_a_tenant_that_stops_while_it_is_read_is_told_as_that() -> None:
    with Vendor() as vendor:
        visitor = Visitor(vendor, clock=FakeClock(), timeouts=Timeouts())
        listed(visitor)
        vendor.state = {"IsRunning": False, "State": "OfflineMaintenance"}
        vendor.asked = {"GetAllConnections": [answer(503, b"<html>", Content_Type="text/html")] * 9}
        with pytest.raises(TargetError, match="under maintenance"):
            listed(visitor)
        assert len(vendor.calls("GetAllConnections")) == 2


def test_a_write_to_a_tenant_that_stopped_is_not_sent() -> None:
    clock = FakeClock()
    until = (clock.now() + timedelta(seconds=600)).isoformat()
    with Vendor(state={"ValidUntil": until}) as vendor:
        visitor = Visitor(vendor, clock=clock)
        listed(visitor)
        clock.sleep(601)
        vendor.state = {"IsRunning": False, "State": "OfflineMaintenance"}
        result = Gateway(visitor.client).toggle(110)
        assert (result.outcome, result.final) == (Outcome.NOT_APPLIED, False)
        assert "under maintenance" in result.detail
        assert "nothing was sent" in result.detail
        assert vendor.calls("ToggleErpConnectionActive") == []
