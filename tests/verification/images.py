"""L5: the journal as a crash could leave it, and as a disk could damage it; every image is opened, and what is in it is judged.

A writer is traced (strace): every write, truncation, sync and unlink of the journal's files, and every acknowledged event. At each of
these moments the machine may stop. What was synced is there; of what was not, any part may be: nothing, all, a beginning, all but one,
the last one torn, a random choice. An image must open, hold a beginning of what was written with a chain that holds, and lose nothing
that was acknowledged. Only before the first event may it be refused, with our own error.

A damaged journal (a flipped bit, a cut, pages swapped) is refused, or found out by `verify`, or unchanged in what it says.
Source: Pillai et al., "All File Systems Are Not Created Equal", OSDI 2014; https://www.sqlite.org/atomiccommit.html.
"""

from __future__ import annotations

import random
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from reconciler.errors import JournalError
from reconciler.journal.events import Event
from reconciler.journal.store import journal_path, open_store
from tests.faults.stage import Stage
from tests.journal.bodies import TARGET, StepClock
from tests.verification.layers import Batch
from tests.verification.results import outcome

__all__ = ["Recorded", "batches", "damage", "images_at", "is_traceable", "judge_damaged", "judge_image", "perform", "record"]

PART = 20
DAMAGES = 400
SEED = 20261122
STRACE = shutil.which("strace")

# Runs in a process of its own, under strace. Two openings, so that a checkpoint (on closing) and a second log are part of it.
_WRITER = """
import os, sys
from pathlib import Path
from reconciler.journal.store import open_store
from tests.journal.bodies import TARGET, Account, StepClock, good_run
said = 0
for run in sys.argv[2:]:
    before = said
    with open_store(Path(sys.argv[1]), clock=StepClock()) as store:
        journal = store.journal(TARGET, run)
        for event in good_run(Account()).events:
            body = {**event.body, "intent": event.body["intent"] + before} if "intent" in event.body else event.body
            said = journal.append(event.kind, body)
            os.write(1, b"acknowledged %d\\n" % said)
"""
RUNS = ("20261122-143005-7f3a", "20261122-153005-8a4b", "20261122-163005-9c5d")


@dataclass(frozen=True)
class Act:
    """One system call: `write` (at an offset), `cut` (to a length), `sync`, `gone`, or `said` (an event is acknowledged)."""

    kind: str
    file: str = ""
    at: int = 0
    data: bytes = b""


@dataclass(frozen=True)
class Recorded:
    """What a writer did, and what it had written in the end."""

    acts: tuple[Act, ...]
    events: tuple[Event, ...]
    whole: dict[str, bytes] = field(hash=False)


def is_traceable() -> bool:
    """Whether a process can be traced here."""
    return STRACE is not None and subprocess.run([STRACE, "-o", "/dev/null", "true"], check=False, capture_output=True).returncode == 0


@cache
def record() -> Recorded:
    """Trace a writer, once for each process."""
    assert STRACE is not None
    with TemporaryDirectory() as folder:
        path, log = journal_path(Path(folder)), Path(folder) / "trace"
        calls = "trace=openat,close,write,pwrite64,fsync,fdatasync,ftruncate,unlink"
        command = [STRACE, "-o", str(log), "-xx", "-s", "1000000", "-e", calls, sys.executable, "-c", _WRITER, str(path), *RUNS]
        subprocess.run(command, check=True, capture_output=True, cwd=Path(__file__).parents[2])
        acts = tuple(_acts(log.read_text(encoding="ascii"), path))
        with open_store(path, clock=StepClock(), create=False) as store:
            events = tuple(store.events())
        return Recorded(acts, events, {path.name: path.read_bytes()})


_CALL = re.compile(r"^(\w+)\((.*)\)\s+= (-?\d+)")
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')


def _acts(log: str, path: Path) -> Iterator[Act]:
    names = {str(path): path.name, f"{path}-wal": f"{path.name}-wal"}
    open_files: dict[int, str] = {}
    for line in log.splitlines():
        match = _CALL.match(line)
        if match is None or match[3].startswith("-"):
            continue
        call, inside = match[1], match[2]
        text = _TEXT.search(inside)
        data = bytes.fromhex(text[1].replace("\\x", "")) if text is not None else b""
        first = inside.partition(",")[0]
        number = int(first) if first.isdigit() else -1
        rest = [part.strip() for part in inside[text.end() :].split(",")] if text is not None else []
        if call == "openat":
            name = names.get(data.decode("utf-8", "replace"), "")
            open_files[int(match[3])] = name
        elif call == "close":
            open_files.pop(number, None)
        elif call == "unlink" and data.decode() in names:
            yield Act("gone", names[data.decode()])
        elif call == "write" and number == 1 and data.startswith(b"acknowledged"):
            yield Act("said", at=int(data.split()[1]))
        elif name := open_files.get(number, ""):
            if call == "pwrite64":
                assert int(rest[1]) == len(data)
                yield Act("write", name, int(rest[2]), data)
            elif call == "ftruncate":
                yield Act("cut", name, int(inside.split(",")[1]))
            elif call in ("fsync", "fdatasync"):
                yield Act("sync", name)


# --- what a crash leaves ---------------------------------------------------------------------------------------------------


def _apply(content: bytes, act: Act) -> bytes:
    if act.kind == "cut":
        return content[: act.at].ljust(act.at, b"\0")
    return content[: act.at].ljust(act.at, b"\0") + act.data + content[act.at + len(act.data) :]


def images_at(recorded: Recorded, moment: int, chooser: random.Random) -> Iterator[tuple[str, dict[str, bytes], int]]:
    """What may be on the disk when the machine stops before the act of this number: how, the files, how many events were acknowledged."""
    safe: dict[str, bytes] = {}
    loose: list[Act] = []
    said = 0
    for act in recorded.acts[:moment]:
        if act.kind == "said":
            said = max(said, act.at)
        elif act.kind == "sync":
            for one in loose:
                if one.file == act.file:
                    safe[one.file] = _apply(safe.get(one.file, b""), one)
            loose = [one for one in loose if one.file != act.file]
        elif act.kind == "gone":
            safe.pop(act.file, None)
            loose = [one for one in loose if one.file != act.file]
        else:
            loose.append(act)
    for how, chosen in _choices(loose, chooser):
        files = dict(safe)
        for act in chosen:
            files[act.file] = _apply(files.get(act.file, b""), act)
        yield how, files, said


def _choices(loose: list[Act], chooser: random.Random) -> Iterator[tuple[str, list[Act]]]:
    yield "nothing of what was not synced", []
    if not loose:
        return
    yield "all", loose
    for at in range(len(loose)):
        yield f"the first {at}", loose[:at]
        yield f"all but number {at}", loose[:at] + loose[at + 1 :]
    last = loose[-1]
    for length in sorted(
        {0, 1, len(last.data) - 1, *range(512, len(last.data), 512), *(chooser.randrange(len(last.data) + 1) for _ in range(4))}
    ):
        if last.kind == "write" and 0 <= length < len(last.data):
            yield f"the last one torn after {length} bytes", [*loose[:-1], Act("write", last.file, last.at, last.data[:length])]
            yield f"only the last one, torn after {length} bytes", [Act("write", last.file, last.at, last.data[:length])]
    for _ in range(4):
        yield "a random choice", [act for act in loose if chooser.random() < 0.5]


def judge_image(recorded: Recorded, files: dict[str, bytes], said: int) -> str:
    """What is wrong with an image; empty when nothing is."""
    try:
        found, sound = _opened(files)
    except JournalError as error:
        return "" if said == 0 else f"it is refused, and {said} events were acknowledged: {error}"
    except Exception as error:
        return f"{type(error).__name__} out of the journal: {error}"
    if found != recorded.events[: len(found)]:
        return f"its {len(found)} events are not a beginning of what was written"
    if len(found) < said:
        return f"it has {len(found)} events, and {said} were acknowledged"
    return "" if sound else "its chain does not hold"


def _opened(files: dict[str, bytes]) -> tuple[tuple[Event, ...], bool]:
    with TemporaryDirectory(dir=_fast()) as folder:
        path = journal_path(Path(folder))
        path.parent.mkdir(mode=0o700)
        for name, content in files.items():
            (path.parent / name).write_bytes(content)
            (path.parent / name).chmod(0o600)
        with open_store(path, clock=StepClock()) as store:
            found, sound = tuple(store.events()), store.verify().sound
            store.recorded(TARGET)
            return found, sound


def _fast() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


# --- what a disk does --------------------------------------------------------------------------------------------------------


def damage(recorded: Recorded, chooser: random.Random) -> tuple[str, dict[str, bytes]]:
    """One way in which the closed journal may be damaged."""
    ((name, whole),) = recorded.whole.items()
    at = chooser.randrange(len(whole))
    match chooser.randrange(4):
        case 0:
            return f"cut after {at} bytes", {name: whole[:at]}
        case 1:
            other = chooser.randrange(len(whole) // 4096) * 4096
            page = at // 4096 * 4096
            swapped = bytearray(whole)
            swapped[page : page + 4096], swapped[other : other + 4096] = whole[other : other + 4096], whole[page : page + 4096]
            return f"the pages at {page} and {other} swapped", {name: bytes(swapped)}
        case _:
            bit = chooser.randrange(8)
            return f"bit {bit} of byte {at} flipped", {name: whole[:at] + bytes([whole[at] ^ 1 << bit]) + whole[at + 1 :]}


def judge_damaged(recorded: Recorded, files: dict[str, bytes]) -> str:
    """What is wrong with how a damaged journal is taken; empty when nothing is."""
    try:
        found, sound = _opened(files)
    except JournalError:
        return ""
    except Exception as error:
        return f"{type(error).__name__} out of the journal: {error}"
    if sound and found != recorded.events and found != ():
        return f"it is called sound, and {len(found)} of {len(recorded.events)} events are there or are not as they were written"
    return ""


# --- the layer ---------------------------------------------------------------------------------------------------------------


def batches(_stage: Stage) -> Iterator[Batch]:
    """Every moment of the traced writer, and damages; none where no process can be traced."""
    if is_traceable():
        for part in range(-(-(len(record().acts) + 1) // PART)):
            yield Batch("images", "journal", "crash", part)
        yield Batch("images", "journal", "damage")


def perform(_stage: Stage, batch: Batch, *, most: int | None = None) -> list[dict[str, Any]]:
    """Open images; `most` of each moment, or of the damages."""
    recorded, chooser = record(), random.Random(f"{SEED} {batch}")
    wrong: list[str] = []
    count = 0
    if batch.kind == "damage":
        for _ in range(most or DAMAGES):
            how, files = damage(recorded, chooser)
            text = judge_damaged(recorded, files)
            wrong += [f"{how}: {text}"] if text else []
            count += 1
        return [outcome("images", "damage", wrong, damaged=count)]
    for moment in range(batch.part * PART, min((batch.part + 1) * PART, len(recorded.acts) + 1)):
        found = list(images_at(recorded, moment, chooser))
        for how, files, said in found if most is None else chooser.sample(found, min(most, len(found))):
            text = judge_image(recorded, files, said)
            wrong += [f"before act {moment}, {how}: {text}"] if text else []
            count += 1
    return [outcome("images", f"crash, part {batch.part}", wrong, crash_images=count)]
