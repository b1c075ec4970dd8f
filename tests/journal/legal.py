"""Random runs for the tests of the journal."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from reconciler.errors import JournalError
from reconciler.journal.events import Event
from reconciler.journal.transitions import RunState, check
from tests.journal.bodies import A, Account, B, body, secret


def candidates(state: RunState) -> list[tuple[str, dict[str, Any]]]:
    """A finite choice of next events, legal and illegal ones."""
    found: list[tuple[str, dict[str, Any]]] = [
        ("run-opened", body("run-opened")),
        *[("recovery-opened", body("recovery-opened", choice=choice)) for choice in ("back", "forward", "accept-current", "park")],
        ("note", body("note")),
        ("test", body("test")),
        ("bound", body("bound")),
        ("unbound", body("unbound")),
        *[("run-closed", body("run-closed", exit_code=code)) for code in (0, 3, 5, 6)],
    ]
    for unit in (A, B):
        found += [
            ("unit-opened", body("unit-opened", unit=unit)),
            *[
                ("intent", body("intent", unit=unit, step=step, rollback=rollback, secrets={"PasswordField": secret(version=str(step))}))
                for step in (1, 2)
                for rollback in (False, True)
            ],
            *[("observed", body("observed", unit=unit, verdict=verdict)) for verdict in ("as-desired", "as-before", "other", "unreadable")],
            ("settled", body("settled", unit=unit)),
            ("noop", body("noop", unit=unit)),
            ("sent", body("sent", unit=unit)),
            ("activated", body("activated", unit=unit)),
            ("parked", body("parked", unit=unit)),
            ("rollback-opened", body("rollback-opened", unit=unit)),
            *[
                ("unit-closed", body("unit-closed", unit=unit, end=end, rolled_back=end == "as-before"))
                for end in ("as-desired", "as-before", "untouched", "needs-attention")
            ],
        ]
    waiting = state.waiting
    seq, unit, step = (1, A, 1) if waiting is None else (waiting.seq, waiting.unit, waiting.step)
    found += [
        ("outcome", body("outcome", unit=unit, step=step, intent=seq, outcome=outcome)) for outcome in ("applied", "not-applied", "unknown")
    ]
    return found


def is_legal(state: RunState, kind: str, content: dict[str, Any]) -> bool:
    try:
        check(state, kind, content)
    except JournalError:
        return False
    return True


@st.composite
def legal_events(draw: st.DrawFn, most: int = 40) -> list[Event]:
    """A random run, every event of which the table allows."""
    account = Account()
    account.add("run-opened")
    for _ in range(draw(st.integers(0, most))):
        choice = [one for one in candidates(account.state) if is_legal(account.state, *one)]
        if not choice:
            break
        # Runs that close at once teach little: closing is drawn less often.
        lively = [one for one in choice if one[0] not in ("run-closed", "recovery-opened", "note")]
        rarely = draw(st.sampled_from([False] * 5 + [True]))
        kind, content = draw(st.sampled_from(choice if rarely or not lively else lively))
        account.add(kind, **content)
    return account.events
