"""What the journal knows of a target, as the planner needs it.

Effects: none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.model.secret import SecretRef


@dataclass(frozen=True, slots=True)
class Binding:
    """The live row that an address stands for: GUID (connections) or empty text (connectors), and the tenant's id."""

    id: int
    guid: str = ""


@dataclass(frozen=True, slots=True)
class SentSecret:
    """The secret last sent for one field of one connection, without its value.

    Attributes:
        fingerprint: HMAC of the value under the target's key; empty when there was no key.
        sealed: the value encrypted under the target's key (base64 text); empty when there was no key.
        in_doubt: the last write that carried it has no known outcome.
    """

    ref: SecretRef
    fingerprint: str = ""
    sealed: str = field(default="", repr=False)
    in_doubt: bool = False


@dataclass(frozen=True, slots=True)
class RunEnd:
    """One run, in one line: for `history`, and to announce open ones.

    Attributes:
        exit_code: None while the run is open.
        units: address as text to end (`as-desired`, ...), or `open`.
    """

    run: str
    started: str
    ended: str | None
    exit_code: int | None
    plan_digest: str
    actor: str
    units: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Settled:
    """When the files and the tenant were last known to agree on an address.

    Attributes:
        run: the run whose plan holds what they agreed on.
        address: under which that plan holds it.
        desired_digest: of the files that the run was made from.
    """

    run: str
    address: str
    desired_digest: str


@dataclass(frozen=True, slots=True)
class UsedPermit:
    """Which run a permit of the files let through. Under the same plan it goes on counting: one approval, carried out in parts."""

    run: str
    plan_digest: str


@dataclass(frozen=True, slots=True)
class Recorded:
    """What earlier runs on this target left behind.

    Attributes:
        bindings: address text to the row it stands for.
        secrets: (address text, config field key) to what was last sent.
        applied: addresses that this journal has applied at least once.
        ever_activated: addresses of connections that a run of ours activated.
        parked: addresses of connections that were switched off on purpose, and why; until a run of ours activates them again.
        rolled_back: digests of units whose last attempt was rolled back.
        permits: digest of a permit of the files to the run that used it, and the digest of that run's plan.
        begun: plan digest to the unit addresses for which it journalled an intent.
        open_runs: runs that ended unfinished, oldest first.
        elsewhere: GUID to the name of another target of this journal that is bound to it.
        window_seconds: seconds of the inactive window in earlier runs, by address text (the latest).
        settled: address text to the run since which the files and the tenant are known to agree.
        head: the hash of the last event; empty for a new journal.
    """

    bindings: Mapping[str, Binding] = field(default_factory=dict)
    secrets: Mapping[tuple[str, str], SentSecret] = field(default_factory=dict)
    applied: frozenset[str] = frozenset()
    ever_activated: frozenset[str] = frozenset()
    parked: Mapping[str, str] = field(default_factory=dict)
    rolled_back: frozenset[str] = frozenset()
    begun: Mapping[str, frozenset[str]] = field(default_factory=dict)
    permits: Mapping[str, UsedPermit] = field(default_factory=dict)
    open_runs: tuple[RunEnd, ...] = ()
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    window_seconds: Mapping[str, float] = field(default_factory=dict)
    settled: Mapping[str, Settled] = field(default_factory=dict)
    head: str = ""
