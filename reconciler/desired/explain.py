"""Says of every written value where it comes from and who won: which file, which mapping set, and what lies below it.

In -> Out: the prepared trees of the files in their order (`load.load_layers`) -> for each path of one thing its origins, the
strongest first. Sets lie in the order of `uses`, the connection on top of them; within each, later files on earlier ones.
Effects: none.
Neighbours: `overlay` and `sets` lay the same trees over each other by the same table (`layers`), and keep only who won.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from reconciler.desired.findings import Findings
from reconciler.desired.layers import ACTORS, ANY, BESIDE_ABSENT, FILE, OF_A_MAPPING, Shape, below, voided
from reconciler.desired.nodes import Gone, Items, Node, Scalar, Table
from reconciler.desired.overlay import merge
from reconciler.desired.readings import is_text_everywhere
from reconciler.desired.sets import used
from reconciler.model import Address, Source

Path = tuple[str, ...]
_EMPTY = '""'
_KINDS = {"connection": "connections", "connector": "connectors"}
_SINGLE = {"sync-priority": "sync_priority", "automatic-sync": "automatic_sync", "permits": "permits"}


class Standing(StrEnum):
    """What became of a written value."""

    WINS = "wins"
    OVERRIDDEN = "overridden"
    TAKEN_OUT = "taken-out"
    TAKES_OUT = "takes-out"


@dataclass(frozen=True, slots=True)
class Origin:
    """One place that says something about a value.

    Attributes:
        source: where; its file is the layer.
        text: the value as a person would write it on one line; empty where it takes something out.
        standing: whether it counts. `TAKES_OUT` is a `null`, an `absent: true` or a `crm: ""` that ended what lies below it in
            the list up to the next one that wins.
        mapping_set: the set that says it; empty when it is written at the thing itself.
    """

    source: Source
    text: str
    standing: Standing
    mapping_set: str = ""


def origins(trees: Sequence[Node], address: Address) -> Mapping[Path, tuple[Origin, ...]]:
    """Every path that is written for a thing, with all that was ever said about it, the strongest first.

    Args:
        trees: the files in their order, prepared.
        address: a connection, a connector, `sync-priority`, `automatic-sync` or `permits`.

    Returns:
        An empty mapping when no file mentions the thing. A path without an origin that wins is not managed.
    """
    if address.kind in _SINGLE:
        key = _SINGLE[address.kind]
        return _result(_group(trees, (key,), below(FILE, key), (), ""))
    kind = _KINDS.get(address.kind)
    if kind is None:
        return {}
    account: dict[Path, list[Origin]] = {}
    for name in _sets_of(trees, address.key) if kind == "connections" else ():
        account = _over(account, _group(trees, ("mapping_sets", name), ACTORS, ("actors",), name))
    return _result(_over(account, _group(trees, (kind, address.key), FILE[kind][ANY], (), "")))


def _result(account: Mapping[Path, list[Origin]]) -> dict[Path, tuple[Origin, ...]]:
    return {path: tuple(reversed(said)) for path, said in sorted(account.items())}


def _sets_of(trees: Sequence[Node], key: str) -> tuple[str, ...]:
    """The sets that a connection uses once all files are merged."""
    findings = Findings()  # these files were read and judged before
    merged = trees[0] if trees else None
    for tree in trees[1:]:
        merged = merge(merged, tree, findings) if merged is not None else tree
    connections = merged.get("connections") if isinstance(merged, Table) else None
    connection = connections.get(key) if isinstance(connections, Table) else None
    return tuple(name.value for name in used(connection)) if isinstance(connection, Table) else ()


def _group(trees: Sequence[Node], place: Path, shape: Shape | None, prefix: Path, name: str) -> dict[Path, list[Origin]]:
    """What all files say at one place, later ones over earlier ones."""
    group = _Group(name)
    for tree in trees:
        node: Node | None = tree
        for key in place:
            node = node.get(key) if isinstance(node, Table) else node if isinstance(node, Gone) else None
        if isinstance(node, Gone):  # of the thing itself, or of all things of its kind
            group.take_out((), node.source)
        elif node is not None:
            group.lay(node, shape, prefix)
    return group.said


def _over(under: dict[Path, list[Origin]], over: dict[Path, list[Origin]]) -> dict[Path, list[Origin]]:
    """One group over the others: what wins in it overrides, and a `crm: ""` that wins in it ends their mapping of the field."""
    account = {path: list(said) for path, said in under.items()}
    below_of = _index(under)
    for path, said in over.items():
        winner = next((one for one in said if one.standing is Standing.WINS), None)
        if winner is None:
            continue
        _end(account.get(path, []), Standing.OVERRIDDEN)
        if path[0] == "actors" and path[2:3] == ("fields",) and path[4:] == ("crm",) and winner.text == _EMPTY:
            for other in (one for part in OF_A_MAPPING for one in below_of.get((*path[:4], part), ())):
                if _end(account[other], Standing.TAKEN_OUT):
                    account[other].append(Origin(winner.source, "", Standing.TAKES_OUT, winner.mapping_set))
    for path, said in over.items():
        account[path] = [*account.get(path, []), *said]
    return account


def _index(paths: Iterable[Path]) -> dict[Path, list[Path]]:
    """The paths below each place, the place itself included."""
    found: dict[Path, list[Path]] = {}
    for path in paths:
        for length in range(len(path) + 1):
            found.setdefault(path[:length], []).append(path)
    return found


def _end(said: list[Origin], standing: Standing) -> bool:
    """Give what wins in a list another standing; whether anything won."""
    for index, one in enumerate(said):
        if one.standing is Standing.WINS:
            said[index] = replace(one, standing=standing)
            return True
    return False


class _Group:
    """All that the files say of a thing, or of one mapping set, in the order in which it was laid down."""

    def __init__(self, name: str) -> None:
        self.said: dict[Path, list[Origin]] = {}
        self._name = name
        self._below: dict[Path, list[Path]] = {}  # as `_index` makes it

    def lay(self, node: Node, shape: Shape | None, path: Path) -> None:
        """Lay a value over what lies at its path."""
        if isinstance(node, Gone):
            self.take_out(path, node.source)
        elif shape is not None and isinstance(node, Table):
            for length in range(1, len(path) + 1):  # a plain text below a mapping of languages
                _end(self.said.get(path[:length], []), Standing.OVERRIDDEN)
            self._void(node, shape, path)
            for key, entry in node:
                self.lay(entry.value, below(shape, key), (*path, key))
        else:
            for under in self._from(path) if shape is not None else [path]:  # a plain text over a mapping of languages
                _end(self.said.get(under, []), Standing.OVERRIDDEN)
            if path not in self.said:
                self.said[path] = []
                for place, paths in _index([path]).items():
                    self._below.setdefault(place, []).extend(paths)
            self.said[path].append(Origin(node.source, _shown(node), Standing.WINS, self._name))

    def take_out(self, path: Path, source: Source) -> None:
        """End everything at a path and below it."""
        for under in self._from(path):
            if _end(self.said[under], Standing.TAKEN_OUT):
                self.said[under].append(Origin(source, "", Standing.TAKES_OUT, self._name))

    def _from(self, path: Path) -> list[Path]:
        return self._below.get(path, [])

    def _void(self, node: Table, shape: Shape, path: Path) -> None:
        """End what a later `absent: true` or `crm: ""` makes meaningless."""
        void = voided(node, shape, 2 + len(path))
        by = node.get("absent" if void is None else "crm")
        if by is None:
            return
        for key in sorted({one[0] for one in self.said} - BESIDE_ABSENT) if void is None else sorted(void):
            self.take_out((*path, key), by.source)


def _shown(node: Node) -> str:
    """A value on one line, in the notation of the files."""
    if isinstance(node, Scalar):
        return _scalar(node)
    if isinstance(node, Items):
        return f"[{', '.join(_shown(item) for item in node.items)}]"
    return f"{{{', '.join(_pairs(node))}}}" if isinstance(node, Table) else ""


def _pairs(node: Table) -> Iterator[str]:
    for key, entry in node:
        yield f"{key}: {_shown(entry.value)}"


def _scalar(node: Scalar) -> str:
    """Quotes are kept where they change what the text may be read as; line breaks and what does not show are written as escapes."""
    text = "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in node.text)
    return f'"{text}"' if text != node.text or not text or (not node.plain and not is_text_everywhere(text)) else text
