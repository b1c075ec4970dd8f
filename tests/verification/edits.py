"""L3: somebody else, or the engine, edits before every call of a run; alone, and in the runs that single faults make.

    edits    every edit before every call of the plans of `EDITED`
    crossed  one call of a plan of `CROSSED` fails, and an edit comes before each call of the run that this makes

`tests.faults.edited` judges: what it may claim, and what may be lost.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from reconciler.emulator import Call, Emulator
from reconciler.errors import ReconcilerError
from tests.faults.checker import Violation, judge_refusal
from tests.faults.edited import Edit, Watch, judge_edited
from tests.faults.matrix import Cell, operations, single
from tests.faults.scenarios import Hook, ids_of
from tests.faults.stage import Account, Prepared, Stage
from tests.faults.trial import Trial
from tests.verification.layers import Batch

__all__ = ["CROSSED", "EDITED", "EDITS", "EditCase", "attempt_edited", "crossed_batches", "crossed_cases", "edit_batches", "edit_cases"]

SIZE = 20
MOVED = "https://moved.example.com/visma/ErpConnectorWS.svc"


def _toggle(emulator: Emulator, row: int) -> None:
    emulator.edit.toggle(row)


def _delete(emulator: Emulator, row: int) -> None:
    """As the administration client does it: a connection that is deleted is not active."""
    emulator.edit.set_active(row, False)
    emulator.edit.delete(row)


def _twin(emulator: Emulator, row: int) -> None:
    one = emulator.inspect.connection(row)
    emulator.edit.add_connection(
        one["ErpConnectorId"], one["DisplayName"], {"Filename": "F0001.xlsm"} if "Visma" in one["DisplayName"] else {}
    )


def _config(key: str, value: str) -> Callable[[Emulator, int], None]:
    return lambda emulator, row: emulator.edit.set_config(row, key, value)


def _map(key: str, **more: Any) -> Callable[[Emulator, int], None]:
    return lambda emulator, row: emulator.edit.map_field(row, "Customer", key, **more)


def _item(emulator: Emulator, row: int) -> None:
    """The screen shows the items of mapped fields only."""
    if not emulator.inspect.connection(row)["Actors"]["Customer"]["Fields"]["CustGr"]["CrmFieldKey"]:
        return
    items = {one["CrmListItemId"] for one in emulator.inspect.rows("CrmListItem") if "Trade" in one["Name"]}
    emulator.edit.map_item(row, "Customer", "CustGr", "A", min(items))


_EVERYWHERE = (
    Edit("toggle", "somebody switches it on or off", _toggle),
    Edit("delete", "somebody deletes it", _delete),
    Edit("rename", "somebody renames it", lambda emulator, row: emulator.edit.rename(row, "Renamed by hand")),
    Edit("twin", "somebody creates another connection of its name", _twin, managed=False),
    Edit("cursor", "the engine moves the cursors", lambda emulator, _row: emulator.tick(), managed=False),
    Edit("describe", "somebody edits a field that the file has and the plan leaves", lambda emulator, row: emulator.edit.describe(row, "By hand")),
)  # fmt: skip
_CONFIG = (
    Edit("owned", "somebody edits a config field that the plan changes", _config("IntegerField", "[I:99]")),
    Edit("unowned", "somebody edits a config field that no file has", _config("TextField", "by hand"), managed=False),
)
_METADATA = (
    Edit(
        "owned",
        "somebody edits a text that the plan changes",
        lambda emulator, row: emulator.edit.rename(row, 'US:"Fortnox Sweden";SW:"Fortnox fran Sverige";FI:"Fortnox Ruotsi"'),
    ),
    Edit("unowned", "somebody edits a config field", _config("Timeout", "[I:11]")),
    Edit("scope", "somebody lets everyone in", lambda emulator, row: emulator.edit.set_scope(row, all_access=True)),
)
_MAPPED = (
    Edit("direction", "somebody turns a mapping that the plan changes", _map("NAME", crm="NAME", to_crm=False, to_erp=True)),
    Edit("crm", "somebody maps a field that the plan maps", _map("CustGr", crm="CATEGORY", to_crm=True)),
    Edit("unowned", "somebody edits a mapping that no file has", _map("CustNo", show_in_tab=True), managed=False),
    Edit("item", "somebody edits a list item that the plan changes", _item),
)
_BELOW = (
    *_MAPPED,
    Edit("show", "somebody shows a field that the plan shows otherwise", _map("POSTALZIP", show_in_search=True)),
    Edit("default", "somebody edits a default that the plan changes", lambda emulator, row: emulator.edit.set_default(row, "Customer", "IntField", value="[I:77]")),
    Edit("order", "somebody edits the order that the plan changes", lambda emulator, row: emulator.edit.set_rank(row, "Customer", ["POSTALCITY", "CustNo"])),
)  # fmt: skip


def _order(emulator: Emulator, _row: int) -> None:
    row = ids_of(emulator)
    emulator.edit.set_priorities([row["visma-se"], 0, row["visma-fi"], row["fortnox-se"], row["visma-no"]])


def _interval(emulator: Emulator, _row: int) -> None:
    emulator.edit.set_engine(interval_s=7200)


def _moved(emulator: Emulator, row: int) -> None:
    """To where the same program answers."""
    emulator.edit.answer_at(MOVED, "Test.Excel")
    emulator.edit.set_url(row, MOVED)


_SETTINGS = (
    Edit("interval", "somebody sets the interval that the plan changes", _interval, of="settings"),
    Edit("order", "somebody edits the order that the plan changes", _order, of="settings"),
)
_CONNECTOR = (
    Edit("rename", "somebody renames the connector", lambda emulator, row: emulator.edit.rename_connector(row, "By hand"), of="connectors"),
    Edit("url", "somebody moves the connector", _moved, of="connectors"),
    Edit("delete", "somebody deletes the connector", lambda emulator, row: emulator.edit.delete_connector(row), of="connectors"),
)

# Each plan with what is edited (a connection, a connector, or the tenant's settings), and what is done to it.
EDITED: dict[str, tuple[str, tuple[Edit, ...]]] = {
    "update": ("visma-no", (*_EVERYWHERE, *_CONFIG)),
    "metadata": ("fortnox-se", (*_EVERYWHERE[:-1], *_METADATA)),
    "map": ("visma-no", (*_EVERYWHERE, *_MAPPED)),
    "mappings": ("visma-no", (*_EVERYWHERE, *_BELOW)),
    "delete": ("visma-se", (*_EVERYWHERE, Edit("config", "somebody edits a config field", _config("Filename", "F0001.xlsm")))),
    "update-back": ("visma-no", (*_EVERYWHERE, *_CONFIG)),
    "mappings-back": ("visma-no", (*_EVERYWHERE, *_BELOW)),
    "tenant": ("", _SETTINGS),
    "url": ("Visma Business", _CONNECTOR),
    "url-back": ("Visma Business", _CONNECTOR),
    "connectors": ("Unused", _CONNECTOR),
}
EDITS = {(plan, edit.name): edit for plan, (_, edits) in EDITED.items() for edit in edits}

# Faults that meet edits: an answer that is lost before or after the effect, or late; an error; a page.
FAULTS = ("drop-after", "drop-before", "late", "error-500-after", "html-before", "unauthorized")
CROSSED = ("update", "metadata", "delete", "map", "tenant", "url", "connectors")


@dataclass(frozen=True)
class EditCase:
    """One run: a plan, an edit before its n-th call, and what fails in it, if anything."""

    layer: str
    scenario: str
    edit: str
    before: int
    cell: Cell | None = None

    def __str__(self) -> str:
        failing = "" if self.cell is None else f" + {self.cell}"
        return f"{self.layer}: {self.scenario}/{self.edit} before {self.before}{failing}"

    def run(self, stage: Stage) -> tuple[Trial, bool]:
        """Try it; whether the edit was made."""
        return attempt_edited(stage, self)


def attempt_edited(stage: Stage, case: EditCase) -> tuple[Trial, bool]:
    """Apply a scenario with an edit in it, and settle what is open; each command is judged."""
    prepared, edit = stage.prepare(case.scenario), EDITS[case.scenario, case.edit]
    stage.begin(prepared)
    watch = Watch(edit, _row(stage, case.scenario), case.before)
    scenario = prepared.scenario
    watched = replace(prepared, scenario=replace(scenario, hook=_both(scenario.hook, watch)))
    harms = () if case.cell is None else (case.cell.harm,)
    first = stage.apply(watched, *harms, before=prepared.before)
    trial = Trial(case.scenario, harms, first)
    made = watch.made
    if made is None:
        return trial, False
    clean = case.cell is None
    trial.operation = next((call.operation for call in first.calls if call.sequence == made.call), "")
    trial.violations += judge_edited(first, prepared, made, first, clean=clean)
    for account in _settled(stage, prepared, trial):
        trial.then.append(account)
        trial.violations += (
            judge_edited(account, prepared, made, first, clean=clean) if account.command != "apply" else judge_refusal(account)
        )
    with contextlib.suppress(ReconcilerError):  # a deleted row, or two of one name, is a person's to decide
        stage.plan_again(scenario)
    return trial, True


def _settled(stage: Stage, prepared: Prepared, trial: Trial) -> Iterator[Account]:
    if not trial.first.open_runs:
        return
    yield stage.apply(prepared)
    back = stage.recover(prepared)
    yield back
    if back.code not in (5, 6):
        trial.violations.append(Violation("recovery", f"recover --back ended with {back.code} ({back.error})"))
    if back.open_runs:
        accepted = stage.recover(prepared, "accept-current")
        yield accepted
        if accepted.code != 0 or accepted.open_runs:
            trial.violations.append(Violation("recovery", f"recover --accept-current ended with {accepted.code} ({accepted.error})"))


def _both(hook: Hook | None, watch: Watch) -> Hook:
    def both(emulator: Emulator, call: Call) -> None:
        if hook is not None:
            hook(emulator, call)
        watch(emulator, call)

    return both


def _row(stage: Stage, scenario: str) -> int:
    return ids_of(stage.emulator).get(EDITED[scenario][0], 0)


# --- the cases -----------------------------------------------------------------------------------------------------------


def edit_batches(stage: Stage) -> Iterator[Batch]:
    """All of the layer `edits`."""
    for scenario, (_, edits) in EDITED.items():
        for edit in edits:
            for part in range(-(-len(operations(stage, scenario)) // SIZE)):
                yield Batch("edits", scenario, edit.name, part)


def edit_cases(stage: Stage, batch: Batch) -> Iterator[EditCase]:
    """The cases of a batch."""
    places = range(1, len(operations(stage, batch.scenario)) + 1)
    for place in islice(places, batch.part * SIZE, (batch.part + 1) * SIZE):
        yield EditCase("edits", batch.scenario, batch.kind, place)


def crossed_batches(stage: Stage) -> Iterator[Batch]:
    """All of the layer `crossed`: one for each plan, edit and fault at one call."""
    for scenario in CROSSED:
        for edit in EDITED[scenario][1]:
            for fault in FAULTS:
                for part, _ in enumerate(single(stage, scenario, fault)):
                    yield Batch("crossed", scenario, f"{edit.name}+{fault}", part)


def crossed_cases(stage: Stage, batch: Batch) -> Iterator[EditCase]:
    """The edit before each call of the run that the fault makes."""
    edit, _, fault = batch.kind.partition("+")
    cell = next(islice(single(stage, batch.scenario, fault), batch.part, None))
    prepared = stage.prepare(batch.scenario)
    stage.begin(prepared)
    made = stage.apply(prepared, cell.harm, before=prepared.before)
    for place in range(1, len(made.calls) + 1):
        yield EditCase("crossed", batch.scenario, edit, place, cell)
