"""One reading of a tenant: what is asked, how often, and what an answer that does not come means."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.emulator import Fault, FaultKind
from reconciler.errors import ReadError, UnauthorizedError
from reconciler.live import read_live
from reconciler.live.read import texts_of
from reconciler.model import Live, Wanted
from tests.scenarios.stage import FORTNOX, VISMA, Stage, staged


@pytest.fixture
def tenant(tmp_path: Path) -> Iterator[Stage]:
    """Two connectors with three connections; ids 11, 12 and 101 to 103."""
    with staged(tmp_path) as stage:
        visma, fortnox = stage.emulator.edit.add_connector("Visma", VISMA), stage.emulator.edit.add_connector("Fortnox", FORTNOX)
        stage.emulator.edit.add_connection(visma, 'US:"Norway";NO:"Norge"')
        stage.emulator.edit.add_connection(visma, "Sweden")
        stage.emulator.edit.add_connection(fortnox, "Denmark")
        stage.emulator.clear_calls()
        yield stage


def read(stage: Stage, **wanted: object) -> Live:
    with stage.session() as session:
        return read_live(session.gateway, Wanted(**wanted))  # type: ignore[arg-type]


def asked(stage: Stage) -> Counter[str]:
    return Counter(call.operation for call in stage.calls())


def test_two_lists_and_one_call_per_connector_connection_and_declaration(tenant: Stage) -> None:
    live = read(tenant, ids=frozenset({101, 102}))
    assert sorted(live.connections) == [101, 102]
    assert [row.id for row in live.listed] == [101, 102, 103]
    assert asked(tenant) == {
        "GetAllConnectors": 1, "GetErpSyncConnectorEntity": 2, "GetAllConnections": 1, "GetConnection": 2, "GetConfigurationFields": 1,
    }  # fmt: skip
    assert tenant.writes == []


def test_only_the_connectors_of_what_is_read_are_asked_for_their_fields(tenant: Stage) -> None:
    assert sorted(read(tenant, ids=frozenset({103})).fields) == [12]
    assert sorted(read(tenant, connectors=frozenset({"Visma"})).fields) == [11]
    assert sorted(read(tenant).fields) == []


@pytest.mark.parametrize(
    ("names", "found"),
    [
        pytest.param(({"Norway"},), [101], id="a text in one language"),
        pytest.param(({'US:"Norway";NO:"Norge"'},), [101], id="the raw text"),
        pytest.param(({"Sweden"}, {"Denmark"}), [102, 103], id="two names"),
        pytest.param(({"norway"},), [101, 102, 103], id="another case is another name, so it may be a creation"),
        pytest.param(({"Sweden"}, {"Finland"}), [101, 102, 103], id="one of two is not there"),
    ],
)
def test_connections_are_found_by_name_and_all_are_read_where_one_is_missing(
    tenant: Stage, names: tuple[set[str], ...], found: list[int]
) -> None:
    assert sorted(read(tenant, names=tuple(map(frozenset, names))).connections) == found


def test_what_may_be_there_is_not_missed_where_it_is_not(tenant: Stage) -> None:
    assert sorted(read(tenant, also=frozenset({"Norge", "Finland"})).connections) == [101]


def test_everything_is_every_live_row(tenant: Stage) -> None:
    tenant.emulator.edit.delete(102)
    live = read(tenant, everything=True)
    assert sorted(live.connections) == [101, 103]


@pytest.mark.parametrize("setting", ["row", "null"])
def test_a_bound_row_that_was_deleted_is_read_as_deleted_or_is_absent(tenant: Stage, setting: str) -> None:
    tenant.emulator.switches.set("deleted_connection_read", setting)
    tenant.emulator.edit.delete(102)
    live = read(tenant, ids=frozenset({102, 999}))
    assert {key: row.deleted for key, row in live.connections.items()} == ({102: True} if setting == "row" else {})


@pytest.mark.parametrize("hidden", [True, False])
def test_a_deleted_connector_is_read_where_a_connection_still_points_at_it(tenant: Stage, hidden: bool) -> None:
    tenant.emulator.switches.set("connectors_list_deleted", not hidden)
    tenant.emulator.edit.delete_connector(12)
    live = read(tenant, ids=frozenset({103}))
    assert (live.connectors[12].deleted, live.connectors[11].deleted) == (True, False)


def test_groups_and_users_are_read_once_and_only_for_a_scope(tenant: Stage) -> None:
    assert read(tenant, ids=frozenset({101})).groups is None
    assert asked(tenant)["MDOList/usergroup"] == 0
    tenant.emulator.edit.set_scope(101, groups=[1])
    tenant.emulator.edit.set_scope(102, users=[2])
    tenant.emulator.clear_calls()
    live = read(tenant, ids=frozenset({101, 102}))
    assert live.groups is not None
    assert live.users is not None
    assert (live.groups[1].name, live.groups[4].deleted, live.users[2].name) == ('US:"Sales";NO:"Salg"', True, "ANNA")
    assert asked(tenant)["MDOList/usergroup"] == 1
    assert read(tenant, scopes=True).groups is not None


@pytest.mark.parametrize("answer", ["server_error", "error_object", "null"])
def test_a_silent_connector_gives_no_knowledge_instead_of_no_fields(tenant: Stage, answer: str) -> None:
    tenant.emulator.switches.set("connector_unreachable", answer)
    tenant.emulator.edit.connector_down(VISMA)
    fields = read(tenant, everything=True).fields
    assert fields[11] is None
    assert fields[12]


@pytest.mark.parametrize("operation", ["GetAllConnectors", "GetErpSyncConnectorEntity", "GetAllConnections", "GetConnection"])
@pytest.mark.parametrize("kind", [FaultKind.HTML_BEFORE, FaultKind.ERROR_OBJECT_200, FaultKind.TRUNCATED, FaultKind.REDIRECT])
def test_an_answer_that_cannot_be_trusted_is_never_taken_for_an_empty_tenant(tenant: Stage, operation: str, kind: FaultKind) -> None:
    tenant.emulator.faults.add(Fault(operation, kind, times=None))
    with pytest.raises(ReadError) as error:
        read(tenant, everything=True)
    assert error.value.exit_code == 1
    assert error.value.operation == operation


@pytest.mark.parametrize("kind", [FaultKind.UNAUTHORIZED, FaultKind.FORBIDDEN])
def test_a_login_that_may_not_read_is_said_to_be_one(tenant: Stage, kind: FaultKind) -> None:
    tenant.emulator.faults.add(Fault("GetConnection", kind, times=None))
    with pytest.raises(UnauthorizedError):
        read(tenant, everything=True)


@pytest.mark.parametrize("kind", [FaultKind.UNAUTHORIZED, FaultKind.FORBIDDEN])
def test_a_login_that_is_not_accepted_is_tried_once_whatever_is_wanted(tenant: Stage, kind: FaultKind) -> None:
    """Several at a time with a wrong password could lock the account."""
    tenant.emulator.faults.add(Fault("*", kind, times=None))
    with pytest.raises(UnauthorizedError):
        read(tenant, everything=True, scopes=True, priority=True, engine=True)
    assert len(tenant.calls()) == 1


def test_the_order_and_the_engine_are_read_where_they_are_wanted(tenant: Stage) -> None:
    live = read(tenant, priority=True, engine=True)
    assert live.priority == (0, 101, 102, 103)
    assert live.engine is not None
    first = asked(tenant)
    tenant.emulator.clear_calls()
    live = read(tenant)
    assert (live.priority, live.engine) == (None, None)
    assert (first - asked(tenant)).total() == 2


def test_a_reading_is_the_same_however_many_calls_are_under_way(tenant: Stage) -> None:
    with tenant.session() as session:
        wanted = Wanted(everything=True, scopes=True, priority=True, engine=True, connectors=frozenset({"Visma"}))
        assert read_live(session.gateway, wanted, parallel=1) == read_live(session.gateway, wanted, parallel=8)


def test_a_name_is_known_by_its_text_in_each_language_and_as_a_whole() -> None:
    assert texts_of('US:"Norway";NO:"Norge"') == {"Norway", "Norge", 'US:"Norway";NO:"Norge"'}
    assert texts_of("Norway") == {"Norway"}
