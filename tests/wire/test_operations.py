"""The one table of what may be called and repeated."""

import re
from pathlib import Path

import reconciler
from reconciler.model import Timeouts
from reconciler.wire.operations import OPERATIONS, Kind

PACKAGE = Path(reconciler.__file__).parent
MOVES_DATA = re.compile(
    r"\b(SyncAll|ForceSyncAll|ForceResync\w*|ConnectActor|TryConnectActor|CreateActorLink|BreakActorLink|CreateErpActorFromCrm)\b"
)


def test_no_code_of_ours_can_call_an_operation_that_moves_business_data() -> None:
    sources = [path for path in PACKAGE.rglob("*.py") if "emulator" not in path.parts]
    assert len(sources) > 10
    assert [str(path) for path in sources if MOVES_DATA.search(path.read_text("utf-8"))] == []


def test_what_flips_or_creates_is_never_repeated() -> None:
    once = {key for key, operation in OPERATIONS.items() if operation.kind is Kind.NON_IDEMPOTENT_WRITE}
    assert once == {"ToggleErpConnectionActive", "CreateConnection", "CreateConnector", "MoveErpFieldItem"}


def test_kinds_follow_names() -> None:
    for operation in OPERATIONS.values():
        if operation.name.startswith("Test"):
            assert operation.kind is Kind.TEST
        elif operation.name.startswith(("Get", "CanDelete")) or operation.method == "GET":
            assert operation.kind is Kind.READ
        else:
            assert operation.kind.is_write


def test_agent_operations_are_posted() -> None:
    assert {operation.method for operation in OPERATIONS.values() if operation.path.startswith("Agents/")} == {"POST"}


def test_what_reaches_the_connector_gets_its_deadline_and_no_write_outlives_the_settle_time() -> None:
    timeouts = Timeouts()
    assert OPERATIONS["GetConnection"].deadline(timeouts) == timeouts.read
    for name in ("TestConnectionById", "SaveConnection", "ToggleErpConnectionActive", "GetConfigurationFields", "UpdateConnectionFields"):
        assert OPERATIONS[name].deadline(timeouts) == timeouts.connector
    assert all(operation.deadline(timeouts) <= timeouts.settle for operation in OPERATIONS.values() if operation.kind.is_write)


def test_the_two_policies_of_a_save_have_one_wire_name() -> None:
    assert OPERATIONS["CreateConnection"].name == OPERATIONS["SaveConnection"].name == "SaveConnection"
    assert OPERATIONS["SaveConnection"].stores_first


def test_a_name_in_a_path_leads_nowhere_else() -> None:
    items = OPERATIONS["CrmItems"]
    assert items.on("business").path == "List/business/Items"
    assert items.on("../x?y").path == "List/..%2Fx%3Fy/Items"
    assert OPERATIONS["GetConnection"].on("") is OPERATIONS["GetConnection"]
