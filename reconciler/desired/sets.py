"""Lays connections over the mapping sets they use, after all files are merged.

Sets lie on each other in the order of `uses`, the connection on top, key by key: actor, field, then each part of a field, and
each item of its list. `default`, `show` and `rank` replace as a whole; a `crm: ""` above takes away what a set says of the mapping.
Every value keeps the place it was written at. Where nothing is overridden the very same nodes come out, so that what many
connections share is built and judged once.

Effects: none.
"""

from __future__ import annotations

from functools import reduce

from reconciler.desired import fields
from reconciler.desired.findings import Findings
from reconciler.desired.layers import ACTORS, Shape, below, voided
from reconciler.desired.nodes import Entry, Node, Table, show
from reconciler.desired.wording import nearest
from reconciler.model import Address, Marked


def resolve(root: Node, findings: Findings) -> Node:
    """The merged tree with the actors of every connection complete; unknown sets are reported and passed over."""
    connections = root.get("connections") if isinstance(root, Table) else None
    if not isinstance(root, Table) or not isinstance(connections, Table):
        return root
    sets = _sets(root)
    laid: dict[tuple[str, ...], Node | None] = {}
    changed: dict[str, Entry] = {}
    for key, entry in connections:
        if not isinstance(entry.value, Table) or "uses" not in entry.value.entries:
            continue
        names = tuple(name.value for name in used(entry.value) if _is_known(name, sets, Address.connection(key), findings))
        if names not in laid:
            laid[names] = reduce(_lay, (sets.get(name) for name in names), None)
        base, own = laid[names], entry.value.entries.get("actors")
        actors = _lay(base, own.value if own is not None else None)
        if actors is not None:
            place = own.key if own is not None else entry.value.entries["uses"].key
            changed[key] = Entry(entry.key, Table({**entry.value.entries, "actors": Entry(place, actors)}, entry.value.source))
    if not changed:
        return root
    after = Table({**connections.entries, **changed}, connections.source)
    return Table({**root.entries, "connections": Entry(root.entries["connections"].key, after)}, root.source)


def without_sets(root: Node) -> Node:
    """The tree without the sets themselves, and without who uses which."""
    if not isinstance(root, Table):
        return root
    entries = {key: entry for key, entry in root if key != "mapping_sets"}
    connections = root.get("connections")
    if isinstance(connections, Table):
        kept = {key: Entry(one.key, _without_uses(one.value)) for key, one in connections}
        entries["connections"] = Entry(entries["connections"].key, Table(kept, connections.source))
    return Table(entries, root.source)


def _without_uses(connection: Node) -> Node:
    if not isinstance(connection, Table):
        return connection
    return Table({key: entry for key, entry in connection if key != "uses"}, connection.source)


def used(connection: Table) -> tuple[Marked[str], ...]:
    """The names of sets that a connection uses, in order."""
    return fields.names(connection.get("uses")) or ()


def _sets(root: Table) -> dict[str, Node]:
    sets = root.get("mapping_sets")
    return {name: entry.value for name, entry in sets} if isinstance(sets, Table) else {}


def _is_known(name: Marked[str], sets: dict[str, Node], address: Address, findings: Findings) -> bool:
    if name.value in sets:
        return True
    hint = nearest(name.value, sets) if sets else "Write it under `mapping_sets:`."
    findings.add("unknown-set", f"There is no mapping set {show(name.value)} in the file.", name.source, hint, address)
    return False


def _lay(under: Node | None, over: Node | None) -> Node | None:
    """Actors over actors. What is no mapping has a problem already, and counts as not written."""
    if not isinstance(under, Table) or not isinstance(over, Table):
        return over if isinstance(over, Table) else under
    return _layered(under, over, ACTORS, depth=3)


def _layered(under: Table, over: Table, shape: Shape, depth: int) -> Table:
    void = voided(over, shape, depth) or ()
    entries = {key: entry for key, entry in under.entries.items() if key not in void}
    for key, entry in over:
        before, inner = entries.get(key), below(shape, key)
        if before is not None and inner is not None and isinstance(before.value, Table) and isinstance(entry.value, Table):
            entries[key] = Entry(entry.key, _layered(before.value, entry.value, inner, depth + 1))
        else:
            entries[key] = entry
    return Table(entries, over.source)
