"""The commands: one thin file each, and what they share.

In -> Out: a command line -> text on standard output, everything else on standard error, an exit code.
Neighbours: commands call `flow`, then `report`; nothing calls them.

    entry       runs a command line and turns whatever happens into an exit code
    commands    the list of commands, loaded one by one; the nearest name for a wrong one
    settings    the options that every command takes, before or after its name
    streams     standard output and standard error, with and without colour
    failures    errors as text; live: progress; session: the opened target; who: on whose behalf; exits: exit codes

Nothing heavy is imported before a command runs: `--help` and `--version` load click and light parts of the standard library.

Effects: reads and writes the standard streams; ends the process.
"""

import os
import sys
from collections.abc import Sequence
from typing import NoReturn

__all__ = ["main"]

# Nothing was written, and everything that had to be closed is closed.
_INTERRUPTED = frozenset({130, 143})


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run one command line and end the process with its exit code; `sys.argv` is read where no arguments are given."""
    from reconciler.cli.entry import run

    code = run(sys.argv[1:] if arguments is None else arguments, ends_process=True)
    if code in _INTERRUPTED:
        # Reads that were cut still wait for the tenant in their threads, and an ordinary end would wait with them.
        os._exit(code)
    sys.exit(code)
