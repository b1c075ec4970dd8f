"""What a unit creates: sent once, found again by its name and connector, and told from what somebody else made or edited since.

In -> Out: a `Running` -> the row that it created, or an error that says what is known.
Effects: writes the target through `ensure`; reads.
Neighbours: `connection` and `connector` create; `rollback`, `forward` and `accept` look for what was created.
"""

from __future__ import annotations

from typing import TypeVar

from reconciler.apply import rows
from reconciler.apply.context import Context
from reconciler.apply.ensure import Write, agreed, ensure
from reconciler.apply.running import Running
from reconciler.errors import ConflictError, StepFailed
from reconciler.journal.view import made_word
from reconciler.model import Act, Binding, Connection, Connector, Result, Step
from reconciler.plan.codec import value_to_json

Row = TypeVar("Row", Connection, Connector)


def create(context: Context, running: Running, step: Step) -> None:
    """Send the creation and take the row that it made.

    Raises:
        StepFailed: a read shows none, or one that does not hold what was sent.
    """
    goal = rows.candidate(rows.new_row(running.connector_id), running.saved, running.fields, running.secret_keys)
    running.known_ids = frozenset(row.id for row in context.reader.list_connections(include_deleted=True))
    running.wrote.add(Act.CREATE)
    write = creation(context, running, goal, step.number)
    adopt(context, running, ensure(context, write, ()).read[0])


def adopt(context: Context, running: Running, row: Connection) -> None:
    """Take a row as the one that the unit created: bound to its address, with the secrets that it was sent.

    Raises:
        StepFailed: it does not hold what was sent.
    """
    running.latest, running.row_id = row, row.id
    bind_created(context, running, Binding(row.id, row.guid))
    if running.carried.values:
        context.record("sent", unit=running.name, fields=dict(running.carried.sealed))
    wrong = rows.missing(row, running.saved, running.fields, running.secret_keys)
    if wrong:
        raise StepFailed("The write did not hold", f"{running.name} was created, and a read shows another {', '.join(wrong)} than we sent.")
    running.created_as_sent = True


def bind_created(context: Context, running: Running, made: Binding) -> None:
    """From now on the address stands for the row that was created; the one that it stood for until now waits for its deletion."""
    old = str(running.address.replaced)
    if running.replaces is not None and context.journal.recorded().bindings.get(old) != running.replaces:
        context.record("bound", address=old, id=running.replaces.id, guid=running.replaces.guid)
    context.record("bound", address=running.name, id=made.id, guid=made.guid)


def edited_since(running: Running, row: Connection | None, *, back: bool = False) -> None:
    """See that nobody worked on a row since a read showed that it was created as it was sent.

    Args:
        back: it is to be deleted again, so nobody may have switched it on either.

    Raises:
        ConflictError: somebody did; nothing was sent.
    """
    if row is None or row.deleted or not running.created_as_sent:
        return
    # What the connector declares is not known while it is silent: then values cannot be compared by their meaning.
    ours = {"description": "", **running.saved}
    edited = rows.missing(row, ours if running.fields else {**ours, "config": {}}, running.fields, running.secret_keys)
    if back and row.active and not running.activated and Act.ACTIVATE not in running.wrote:
        edited += ("active",)
    if edited:
        text = f"{', '.join(edited)} of {running.name} (#{row.id}) was changed by somebody else after this run created it."
        raise ConflictError("Somebody else is at work", text)


def may_be_renamed(context: Context, running: Running) -> None:
    """See that there is no row that may be what a creation of unknown outcome left, and that somebody renamed since.

    Raises:
        ConflictError: there is one, and nothing tells whose it is.
    """
    if not running.creation_may_hold:
        return
    left = agreed(context, lambda: _new_since(context, running), lambda found: found)
    if left:
        listed = ", ".join(f"#{key} {name!r}" for key, name in left)
        text = f"{running.name} may have been created, nothing has its name, and new since then is {listed}."
        hint = "Give it the name back or delete it, if this run created it; if not, `reconciler recover --accept-current` ends the run."
        raise ConflictError("Somebody else is at work", text, hint)


def _new_since(context: Context, running: Running) -> list[tuple[int, str]]:
    """Id and name of what came since before the creation, where it would be, and stands for no address."""
    kind = running.address.kind
    known = running.known_ids | {row.id for name, row in context.journal.recorded().bindings.items() if name.startswith(f"{kind}/")}
    if kind == "connector":
        return sorted((row.id, row.name) for row in context.reader.connectors() if row.id not in known and not row.deleted)
    listed = (context.connection(row.id) for row in context.reader.list_connections(include_deleted=False) if row.id not in known)
    there = (row for row in listed if row is not None and not row.deleted)
    return sorted((row.id, row.name) for row in there if row.connector_id == running.connector_id)


def at_most_one(running: Running, found: tuple[Row, ...]) -> Row | None:
    """The row that a creation left, if any.

    Raises:
        ConflictError: there are several, and nothing tells which is ours.
    """
    if len(found) > 1:
        listed = ", ".join(f"#{row.id}" for row in found)
        raise ConflictError("Somebody else is at work", f"Several new {running.address.kind}s carry the name of {running.name}: {listed}.")
    return found[0] if found else None


def creation(context: Context, running: Running, goal: Connection, step: int) -> Write[tuple[Connection, ...]]:
    """The guarded write of a creation: proved by exactly one new row with our name on our connector."""

    def send(_rows: tuple[Connection, ...]) -> Result:
        result = context.writer.save_connection(goal, running.carried.values)
        running.answered_id = getattr(result.body, "id", 0)
        return result

    def seen(found: tuple[Connection, ...]) -> str:
        as_sent = len(found) == 1 and not rows.missing(found[0], running.saved, running.fields, running.secret_keys)
        return made_word((row.id for row in found), as_sent=as_sent)

    return Write(
        unit=running.name,
        step=step,
        act=Act.CREATE,
        operation="SaveConnection",
        row_id=0,
        read=lambda: find_created(context, running),
        done=lambda found: len(found) == 1,
        before=lambda found: not found,
        send=send,
        seen=seen,
        sets={**value_to_json(running.saved), "known_ids": sorted(running.known_ids), "connector_id": running.connector_id},
        secrets=running.carried.sealed,
    )


def find_created(context: Context, running: Running) -> tuple[Connection, ...]:
    """Rows that appeared since before the creation, with the name and the connector that we sent."""
    new = [row.id for row in context.reader.list_connections(include_deleted=True) if row.id not in running.known_ids]
    found = (context.connection(key) for key in new)
    return tuple(
        row
        for row in found
        if row is not None
        and not row.deleted
        and row.connector_id == running.connector_id
        and rows.has_text(row.name, running.saved["name"])
    )
