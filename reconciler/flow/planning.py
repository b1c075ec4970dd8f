"""Files and tenant in, plan out: load, read, match, normalise, plan; save a plan and load it again.

Effects: reads disk and the tenant; `save_plan` writes the plan file.
Neighbours: called by `cli` through `flow`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from pathlib import Path

from reconciler import __version__
from reconciler.desired import load_desired, load_target
from reconciler.errors import InputError, StalePlan
from reconciler.flow.attributing import last_agreed, still_agreed
from reconciler.flow.judging import Occasion, judged
from reconciler.flow.reading import guids_of, normalised, read_and_match
from reconciler.model import (
    Address,
    Attributes,
    Attribution,
    Desired,
    HazardName,
    Live,
    Plan,
    Problem,
    Recorded,
    Target,
)
from reconciler.plan import Policy
from reconciler.plan.attribution import attributed, drifted, with_news_only
from reconciler.plan.codec import digest_of, from_bytes, to_bytes
from reconciler.plan.identity import Identity
from reconciler.plan.known import known_of
from reconciler.plan.nearest import did_you_mean
from reconciler.plan.plan import Inputs
from reconciler.plan.plan import make_plan as plan_from
from reconciler.session import Session


def validate(
    directory: Path, environ: Mapping[str, str], files: tuple[str, ...], target_name: str | None, *, now: datetime | None = None
) -> Desired:
    """Check files without a tenant. The target's own rules count when one is named, and permits that expired when the time is given.

    Raises:
        InputError: with every problem of every file.
    """
    target = load_target(target_name, directory=directory, environ=environ) if target_name else None
    paths = [Path(name) for name in files]
    if not paths and target is not None:
        paths = [Path(target.directory) / name for name in target.files]
    problems: list[Problem] = []
    if target is not None and target.policy:
        from reconciler.policy import load_policy

        try:
            load_policy(target)
        except InputError as error:
            problems += error.problems
    try:
        desired = load_desired(paths or [Path("connections.yaml")], target=target, now=now)
    except InputError as error:
        raise InputError([*error.problems, *problems]) from None
    if problems:
        raise InputError(problems)
    return desired


def load(session: Session, files: tuple[str, ...], *, now: datetime | None = None) -> Desired:
    """The desired state for a target. Permits that expired are a problem only when the time is given.

    Raises:
        InputError: with every problem of every file.
    """
    return load_desired(session.desired_paths(files), target=session.target, now=now)


def make_plan(
    session: Session,
    desired: Desired,
    *,
    permissions: Iterable[str] = (),
    refresh: frozenset[Address] = frozenset(),
    since: Desired | None = None,
    only_intent: bool = False,
    occasion: Occasion | None = None,
) -> Plan:
    """Read the tenant and plan. Needs no secret value; writes nothing.

    Args:
        refresh: connections whose fields are asked for again.
        since: the files as they were: what they said then is what was agreed on. By default the journal tells that.
        only_intent: leave what only the tenant changed as it is, and list it.
        occasion: what the target's policy is told beside the plan; None for a plan that is made for review by nobody in particular.

    Raises:
        InputError: the file asks for something that cannot be, or the target's policy cannot be read.
        TargetError: the tenant cannot be read.
    """
    inputs = read_inputs(session, desired, checked_permissions(permissions), refresh)
    agreed = None if since is None else agreed_by(read_inputs(session, since, (), frozenset()))
    return judged(session, _attributed_plan(session, inputs, agreed, only_intent=only_intent), occasion or Occasion())


def read_inputs(session: Session, desired: Desired, permissions: tuple[str, ...], refresh: frozenset[Address]) -> Inputs:
    """Read the tenant for these files: everything that a plan is made from."""
    recorded = session.recorded()
    live, identity = read_and_match(session, desired, recorded)
    return inputs_of(session, desired, live, identity, recorded, permissions=permissions, refresh=refresh)


def inputs_of(
    session: Session,
    desired: Desired,
    live: Live,
    identity: Identity,
    recorded: Recorded,
    *,
    permissions: tuple[str, ...] = (),
    refresh: frozenset[Address] = frozenset(),
) -> Inputs:
    """Everything that a plan is made from, given a reading of the tenant and which row each address stands for. Asks nothing."""
    recorded = known_of(recorded, guids_of(desired, identity))
    created = session.clock.now().replace(microsecond=0)
    return Inputs(
        desired=desired,
        live=live,
        identity=identity,
        before=normalised(desired, live, identity, recorded),
        recorded=recorded,
        policy=policy_of(session),
        tool_version=__version__,
        created=created.isoformat(),
        expires=(created + timedelta(seconds=session.target.plan_expires)).isoformat(),
        permissions=permissions,
        refresh=refresh,
    )


def agreed_by(inputs: Inputs) -> dict[str, Attributes]:
    """What files ask for, by address text, in the form of a unit's `wants`: held against the tenant, so that values are decoded alike."""
    plan = plan_from(inputs)
    return {**plan.agreed, **{str(unit.address): unit.wants for unit in plan.units if unit.wants is not None}}


def _attributed_plan(session: Session, inputs: Inputs, agreed: Mapping[str, Attributes] | None, *, only_intent: bool) -> Plan:
    """The plan, with who changed what."""

    def told(plan: Plan) -> Plan:
        if agreed is not None:
            return attributed(plan, agreed, otherwise=Attribution.INTENT)
        return attributed(plan, last_agreed(session, inputs.recorded, [str(unit.address) for unit in plan.units]))

    plan = told(plan_from(inputs))
    left = drifted(plan) if only_intent else ()
    if left:
        plan = told(plan_from(replace(inputs, left=left)))
    return with_news_only(plan, still_agreed(session, inputs.recorded, plan))


def policy_of(session: Session) -> Policy:
    """What the target allows, with the digest that a plan is bound to."""
    target = session.target
    return Policy(target.name, target.limits, target.barriers, session.has_key, target_digest(target), target.deactivate_for)


def target_digest(target: Target) -> str:
    """Over everything of a target that decides what may happen there; its credentials are references."""
    body = asdict(target)
    body.pop("directory")
    body.pop("retention_days")  # it decides what is kept, not what may happen
    return digest_of({key: sorted(value) if isinstance(value, frozenset) else value for key, value in body.items()})


def checked_permissions(permissions: Iterable[str]) -> tuple[str, ...]:
    """`NAME=ADDRESS` texts, checked.

    Raises:
        InputError: a name that is no hazard, or an address that is none.
    """
    problems, names = [], {one.value for one in HazardName}
    for text in permissions:
        name, equals, address = text.partition("=")
        if not equals or name not in names or "/" not in address:
            hint = "Write --allow NAME=ADDRESS, as the plan shows it." if name in names else did_you_mean(name, names)
            problems.append(Problem("bad-permission", f"{text!r} permits nothing: expected a hazard's name, `=`, an address.", None, hint))
    if problems:
        raise InputError(problems)
    return tuple(sorted(set(permissions)))


def save_plan(plan: Plan, path: Path) -> None:
    """Write a plan to a file, whole or not at all.

    Raises:
        InputError: the file cannot be written.
    """
    from reconciler.journal.planfile import write_plan

    write_plan(path, to_bytes(plan))


def load_plan(path: Path, *, expect_digest: str | None = None) -> Plan:
    """Read a saved plan: the bytes once, checked, and these same bytes parsed.

    Raises:
        InputError: there is no such file, or it cannot be read.
        StalePlan: it is not a plan, was altered, or has another digest than expected.
    """
    from reconciler.journal.planfile import read_plan

    plan = from_bytes(read_plan(path))
    if expect_digest is not None and plan.digest != expect_digest.removeprefix("sha256:"):
        raise StalePlan(
            "The plan is another one",
            f"Its digest is {plan.digest}, and {expect_digest} was expected.",
            "Apply the plan that was approved.",
        )
    return plan
