"""What can be done with the files alone: merge them, say where a value comes from, put them into canonical form.

Effects: reads disk; `save_formatted` writes the files.
Neighbours: called by `cli` through `flow`; no tenant is asked.
"""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from reconciler.desired import files, load_desired, load_target
from reconciler.desired.explain import Origin, origins
from reconciler.desired.findings import Findings
from reconciler.desired.format import formatted, written
from reconciler.desired.load import load_layers, load_merged
from reconciler.desired.nodes import Table
from reconciler.desired.wording import nearest
from reconciler.errors import InputError, RefusedError, UsageProblem
from reconciler.model import Address

# How an address spells what stands below a connection, and how the file does.
_SPELLED = {"actor": "actors", "field": "fields", "item": "items"}
_ONCE = ("sync-priority", "automatic-sync", "permits")


@dataclass(frozen=True, slots=True)
class Explanation:
    """Where the values at an address come from.

    Attributes:
        address: of the thing.
        path: of the place in it that was asked for; empty for all of it.
        values: by path in the thing, the strongest origin first.
    """

    address: Address
    path: tuple[str, ...]
    values: Mapping[tuple[str, ...], tuple[Origin, ...]]


@dataclass(frozen=True, slots=True)
class Formatted:
    """One file and its canonical form."""

    name: str
    path: Path
    content: bytes
    canonical: bytes

    @property
    def changed(self) -> bool:
        """Whether the file is not in canonical form."""
        return self.content != self.canonical


def named_files(directory: Path, environ: Mapping[str, str], names: tuple[str, ...], target: str | None) -> list[Path]:
    """The files of a command that needs no tenant: `-f`, else the target's own, else `connections.yaml`.

    Raises:
        InputError: a target is named, and its file is wrong.
    """
    if names:
        return [Path(name) for name in names]
    found = load_target(target, directory=directory, environ=environ) if target else None
    return [Path(found.directory) / name for name in found.files] if found is not None and found.files else [Path("connections.yaml")]


def render(paths: list[Path], *, resolved: bool = False) -> str:
    """The files laid over each other as one, in canonical form.

    Args:
        resolved: with the mapping sets laid under the connections.

    Raises:
        InputError: with every problem of every file.
    """
    load_desired(paths)
    return f"# Merged from {', '.join(str(path) for path in paths)}\n\n{written(load_merged(paths, resolved=resolved))}"


def explain(paths: list[Path], written_address: str) -> Explanation:
    """Where each value at an address comes from, and what it overrides.

    Args:
        written_address: `connection/visma-no/actor/customer/field/NAME`, `connector/visma`, `sync-priority`; a key alone is a connection's.

    Raises:
        InputError: with every problem of every file.
        UsageProblem: it is no address of something that files describe.
        RefusedError: no file says anything there.
    """
    address, path = _split(written_address)
    layers = load_layers(paths)
    found = origins(layers, address)
    kept = {place: said for place, said in found.items() if place[: len(path)] == path}
    if not kept:
        roots = [tree.get(f"{address.kind}s") for tree in layers if isinstance(tree, Table)]
        known = [key for root in roots if isinstance(root, Table) for key in root.entries]
        below = [str(place[len(path) - 1]) for place in found if place[: len(path) - 1] == path[:-1]] if path else []
        hint = nearest(path[-1], below) if below else nearest(address.key, known) if known and not found else ""
        raise RefusedError("Nothing to explain", f"No file says anything of {written_address}.", hint)
    return Explanation(address, path, kept)


def _split(text: str) -> tuple[Address, tuple[str, ...]]:
    """The address of a thing, and the path in it."""
    hint = "Write one such as connection/visma-no/actor/customer/field/NAME, connector/visma or sync-priority."
    try:
        parts = Address.parse(text).parts
    except ValueError:
        raise UsageProblem("Not an address", f"{text!r} has an empty part, or an escape that is not UTF-8.", hint) from None
    if parts[0] in _ONCE:
        return Address(parts[:1]), parts[1:]
    if len(parts) == 1:
        return Address.connection(parts[0]), ()
    if parts[0] not in ("connection", "connector"):
        raise UsageProblem("Not an address", f"Nothing in the files has an address that begins with {parts[0]!r}.", hint)
    path = list(parts[2:])
    for place in (0, 2, 4):  # keys of the file's own stand between the words
        if place < len(path):
            path[place] = _SPELLED.get(path[place], path[place])
    return Address(parts[:2]), tuple(path)


def format_files(paths: list[Path]) -> list[Formatted]:
    """Each file with its canonical form; nothing is written.

    Raises:
        InputError: a file cannot be read, or its canonical form would not mean the same.
    """
    findings, found = Findings(), []
    for path in paths:
        name = str(path) or "."
        content = files.read_bytes(path, name, findings)
        text = None if content is None else files.decode(content, name, findings)
        if content is None or text is None:
            continue
        try:
            found.append(Formatted(name, path, content, formatted(text, name).encode()))
        except InputError as error:
            for one in error.problems:
                findings.add(one.code, one.message, one.source, one.hint, one.address)
    findings.raise_if_any()
    return found


def save_formatted(formatted_files: list[Formatted]) -> None:
    """Replace each file that is not in canonical form, whole or not at all; links keep pointing at it."""
    for one in formatted_files:
        if one.changed:
            replace_file(one.path.resolve(), one.canonical)


def replace_file(path: Path, content: bytes) -> None:
    """Replace a file, whole or not at all; its mode stays."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(name).chmod(stat.S_IMODE(path.stat().st_mode))
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
