"""A plan as a value: ordered units of ordered steps, with every hazard, permission and digest inside.

Effects: none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from reconciler.model.address import Address, Source
from reconciler.model.permit import JudgedPermit, PermitState
from reconciler.model.policy import PolicyVerdict, RuleVerdict, Ruling
from reconciler.model.recorded import Binding
from reconciler.model.secret import SecretRef
from reconciler.model.values import Attributes, Value


class UnitKind(StrEnum):
    """What a unit does to its address as a whole."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


class Act(StrEnum):
    """The call-sized acts a step can be. A step is an act at an address."""

    REHEARSE = "rehearse"  # TestConnectionById, as it is now
    TEST_CONFIG = "test-config"  # TestConnectionByConfig with the candidate
    TEST_URL = "test-url"  # TestConnectorUrl with the candidate URL
    REHEARSE_ALL = "rehearse-all"  # test every connection of a connector before its URL changes
    DEACTIVATE = "deactivate"
    SAVE = "save"
    CREATE = "create"
    REFRESH = "refresh"
    ACTIVATE = "activate"
    TEST = "test"  # TestConnectionById, as it is afterwards
    TEST_ALL = "test-all"  # every connection of a connector after its URL changed
    MAP = "map"  # the field mappings and the switch of one actor type
    ITEMS = "items"  # list item mappings
    DEFAULT = "default"  # the default of one field
    RANK = "rank"  # the order of one actor type's fields
    PRIORITY = "priority"  # the order of connections under load
    INTERVAL = "interval"
    ENGINE = "engine"  # the engine's switch
    DELETE = "delete"
    VERIFY = "verify"


class Why(StrEnum):
    """Why a change or a step is there. For people; nothing is steered by it."""

    DESIRED = "desired differs from live"
    CREATED = "the file asks for it and it does not exist"
    ABSENT = "the file says absent"
    REFERENCE = "the secret's reference differs from the one last sent"
    VERSION = "the secret's version differs from the one last sent"
    NEVER_SENT = "the file gives a version of a secret that this journal never sent"
    RENAMED = "the connector renamed the field: what was set on the old key is carried over"
    NOT_LISTED = "the file lists the fields (or items) of this actor, and this is not one of them"
    DECLARED = "the connector declares it and nothing is stored"
    NOT_DECLARED = "the connector no longer declares it"
    BEFORE_TOUCHING = "prove that it works before touching it"
    CANDIDATE = "prove that the new configuration works before the old one is gone"
    INACTIVE_FOR_CONFIG = "configuration is changed while the connection is inactive"
    SWITCHED_OFF = "the file says inactive"
    SWITCHED_ON = "the file says active"
    BACK_ON = "it was active before"
    INACTIVE_FOR_MAPPING = "mappings are changed while the connection is inactive"
    AFTER_SAVE = "a saved configuration can change what the connector offers"
    AFTER_CHANGE = "prove that it works now"
    ASKED = "somebody asked for it"
    PROOF = "prove that the tenant holds what was asked for"
    OFF_BEFORE_DELETE = "an active connection is switched off before it is deleted"


class Attribution(StrEnum):
    """Who changed a value, found by comparing three: what was last applied, what is live, what the file asks for."""

    INTENT = "intent"  # the file changed
    DRIFT = "drift"  # the tenant changed, and nobody changed the file
    BOTH = "both"  # both changed, and to different values


class Grade(StrEnum):
    """A notice informs; a barrier stops the plan until it is permitted by name and address."""

    NOTICE = "notice"
    BARRIER = "barrier"


class HazardName(StrEnum):
    """The closed list of hazards; `--allow NAME=ADDRESS` uses these names."""

    STARTS_DATA_FLOW = "starts-data-flow"
    LEFT_INACTIVE = "left-inactive"
    TAKES_OVER = "takes-over"
    ACCESS_FLAGS = "access-flags"
    DELETE = "delete"
    PROTECTED = "protected"
    PARKED = "parked"
    LINKED_RECORDS = "linked-records"
    POINTS_ELSEWHERE = "points-elsewhere"
    MOVES_SECRETS = "moves-secrets"
    NO_WAY_BACK = "no-way-back"
    MAYBE_SAME = "maybe-same"
    REPLACE = "replace"
    RECREATE = "recreate"
    KNOWN_ELSEWHERE = "known-elsewhere"
    LIMITS = "limits"
    EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class Change:
    """One address, one path, before and after.

    `before` or `after` is None when there is nothing on that side. Secrets appear only as references or as hidden.

    Attributes:
        attribution: who changed it; None where nothing earlier is known to compare with.
    """

    address: Address
    path: tuple[str, ...]
    before: Value
    after: Value
    why: Why
    source: Source | None = None
    attribution: Attribution | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One call-sized act.

    Attributes:
        number: counts from 1 within the unit, in the order the steps run.
        expects: attributes that must hold when the step begins; a difference is a conflict.
        sets: attributes that the step writes.
        check: how a read or a test tells that it worked, as a sentence for people.
        inverse: what undoes it, as a sentence; empty when nothing can or needs to (then `no_inverse` says why).
        calls: API calls the step makes when nothing goes wrong.
        in_window: the connection is inactive while it runs, although it was active before and will be after.
    """

    number: int
    act: Act
    address: Address
    why: Why
    expects: Attributes = field(default_factory=dict)
    sets: Attributes = field(default_factory=dict)
    check: str = ""
    inverse: str = ""
    no_inverse: str = ""
    calls: int = 1
    in_window: bool = False


@dataclass(frozen=True, slots=True)
class Unit:
    """What is applied and rolled back together: one connection or one connector.

    Attributes:
        row: the live row it changes; None for a creation.
        connector: address text of its connector (connections only), `#<id>` when the file does not name it.
        connector_id: None while the connector itself is created by this plan.
        before: the normalised live attributes the plan was made from; None for a creation.
        wants: every managed attribute as it has to be in the end; None for a deletion.
        sets: the managed attributes that differ (a subset of `wants`; names per language, config per key).
        secrets: the reference for every field whose value a save must send but may not read.
        rehearse, candidate: which tests run before the first write of the whole plan.
        window_calls: calls between toggle-off and toggle-on, None when there is no such window.
        digest: over everything above and the steps, without times: two plans with the same unit have the same digest.
        declared: the connector's fields were known when the plan was made; otherwise types and defaults are settled once it
            answers, before the unit's first write.
        unquoted: paths of config values and defaults, of a type not known yet, that stand in the file without the quotes that
            a Text field would want.
        connector_url: where its connector pointed when the plan was made: what a save and a test send goes there.
        source: where the file asks for it.
    """

    address: Address
    kind: UnitKind
    row: Binding | None
    connector: str
    connector_id: int | None
    before: Attributes | None
    wants: Attributes | None
    sets: Attributes
    secrets: Mapping[str, SecretRef]
    changes: tuple[Change, ...]
    steps: tuple[Step, ...]
    rehearse: bool = False
    candidate: bool = False
    window_calls: int | None = None
    declared: bool = True
    unquoted: tuple[tuple[str, ...], ...] = ()
    connector_url: str = ""
    source: Source | None = None
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Hazard:
    """Something a reviewer must know about one address.

    Attributes:
        text: a full sentence about this case, without secret values.
        permitted: a barrier that `--allow` (or a permit) lets through; always False for notices.
    """

    name: HazardName
    address: Address
    grade: Grade
    text: str
    permitted: bool = False

    @property
    def stops(self) -> bool:
        """Whether the plan may not be applied because of it."""
        return self.grade is Grade.BARRIER and not self.permitted

    @property
    def permission(self) -> str:
        """What to write after `--allow` to let it through."""
        return f"{self.name.value}={self.address}"


@dataclass(frozen=True, slots=True)
class NotChecked:
    """A managed path that could not be compared, and why; it is neither in sync nor drifted."""

    address: Address
    path: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole plan. Equal inputs give equal plans, byte for byte.

    Attributes:
        created, expires: ISO 8601 UTC texts; inside the plan's digest, outside the units' digests.
        units: in the order in which they run.
        permissions: the permissions given on the command line, as `name=address`, sorted.
        permits: what the files permit, and what each permit does here.
        policy: what the target's policy says of it; None when the target names none.
        language: in which the files name what has a name in several languages, such as the items of a CRM list.
        bindings: rows found for managed addresses that need no change but whose identity the journal should remember.
        unchanged: managed addresses that need nothing.
        agreed: what the file and the tenant agree on where the journal does not know that yet, by address: what later plans compare
            three ways with.
        drift: changes of the tenant that this plan leaves alone, because it was asked to carry out the intent of the files only.
        unmanaged: live connections (by display name) that no file mentions, and attributes left alone, for counting.
        desired_digest, live_digest, target_digest: what the plan was made from; `target_digest` covers limits and policy.
        digest: over all the rest.
    """

    tool_version: str
    target: str
    created: str
    expires: str
    units: tuple[Unit, ...]
    hazards: tuple[Hazard, ...]
    permissions: tuple[str, ...]
    bindings: Mapping[str, Binding]
    unchanged: tuple[Address, ...]
    unmanaged: tuple[str, ...]
    not_checked: tuple[NotChecked, ...]
    live_connections: int
    desired_digest: str
    live_digest: str
    target_digest: str
    digest: str = ""
    agreed: Mapping[str, Attributes] = field(default_factory=dict)
    drift: tuple[Change, ...] = ()
    permits: tuple[JudgedPermit, ...] = ()
    policy: PolicyVerdict | None = None
    language: str = "en"

    @property
    def stopping(self) -> tuple[Hazard, ...]:
        """The barriers that are not permitted; while there is one, nothing of the plan is applied."""
        return tuple(hazard for hazard in self.hazards if hazard.stops)

    @property
    def denied(self) -> tuple[RuleVerdict, ...]:
        """The rules of the target's policy that deny it; while there is one, nothing of the plan is applied."""
        return () if self.policy is None else self.policy.of(Ruling.DENIED)

    @property
    def permitting(self) -> tuple[JudgedPermit, ...]:
        """The permits of the files that let a barrier of this plan through."""
        return tuple(one for one in self.permits if one.state is PermitState.PERMITS)

    def permit_of(self, hazard: Hazard) -> JudgedPermit | None:
        """The permit of the files that lets a barrier through; None where `--allow` did, or nothing."""
        return next((one for one in self.permitting if hazard.permitted and one.permit.permission == hazard.permission), None)
