"""Reads one entry of `targets.yaml` into a `Target`, and checks what a schema cannot say of it.

Effects: none.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from reconciler.desired import fields, readings
from reconciler.desired.addresses import tenant_problem
from reconciler.desired.allow import pattern_problem
from reconciler.desired.durations import seconds
from reconciler.desired.findings import Findings
from reconciler.desired.nodes import Node, Scalar, Table
from reconciler.model import Address, Limits, Marked, Source, Target, Timeouts

ALL_SECRETS: Final = ("env:*", "file:./")
"""What desired state may refer to at an emulator whose entry has no list: nothing real is behind it."""

DAY: Final = 86400.0
_NONE: Final = Timeouts()
_UNLIMITED: Final = Limits()


def read_target(name: str, node: Node, directory: Path, findings: Findings) -> Target:
    """The target that an entry describes; what cannot be used keeps its default, and a problem says why.

    Args:
        name: its key.
        node: the entry, held against the schema already.
        directory: the folder of the file, which its paths are relative to.
        findings: takes the problems.
    """
    address = Address(("target", name))
    written = node if isinstance(node, Table) else Table({}, node.source)
    url = fields.text(written.get("url"))
    if url is not None and url.value and (refused := tenant_problem(url.value)):
        findings.add("url", refused.message, url.source, refused.hint, address)
    journal = written.get("journal")
    secrets = fields.texts(written.get("secrets"))
    for pattern in secrets or ():
        if pattern.value and (expected := pattern_problem(pattern.value)):
            message = f"This is not a pattern of allowed secrets; expected {expected}."
            findings.add("secret-pattern", message, pattern.source, "Write provider:pattern.", address)
    return Target(
        name=name,
        kind="emulator",
        directory=str(directory),
        url=None if url is None else url.value,
        files=_values(fields.texts(written.get("files"))),
        secrets=ALL_SECRETS if secrets is None else _values(secrets),
        connector_hosts=_values(fields.texts(written.get("connector_hosts"))),
        limits=_limits(written.get("limits")),
        timeouts=_timeouts(written.get("timeouts"), address, findings),
        plan_expires=_duration(written.get("plan_expires"), DAY),
        journal=fields.secret(journal.get("url"), address, findings) if isinstance(journal, Table) else None,
        journal_local=not isinstance(journal, Table),
        fingerprint_key=fields.secret(written.get("fingerprint_key"), address, findings),
        deactivate_for=frozenset(_values(fields.texts(written.get("deactivate_for"))) or ("config", "mappings")),
        barriers=frozenset(_values(fields.texts(written.get("barriers")))),
    )


def _values(marked: tuple[Marked[str], ...] | None) -> tuple[str, ...]:
    return tuple(item.value for item in marked or ())


def _limits(node: Node | None) -> Limits:
    if not isinstance(node, Table):
        return _UNLIMITED
    calls, reads = node.get("calls_per_second"), node.get("parallel_reads")
    return Limits(
        max_changed=_share(node.get("max_changed")),
        max_deleted=_share(node.get("max_deleted")),
        max_deactivated=_share(node.get("max_deactivated")),
        calls_per_second=None if (number := _number(calls)) is None else float(number),
        parallel_reads=_UNLIMITED.parallel_reads if (count := _number(reads)) is None else int(count),
    )


def _number(node: Node | None) -> int | float | None:
    return readings.as_number(node.text) if isinstance(node, Scalar) else None


def _share(node: Node | None) -> int | float | None:
    """`20` is a number of units, `50%` the share 0.5 of the live connections."""
    if not isinstance(node, Scalar):
        return None
    digits = node.text.removesuffix("%")
    if not (digits.isascii() and digits.isdecimal()):
        return None
    return int(digits) / 100 if node.text.endswith("%") else int(digits)


def _timeouts(node: Node | None, address: Address, findings: Findings) -> Timeouts:
    if not isinstance(node, Table):
        return _NONE
    timeouts = Timeouts(
        connect=_duration(node.get("connect"), _NONE.connect),
        read=_duration(node.get("read"), _NONE.read),
        connector=_duration(node.get("connector"), _NONE.connector),
        settle=_duration(node.get("settle"), _NONE.settle),
    )
    longest = max(timeouts.read, timeouts.connector)
    if timeouts.settle < longest:
        message = (
            f"`settle` is {timeouts.settle:g} s, and the longest deadline of a write is {longest:g} s; "
            "expected at least as much, or a late write could land after we looked."
        )
        findings.add("settle-too-short", message, _place(node), f"Write `settle: {longest:g}s` or more, or shorten the deadline.", address)
    return timeouts


def _place(node: Table) -> Source:
    settle = node.get("settle")
    return node.source if settle is None else settle.source


def _duration(node: Node | None, default: float) -> float:
    length = seconds(node.text) if isinstance(node, Scalar) else None
    return default if length is None else length
