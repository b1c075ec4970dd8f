"""The changes between two attribute mappings of one address; the only user of deepdiff.

deepdiff is slow and its `==` calls `True` and `1` equal, so it is asked only where a typed equality already found a
difference, and only for the paths. It sees leaves of ours (secrets, scopes) as opaque texts; the values in a `Change` are
looked up in the originals.

In -> Out: before, after -> changes sorted by path.
Effects: none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.model import HIDDEN, Address, Attributes, Change, SecretRef, Snapshot, Source, Value, Why, same


def is_whole(path: tuple[str, ...]) -> bool:
    """Whether the value at a path is compared and shown as one, although it is a mapping or a list."""
    if path in (("scope",), ("order",)):
        return True
    if path[:1] != ("actors",):
        return False
    return (len(path) == 3 and path[2] == "rank") or (len(path) == 5 and path[4] in ("default", "show"))


def diff(
    address: Address,
    before: Attributes | None,
    after: Attributes | None,
    *,
    whys: Mapping[tuple[str, ...], Why] | None = None,
    sources: Mapping[tuple[str, ...], Source] | None = None,
    otherwise: Why = Why.DESIRED,
) -> tuple[Change, ...]:
    """Every path at which the two differ; empty when they are the same.

    Args:
        before, after: None when the address does not exist on that side.
        whys: the reason per path; `otherwise` where there is none. A reason for a path that is equal on both sides makes
            it a change nevertheless (a secret whose reference is unknown on the live side).
        sources: where the value is written, per path.
    """
    reasons, places = whys or {}, sources or {}
    left, right = before or {}, after or {}
    paths = set() if same(left, right) else _differing_paths(left, right)
    paths = {leaf for path in paths for leaf in _leaves(path, value_at(left, path), value_at(right, path))}
    return tuple(
        Change(
            address,
            path,
            value_at(left, path),
            value_at(right, path),
            reasons.get(path, otherwise),
            places.get(path) or places.get(path[:1]),
        )
        for path in sorted(paths | {path for path in reasons if not same(value_at(left, path), value_at(right, path))})
    )


def diff_snapshots(before: Snapshot, after: Snapshot) -> tuple[Change, ...]:
    """Every difference of two snapshots, sorted by address and path."""
    return tuple(change for address in sorted({*before, *after}) for change in diff(address, before.get(address), after.get(address)))


def _differing_paths(left: Attributes, right: Attributes) -> set[tuple[str, ...]]:
    from deepdiff import DeepDiff

    result = DeepDiff(
        _opaque(left, ()),
        _opaque(right, ()),
        view="tree",
        ignore_private_variables=False,
        threshold_to_diff_deeper=0,
    )
    levels = (level for group in result.values() for level in group)
    return {tuple(str(part) for part in level.path(output_format="list")) for level in levels}


def _leaves(path: tuple[str, ...], before: Value, after: Value) -> set[tuple[str, ...]]:
    """A mapping that exists on one side only, taken apart into what it holds."""
    whole = before if after is None else after if before is None else None
    if is_whole(path) or not isinstance(whole, Mapping) or not whole:
        return {path}
    return {
        leaf
        for key, value in whole.items()
        for leaf in _leaves((*path, key), value if after is None else None, value if before is None else None)
    }


def _opaque(value: Value, path: tuple[str, ...]) -> Any:
    if isinstance(value, SecretRef):
        return f"\x00secret {value.reference} {value.version!r}"
    if value is HIDDEN:
        return "\x00hidden"
    if is_whole(path):
        return f"\x00whole {_canonical(value)}"
    if isinstance(value, Mapping):
        return {key: _opaque(one, (*path, key)) for key, one in value.items()}
    if isinstance(value, tuple):
        return [_opaque(one, path) for one in value]
    return value


def _canonical(value: Value) -> str:
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{key!r}:{_canonical(value[key])}" for key in sorted(value)) + "}"
    return repr(value)


def value_at(value: Value, path: tuple[str, ...]) -> Value:
    """What stands at a path; None where there is nothing."""
    for part in path:
        if not isinstance(value, Mapping) or part not in value:
            return None
        value = value[part]
    return value


def put(attributes: Attributes | None, path: tuple[str, ...], value: Value) -> Attributes:
    """The attributes with a value at a path; None takes out what stood there."""
    head, rest, known = path[0], path[1:], attributes or {}
    inner = put(known.get(head), rest, value) if rest else value
    if inner is None:
        return {key: one for key, one in known.items() if key != head}
    return {**known, head: inner}
