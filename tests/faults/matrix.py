"""The matrix: every call of every scenario, failed in every way; which cells there are, and how results are shown.

A cell is (scenario, kind of fault, position). The calls of a scenario are those of its run without faults, which is the same
every time; a fault at position n leaves the calls before it as they were.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from tests.faults.scenarios import SCENARIOS
from tests.faults.stage import SETTLE_S, UNREACHABLE, Harm, Stage
from tests.faults.trial import Trial, attempt, attempt_recovery

SEED = 20260301
SAMPLE = 180


@dataclass(frozen=True)
class Kind:
    """One way in which a call fails.

    Attributes:
        text: what happens, and whether the effect does.
        harm: as told to the stage, but for the position.
        where: `*` all calls; `write`, `read` (tests included), `look` (reads of what is stored), or an operation.
        asked: one of the kinds that the issue lists; on every call of the issue's own plan, also where it cannot differ from another.
        once: for calls without effect it is the same as this other kind, so that only writes are failed so.
    """

    name: str
    text: str
    harm: Harm
    where: str = "*"
    asked: bool = False
    once: bool = False

    def differs(self, operation: str, *, writes: bool, asked: bool) -> bool:
        """Whether failing this call so is a case of its own; `asked`: the plan of the issue."""
        reads = () if writes else ("read",) if operation.startswith("Test") else ("read", "look")
        fits = self.where in ("*", operation, *reads, *(("write",) if writes else ()))
        return fits and (writes or not self.once or (self.asked and asked))


def _kind(name: str, text: str, where: str = "*", *, asked: bool = False, once: bool = False, kind: str = "", **more: Any) -> Kind:
    return Kind(name, text, Harm(kind or name, **more), where, asked, once)


KINDS = {
    one.name: one
    for one in (
        _kind("unreachable", "the connection is refused: no byte leaves", kind=UNREACHABLE, asked=True),
        _kind("refused", "the connection is reset, no effect", asked=True, once=True),
        _kind("drop-after", "the answer is lost after the effect", asked=True, once=True),
        _kind("drop-before", "the answer is lost, no effect ever", asked=True),
        _kind("late", "the answer is lost, the effect lands late within the settle time", asked=True, once=True, delay_s=SETTLE_S / 2),
        _kind("error-500-after", "500 after the effect", asked=True, once=True),
        _kind("error-500-before", "500 without effect", asked=True),
        _kind("too-many", "429, no effect", asked=True),
        _kind("html-after", "a page instead of JSON, after the effect", asked=True, once=True),
        _kind("html-before", "a page instead of JSON, no effect", asked=True),
        _kind("truncated", "half an answer, after the effect", once=True),
        _kind("null-after", "200 with null, after the effect", kind="null-body"),
        _kind("null-before", "200 with null, no effect", "write", kind="null-body", effect=False),
        _kind("error-object-before", "an error object in a 200, no effect", kind="error-object-200"),
        _kind("error-object-after", "an error object in a 200, after the effect", "write", kind="error-object-200", effect=True),
        _kind("bad-gateway-after", "502 after the effect", "write"),
        _kind("bad-gateway-before", "502 without effect", once=True),
        _kind("unavailable", "503 without effect", once=True),
        _kind("unauthorized", "401, no effect"),
        _kind("forbidden", "403, no effect", once=True),
        _kind("misdirected", "421, no effect", once=True),
        _kind("redirect", "307 to another host, no effect", once=True),
        _kind("slow", "the answer takes 55 s", delay_s=55.0, once=True),
        _kind("stale-read", "a read answers as before the last change", "look"),
        _kind("reasons-without-flip", "the toggle gives a reason and flips nothing", "ToggleErpConnectionActive"),
        _kind("reasons-with-flip", "the toggle gives a reason and flips all the same", "ToggleErpConnectionActive"),
        _kind("ignored-active", "the toggle says yes and flips nothing", "ToggleErpConnectionActive", kind="ignored-field", field="Active"),
        _kind("ignored-config", "the save says yes and leaves the config as it was", "SaveConnection", kind="ignored-field", field="ConfigFields"),
        _kind("ignored-one", "the save says yes and leaves one value as it was", "SaveConnection", kind="ignored-field", field="IntegerField"),
        _kind("ignored-text", "the save says yes and leaves a text as it was", "SaveConnection", kind="ignored-field", field="DisplayDescription"),
        _kind("ignored-deleted", "the deletion says yes and deletes nothing", "DeleteConnection", kind="ignored-field", field="Deleted"),
        _kind("ignored-url", "the save says yes and leaves the URL as it was", "SaveErpSyncConnectorEntity", kind="ignored-field", field="URL"),
    )
}  # fmt: skip


@dataclass(frozen=True)
class Cell:
    """One run of the matrix. `lasting`: how many calls in a row are hit; None for all from then on.

    `scenario` may also be one of the `RECOVERIES`: then `recover --back` is harmed.
    """

    scenario: str
    kind: str
    position: int
    lasting: int | None = 1

    @property
    def harm(self) -> Harm:
        """For the stage."""
        harm = KINDS[self.kind].harm
        return Harm(harm.kind, self.position, self.lasting, "*", harm.delay_s, harm.effect, harm.field)

    def run(self, stage: Stage, *, again: bool = True) -> Trial:
        """Try it."""
        if self.scenario in RECOVERIES:
            return _recovery(stage, self.scenario, self.harm)
        return attempt(stage, self.scenario, self.harm, again=again)

    def __str__(self) -> str:
        lasting = "" if self.lasting == 1 else " for good" if self.lasting is None else f" x{self.lasting}"
        return f"{self.scenario}/{self.kind}/{self.position}{lasting}"


# What is also tried as an outage: some calls in a row (more than a read is repeated), and all from then on.
LASTING = ("unreachable", "drop-after", "drop-before", "html-after", "unauthorized")
LENGTHS = (6, None)
# Scenarios whose calls are failed by outages: the plan, and those that are rolled back.
OUTAGES = ("three", "update-back", "create-back")


# Runs that an outage leaves open: everything is lost from this write of the plan on. `recover --back` is harmed then.
RECOVERIES = {
    "recover-update": ("three", "SaveConnection", 1),
    "recover-creation": ("three", "SaveConnection", 2),
    "recover-deletion": ("three", "DeleteConnection", 1),
    "recover-mapping": ("mappings", "SaveActorTypeMapping", 1),
    "recover-url": ("url", "SaveErpSyncConnectorEntity", 1),
    "recover-engine": ("tenant", "ChangeEngineStatus", 1),
    "recover-priority": ("tenant", "SaveErpConnectionSyncPriorities", 1),
    "recover-connector": ("connectors", "DeleteErpSyncConnectorEntity", 1),
    "recover-items": ("mappings", "SaveConnectionListMappings", 1),
    "recover-order": ("mappings", "MoveErpFieldItem", 2),
    "recover-default": ("mappings", "SaveDefaultValueInfo", 1),
    "recover-atomic": ("atomic", "SaveConnection", 2),
}


def _recovery(stage: Stage, name: str, *harms: Harm) -> Trial:
    scenario, operation, nth = RECOVERIES[name]
    places = [place for place, (each, _) in enumerate(operations(stage, scenario), 1) if each == operation]
    return attempt_recovery(stage, scenario, Harm("drop-after", places[nth - 1], None), *harms)


def operations(stage: Stage, scenario: str) -> tuple[tuple[str, bool], ...]:
    """The calls of a scenario (or a recovery) without faults, in order: operation, and whether it writes."""
    if scenario not in _CALLS and scenario in RECOVERIES:
        account = _recovery(stage, scenario).first
        assert account.code == 5, (scenario, account.code, account.error)
        _CALLS[scenario] = tuple((call.operation, call.writes) for call in account.calls)
    elif scenario not in _CALLS:
        prepared = stage.prepare(scenario)
        stage.begin(prepared)
        account = stage.apply(prepared)
        assert account.code == SCENARIOS[scenario].clean, (scenario, account.code, account.error)
        _CALLS[scenario] = tuple((call.operation, call.writes) for call in account.calls)
    return _CALLS[scenario]


_CALLS: dict[str, tuple[tuple[str, bool], ...]] = {}
RUNS = (*SCENARIOS, *RECOVERIES)


def single(stage: Stage, scenario: str, kind: str) -> Iterator[Cell]:
    """Every position of a scenario at which a kind can make a difference; in a recovery, of the kinds that the issue lists."""
    if scenario in RECOVERIES and not KINDS[kind].asked:
        return
    for position, (operation, writes) in enumerate(operations(stage, scenario), 1):
        if KINDS[kind].differs(operation, writes=writes, asked=scenario == "three"):
            yield Cell(scenario, kind, position)


def outages(stage: Stage, scenario: str, kind: str) -> Iterator[Cell]:
    """The same, for several calls in a row."""
    if scenario in OUTAGES and kind in LASTING:
        for position in range(1, len(operations(stage, scenario)) + 1):
            for length in LENGTHS:
                yield Cell(scenario, kind, position, length)


def cells(stage: Stage, scenario: str, kind: str) -> list[Cell]:
    """All of a scenario and a kind."""
    return [*single(stage, scenario, kind), *outages(stage, scenario, kind)]


def sample(stage: Stage, size: int = SAMPLE, seed: int = SEED) -> list[Cell]:
    """A fixed choice: every kind and every scenario, writes more often than reads."""
    chooser = random.Random(seed)
    chosen: list[Cell] = []
    everything = {(scenario, kind): cells(stage, scenario, kind) for scenario in RUNS for kind in KINDS}
    filled = [cells_ for cells_ in everything.values() if cells_]
    while len(chosen) < size:
        found = chooser.choice(filled)
        writes = [cell for cell in found if operations(stage, cell.scenario)[cell.position - 1][1]]
        cell = chooser.choice(writes if writes and chooser.random() < 0.6 else found)
        if cell not in chosen:
            chosen.append(cell)
    return chosen


# --- results ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Result:
    """One trial in a line, as JSON can hold it."""

    scenario: str
    kind: str
    position: int
    lasting: int
    operation: str
    code: int
    ends: tuple[str, ...]
    after: tuple[int, ...]
    violations: tuple[str, ...]

    def __str__(self) -> str:
        harmed = str(Cell(self.scenario, self.kind, self.position, self.lasting or None))
        return f"{harmed} {self.operation} -> {self.code} {' '.join(map(str, self.after))}"

    @classmethod
    def of(cls, cell: Cell, trial: Trial) -> Result:
        """Of a trial; `lasting` is 0 for good."""
        report = trial.first.report
        ends = tuple(unit.end.value for unit in report.units) if report is not None else ()
        codes = tuple(account.code for account in trial.then)
        found = tuple(str(violation) for violation in trial.violations)
        return cls(cell.scenario, cell.kind, cell.position, cell.lasting or 0, trial.operation, trial.first.code, ends, codes, found)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)
