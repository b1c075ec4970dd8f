"""How long an auditor waits: a journal of many events, verified, its exceptions listed, one run and a sample told, the evidence exported.

    python benchmarks/audit.py [EVENTS]

The journal is made of copies of one real run on the embedded SuperOffice, chained as every run chains itself. A figure is the time of the
command's own work, without the start of Python; on a machine that does other things, too, the time of the CPU tells more.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from reconciler.cli.entry import run
from reconciler.clock import SystemClock
from reconciler.journal import statements
from reconciler.journal.chain import event_hash
from reconciler.journal.events import Event
from reconciler.journal.store import Store, journal_path, open_store

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = 3


def main(wanted: int) -> None:
    """Make the journal, then type the commands."""
    with tempfile.TemporaryDirectory() as made:
        os.chdir(made)
        os.environ |= {"VISMA_PASSWORD": "winter-2026", "FORTNOX_PASSWORD": "erp-password"}
        (Path(made) / "connections.yaml").write_text((ROOT / "connections.yaml").read_text(encoding="utf-8"), encoding="utf-8")
        assert quiet("apply", "--yes")[0] == 0
        path = journal_path(Path(made))
        with open_store(path, clock=SystemClock()) as store:
            runs = multiply(store, wanted)
            count = sum(1 for _ in store.events())
        print(f"{count:,} events of {len(runs):,} runs, {path.stat().st_size / 1e6:.0f} MB")
        told("audit verify", lambda: quiet("audit", "verify"))
        told("audit exceptions", lambda: quiet("audit", "exceptions", "--format", "json"))
        told("audit report", lambda: quiet("audit", "report", "--html"))
        told(f"audit report RUN, {SAMPLE} times", lambda: [sampled(one) for one in runs[-SAMPLE:]][-1])
        told("audit export", lambda: quiet("audit", "export", "-o", "evidence.zip"))


def multiply(store: Store, wanted: int) -> list[str]:
    """Append copies of the run that is there, each as a run of its own, until there are so many events."""
    events = list(store.events())
    seq, prev, runs = events[-1].seq, events[-1].hash, [events[0].run]
    while seq < wanted:
        name = f"20261122-000000-{len(runs):04x}"
        runs.append(name)
        with store.database.writing() as sql:
            for event in events:
                seq += 1
                copy = moved(event, name, seq, prev, by=seq - event.seq)
                prev = copy.hash
                store.put(sql, copy)
            sql.change(statements.SET_HEAD, seq, prev)
    return runs


def moved(event: Event, run_id: str, seq: int, prev: str, *, by: int) -> Event:
    """The same event as a later one of another run."""
    body = dict(event.body)
    if event.kind == "outcome":
        body["intent"] += by
    made = event_hash(seq=seq, target=event.target, run=run_id, kind=event.kind, at=event.at, body=body, prev=prev)
    return Event(seq, event.target, run_id, event.kind, event.at, body, prev, made)


def sampled(name: str) -> tuple[int, str]:
    """One run, told."""
    return quiet("audit", "report", name, "--html")


def told(what: str, act: Callable[[], tuple[int, str]]) -> None:
    """One line."""
    began, busy = time.monotonic(), time.process_time()
    code, out = act()
    seconds, busy = time.monotonic() - began, time.process_time() - busy
    number = f"  ({len(json.loads(out)['exceptions']):,} exceptions)" if out.startswith("{") else ""
    print(f"  {what:<28} {busy:6.1f} s of CPU, {seconds:6.1f} s in all  exit {code}{number}", flush=True)


def quiet(*arguments: str) -> tuple[int, str]:
    """Type a command."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        code = run(arguments)
    return code, out.getvalue()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
