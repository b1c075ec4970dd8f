"""Look whether a target is ready: address, credentials, login, rights, the agent, the clock, the journal. Writes nothing.

Effects: reads the tenant, the target's own secrets and the journal.
Neighbours: called by `cli` through `flow`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from reconciler.desired import in_ci
from reconciler.errors import InputError, ReconcilerError, TargetError, UnauthorizedError
from reconciler.model import Checked, SecretRef, TargetCheck, Verdict
from reconciler.session import Session

_CLOCKS_DIFFER_S = 60
_RIGHTS_SHOWN = 8


@dataclass
class _Asked:
    """The answers so far. What depends on a missing one is not asked."""

    items: list[Checked] = field(default_factory=list)

    def good(self, name: str, text: str) -> None:
        self.items.append(Checked(name, Verdict.GOOD, text))

    def notice(self, name: str, text: str, hint: str = "") -> None:
        self.items.append(Checked(name, Verdict.NOTICE, text, hint))

    def missing(self, name: str, error: ReconcilerError) -> None:
        if isinstance(error, InputError):
            text, hint = " ".join(problem.message for problem in error.problems), " ".join(problem.hint for problem in error.problems)
        else:
            text, hint = f"{error.summary}. {error.detail}".strip(), error.hint
        self.items.append(Checked(name, Verdict.MISSING, text, hint))

    def not_checked(self, *names: str) -> None:
        self.items.extend(Checked(name, Verdict.NOT_CHECKED, "Not asked, because something before it is missing.") for name in names)

    def tried(self, name: str, act: Callable[[], str]) -> bool:
        """Ask one question; an error is its answer."""
        try:
            self.good(name, act())
        except ReconcilerError as error:
            self.missing(name, error)
            return False
        return True


def check_target(session: Session) -> TargetCheck:
    """Everything that has to be in place before `plan` and `apply` work at a target."""
    asked = _Asked()
    has_credentials = asked.tried("credentials", lambda: _credentials(session))
    if not has_credentials:
        asked.not_checked("address", "server", "clock", "login", "rights", "agent", "connections")
    else:
        _tenant(session, asked)
    _journal(session, asked)
    _key(session, asked)
    if session.target.policy:
        asked.tried("policy", lambda: _policy(session))
    allowed = session.target.secrets
    if allowed:
        asked.good("secrets", f"Desired state may refer to {', '.join(allowed)}.")
    else:
        hint = "List patterns under `secrets` of the target, such as env:VISMA_*, if connections have passwords."
        asked.notice("secrets", "Desired state may refer to no secret.", hint)
    return TargetCheck(session.target.name, session.target.kind, tuple(asked.items))


def _tenant(session: Session, asked: _Asked) -> None:
    """What the network tells, in the order in which it depends on each other."""
    rest = ["server", "clock", "login", "rights", "agent", "connections"]
    if not asked.tried("address", lambda: _address(session)):
        asked.not_checked(*rest)
        return
    reachable = _server(session, asked)
    if not reachable:
        asked.not_checked(*rest[2:])
        return
    if not _login(session, asked):
        asked.not_checked(*rest[4:])
        return
    if not asked.tried("agent", lambda: _agent(session)):
        asked.not_checked("connections")
        return
    asked.tried("connections", lambda: _connections(session))


def _credentials(session: Session) -> str:
    """Every credential of the target resolves; names, never values."""
    target = session.target
    used: list[SecretRef] = list(target.login.secrets.values()) if target.login is not None else []
    for ref in used:
        session.secrets.resolve_own(ref)
    _ = session.opened  # keys and the file with authorities can be used
    if target.login is None:
        return "The emulator's own login."
    return f"Login of kind {target.login.kind}; {', '.join(ref.reference for ref in used)} can be used."


def _address(session: Session) -> str:
    from reconciler.superoffice.tenant import OnlineHome

    home = session.opened.home
    if not isinstance(home, OnlineHome):
        return f"{home.api()}."
    state = home.state()
    until = "" if state.valid_until is None else f"; to be asked again at {state.valid_until:%Y-%m-%d %H:%M} UTC"
    release = f", release {state.version}" if state.version else ""
    where = urlsplit(state.api)
    return f"{session.target.tenant} is {state.state}{release}, at {where.scheme}://{where.netloc}{where.path}{until}."


def _server(session: Session, asked: _Asked) -> bool:
    from reconciler.superoffice.inspection import server_of

    try:
        server = server_of(session.opened.client)
    except ReconcilerError as error:
        asked.missing("server", error)
        asked.not_checked("clock")
        return False
    asked.good("server", f"NetServer {server.version}." if server.version else "SuperOffice answers, and does not tell its version.")
    if server.ahead is None:
        asked.notice("clock", "The server does not tell its time.")
    elif abs(server.ahead) > _CLOCKS_DIFFER_S:
        side = "ahead of" if server.ahead > 0 else "behind"
        hint = "Set this machine's clock right: a login that is signed with the time is refused otherwise."
        asked.notice("clock", f"This machine is {abs(server.ahead):.0f} s {side} the server.", hint)
    else:
        asked.good("clock", f"{abs(server.ahead):.0f} s apart from the server's.")
    return True


def _login(session: Session, asked: _Asked) -> bool:
    from reconciler.superoffice.inspection import principal_of

    try:
        who = principal_of(session.opened.client)
    except ReconcilerError as error:
        asked.missing("login", error)
        asked.not_checked("rights")
        return False
    name = f" ({who.name})" if who.name and who.name != who.login else ""
    where = f", in {who.tenant}" if who.tenant else ""
    asked.good("login", f"{who.login}{name}{where}.")
    more = len(who.rights) - _RIGHTS_SHOWN
    rights = ", ".join(who.rights[:_RIGHTS_SHOWN]) + (f" and {more} more" if more > 0 else "")
    if who.role or rights:
        asked.good("rights", f"Role {who.role or 'without a name'}; functional rights: {rights or 'none'}.")
    else:
        asked.notice("rights", "The tenant does not tell role and rights.", "Onsite the role has to allow administration.")
    return True


def _agent(session: Session) -> str:
    """The ErpSync agent answers; a login that works and an agent that refuses is a missing grant."""
    try:
        engine = session.gateway.engine()
    except TargetError as error:
        if error.status is None:
            raise
        online = session.target.kind == "online"
        grant = (
            'Ask SuperOffice for an app of the template "Standard ERP sync and quote app", which grants the agent, and let the tenant\'s '
            "administrator approve it. In a custom app the tenant also needs the Development Tools licence."
            if online
            else "Give the user's role the right to administer; the ERP sync licence has to be there, too."
        )
        if isinstance(error, UnauthorizedError):
            summary = "The ErpSync agent is not granted" if online else "The ErpSync agent refuses this user"
        else:  # the login is good, so this may be how a missing grant is told
            summary = "The ErpSync agent gives no usable answer, although the login is good"
            grant = f"If it speaks of access or a licence: {grant[0].lower()}{grant[1:]} Otherwise repeat the command with --debug."
        raise UnauthorizedError(summary, error.detail, grant, operation=error.operation, status=error.status) from None
    state = "runs" if engine.running else "is off"
    return f"The ErpSync agent answers; automatic synchronisation {state}."


def _connections(session: Session) -> str:
    rows = session.gateway.list_connections(include_deleted=False)
    connectors = session.gateway.connectors()
    words = [f"{len(found)} {name}{'' if len(found) == 1 else 's'}" for found, name in ((rows, "connection"), (connectors, "connector"))]
    return f"{' and '.join(words)} can be read. Only a write shows whether it is allowed."


def _journal(session: Session, asked: _Asked) -> None:
    target = session.target
    try:
        open_runs = session.recorded().open_runs
    except ReconcilerError as error:
        asked.missing("journal", error)
        return
    unfinished = f" {len(open_runs)} unfinished: `reconciler recover` shows what to do." if open_runs else ""
    if target.journal is not None:
        asked.good("journal", f"Shared by all runners: {target.journal.reference}.{unfinished}")
    elif target.kind == "emulator":
        asked.good("journal", f"On this machine, which is enough for an emulator.{unfinished}")
    elif target.journal_local:
        asked.notice("journal", f"On this machine only, as the target says: a runner elsewhere does not see its runs.{unfinished}")
    else:
        hint = "Let it share one: `journal: {url: {secret: env:RECONCILER_JOURNAL}}`, with the address of a PostgreSQL database."
        where = "On this machine only, in .reconciler: a runner elsewhere does not see its runs"
        if in_ci(session.environ):
            text = f"{where}, so that apply is refused in CI.{unfinished}"
            asked.items.append(Checked("journal", Verdict.MISSING, text, f"{hint} Or say `journal: local`."))
        else:
            asked.notice("journal", f"{where}.{unfinished}", hint)


def _key(session: Session, asked: _Asked) -> None:
    if not session.has_key:
        hint = "Write `fingerprint_key: {secret: env:RECONCILER_KEY}`, with a long random text behind it that stays the same."
        asked.notice("key", "No fingerprint key: a password cannot be compared, nor put back by a rollback.", hint)
        return
    asked.tried("key", lambda: _key_text(session))


def _policy(session: Session) -> str:
    from reconciler.policy import load_policy

    policy = load_policy(session.target)
    assert policy is not None
    count = len(policy.rules)
    return f"{policy.file} can be read: {count} {'rule' if count == 1 else 'rules'}, on the wall clock of {policy.time_zone}."


def _key_text(session: Session) -> str:
    _ = session.sealer
    ref = session.target.fingerprint_key
    return f"Passwords are compared and kept for rollback under {'a generated key' if ref is None else ref.reference}."
