"""One stage per process: an emulator that serves, a prepared journal, and commands that are run against both.

Each command leaves an `Account`: what the emulator saw and holds, what the journal says, what the command reported. The
checker judges from it; the applier is asked nothing.
"""

from __future__ import annotations

import functools
import json
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from urllib3.util import parse_url

from reconciler import flow
from reconciler.emulator import Call, Emulator, Entry, Fault, FaultKind, Snapshot, Switches
from reconciler.errors import Interrupted, ReconcilerError
from reconciler.flow.planning import make_plan
from reconciler.journal import statements
from reconciler.journal.events import Event
from reconciler.model import Plan, RunReport
from reconciler.session import Session
from reconciler.superoffice.transport import Exchange, Network, Transport
from tests.faults.clock import VirtualClock
from tests.faults.kept import Kept, Row, SqliteKept
from tests.faults.scenarios import BASE, ENVIRON, SCENARIOS, Files, Scenario, furnish, ids_of
from tests.faults.truth import Expected, Picture, picture

TARGET = "stage"
SETTLE_S = 120.0


@dataclass(frozen=True)
class Harm:
    """What goes wrong in one run, told to the emulator or, where nothing leaves the machine, to the client's transport.

    Attributes:
        kind: of the emulator's faults, or `unreachable`: the connection is refused, so that no byte is sent.
        nth: the first call that is hit, counted from the lease on.
        times: how many in a row; None for all from then on.
        of: which calls count: `*`, `write` or `read`, or one operation.
    """

    kind: str
    nth: int = 1
    times: int | None = 1
    of: str = "*"
    delay_s: float | None = None
    effect: bool | None = None
    field: str = ""

    def fault(self) -> Fault | None:
        """For the emulator; None for what never reaches it."""
        if self.kind == UNREACHABLE:
            return None
        return Fault(
            self.of, FaultKind(self.kind), nth=self.nth, times=self.times, delay_s=self.delay_s, effect=self.effect, field=self.field
        )


UNREACHABLE = "unreachable"


@dataclass(frozen=True)
class Arrival:
    """A write as it arrived: the newest durable event of the journal at that moment."""

    call: int
    event: int
    kind: str
    body: Mapping[str, Any]


@dataclass
class Account:
    """Everything that one command left behind.

    Attributes:
        code: the exit code, as the command line would give it.
        report: what the command returned; None when it raised.
        error: what it raised.
        calls: what the emulator was asked, in order.
        unsent: operations of requests that never left the machine, in order.
        arrivals: for each write, what the journal held when it arrived.
        lost: requests that left and never arrived, in order, each with the sequence of the last call before it.
        cut: calls whose answer the run did not see in full, because a signal or the network cut them.
        rows: what each call is about: a table in short and the id of a row (0 for a creation), by the call's sequence.
        entries: every change of the emulator's rows, in order.
        events: what the command added to the journal.
        works: whether the test of each live connection passes now, by id; asked of the connectors, not through the API.
        seconds: virtual time that it took.
    """

    command: str
    before: Picture
    code: int = -1
    report: RunReport | None = None
    error: BaseException | None = None
    calls: list[Call] = field(default_factory=list)
    unsent: list[tuple[int, str]] = field(default_factory=list)
    lost: list[tuple[int, str]] = field(default_factory=list)
    arrivals: list[Arrival] = field(default_factory=list)
    cut: frozenset[int] = frozenset()
    rows: dict[int, tuple[str, int]] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    after: Picture | None = None
    works: dict[int, bool] = field(default_factory=dict)
    open_runs: tuple[str, ...] = ()
    sound: bool = True
    journal_bytes: bytes = b""
    seconds: float = 0.0
    fired: int = 0


@dataclass
class Prepared:
    """A scenario, ready to be run many times."""

    scenario: Scenario
    snapshot: Snapshot
    journal: object
    plan: Plan
    expected: tuple[Expected, ...]
    seconds: float
    before: Picture
    works: dict[int, bool]


class Stage:
    """An emulator on a port of its own, and a folder with a targets file and a journal."""

    def __init__(self, kept: Kept | None = None) -> None:
        fast = Path("/dev/shm")
        self.folder = Path(tempfile.mkdtemp(prefix="reconciler-faults-", dir=fast if fast.is_dir() else None))
        self.kept = kept or SqliteKept(self.folder / ".reconciler" / "journal.db")
        self.clock = VirtualClock()
        self.emulator = Emulator(clock=self.clock, switches=Switches(), make_guid=self._guid).start()
        self.clock.on_time_passes = self.emulator.on_time_passes
        self.prepared: dict[str, Prepared] = {}
        self._guids = 0
        self._closed = socket.socket()
        self._closed.bind(("127.0.0.1", 0))  # bound and not listening: connecting is refused
        self._nowhere = Transport(parse_url(f"http://127.0.0.1:{self._closed.getsockname()[1]}"), connections=1, network=Network(5))
        (self.folder / "targets.yaml").write_text(
            json.dumps(
                {
                    "targets": {
                        TARGET: {
                            "kind": "emulator",
                            "url": self.address(),
                            **self.kept.target,
                            "fingerprint_key": {"secret": "env:KEY"},
                            "limits": {"parallel_reads": 1},
                            "timeouts": {"connect": "5s", "read": "20s", "connector": "60s", "settle": f"{SETTLE_S:.0f}s"},
                        }
                    }
                }
            ),
            encoding="utf-8",
        )
        self._base()

    def address(self) -> str:
        """Where commands look for the tenant."""
        return self.emulator.url

    def close(self) -> None:
        self.emulator.close()
        self._closed.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _guid(self) -> str:
        self._guids += 1
        return f"0000{self._guids:04d}-aaaa-4bbb-8ccc-000000000000"

    # ---- what every run starts from ------------------------------------------------------------------------------------

    def _base(self) -> None:
        """The tenant of all scenarios but `fresh`: the base is applied, then other people were there."""
        self.empty = self.emulator.snapshot()
        with self.session(ENVIRON) as session:
            report = flow.apply_plan(session, self._plan(session, BASE))
            assert report.exit_code == 0, report
        furnish(self.emulator)
        self.furnished = self.emulator.snapshot()
        self.base_journal = self.kept.keep()
        self.base_seconds = self.clock.seconds

    def prepare(self, name: str) -> Prepared:
        """Make the plan of a scenario, once."""
        if name not in self.prepared:
            scenario = SCENARIOS[name]
            snapshot = self.empty if scenario.fresh else self.furnished
            journal = None if scenario.fresh else self.base_journal
            self._set(snapshot, journal, self.base_seconds, scenario)
            with self.session({**ENVIRON, **scenario.environ}) as session:
                plan = self._plan(session, scenario.files())
            expected = scenario.expected(ids_of(self.emulator))
            planned = {str(unit.address) for unit in plan.units}
            assert planned
            assert planned == {one.address for one in expected}
            self.prepared[name] = Prepared(
                scenario, snapshot, journal, plan, expected, self.base_seconds, picture(self.emulator), self.works(scenario)
            )
        return self.prepared[name]

    def _plan(self, session: Session, files: Files) -> Plan:
        desired = self._desired(session, files)
        plan = make_plan(session, desired)
        if plan.stopping:
            plan = make_plan(session, desired, permissions=[hazard.permission for hazard in plan.stopping])
        assert not plan.stopping
        return plan

    def plan_again(self, scenario: Scenario) -> Plan:
        """Plan the scenario's files on the tenant as it is now."""
        with self.session({**ENVIRON, **scenario.environ}) as session:
            return make_plan(session, self._desired(session, scenario.files()), permissions=self.prepared[scenario.name].plan.permissions)

    def _desired(self, session: Session, files: Files) -> Any:
        path = self.folder / "connections.yaml"
        text = json.dumps(files, indent=1)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
        return flow.load(session, (str(path),))

    def begin(self, prepared: Prepared) -> None:
        """Put everything back to where a scenario starts."""
        self._set(prepared.snapshot, prepared.journal, prepared.seconds, prepared.scenario)

    def _set(self, snapshot: Snapshot, journal: object, seconds: float, scenario: Scenario) -> None:
        self.emulator.faults.clear()
        self.emulator.before_call = None
        self.emulator.restore(snapshot)
        self.emulator.switches.set("secrets_on_read", scenario.secrets_on_read)
        self.clock.seconds = seconds
        self.kept.put(journal)

    @contextmanager
    def session(self, environ: Mapping[str, str]) -> Iterator[Session]:
        """A session as a command opens one."""
        with flow.open_target(TARGET, directory=self.folder, environ={**environ, **self.kept.environ}, clock=self.clock) as session:
            yield session

    # ---- one command ---------------------------------------------------------------------------------------------------

    def run(
        self,
        prepared: Prepared,
        command: str,
        act: Callable[[Session], RunReport],
        harms: tuple[Harm, ...] = (),
        *,
        before: Picture | None = None,
        during: Callable[[], AbstractContextManager[object]] = nullcontext,
    ) -> Account:
        """Run one command and collect what it left."""
        emulator, scenario = self.emulator, prepared.scenario
        account = Account(command, picture(emulator) if before is None else before)
        emulator.clear_calls()
        emulator.history.clear()
        emulator.faults.clear()
        stale = any(harm.kind == FaultKind.STALE_READ.value for harm in harms)
        begun = self.clock.seconds

        def before_call(call: Call) -> None:
            if call.writes:
                account.arrivals.append(_arrival(call.sequence, self.kept.newest()))
            elif not stale and call.operation == "GetConnection":
                emulator.tick()  # the engine is at work whenever somebody looks at a connection
            if scenario.hook is not None:
                scenario.hook(emulator, call)

        emulator.before_call = before_call
        with self.session({**ENVIRON, **scenario.environ}) as session:
            last = _last(session)
            for harm in harms:
                fault = harm.fault()
                if fault is not None:
                    emulator.faults.add(fault)
            self._cut(session, harms, account)
            try:
                with during():
                    account.report = act(session)
                account.code = account.report.exit_code
            except Exception as error:
                account.error = error
                account.code = exit_code_of(error, session)
            emulator.before_call = None
            account.fired = len(emulator.faults.fired) + len(account.unsent)
            emulator.faults.clear()
            account.seconds = self.clock.seconds - begun
            # What is still on its way lands now: nothing may come after the verdict.
            self.clock.sleep(2 * SETTLE_S)
            emulator.land_late()
            store = session.store(create=False)
            account.events = list(store.events(after=last))
            account.sound = store.verify([account.report.head] if account.report is not None else []).sound
            account.open_runs = tuple(run.run for run in store.recorded(TARGET).open_runs)
        self.kept.let_go()
        account.journal_bytes = self.kept.octets()
        account.calls, account.entries = emulator.calls, list(emulator.history)
        account.after = picture(emulator)
        account.works = self.works(scenario)
        account.rows = {call.sequence: row_of(call, account.after.owners) for call in account.calls}
        assert emulator.errors == [], emulator.errors
        return account

    def works(self, scenario: Scenario) -> dict[int, bool]:
        """Which live connections pass their test, in the world as it behaves in this scenario."""
        office, found = self.emulator.office, {}
        for row in self.emulator.inspect.rows("ErpConnection"):
            key = row["ErpConnectionId"]
            if scenario.hook is not None:
                scenario.hook(self.emulator, Call(0, "TestConnectionById", False, self.clock.now(), {"ErpConnectionId": key}))
            if not row["Deleted"]:
                found[key] = office.connectors.test(office.url_of(row), row["ConnectionId"]).ok
        return found

    def _cut(self, session: Session, harms: tuple[Harm, ...], account: Account) -> None:
        """Let requests that are to be refused go where nobody listens; they never reach the emulator."""
        wanted = [harm for harm in harms if harm.kind == UNREACHABLE]
        if not wanted:
            return
        transport = session.opened.client._transport_to(self.emulator.url)
        through, counts = transport.exchange, [0] * len(wanted)

        def exchange(method: str, path: str, headers: Mapping[str, str], body: bytes | None, *, seconds: float, fresh: bool) -> Exchange:
            hit = False
            for at, harm in enumerate(wanted):
                counts[at] += 1
                hit = hit or (harm.nth <= counts[at] and (harm.times is None or counts[at] < harm.nth + harm.times))
            if not hit:
                return through(method, path, headers, body, seconds=seconds, fresh=fresh)
            calls = self.emulator.calls
            account.unsent.append((calls[-1].sequence if calls else 0, path.rsplit("/", 1)[-1].partition("?")[0]))
            return self._nowhere.exchange(method, path, headers, body, seconds=seconds, fresh=fresh)

        vars(transport)["exchange"] = exchange

    def apply(self, prepared: Prepared, *harms: Harm, before: Picture | None = None) -> Account:
        """`reconciler apply` of the scenario's plan."""
        options: dict[str, Any] = dict(prepared.scenario.options)
        return self.run(prepared, "apply", lambda session: flow.apply_plan(session, prepared.plan, **options), harms, before=before)

    def recover(self, prepared: Prepared, choice: str = "back", *harms: Harm) -> Account:
        """`reconciler recover --back` or `--accept-current`."""
        return self.run(prepared, f"recover --{choice}", lambda session: flow.recover(session, choice), harms)


def _last(session: Session) -> int:
    """The number of the journal's last event; 0 before the first."""
    with session.store(create=False).database.reading() as sql:
        return int(next(iter(sql.rows(statements.LAST_EVENT)), (0,))[0])


def _arrival(call: int, newest: Row | None) -> Arrival:
    seq, kind, body = newest or (0, "", "{}")
    return Arrival(call, seq, kind, json.loads(body))


_TENANT_WIDE = {
    "SaveErpConnectionSyncPriorities": "sync-priority",
    "MDOList/erpconnections": "sync-priority",
    "ChangeEngineInterval": "automatic-sync",
    "ChangeEngineStatus": "automatic-sync",
    "GetEngineStatus": "automatic-sync",
}


def row_of(call: Call, owners: Mapping[int, int]) -> tuple[str, int]:
    """What a call is about: a table in short, and the id of a row (0 for a creation)."""
    body: dict[str, Any] = call.request if isinstance(call.request, dict) else {}
    if "erpsyncconnectorentityid" in call.query:
        return "connector", int(call.query["erpsyncconnectorentityid"])
    for name in ("ErpConnectorId", "ErpSyncConnectorId"):
        if name in body:
            return "connector", int(body[name])
    if "ErpSyncDefaultValue" in body:
        return "connection", owners.get(int(body["ErpSyncDefaultValue"]["ErpFieldId"]), 0)
    inner = body.get("Connection") or body.get("Mapping") or body.get("ListMapping") or body
    return _TENANT_WIDE.get(call.operation, "connection"), int(inner.get("ErpConnectionId") or 0)


def exit_code_of(error: BaseException, session: Session) -> int:
    """What the command line makes of an error: the same as `reconciler.cli.entry`."""
    if isinstance(error, Interrupted):
        return 6 if session.write_begun else error.exit_code
    if isinstance(error, ReconcilerError):
        return error.exit_code
    return 6 if session.write_begun else 70


@functools.cache
def stage() -> Stage:
    """The stage of this process."""
    return Stage()
