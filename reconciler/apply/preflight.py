"""Everything that is checked before the first write: that the plan still fits, that every secret is at hand, that the
present configuration works as it did, that the candidate works, and that an activation would not be refused.

In -> Out: a plan -> one `Running` per unit, ready to go; or a refusal with nothing written.
Effects: reads and tests; writes the journal (tests), never the target.
Neighbours: called by `run` before the first unit, and again after a connector's unit for the connections that wait for it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from reconciler.apply import rows, tenant_wide
from reconciler.apply.below_read import moved_below
from reconciler.apply.blocking import blocking_fields
from reconciler.apply.carried import carry, keys_sent
from reconciler.apply.context import RETEST_PAUSE_S, Context
from reconciler.apply.running import Running, planned_ids
from reconciler.errors import CheckFailed, ConnectorUnavailable, StalePlan
from reconciler.model import (
    Act,
    Attributes,
    Connection,
    Marked,
    Plain,
    Plan,
    Problem,
    Recorded,
    Secret,
    Source,
    TestResult,
    Unit,
    UnitKind,
    Value,
    same,
)
from reconciler.model.values import is_secret
from reconciler.plan.declared import Declaration
from reconciler.plan.identity import name_matches
from reconciler.wire import languages, values

_LONG_ENOUGH = 8
POINTS_ELSEWHERE = "The connector of {} (#{}) no longer points where the plan found it."
_AGAIN = "Plan again, look at what changed, and apply the new plan."


def check_fit(context: Context, plan: Plan, units: Sequence[Unit], recorded: Recorded) -> dict[str, Running]:
    """Read every row the units are about and compare it with what the plan was made from; resolve every secret.

    Returns:
        By address text, in the order of the units.

    Raises:
        StalePlan: the tenant is not as the plan found it.
        CheckFailed: a secret is not the value last sent, or an old one cannot be had again.
        InputError: a secret cannot be resolved.
        TargetError: the tenant cannot be read.
    """
    found: dict[str, Running] = {}
    for unit in units:
        running = Running(unit, sent_keys=keys_sent(recorded, str(unit.address)))
        if unit.row is not None:
            running.row_id = unit.row.id
        if unit.address.kind == "connector":
            _fit_connector(context, running)
        elif unit.address.kind == "connection":
            running.connector_id = unit.connector_id or _created_earlier(unit, recorded)
            _fit_connection(context, running, plan, units)
            _fit_move(context, plan, unit, units, recorded)
        else:
            running.ids = planned_ids(plan)
            _fit_tenant_wide(context, running)
        found[running.name] = running
        context.keep_lease()
    _fit_names(context, plan, units)
    for running in found.values():
        if running.unit.secrets:
            running.carried = carry(context, running.unit, recorded)
            context.conceal([*running.carried.values.values(), *running.carried.old.values()])
    return found


def _created_earlier(unit: Unit, recorded: Recorded) -> int:
    """The id of a connector that an earlier run of the same plan created; 0 while there is none."""
    binding = recorded.bindings.get(unit.connector)
    return binding.id if binding is not None else 0


def waits_for(unit: Unit, units: Iterable[Unit]) -> str:
    """The address text of a connector unit of this run that must be done first: it creates the connector or moves its URL."""
    return unit.connector if url_set(unit, units) else ""


def url_set(unit: Unit, units: Iterable[Unit]) -> str:
    """The URL that one of these units gives the unit's connector, by creating or by moving it; empty where none does."""
    its = (other for other in units if other.address.kind == "connector" and str(other.address) == unit.connector)
    return next((str(other.sets["url"]) for other in its if "url" in other.sets), "")


def _fit_connector(context: Context, running: Running) -> None:
    unit = running.unit
    if unit.row is None:
        twins = [row for row in context.reader.connectors() if row.name == unit.sets["name"]]
        if twins:
            raise StalePlan("The plan is stale", f"A connector named {unit.sets['name']!r} exists by now (#{twins[0].id}).", _AGAIN)
        return
    row = context.connector(unit.row.id)
    before = unit.before
    assert before is not None
    if row is None or row.deleted or (row.name, row.url) != (before["name"], before["url"]):
        raise StalePlan("The plan is stale", f"{running.name} (#{unit.row.id}) is not as the plan found it.", _AGAIN)
    running.observed_connector = row


def _fit_connection(context: Context, running: Running, plan: Plan, units: Sequence[Unit]) -> None:
    unit = running.unit
    waits = waits_for(unit, units)
    if not waits and not running.connector_id and unit.connector:
        text = f"{unit.connector}, on which {running.name} is to be, does not exist: its creation was rolled back."
        raise StalePlan("The plan is stale", text, _AGAIN)
    if not waits and running.connector_id:
        _fit_pointing(context, running, plan)
        declare(context, running)
    if unit.row is None:
        return
    row = context.connection(unit.row.id)
    assert unit.before is not None
    if row is None or row.deleted or row.guid.lower() != unit.row.guid.lower():
        raise StalePlan("The plan is stale", f"{running.name} (#{unit.row.id}) was deleted or replaced in SuperOffice.", _AGAIN)
    moved = stale_paths(row, unit.before, running.fields)
    if row.connector_id != unit.connector_id and unit.connector_id is not None:
        moved = (*moved, "connector")
    if moved:
        raise StalePlan("The plan is stale", f"{', '.join(moved)} of {running.name} changed since the plan was made.", _AGAIN)
    running.observed = row
    context.conceal(_read_secrets(row, running))
    below = moved_below(context, running)
    if below:
        raise StalePlan("The plan is stale", f"{', '.join(below)} of {running.name} changed since the plan was made.", _AGAIN)


def _fit_tenant_wide(context: Context, running: Running) -> None:
    if moved := tenant_wide.moved_since(running, tenant_wide.read(context, running)):
        raise StalePlan("The plan is stale", f"{', '.join(moved)} of {running.name} changed since the plan was made.", _AGAIN)


def _read_secrets(row: Connection, running: Running) -> list[Secret]:
    """Values that a read brought in fields that hold secrets: a server may repeat them, and then they must not be shown.

    Short ones are left out: hiding every text that happens to hold them would hide the reason of every failure.
    """
    return [Secret(raw) for key, raw in row.config.items() if key in running.hidden_keys and len(raw) >= _LONG_ENOUGH]


def _fit_move(context: Context, plan: Plan, unit: Unit, units: Sequence[Unit], recorded: Recorded) -> None:
    """The old row of a move is deleted only beside the new one: its creation runs before, or it is there by now."""
    if unit.address.moved is None or any(other.address == unit.address.moved for other in units):
        return
    new = str(unit.address.moved)
    bound = plan.bindings.get(new) or recorded.bindings.get(new)
    row = context.connection(bound.id) if bound is not None and bound != unit.row else None
    done = new in plan.bindings or new in recorded.applied
    if not done or bound is None or row is None or row.deleted or row.guid.lower() != bound.guid.lower():
        text = f"{new}, which takes the place of {unit.address}, does not exist or is not as the plan wants it, so the old row stays."
        raise StalePlan("The plan is stale", text, _AGAIN)


def _fit_pointing(context: Context, running: Running, plan: Plan) -> None:
    """An earlier run of a saved plan may have moved the connector: then it has to point where that plan moves it."""
    moved = url_set(running.unit, plan.units)
    if moved and not points_where(context, running, {moved}):
        text = f"The connector of {running.name} (#{running.connector_id}) does not point to {moved}, where the plan moves it."
        raise StalePlan("The plan is stale", text, _AGAIN)
    if not moved and not points_where(context, running, {running.unit.connector_url}):
        raise StalePlan("The plan is stale", POINTS_ELSEWHERE.format(running.name, running.connector_id), _AGAIN)


def points_where(context: Context, running: Running, urls: Collection[str]) -> bool:
    """Whether the connector points to one of these, or none is known: a save and a test send secrets to wherever it points."""
    key = running.connector_id
    if key not in context.pointing:
        row = context.connector(key)
        context.pointing[key] = "" if row is None or row.deleted else row.url
    return not running.unit.connector_url or context.pointing[key] in urls


def _fit_names(context: Context, plan: Plan, units: Iterable[Unit]) -> None:
    """A creation must not meet a row of its name that was not there when the plan was made."""
    creations = [unit for unit in units if unit.kind is UnitKind.CREATE and unit.address.kind == "connection"]
    if not creations:
        return
    known = {unit.row.id for unit in plan.units if unit.row is not None} | {binding.id for binding in plan.bindings.values()}
    for row in context.reader.list_connections(include_deleted=False):
        for unit in creations:
            if row.id not in known and row.name not in plan.unmanaged and name_matches(unit.sets["name"], row.name, plan.language):
                raise StalePlan("The plan is stale", f"A connection with the name of {unit.address} exists by now (#{row.id}).", _AGAIN)


def declare(context: Context, running: Running) -> None:
    """Read what the connector declares, once per connector and run, and see that the plan still covers it.

    A connector that does not answer leaves the declaration empty for a unit that saves nothing.

    Raises:
        CheckFailed: a save needs the declaration and the connector does not give it.
        StalePlan: the connector declares other fields than when the plan was made.
    """
    key = running.connector_id
    saves = any(step.act in (Act.SAVE, Act.CREATE) for step in running.unit.steps)
    if key not in context.fields:
        try:
            context.fields[key] = rows.by_key(tuple(context.reader.config_fields(key)))
        except ConnectorUnavailable as error:
            if saves:
                raise CheckFailed(
                    "The connector is silent",
                    f"A save of {running.name} has to send exactly the fields its connector declares, and it does not answer: {error}",
                    "See that the connector runs, then apply again.",
                ) from error
            return
    running.fields = context.fields[key]
    if saves and not running.unit.declared:
        settle_config(running)
    if saves:
        _covered(running)


def settle_config(running: Running) -> None:
    """Decide types and defaults that were not known when the plan was made.

    Raises:
        CheckFailed: with every problem that the declaration brings to light.
    """
    problems: list[Problem] = []
    unit, source = running.unit, running.unit.source or Source("the plan")
    declaration = Declaration(tuple(running.fields.values()))
    config = dict(running.saved.get("config", {}))
    for key, value in config.items():
        unknown = declaration.unknown_key(unit.address, key, source)
        if unknown is not None:
            problems.append(unknown)
        elif not is_secret(value):
            plain = (
                Plain(value, quoted=("config", key) not in unit.unquoted)
                if isinstance(value, str)
                else Plain(str(value).lower() if isinstance(value, bool) else str(value))
            )
            running.settled[key] = declaration.decode(unit.address, key, Marked(plain, source), problems)
    wanted = (unit.wants or {}).get("config", {})
    for top, key, *_ in unit.unquoted:
        stays = top == "config" and key in wanted and key not in config  # it is live as it is written
        if stays and declaration.unknown_key(unit.address, key, source) is None:
            declaration.decode(unit.address, key, Marked(Plain(wanted[key]), source), problems)
    live = (unit.before or {}).get("config") or {}
    running.settled.update(declaration.missing_defaults(unit.address, {**live, **config, **unit.secrets}, problems, source))
    if problems:
        raise CheckFailed("The connector declares other fields", " ".join(problem.message for problem in problems), problems[0].hint)


def _covered(running: Running) -> None:
    config: Mapping[str, Value] = {**((running.unit.before or {}).get("config") or {}), **running.saved.get("config", {})}
    new = sorted(running.fields.keys() - config.keys() - running.unit.secrets.keys())
    unsent = sorted(running.secret_keys - running.unit.secrets.keys())
    if new or unsent:
        text = (
            f"The connector of {running.name} declares fields that the plan has no value for: {', '.join(dict.fromkeys([*new, *unsent]))}."
        )
        raise StalePlan("The plan is stale", text, _AGAIN)
    gone = sorted(key for key in running.saved.get("config", {}) if key not in running.fields and running.saved["config"][key] is not None)
    if gone:
        raise StalePlan("The plan is stale", f"The connector of {running.name} no longer declares {', '.join(gone)}.", _AGAIN)


def stale_paths(row: Connection, before: Attributes, fields: rows.Fields) -> tuple[str, ...]:
    """Which readable attributes of a row are not as a plan found them."""
    moved = [name for name in ("name", "description") if not same(languages.parse(getattr(row, name)), before[name])]
    if row.active is not before["active"]:
        moved.append("active")
    if rows.missing(row, {"scope": before["scope"]}, fields):
        moved.append("scope")
    for key in sorted(row.config.keys() | before["config"].keys()):
        if key not in row.config or key not in before["config"]:
            moved.append(f"config.{key}")
        elif not is_secret(before["config"][key]) and key in fields:
            live = values.decode(row.config[key], fields[key].type)
            moved += [] if same(live, before["config"][key]) else [f"config.{key}"]
    return tuple(moved)


def run_tests(context: Context, runnings: Iterable[Running]) -> None:
    """Rehearse what is, test what would be, and see that an activation has nothing against it; for every unit given.

    Raises:
        CheckFailed: a candidate is bad, or the ERP is down, or an activation would be refused. The target is untouched.
    """
    for running in runnings:
        context.interrupts.checkpoint()
        if running.unit.address.kind == "connector":
            _test_url(context, running)
        elif running.unit.address.kind == "connection":
            _test_candidate(context, running)
            _check_activation(context, running)


def _test_url(context: Context, running: Running) -> None:
    if all(step.act is not Act.TEST_URL for step in running.unit.steps):
        return
    result = _tested(context, running, "url", lambda: context.tester.test_url(running.unit.sets["url"]))
    if not result.ok:
        text = f"No connector answers at the URL of {running.name}: {running.unit.sets['url']}{_said(result)}."
        raise CheckFailed("The candidate is bad", text, "Check the URL; nothing was written.")


def _test_candidate(context: Context, running: Running) -> None:
    unit = running.unit
    rehearsal = candidate = None
    if unit.rehearse:
        rehearsal = _tested(context, running, "rehearse", lambda: context.tester.test_connection(running.row_id))
        running.rehearsed = rehearsal
    if unit.candidate:
        start = running.observed or rows.new_row(running.connector_id)
        row = rows.candidate(start, running.saved, running.fields, running.secret_keys)
        config: dict[str, str | Secret] = {**row.config, **running.carried.values}
        candidate = _tested(context, running, "candidate", lambda: context.tester.test_config(running.connector_id, config))
    _judge(running, rehearsal, candidate)
    running.repair = rehearsal is not None and not rehearsal.ok and candidate is not None and candidate.ok


def _judge(running: Running, rehearsal: TestResult | None, candidate: TestResult | None) -> None:
    """The table of DESIGN: what is works or not, what would be works or not.

    Raises:
        CheckFailed: in three of the four cells.
    """
    if candidate is None:
        if rehearsal is not None and not rehearsal.ok:
            text = f"The test of {running.name} as it is now fails, so it would be activated broken{_said(rehearsal)}."
            raise CheckFailed("The rehearsal failed", text, "See what the ERP or the connector says; nothing was written.")
        return
    if candidate.ok:
        return
    if rehearsal is not None and not rehearsal.ok:
        text = (
            f"{running.name} fails its test, as it is and with the new configuration: the ERP is down, or both are bad{_said(candidate)}."
        )
        raise CheckFailed("Nothing works", text, "See that the ERP and the connector run, then apply again; nothing was written.")
    if candidate.passed is None:
        text = f"The test of the new configuration of {running.name} gave no answer twice{_said(candidate)}."
        raise CheckFailed(
            "The test gave no answer", text, "See that SuperOffice and the connector run, then apply again; nothing was written."
        )
    if rehearsal is not None and "config" not in running.saved and not running.carried.changed:
        text = f"The same configuration of {running.name} passes when tested by id and fails when tested by values{_said(candidate)}."
        raise CheckFailed("The tests contradict each other", text, "This tool does not guess which one is right; nothing was written.")
    text = f"The new configuration of {running.name} does not pass the connector's test{_said(candidate)}."
    raise CheckFailed("The candidate is bad", text, "Mend the configuration in the file and plan again; nothing was written.")


def _said(result: TestResult) -> str:
    return f" ({result.detail})" if result.detail else ""


def _check_activation(context: Context, running: Running) -> None:
    acts = {step.act for step in running.unit.steps}
    if Act.ACTIVATE not in acts or running.unit.kind is UnitKind.CREATE:
        return
    blocking = blocking_fields(context, running, tuple(context.reader.erp_fields(running.row_id)))
    if blocking:
        text = f"SuperOffice would refuse to activate {running.name}: these mandatory ERP fields have no direction: {', '.join(blocking)}."
        raise CheckFailed("It could not be activated", text, "Give them a direction first; nothing was written.")


def _tested(context: Context, running: Running, phase: str, test: Callable[[], TestResult]) -> TestResult:
    """Make a test; once more after a pause when no answer came, which says nothing of what was tested."""
    for repeat in (True, False):
        result = test()
        context.record(
            "test", unit=running.name, phase=phase, address=running.name, passed=result.passed, seconds=result.seconds, detail=result.detail
        )
        context.interrupts.checkpoint()
        if result.passed is not None or not repeat:
            return result
        context.clock.sleep(RETEST_PAUSE_S)
    raise AssertionError("unreachable")
