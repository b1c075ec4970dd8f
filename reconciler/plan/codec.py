"""A plan as canonical JSON, its digests, and the way back.

Canonical means: sorted keys, no spaces, ASCII, no NaN. A file whose bytes are not canonical is treated as altered.

In -> Out: `Plan` <-> JSON value <-> bytes.
Effects: none.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from reconciler.errors import StalePlan
from reconciler.model import (
    HIDDEN,
    Act,
    Address,
    Attribution,
    Binding,
    Change,
    Grade,
    Hazard,
    HazardName,
    JudgedPermit,
    NotChecked,
    Permit,
    PermitState,
    Plan,
    PolicyVerdict,
    RuleVerdict,
    Ruling,
    SecretRef,
    Source,
    Step,
    Unit,
    UnitKind,
    Value,
    Why,
)

FORMAT = "reconciler/plan/v1"
_AS_IT_IS: Final = frozenset({str, int, bool, type(None)})


def canonical(value: Any) -> bytes:
    """The one spelling of a JSON value that digests are taken from."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode("ascii")


def digest_of(value: Any) -> str:
    """Lower-case hex SHA-256 of the canonical bytes."""
    return hashlib.sha256(canonical(value)).hexdigest()


def value_to_json(value: Value) -> Any:
    """A value as JSON: secrets as `{"$secret": ...}`, hidden as `{"$hidden": true}`, keys that begin with `$` doubled."""
    if type(value) in _AS_IT_IS:
        return value
    if type(value) is dict or isinstance(value, Mapping):  # the second alone would cost more than the rest
        return {
            f"${key}" if key.startswith("$") else key: one if type(one) in _AS_IT_IS else value_to_json(one) for key, one in value.items()
        }
    if isinstance(value, (tuple, list)):
        return [value_to_json(one) for one in value]
    if isinstance(value, SecretRef):
        return {"$secret": value.reference, "version": value.version}
    if value is HIDDEN:
        return {"$hidden": True}
    if isinstance(value, float):
        return {"$float": repr(value)}
    return value


def value_from_json(value: Any) -> Value:
    """The inverse of `value_to_json`."""
    if isinstance(value, list):
        return tuple(value_from_json(one) for one in value)
    if not isinstance(value, dict):
        return value
    if "$secret" in value:
        return SecretRef.parse(value["$secret"], value["version"])
    if "$hidden" in value:
        return HIDDEN
    if "$float" in value:
        return float(value["$float"])
    return {key.removeprefix("$"): value_from_json(one) for key, one in value.items()}


def unit_digest(unit: Unit) -> str:
    """Over everything in the unit but its places in files and who changed what: neither changes what is applied."""
    body = unit_to_json(replace(unit, digest="", source=None))
    for change in body["changes"]:
        change["source"] = change["attribution"] = None
    return digest_of(body)


def plan_digest(plan: Plan) -> str:
    """Over the whole plan but the digest itself."""
    return digest_of(to_json(replace(plan, digest="")))


def to_json(plan: Plan) -> dict[str, Any]:
    """The plan as a JSON object; `schemas/plan.schema.json` describes it."""
    return {
        "format": FORMAT,
        "tool_version": plan.tool_version,
        "target": plan.target,
        "created": plan.created,
        "expires": plan.expires,
        "hazards": [
            {
                "name": one.name.value,
                "address": str(one.address),
                "grade": one.grade.value,
                "text": one.text,
                "permitted": one.permitted,
            }
            for one in plan.hazards
        ],
        "permissions": list(plan.permissions),
        "permits": [_permit_to_json(one) for one in plan.permits],
        "policy": policy_to_json(plan.policy),
        "units": [unit_to_json(unit) for unit in plan.units],
        "bindings": {address: _binding_to_json(one) for address, one in plan.bindings.items()},
        "unchanged": [str(address) for address in plan.unchanged],
        "unmanaged": list(plan.unmanaged),
        "agreed": {address: value_to_json(one) for address, one in plan.agreed.items()},
        "drift": [{"address": str(one.address), **_change_to_json(one)} for one in plan.drift],
        "not_checked": [{"address": str(one.address), "path": list(one.path), "reason": one.reason} for one in plan.not_checked],
        "live_connections": plan.live_connections,
        "digests": {"desired": plan.desired_digest, "live": plan.live_digest, "target": plan.target_digest},
        "digest": plan.digest,
        **({"language": plan.language} if plan.language != "en" else {}),
    }


def unit_to_json(unit: Unit) -> dict[str, Any]:
    """One unit as a JSON object."""
    return {
        "address": str(unit.address),
        "kind": unit.kind.value,
        "row": _binding_to_json(unit.row),
        "connector": unit.connector,
        "connector_id": unit.connector_id,
        "before": value_to_json(unit.before),
        "wants": value_to_json(unit.wants),
        "sets": value_to_json(unit.sets),
        "secrets": {key: value_to_json(ref) for key, ref in unit.secrets.items()},
        "changes": [_change_to_json(one) for one in unit.changes],
        "steps": [_step_to_json(one) for one in unit.steps],
        "tests": {"rehearse": unit.rehearse, "candidate": unit.candidate},
        "window_calls": unit.window_calls,
        "declared": unit.declared,
        **({"unquoted": [list(path) for path in unit.unquoted]} if unit.unquoted else {}),
        "connector_url": unit.connector_url,
        "source": _source_to_json(unit.source),
        "digest": unit.digest,
    }


def _binding_to_json(binding: Binding | None) -> dict[str, Any] | None:
    return None if binding is None else {"id": binding.id, "guid": binding.guid}


def _permit_to_json(judged: JudgedPermit) -> dict[str, Any]:
    permit = judged.permit
    return {
        "hazard": permit.hazard,
        "address": str(permit.address),
        "until": permit.until,
        "reason": permit.reason,
        "ticket": permit.ticket,
        "source": _source_to_json(permit.source),
        "digest": permit.digest,
        "state": judged.state.value,
        "run": judged.run,
    }


def policy_to_json(policy: PolicyVerdict | None) -> dict[str, Any] | None:
    """What a policy says of a plan, as a JSON object; None where the target names no policy."""
    if policy is None:
        return None
    verdicts = [
        {
            "rule": one.rule,
            "ruling": one.ruling.value,
            "owner": one.owner,
            "message": one.message,
            "failure": one.failure,
            "break_glass": one.breakable,
            "source": _source_to_json(one.source),
        }
        for one in policy.verdicts
    ]
    return {"file": policy.file, "digest": policy.digest, "verdicts": verdicts}


def _source_to_json(source: Source | None) -> dict[str, Any] | None:
    return None if source is None else {"file": source.file, "line": source.line, "column": source.column}


def _change_to_json(change: Change) -> dict[str, Any]:
    return {
        "path": list(change.path),
        "before": value_to_json(change.before),
        "after": value_to_json(change.after),
        "why": change.why.value,
        "source": _source_to_json(change.source),
        "attribution": change.attribution.value if change.attribution is not None else None,
    }


def _step_to_json(step: Step) -> dict[str, Any]:
    return {
        "number": step.number,
        "act": step.act.value,
        "why": step.why.value,
        "expects": value_to_json(step.expects),
        "sets": value_to_json(step.sets),
        "check": step.check,
        "inverse": step.inverse,
        "no_inverse": step.no_inverse,
        "calls": step.calls,
        "in_window": step.in_window,
    }


def to_bytes(plan: Plan) -> bytes:
    """What `plan -o` writes: canonical JSON and a newline."""
    return canonical(to_json(plan)) + b"\n"


def from_bytes(raw: bytes) -> Plan:
    """Read a saved plan back.

    Raises:
        StalePlan: it is not a plan, not in canonical form, or does not match its digest.
    """
    hint = "Make a new one with `reconciler plan -o FILE`."
    try:
        body = json.loads(raw)
        canonical_form = canonical(body) + b"\n"
        plan = from_json(body)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        raise StalePlan("The file is not a plan", "It cannot be read as a plan of this tool's format.", hint) from None
    if canonical_form != raw:
        raise StalePlan("The plan was altered", "The file is not in the form in which plans are written.", hint)
    if digest_of({**body, "digest": ""}) != plan.digest or any(unit_digest(unit) != unit.digest for unit in plan.units):
        raise StalePlan("The plan was altered", "Its content does not match its digest.", hint)
    return plan


def from_json(body: Mapping[str, Any]) -> Plan:
    """The inverse of `to_json`.

    Raises:
        ValueError, TypeError, KeyError: the object is not of this format.
    """
    if body["format"] != FORMAT:
        raise ValueError("another format")
    digests = body["digests"]
    return Plan(
        tool_version=_text(body["tool_version"]),
        target=_text(body["target"]),
        created=_text(body["created"]),
        expires=_text(body["expires"]),
        units=tuple(_unit_from_json(one) for one in body["units"]),
        hazards=tuple(
            Hazard(HazardName(one["name"]), Address.parse(one["address"]), Grade(one["grade"]), _text(one["text"]), bool(one["permitted"]))
            for one in body["hazards"]
        ),
        permissions=tuple(_text(one) for one in body["permissions"]),
        bindings={address: _binding(one) for address, one in body["bindings"].items()},
        unchanged=tuple(Address.parse(one) for one in body["unchanged"]),
        unmanaged=tuple(_text(one) for one in body["unmanaged"]),
        not_checked=tuple(NotChecked(Address.parse(one["address"]), tuple(one["path"]), one["reason"]) for one in body["not_checked"]),
        live_connections=int(body["live_connections"]),
        desired_digest=_text(digests["desired"]),
        live_digest=_text(digests["live"]),
        target_digest=_text(digests["target"]),
        digest=_text(body["digest"]),
        agreed={address: value_from_json(one) for address, one in body.get("agreed", {}).items()},
        drift=tuple(_change(Address.parse(one["address"]), one) for one in body.get("drift", ())),
        permits=tuple(_permit(one) for one in body.get("permits", ())),
        policy=_policy(body.get("policy")),
        language=_text(body.get("language", "en")),
    )


def _unit_from_json(body: Mapping[str, Any]) -> Unit:
    address = Address.parse(body["address"])
    return Unit(
        address=address,
        kind=UnitKind(body["kind"]),
        row=None if body["row"] is None else _binding(body["row"]),
        connector=_text(body["connector"]),
        connector_id=body["connector_id"],
        before=value_from_json(body["before"]),
        wants=value_from_json(body["wants"]),
        sets=value_from_json(body["sets"]),
        secrets={key: value_from_json(ref) for key, ref in body["secrets"].items()},
        changes=tuple(_change(address, one) for one in body["changes"]),
        steps=tuple(_step(address, one) for one in body["steps"]),
        rehearse=body["tests"]["rehearse"],
        candidate=body["tests"]["candidate"],
        window_calls=body["window_calls"],
        declared=body["declared"],
        unquoted=tuple(tuple(_text(part) for part in path) for path in body.get("unquoted", ())),
        connector_url=_text(body["connector_url"]),
        source=_source(body["source"]),
        digest=_text(body["digest"]),
    )


def _change(address: Address, body: Mapping[str, Any]) -> Change:
    return Change(
        address,
        tuple(body["path"]),
        value_from_json(body["before"]),
        value_from_json(body["after"]),
        Why(body["why"]),
        _source(body["source"]),
        Attribution(body["attribution"]) if body.get("attribution") is not None else None,
    )


def _step(address: Address, body: Mapping[str, Any]) -> Step:
    return Step(
        number=body["number"],
        act=Act(body["act"]),
        address=address,
        why=Why(body["why"]),
        expects=value_from_json(body["expects"]),
        sets=value_from_json(body["sets"]),
        check=body["check"],
        inverse=body["inverse"],
        no_inverse=body["no_inverse"],
        calls=body["calls"],
        in_window=body["in_window"],
    )


def _permit(body: Mapping[str, Any]) -> JudgedPermit:
    permit = Permit(
        hazard=HazardName(body["hazard"]).value,
        address=Address.parse(body["address"]),
        until=_text(body["until"]),
        reason=_text(body["reason"]),
        ticket=_text(body["ticket"]),
        source=_source(body["source"]),
        digest=_text(body["digest"]),
    )
    _ = permit.ends  # a day of the calendar, or the plan is none
    return JudgedPermit(permit, PermitState(body["state"]), _text(body["run"]))


def _policy(body: Mapping[str, Any] | None) -> PolicyVerdict | None:
    if body is None:
        return None
    verdicts = []
    for one in body["verdicts"]:
        source = _source(one["source"])
        if source is None:
            raise ValueError("a rule without a place")
        ruling, told = Ruling(one["ruling"]), [_text(one[key]) for key in ("owner", "message", "failure")]
        verdicts.append(RuleVerdict(_text(one["rule"]), ruling, told[0], told[1], source, told[2], bool(one["break_glass"])))
    return PolicyVerdict(_text(body["file"]), _text(body["digest"]), tuple(verdicts))


def _binding(body: Mapping[str, Any]) -> Binding:
    return Binding(int(body["id"]), _text(body["guid"]))


def _source(body: Mapping[str, Any] | None) -> Source | None:
    return None if body is None else Source(body["file"], body["line"], body["column"])


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("expected a text")
    return value
