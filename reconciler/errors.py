"""Every error that this tool raises on purpose, with its data, its place, its next step and its exit code.

    ReconcilerError                 summary, detail, hint, exit_code
    +- UsageProblem        64       the command line itself is wrong
    +- InputError           1       desired state, targets or secrets are wrong: carries every `Problem` found
    +- TargetError          1       the tenant could not be reached or read
    |  +- ReadError                 an answer was missing, wrong or unreadable
    |  +- UnauthorizedError         the tenant does not know us, or does not let us
    |  +- ConnectorUnavailable      the connector behind the tenant did not answer
    +- RefusedError         1       we decline to start; nothing was written
    |  +- CheckFailed       3       a barrier, a limit, a candidate test, a policy said no
    |  +- StalePlan         4       the plan is stale, expired, altered, used up or for another target
    |  +- OpenRun           6       an earlier run is unfinished and has to be settled first
    |  +- LeaseHeld         7       another run may write to this target now
    +- RunError             6       something went wrong after a first write could have been sent
    |  +- StepFailed                a step did not reach its check; the unit rolls back
    |  +- ConflictError             somebody else changed what this step was about to change
    |  +- InDoubt                   an outcome is unknown and could not be settled by reading
    |  +- LeaseLost                 the right to write ran out before a write; nothing was sent by this step
    |  +- Interrupted               a signal asked the run to stop
    +- JournalError         6       the journal cannot be read, trusted or written

Low layers raise with what they know; only `cli` turns an error into text and an exit code. No error text ever holds
a secret: builders of messages are given references and fingerprints, never values.

Effects: none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.model import Problem

__all__ = [
    "CheckFailed",
    "ConflictError",
    "ConnectorUnavailable",
    "InDoubt",
    "InputError",
    "Interrupted",
    "JournalError",
    "LeaseHeld",
    "LeaseLost",
    "OpenRun",
    "ReadError",
    "ReconcilerError",
    "RefusedError",
    "RunError",
    "StalePlan",
    "StepFailed",
    "TargetError",
    "UnauthorizedError",
    "UsageProblem",
]


class ReconcilerError(Exception):
    """The root of the tree: catch this to catch everything that is ours.

    Args:
        summary: short and fixed, without values, so that it can be searched and learned ("Plan is stale").
        detail: full sentences: what exactly, where, why it matters.
        hint: the next thing to do, preferably a command to type.
    """

    exit_code = 1

    def __init__(self, summary: str, detail: str = "", hint: str = "") -> None:
        super().__init__(summary, detail, hint)
        self.summary = summary
        self.detail = detail
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.summary}: {self.detail}" if self.detail else self.summary


class UsageProblem(ReconcilerError):
    """The command line cannot be understood; nothing was read."""

    exit_code = 64


class InputError(ReconcilerError):
    """What the person wrote is wrong. All problems of one run are carried together, sorted by place."""

    def __init__(self, problems: Sequence[Problem], summary: str = "", hint: str = "") -> None:
        count = len(problems)
        super().__init__(summary or f"{count} problem{'s' if count != 1 else ''} found", "", hint)
        self.problems = tuple(problems)

    def __str__(self) -> str:
        return "\n".join([f"{self.summary}:", *(str(problem) for problem in self.problems)])


class TargetError(ReconcilerError):
    """The tenant could not be reached or read. Nothing was written by the call that raised.

    Args:
        operation: the API operation, such as `GetConnection`.
        status: the HTTP status, or None when no answer came.
    """

    def __init__(self, summary: str, detail: str = "", hint: str = "", *, operation: str = "", status: int | None = None) -> None:
        super().__init__(summary, detail, hint)
        self.operation = operation
        self.status = status


class ReadError(TargetError):
    """A read gave no answer that can be trusted (no answer, wrong type, error object, wrong status)."""


class UnauthorizedError(TargetError):
    """The tenant answered that it does not know us (401) or does not let us (403)."""


class ConnectorUnavailable(TargetError):
    """The tenant is there, but the connector behind it did not answer."""


class RefusedError(ReconcilerError):
    """We decline to start. Nothing was written."""


class CheckFailed(RefusedError):
    """A check said no before any write: a barrier, a limit, a policy, a rehearsal or a candidate test."""

    exit_code = 3


class StalePlan(RefusedError):
    """The plan is not the one to run now: stale, expired, altered, used up, for another target. Nothing was written."""

    exit_code = 4


class OpenRun(RefusedError):
    """An earlier run on this target is unfinished; `reconciler recover` settles it. Nothing was written."""

    exit_code = 6


class LeaseHeld(RefusedError):
    """Another run holds the right to write to this target. Nothing was written."""

    exit_code = 7


class RunError(ReconcilerError):
    """Something went wrong after a first write could have been sent."""

    exit_code = 6


class StepFailed(RunError):
    """A step did not reach its check, and a read proved that nothing is in doubt; the unit rolls back."""


class ConflictError(RunError):
    """A read shows a value that is neither what we found nor what we wrote: somebody else is at work."""


class InDoubt(RunError):
    """A write's outcome is unknown and reading did not settle it. The run stays open for `recover`."""


class LeaseLost(RunError):
    """Our right to write ran out (or nearly); the step that raised sent nothing."""


class Interrupted(RunError):
    """A signal asked the run to stop. `exit_code` is the one for the case that nothing was written (130 or 143)."""

    def __init__(self, signal_name: str, exit_code: int, *, twice: bool = False) -> None:
        super().__init__("Interrupted", f"{signal_name} was received", "")
        self.exit_code = exit_code
        self.twice = twice


class JournalError(ReconcilerError):
    """The journal cannot be read, trusted or written. Without it nothing is sent."""

    exit_code = 6
