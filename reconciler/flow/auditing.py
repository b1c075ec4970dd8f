"""What an auditor takes away: the changes of all runs as a table, and evidence that is checked without this tool.

Effects: reads the journal and the clock; `save_evidence` writes one file.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from reconciler import __version__
from reconciler.errors import JournalError
from reconciler.flow.excepting import account
from reconciler.flow.new_file import write_new
from reconciler.journal.evidence import evidence_files
from reconciler.report.changes_csv import changes_csv
from reconciler.session import Session

__all__ = ["Evidence", "change_table", "save_evidence"]

_OLDEST: Final = (1980, 1, 1, 0, 0, 0)  # of all entries, so that the same evidence is the same bytes


@dataclass(frozen=True, slots=True)
class Evidence:
    """What to keep of evidence elsewhere than with it, so that it can be held against that.

    Attributes:
        events: how many it shows to be gapless.
        head: the hash of the last of them; empty where there are none.
        manifest: the SHA-256 of its manifest, and so of everything in it.
    """

    events: int
    head: str
    manifest: str


def change_table(session: Session) -> str:
    """Every change of every run on the target as CSV, the oldest first."""
    return changes_csv(_runs(session))


def save_evidence(session: Session, path: Path) -> Evidence:
    """Write a zip file with the target's events, its changes, a manifest and a verifier in plain Python.

    Raises:
        InputError: the file is there already.
        JournalError: the chain does not hold, so there is nothing that could be evidence.
    """
    store = session.store(create=False)
    checked = store.verify([])
    if checked.broken is not None:
        raise JournalError("Journal cannot be trusted", checked.broken.reason, "Look for the place with: reconciler audit verify")
    events = tuple(store.events())
    about = {"made_at": session.clock.now().isoformat(timespec="seconds"), "tool_version": __version__}
    found = evidence_files(events, session.target.name, changes=change_table(session), about=about)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, octets in sorted(found.items()):
            archive.writestr(zipfile.ZipInfo(name, _OLDEST), octets, zipfile.ZIP_DEFLATED)
    write_new(path, packed.getvalue(), "evidence-file")
    return Evidence(len(events), events[-1].hash if events else "", hashlib.sha256(found["manifest.json"]).hexdigest())


def _runs(session: Session) -> Iterator[dict[str, Any]]:
    for view in account(session).runs:
        units = {address: {"end": unit.end, "rolled_back": unit.rolled_back} for address, unit in view.units.items()}
        times = {"began": view.started, "ended": view.ended, "exit_code": view.exit_code}
        yield {"run": view.run, **times, "opening": view.opening, "units": units}
