"""A target: one tenant, its address, and what may happen there.

Effects: none.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from reconciler.model.address import Address
from reconciler.model.secret import SecretRef


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Deadlines in seconds. `settle` is at least the longest deadline of a write, so that no late effect outlives it."""

    connect: float = 10.0
    read: float = 30.0
    connector: float = 120.0
    settle: float = 120.0


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one plan may change, in units: a number, a fraction of the live connections, or None for no limit.

    Attributes:
        max_changed, max_deleted, max_deactivated: an int counts units; a float between 0 and 1 is a share of live connections.
        calls_per_second: None for no limit.
        parallel_reads: requests in flight while reading.
    """

    max_changed: int | float | None = None
    max_deleted: int | float | None = None
    max_deactivated: int | float | None = None
    calls_per_second: float | None = None
    parallel_reads: int = 4


@dataclass(frozen=True, slots=True)
class Login:
    """How a target knows us; every credential is a reference.

    Attributes:
        kind: `basic`, `ticket`, `system-user` or `refresh-token`.
        secrets: the references by their key in the file (`username`, `password`, `app_token`, `private_key`, …).
        client_id: of the registered app; for `refresh-token` only.
    """

    kind: str
    secrets: dict[str, SecretRef] = field(default_factory=dict, hash=False)
    client_id: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """What `targets.yaml` says of one tenant (or the built-in `emulator`).

    Attributes:
        name: the key in the file.
        kind: `emulator`, `onsite` or `online`.
        url: where it is; for the emulator None means: serve the embedded one for the length of the command. Online has none.
        login: how it knows us; None only for an emulator, which lets in its default.
        environment, tenant: online: the environment (`sod`, `qaonline`, `online`) and the customer's identifier.
        emulated_at: online, for tests: a loopback address that stands for the environment's host.
        ca_bundle: a PEM file with the authorities that may vouch for it, relative to `directory`; None for the system's.
        proxy: through which it is reached; None for none.
        directory: the folder that relative paths and `.reconciler/` are taken from.
        files: the desired files of this target, relative to `directory`; empty means `connections.yaml`.
        secrets: what desired state may refer to, as `provider:pattern` (`env:VISMA_*`, `file:secrets/`).
        connector_hosts: hosts and client ids that a connector URL may name; empty means any.
        plan_expires: seconds that a saved plan is good for.
        journal: where the journal is: None for SQLite below `directory/.reconciler/`, a reference otherwise.
        journal_local: the target accepts a journal that other runners do not share, even in CI.
        fingerprint_key: None means no key: secrets cannot be compared or restored.
        deactivate_for: which changes make a connection inactive: `config` always, `mappings` unless the target narrows it.
        policy: the file with the rules over plans, relative to `directory`; empty for none.
        barriers: names of notices that this target raises to barriers.
        retention_days: how long the account of a run has to be kept; None where the target does not say. Nothing is ever removed.
    """

    name: str
    kind: str
    directory: str
    url: str | None = None
    login: Login | None = None
    environment: str = ""
    tenant: str = ""
    emulated_at: str | None = None
    ca_bundle: str | None = None
    proxy: str | None = None
    files: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    connector_hosts: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)
    timeouts: Timeouts = field(default_factory=Timeouts)
    plan_expires: float = 86400.0
    journal: SecretRef | None = None
    journal_local: bool = False
    fingerprint_key: SecretRef | None = None
    deactivate_for: frozenset[str] = frozenset({"config", "mappings"})
    barriers: frozenset[str] = frozenset()
    retention_days: int | None = None
    policy: str = ""

    @property
    def address(self) -> Address:
        """`target/<name>`."""
        return Address(("target", self.name))
