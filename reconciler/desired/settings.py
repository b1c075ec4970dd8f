"""Reads one entry of `targets.yaml` into a `Target`, and checks what a schema cannot say of it.

Effects: none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from reconciler.desired import fields, readings
from reconciler.desired.addresses import Refused, emulated_problem, proxy_problem, tenant_problem
from reconciler.desired.allow import pattern_problem
from reconciler.desired.durations import days, seconds
from reconciler.desired.findings import Findings
from reconciler.desired.nodes import Node, Scalar, Table
from reconciler.model import Address, Limits, Login, Marked, Source, Target, Timeouts

ALL_SECRETS: Final = ("env:*", "file:./")
"""What desired state may refer to at an emulator whose entry has no list: nothing real is behind it."""

CALLS_PER_SECOND: Final = 5.0
"""At a real tenant, where nothing else is written.

Source: SuperOffice docs, validation of custom apps (no more than 10 calls per second); half of it leaves room for other apps.
"""

EMULATOR: Final = "emulator"
DAY: Final = 86400.0
_ONLY_FOR: Final[Mapping[str, tuple[str, ...]]] = {
    "url": ("onsite", EMULATOR),
    "environment": ("online",),
    "tenant": ("online",),
    "emulated_at": ("online",),
    "ca_bundle": ("onsite", "online", EMULATOR),
    "proxy": ("onsite", "online"),
}
_LOGINS: Final[Mapping[str, tuple[str, ...]]] = {
    EMULATOR: ("basic",),
    "onsite": ("basic", "ticket"),
    "online": ("system-user", "refresh-token", "ticket"),
}
_CREDENTIALS: Final[Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "basic": (("username", "password"), ()),
    "ticket": (("ticket",), ("app_token",)),
    "system-user": (("app_token", "system_token", "private_key"), ()),
    "refresh-token": (("client_id", "client_secret", "refresh_token"), ()),
}
"""What each kind of login takes: what it needs, and what it may have."""
_ALL_CREDENTIALS: Final = frozenset(key for needed, optional in _CREDENTIALS.values() for key in (*needed, *optional))
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
    kind = _word(written.get("kind")) or EMULATOR
    _check_keys(written, kind, address, findings)
    journal = written.get("journal")
    secrets = fields.texts(written.get("secrets"))
    for pattern in secrets or ():
        if pattern.value and (expected := pattern_problem(pattern.value)):
            message = f"This is not a pattern of allowed secrets; expected {expected}."
            findings.add("secret-pattern", message, pattern.source, "Write provider:pattern.", address)
    return Target(
        name=name,
        kind=kind,
        directory=str(directory),
        url=_url(written.get("url"), tenant_problem, address, findings),
        login=_login(written.get("auth"), kind, address, findings),
        environment=_word(written.get("environment")),
        tenant=_word(written.get("tenant")),
        emulated_at=_url(written.get("emulated_at"), emulated_problem, address, findings),
        ca_bundle=_word(written.get("ca_bundle")) or None,
        proxy=_url(written.get("proxy"), proxy_problem, address, findings),
        files=_values(fields.texts(written.get("files"))),
        secrets=(ALL_SECRETS if kind == EMULATOR else ()) if secrets is None else _values(secrets),
        connector_hosts=_values(fields.texts(written.get("connector_hosts"))),
        limits=_limits(written.get("limits"), None if kind == EMULATOR else CALLS_PER_SECOND),
        timeouts=_timeouts(written.get("timeouts"), address, findings),
        plan_expires=_duration(written.get("plan_expires"), DAY),
        journal=fields.secret(journal.get("url"), address, findings) if isinstance(journal, Table) else None,
        journal_local=isinstance(journal, Scalar) or (journal is None and kind == EMULATOR),
        fingerprint_key=fields.secret(written.get("fingerprint_key"), address, findings),
        deactivate_for=frozenset(_values(fields.texts(written.get("deactivate_for"))) or ("config", "mappings")),
        policy=_word(written.get("policy")),
        barriers=frozenset(_values(fields.texts(written.get("barriers")))),
        retention_days=days(_word(written.get("retention"))),
    )


def _check_keys(written: Table, kind: str, address: Address, findings: Findings) -> None:
    """Report keys that mean nothing for this kind of target; what is not heeded must not look as if it were."""
    for key, entry in written:
        if (kinds := _ONLY_FOR.get(key)) and kind not in kinds:
            message = f"The key `{key}` means nothing at a target of kind {kind}."
            hint = f"Take it out, or write `kind: {kinds[0]}`."
            if key == "url":
                hint = "Take it out: the state endpoint of `environment` tells where the tenant is."
            findings.add("not-for-kind", message, entry.key, hint, address)


def _login(node: Node | None, kind: str, address: Address, findings: Findings) -> Login | None:
    """The login of a target; what does not fit together is a problem."""
    login = _word(node.get("kind")) if isinstance(node, Table) else ""
    if not isinstance(node, Table) or login not in _CREDENTIALS:
        return None  # reported with the schema
    needed, optional = _CREDENTIALS[login]
    for key, entry in node:
        if key in _ALL_CREDENTIALS and key not in (*needed, *optional):
            message = f"The key `{key}` means nothing for a login of kind {login}, which takes {', '.join(needed)}."
            findings.add("not-for-kind", message, entry.key, "Take it out, or choose another kind.", address)
    place = node.source if (written := node.get("kind")) is None else written.source
    expected = _LOGINS.get(kind, (login,))  # a wrong kind is reported with the schema
    if login not in expected:
        known = " or ".join(filter(None, [", ".join(expected[:-1]), expected[-1]]))
        message = f"A login of kind {login} does not exist at a target of kind {kind}; expected {known}."
        findings.add("not-for-kind", message, place, "Choose one of these.", address)
    elif login == "ticket" and kind == "online" and node.get("app_token") is None:
        findings.add("missing-key", "Online, a ticket goes with `app_token`.", place, "Add `app_token: {secret: …}`.", address)
    secrets = {key: fields.secret(node.get(key), address, findings) for key in (*needed, *optional) if key != "client_id"}
    return Login(login, {key: ref for key, ref in secrets.items() if ref is not None}, _word(node.get("client_id")))


def _url(node: Node | None, problem: Callable[[str], Refused | None], address: Address, findings: Findings) -> str | None:
    url = fields.text(node)
    if url is not None and url.value and (refused := problem(url.value)):
        findings.add("url", refused.message, url.source, refused.hint, address)
    return None if url is None else url.value


def _word(node: Node | None) -> str:
    return node.text if isinstance(node, Scalar) else ""


def _values(marked: tuple[Marked[str], ...] | None) -> tuple[str, ...]:
    return tuple(item.value for item in marked or ())


def _limits(node: Node | None, calls_per_second: float | None) -> Limits:
    """The limits that are written; calls per second by default as given."""
    if not isinstance(node, Table):
        return replace(_UNLIMITED, calls_per_second=calls_per_second)
    calls, reads = node.get("calls_per_second"), node.get("parallel_reads")
    return Limits(
        max_changed=_share(node.get("max_changed")),
        max_deleted=_share(node.get("max_deleted")),
        max_deactivated=_share(node.get("max_deactivated")),
        calls_per_second=calls_per_second if (number := _number(calls)) is None else float(number),
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
