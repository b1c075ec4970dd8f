"""Run the two units that are about the whole tenant: the order of connections, and automatic synchronisation.

In -> Out: a `Running` and a step -> an error, or what the step sets is proved by a read.
Effects: writes the target through `ensure`; reads.
Neighbours: called by `run`; holds its own way back, because it is the same few writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from reconciler.apply.context import Context
from reconciler.apply.ensure import Write, ensure
from reconciler.apply.rollback import Back
from reconciler.apply.running import Running
from reconciler.errors import ConflictError, StepFailed
from reconciler.model import Act, Attributes, End, Engine, Result, Step
from reconciler.plan.tenant_wide import PRIORITY, SUPEROFFICE, engine_attributes

# The engine takes a request and shows it later. Source: TypeScript client, ChangeEngineStatus ("may not show at once"); the
# pauses are a choice.
ENGINE_PAUSES_S = (0.5, 2.0, 5.0, 10.0, 30.0)


def moved_since(running: Running, now: Attributes) -> list[str]:
    """What the unit sets and a read shows other than the plan found it."""
    before = running.unit.before or {}
    return [name for name in running.unit.sets if not _unmoved(_normal(before.get(name), running), now.get(name))]


def open_unit(context: Context, running: Running) -> None:
    """Take the read that opens the unit and compare it with the plan.

    Raises:
        ConflictError: it is not as the plan found it; nothing was written.
    """
    running.observed_wide = read(context, running)
    if moved := moved_since(running, running.observed_wide):
        raise ConflictError("Somebody else is at work", f"{', '.join(moved)} of {running.name} changed since the plan was made.")


def run_step(context: Context, running: Running, step: Step) -> None:
    """Perform one step."""
    if step.act is Act.VERIFY:
        _verify(context, running, step)
    elif step.act in _WRITES:
        wanted = {name: _completed(_normal(value, running), running.observed_wide.get(name)) for name, value in step.sets.items()}
        _ensure(context, running, step.act, wanted, step.number)


def roll_back(context: Context, running: Running) -> Back:
    """Put back what was found before the unit began.

    Raises:
        ConflictError: it is neither as we wrote it nor as it was.
    """
    number = len(running.unit.steps)
    found = running.observed_wide
    now = read(context, running)
    # Durable before the first write of the way back: nothing is sent while an outcome is in doubt.
    _note(context, running, now)
    _refuse_foreign(running, now, [name for act in _SETS if act in running.wrote for name in _SETS[act]])
    for act in (Act.PRIORITY, Act.ENGINE, Act.INTERVAL):
        if act in running.wrote:
            wanted = {name: found[name] for name in _SETS[act]}
            _ensure(context, running, act, wanted, number, rollback=True)
    same = _note(context, running, read(context, running))
    return Back(End.AS_BEFORE) if same else Back(End.NEEDS_ATTENTION, "It is not as it was found.")


def look_again(context: Context, running: Running) -> None:
    """Read it again before the way forward goes on.

    Raises:
        ConflictError: something is neither as the run found it nor as the plan wants it; nothing was sent.
    """
    now = read(context, running)
    context.record("observed", unit=running.name, step=len(running.unit.steps), verdict="other", seen="", detail="")
    _refuse_foreign(running, now, running.unit.sets)


def _refuse_foreign(running: Running, now: Attributes, names: Iterable[str]) -> None:
    found, wants = running.observed_wide, running.unit.sets
    changed = [name for name in names if not _unmoved(found.get(name), now.get(name))]
    moved = [name for name in changed if not _is_ours(wants[name], found.get(name), now.get(name), running)]
    if moved:
        raise ConflictError("Somebody else is at work", f"{', '.join(moved)} of {running.name} was changed by somebody else.")


def _is_ours(wanted: Any, found: Any, now: Any, running: Running) -> bool:
    """Whether a read shows what this run wrote; a connection that it created and that is gone again has no place in an order."""
    if isinstance(wanted, tuple):
        there = tuple(one for one in wanted if _has_place(one, running))
        return _holds(now, _completed(_normal(there, running), found))
    return _holds(now, wanted)


def _has_place(name: str, running: Running) -> bool:
    return name == SUPEROFFICE or name.startswith("#") or name in running.ids


def _note(context: Context, running: Running, now: Attributes) -> bool:
    """Journal what a read of the way back showed; whether everything is as it was found."""
    same = all(now.get(name) == running.observed_wide.get(name) for name in running.unit.sets)
    verdict = "as-before" if same else "other"
    context.record("observed", unit=running.name, step=len(running.unit.steps), verdict=verdict, seen="", detail="")
    return same


def compare(context: Context, running: Running) -> tuple[End, str]:
    """Which known state the tenant has now, if either, and the verdict for the journal."""
    now = read(context, running)
    wants = running.unit.wants or {}
    known = all(_has_place(one, running) for one in wants.get("order", ()))
    if known and all(_holds(now.get(name), _normal(value, running)) for name, value in wants.items()):
        return End.AS_DESIRED, "as-desired"
    if all(now.get(name) == running.observed_wide.get(name) for name in running.unit.sets):
        return End.AS_BEFORE, "as-before"
    return End.NEEDS_ATTENTION, "other"


_SETS: Mapping[Act, tuple[str, ...]] = {Act.PRIORITY: ("order",), Act.INTERVAL: ("interval",), Act.ENGINE: ("on",)}
_WRITES = frozenset(_SETS)
_OPERATIONS = {
    Act.PRIORITY: "SaveErpConnectionSyncPriorities",
    Act.INTERVAL: "ChangeEngineInterval",
    Act.ENGINE: "ChangeEngineStatus",
}


def read(context: Context, running: Running) -> Attributes:
    """What the unit is about, as it is now: an order by ids, or `on` and `interval` in seconds."""
    if running.address == PRIORITY:
        return {"order": context.mappings.sync_priority()}
    engine: Engine = context.mappings.engine()
    return engine_attributes(engine)


def _normal(value: Any, running: Running) -> Any:
    """An order by ids instead of addresses; everything else as it is."""
    if not isinstance(value, tuple):
        return value
    return tuple(_id_of(one, running) for one in value)


def _unmoved(before: Any, now: Any) -> bool:
    """Whether a value is as the plan found it; connections that this run created meanwhile do not count as a change of order."""
    if isinstance(before, tuple) and isinstance(now, tuple):
        return before == tuple(one for one in now if one in before)
    return bool(before == now)


def _completed(wanted: Any, now: Any) -> Any:
    """An order has to be saved whole: what the plan did not know keeps its place behind the rest."""
    if isinstance(wanted, tuple) and isinstance(now, tuple):
        return (*wanted, *(one for one in now if one not in wanted))
    return wanted


def _id_of(name: str, running: Running) -> int:
    if name == SUPEROFFICE:
        return 0
    if name.startswith("#"):
        return int(name[1:])
    found = running.ids.get(name)
    if found is None:
        raise StepFailed("A connection is not there", f"{name} has no row in the tenant, so it has no place in the order.")
    return found


def _ensure(context: Context, running: Running, act: Act, wanted: Attributes, number: int, *, rollback: bool = False) -> None:
    start = read(context, running)
    _refuse_foreign(running, start, wanted)
    running.wrote.add(act)

    def send(_found: Attributes) -> Result:
        if act is Act.PRIORITY:
            return context.mapping_writer.save_priority(wanted["order"])
        if act is Act.INTERVAL:
            return context.mapping_writer.set_interval(wanted["interval"])
        return context.mapping_writer.set_engine(running=wanted["on"])

    write: Write[Attributes] = Write(
        unit=running.name,
        step=number,
        act=act,
        operation=_OPERATIONS[act],
        row_id=0,
        read=lambda: read(context, running),
        done=lambda found: all(_holds(found[name], value) for name, value in wanted.items()),
        before=lambda found: all(found[name] == start[name] for name in wanted),
        send=send,
        seen=lambda found: ",".join(f"{name}={value}" for name, value in sorted(found.items())),
        sets={name: list(value) if isinstance(value, tuple) else value for name, value in wanted.items()},
        kind=running.address.kind,
        rollback=rollback,
        pauses=ENGINE_PAUSES_S,
    )
    ensure(context, write, start)


def _holds(found: Any, wanted: Any) -> bool:
    """Whether a read shows what is wanted. An order need not show SuperOffice's own place, nor what came after the listed ones."""
    if not isinstance(wanted, tuple):
        return bool(found == wanted)
    shown = tuple(one for one in wanted if one or 0 in found)
    return bool(found[: len(shown)] == shown)


def _verify(context: Context, running: Running, step: Step) -> None:
    now = read(context, running)
    wants = running.unit.wants or {}
    wrong = [name for name, value in wants.items() if not _holds(now.get(name), _normal(value, running))]
    context.record("observed", unit=running.name, step=step.number, verdict="other" if wrong else "as-desired", seen="", detail="")
    if wrong:
        raise StepFailed("The final read differs", f"{', '.join(wrong)} of {running.name} is not as the file says.")
