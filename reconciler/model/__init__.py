"""The values that travel through the flow; frozen, comparable, free of effects.

Conventions that hold everywhere and are not repeated: times are aware UTC datetimes, durations are seconds as float,
sizes are bytes, digests are lower-case hex SHA-256 of canonical JSON, languages are ISO 639-1 codes (`nb`, `en`).
Mappings are read-only by contract. Everything that is ordered is sorted by address unless it says otherwise.

Effects: none.
"""

from reconciler.model.address import Address, Source
from reconciler.model.checked import Checked, TargetCheck, Verdict
from reconciler.model.desired import (
    AutomaticSync,
    Desired,
    DesiredActor,
    DesiredConnection,
    DesiredConnector,
    DesiredDefault,
    DesiredField,
    DesiredScope,
    Marked,
    Plain,
)
from reconciler.model.drift import Drift
from reconciler.model.fieldtype import FieldType
from reconciler.model.live import (
    ConfigField,
    Connection,
    Connector,
    Listed,
    Live,
    Named,
    Stamp,
    Wanted,
)
from reconciler.model.mapping import (
    ACTOR_TYPES,
    ActorMapping,
    DefaultValue,
    Engine,
    ErpField,
    FieldMapping,
    ListItemMapping,
    ListMapping,
    ListMappings,
    Mappings,
)
from reconciler.model.outcome import End, Outcome, RecoverUnit, Result, RunReport, Status, StatusRow, TestResult, UnitEnd
from reconciler.model.permit import JudgedPermit, Permit, PermitState
from reconciler.model.plan import (
    Act,
    Attribution,
    Change,
    Grade,
    Hazard,
    HazardName,
    NotChecked,
    Plan,
    Step,
    Unit,
    UnitKind,
    Why,
)
from reconciler.model.policy import PolicyVerdict, RuleVerdict, Ruling
from reconciler.model.problem import Problem
from reconciler.model.recorded import Binding, Recorded, RunEnd, SentSecret, Settled, UsedPermit
from reconciler.model.secret import HIDDEN, Hidden, Secret, SecretRef
from reconciler.model.target import Limits, Login, Target, Timeouts
from reconciler.model.values import Attributes, Scope, Snapshot, Text, Value, same

__all__ = [
    "ACTOR_TYPES",
    "HIDDEN",
    "Act",
    "ActorMapping",
    "Address",
    "Attributes",
    "Attribution",
    "AutomaticSync",
    "Binding",
    "Change",
    "Checked",
    "ConfigField",
    "Connection",
    "Connector",
    "DefaultValue",
    "Desired",
    "DesiredActor",
    "DesiredConnection",
    "DesiredConnector",
    "DesiredDefault",
    "DesiredField",
    "DesiredScope",
    "Drift",
    "End",
    "Engine",
    "ErpField",
    "FieldMapping",
    "FieldType",
    "Grade",
    "Hazard",
    "HazardName",
    "Hidden",
    "JudgedPermit",
    "Limits",
    "ListItemMapping",
    "ListMapping",
    "ListMappings",
    "Listed",
    "Live",
    "Login",
    "Mappings",
    "Marked",
    "Named",
    "NotChecked",
    "Outcome",
    "Permit",
    "PermitState",
    "Plain",
    "Plan",
    "PolicyVerdict",
    "Problem",
    "Recorded",
    "RecoverUnit",
    "Result",
    "RuleVerdict",
    "Ruling",
    "RunEnd",
    "RunReport",
    "Scope",
    "Secret",
    "SecretRef",
    "SentSecret",
    "Settled",
    "Snapshot",
    "Source",
    "Stamp",
    "Status",
    "StatusRow",
    "Step",
    "Target",
    "TargetCheck",
    "TestResult",
    "Text",
    "Timeouts",
    "Unit",
    "UnitEnd",
    "UnitKind",
    "UsedPermit",
    "Value",
    "Verdict",
    "Wanted",
    "Why",
    "same",
]
