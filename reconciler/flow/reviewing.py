"""What the flow says to the forge and asks it: a comment that stays current, and whether a plan was approved.

Effects: network; writes one comment at most; reads the journal.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import dropwhile
from typing import Any

from reconciler.errors import CheckFailed, StalePlan, UsageProblem
from reconciler.forge import Approval, Posted, approval_of, find, named_digest, open_forge, place_of, post
from reconciler.journal.events import Kind
from reconciler.model import End, Plan, RunEnd, UnitEnd
from reconciler.plan.codec import from_bytes, from_json, plan_digest, unit_digest
from reconciler.plan.coverage import Covered, covered_by
from reconciler.session import Session

__all__ = ["Approved", "Fetched", "approved", "comment", "fetch_plan", "verified_approval"]

# A unit that ended so under an approval may run again under it: the tenant is as it was when somebody looked.
_OPEN_STILL = frozenset({End.AS_BEFORE.value, End.UNTOUCHED.value})


@dataclass(frozen=True, slots=True)
class Approved:
    """What may run.

    Attributes:
        plan: all of the plan, or the part that an approval of an earlier plan covers.
        left: the units of the plan that may not run; each is untouched.
        under: digests of the plans that ran under the approval, and of the one that it was given for.
    """

    plan: Plan
    approval: Approval
    left: tuple[UnitEnd, ...] = ()
    under: frozenset[str] = frozenset()


def comment(
    environ: Mapping[str, str],
    text: str,
    *,
    key: str,
    number: int | None = None,
    author: str | None = None,
    token_variable: str = "",
    only_update: bool = False,
    digest: str = "",
) -> Posted | None:
    """Make the change that this pipeline runs for carry a text under a key; None where `only_update` found no comment.

    Args:
        digest: of the plan that the text shows, for `apply --require-approval`.

    Raises:
        RefusedError: this is no pipeline of a forge, or it has no token.
        TargetError: the forge gave no usable answer.
        UsageProblem: the text does not show that plan.
    """
    if digest and digest not in text:
        raise UsageProblem("The text is not of this plan", f"It does not show the digest {digest}.", "Make it from this very plan file.")
    forge = open_forge(place_of(environ, number=number, token_variable=token_variable))
    ours = author or forge.me()
    if only_update and find(forge, key, ours) is None:
        return None
    return post(forge, key, text, author=ours, digest=digest)


@dataclass(frozen=True, slots=True)
class Fetched:
    """The plan that a change's comment names.

    Attributes:
        change: the number of the pull or merge request.
        raw: the plan file; empty where only its name was asked for.
    """

    change: int
    digest: str
    raw: bytes = b""


def fetch_plan(environ: Mapping[str, str], target: str, path: str, *, which: bool = False) -> Fetched:
    """The plan that the comment of this pipeline's change names, out of what its pipelines kept. Only the very plan is handed back.

    Args:
        path: of the plan in the checkout.
        which: only say which one it is.

    Raises:
        CheckFailed: there is no such comment, or no pipeline kept that plan.
        RefusedError, TargetError: as for `comment`.
    """
    forge = open_forge(place_of(environ))
    change, ours = forge.change(), find(forge, f"plan/{target}", forge.me())
    digest = named_digest(ours) if ours is not None else ""
    if not digest:
        text = f"Change {change.number} has no comment of ours that names a plan for {target}."
        raise CheckFailed("There is no plan to fetch", text, "Let the pipeline plan the change first.")
    if which:
        return Fetched(change.number, digest)
    for raw in forge.plans(target, path):
        with suppress(StalePlan):
            if from_bytes(raw).digest == digest:
                return Fetched(change.number, digest, raw)
    text = f"No pipeline of change {change.number} kept the plan {digest[:12]}… that its comment names."
    raise CheckFailed("There is no plan to fetch", text, "Run the change's pipeline again, and let somebody approve the new plan.")


def verified_approval(
    environ: Mapping[str, str], digest: str, *, key: str, author: str | None = None, token_variable: str = ""
) -> Approval:
    """The approval of a plan by somebody other than author and executor, as the forge has it now.

    Args:
        key: of the plan's comment.

    Raises:
        CheckFailed: there is none that counts.
        RefusedError, TargetError: as for `comment`; nothing is known then, so nothing may be applied.
    """
    place = place_of(environ, token_variable=token_variable)
    forge = open_forge(place)
    change, ours = forge.change(), find(forge, key, author or forge.me())
    return approval_of(place.kind, change, ours, forge.reviews(), digest=digest, executors=(place.actor,), writers=forge.writers())


def approved(environ: Mapping[str, str], session: Session, plan: Plan) -> Approved:
    """What of a saved plan may run, by what the forge says now.

    Where the plan's comment names an earlier plan that ran here, and that one is approved, this is the part of the plan that is the same,
    unit by unit: what a partial failure left is not approved a second time.

    Raises:
        CheckFailed: nothing of it is approved.
        StalePlan: later plans used the approval for units of this one.
        RefusedError, TargetError: as for `verified_approval`.
    """
    place = place_of(environ)
    forge = open_forge(place)
    change, ours, reviews = forge.change(), find(forge, f"plan/{plan.target}", forge.me()), forge.reviews()
    named = named_digest(ours) if ours is not None else ""
    earlier = _ran_plan(session, named) if named and named != plan.digest else None
    digest = plan.digest if earlier is None else named
    approval = approval_of(place.kind, change, ours, reviews, digest=digest, executors=(place.actor,), writers=forge.writers())
    if earlier is None:
        _refuse_spent(session, plan)
        return Approved(plan, approval, under=_ran_plans(session, digest))
    covered = covered_by(earlier, plan, ran=_ran_units(session, named), now=session.clock.now())
    return Approved(covered.plan, replace(approval, covers="units"), _left(covered), _ran_plans(session, digest))


def _refuse_spent(session: Session, plan: Plan) -> None:
    """A unit runs once under an approval, also where a later plan ran it; what this plan ran itself, `apply` passes over."""
    spent = _ran_units(session, plan.digest, itself=False)
    again = [str(unit.address) for unit in plan.units if unit.digest in spent]
    if again:
        text = f"A later plan ran {', '.join(again)} under the same approval."
        raise StalePlan("The plan is used up", text, "Make a new one with `reconciler plan -o FILE`.")


def _left(covered: Covered) -> tuple[UnitEnd, ...]:
    return tuple(UnitEnd(unit.address, unit.kind.value, End.UNTOUCHED, f"not approved: {why}") for unit, why in covered.left)


def _runs_under(session: Session, digest: str) -> list[RunEnd]:
    """The runs from the first one of a plan on; only these can have run under its approval."""
    return list(dropwhile(lambda run: run.plan_digest != digest, session.runs()))


def _ran_plan(session: Session, digest: str) -> Plan | None:
    """The plan with a digest, if a run of it is in the journal and what the journal holds is that very plan."""
    run = next(iter(_runs_under(session, digest)), None)
    if run is None:
        return None
    try:
        plan = from_json(session.store(create=False).plan_of(run.run))
    except (ValueError, TypeError, KeyError):
        return None
    sound = plan_digest(plan) == digest and all(unit_digest(unit) == unit.digest for unit in plan.units)
    return plan if sound else None


def _opened_under(session: Session, digest: str) -> Iterator[tuple[RunEnd, Mapping[str, Any]]]:
    """The runs under an approval, of its own plan and of later ones that it covered, each with how it was opened."""
    store = session.store(create=False)
    for run in _runs_under(session, digest):
        opening = next((event.body for event in store.events(run=run.run) if event.kind == Kind.RUN_OPENED), {})
        given = opening.get("actor", {}).get("approval") or {}
        if digest in {run.plan_digest, given.get("digest")}:
            yield run, opening


def _ran_plans(session: Session, digest: str) -> frozenset[str]:
    return frozenset({digest, *(run.plan_digest for run, _opening in _opened_under(session, digest))})


def _ran_units(session: Session, digest: str, *, itself: bool = True) -> frozenset[str]:
    """Digests of the units that an approval was used for: by its own plan (`itself`), and by later ones that it covered."""
    found = set()
    for run, opening in _opened_under(session, digest):
        if itself or run.plan_digest != digest:
            units = (opening.get("plan") or {}).get("units", ())
            found |= {unit["digest"] for unit in units if run.units.get(unit["address"]) not in (*_OPEN_STILL, None)}
    return frozenset(found)
