"""Runs batches of cases in several processes and writes each result down as it comes, so that a stopped campaign goes on.

Results lie in `.verification/<tree>.jsonl`, where the tree is git's id of everything that could change a verdict: the tool,
the laboratory and the checker. Another tree begins anew.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from itertools import islice
from pathlib import Path
from typing import Any

from tests.faults.matrix import Result, operations
from tests.faults.stage import Stage, stage
from tests.verification.catalogue import ALL, MORE, every_batch
from tests.verification.layers import Batch, Case, cases

__all__ = ["ROOT", "commit", "log_path", "perform", "remember", "run", "say", "tree"]

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".verification"
_JUDGED_BY = ("reconciler", "tests/faults", "tests/verification")


def say(text: str) -> None:
    """A line for whoever waits."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def tree() -> str:
    """What results belong to: git's ids of the folders that decide a verdict; a digest of what is not committed follows."""
    ids = [_git("rev-parse", f"HEAD:{folder}")[:12] for folder in _JUDGED_BY]
    changed = _git("diff", "HEAD", "--", *_JUDGED_BY) + _git("ls-files", "--others", "--exclude-standard", "--", *_JUDGED_BY)
    return "-".join([*ids, hashlib.sha256(changed.encode()).hexdigest()[:8]] if changed else ids)


def log_path() -> Path:
    """Where the results of this tree lie."""
    return FOLDER / f"{tree()}.jsonl"


def commit() -> str:
    """The commit at hand, in short."""
    return _git("rev-parse", "--short", "HEAD")


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()


def perform(stage_: Stage, chosen: Sequence[Case]) -> list[dict[str, Any]]:
    """Run cases; what is left over is applied again once for each way of failing an operation."""
    found, seen = [], set()
    for case in chosen:
        last = case.cells[-1]
        calls = operations(stage_, last.scenario)
        kind = (case.layer, last.scenario, last.kind, calls[min(last.position, len(calls)) - 1])
        trial = case.run(stage_, again=kind not in seen)
        seen.add(kind)
        result = Result.of(case.cells[0], trial).as_json()
        found.append({
            "case": str(case),
            "layer": case.layer,
            "cells": [[cell.scenario, cell.kind, cell.position, cell.lasting] for cell in case.cells],
            "hit": trial.first.fired >= len(case.cells),
            **{name: result[name] for name in ("operation", "code", "ends", "after", "violations")},
        })  # fmt: skip
    return found


def _work(batch: Batch) -> tuple[Batch, list[dict[str, Any]], float]:
    begun = time.monotonic()
    results = MORE[batch.layer].perform(stage(), batch) if batch.layer in MORE else perform(stage(), list(cases(stage(), batch)))
    return batch, results, time.monotonic() - begun


def remember(path: Path) -> dict[str, dict[str, Any]]:
    """The finished batches of a log, by name; a line that a stop cut off is none."""
    found: dict[str, dict[str, Any]] = {}
    if path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                entry = json.loads(line)
            except json.JSONDecodeError:
                continue
            found[entry["batch"]] = entry
    return found


def run(layers: tuple[str, ...] = ALL, *, workers: int = 2, seconds: float = 0, shuffle: int | None = None) -> Path:
    """Run what is not done yet; the log's path.

    Args:
        seconds: stop handing out batches after so long; 0 for never.
        shuffle: the seed of an order other than the fixed one, so that a part is a fair sample.
    """
    FOLDER.mkdir(exist_ok=True)
    path = log_path()
    done = remember(path)
    todo = [batch for batch in every_batch(stage(), layers) if str(batch) not in done]
    stage().close()
    stage.cache_clear()
    if shuffle is not None:
        random.Random(shuffle).shuffle(todo)
    begun, total, bad = time.monotonic(), len(todo), 0
    say(f"{len(done)} batches are done, {total} are left; results: {path}")
    with path.open("a", encoding="utf-8") as log:
        for count, (batch, results, took) in enumerate(_finished(todo, workers, begun + seconds if seconds else None), 1):
            log.write(json.dumps({"batch": str(batch), "seconds": round(took, 2), "results": results}) + "\n")
            log.flush()
            wrong = [one for one in results if one["violations"] or not one["hit"]]
            bad += len(wrong)
            for one in wrong:
                say(f"! {one['case']} -> {one['code']}: {'; '.join(one['violations']) or 'hit nothing'}")
            if count % 25 == 0 or count == total:
                say(f"{count}/{total} batches, {bad} bad, {time.monotonic() - begun:.0f} s")
    return path


def _finished(todo: list[Batch], workers: int, until: float | None) -> Iterator[tuple[Batch, list[dict[str, Any]], float]]:
    """Batches as they are finished; no more are handed out than are worked on, and none after `until` (monotonic seconds)."""
    waiting, running = iter(todo), set[Future[tuple[Batch, list[dict[str, Any]], float]]]()
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn")) as pool:
        while True:
            if until is None or time.monotonic() < until:
                running |= {pool.submit(_work, batch) for batch in islice(waiting, workers + 1 - len(running))}
            if not running:
                return
            finished, running = wait(running, return_when=FIRST_COMPLETED)
            yield from (one.result() for one in finished)
