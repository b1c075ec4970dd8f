"""Runs batches of cases in several processes and writes each result down as it comes, so that a stopped campaign goes on.

Results lie in `.verification/<layer>-<digest>.jsonl`, where the digest is that of the text of all that the layer's runs import
(`sources`). After a change of any of it the layer begins anew; after any other change its results stand.
"""

from __future__ import annotations

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
from tests.verification.catalogue import ALL, MORE, belongs_to, every_batch
from tests.verification.layers import Batch, Case, cases
from tests.verification.measures import measures

__all__ = ["ROOT", "commit", "log_path", "perform", "remember", "run", "say"]

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".verification"
WRITTEN = ("docs/verification.md", "verification.json")


def say(text: str) -> None:
    """A line for whoever waits."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def log_path(layer: str) -> Path:
    """Where the results of a layer of this code lie."""
    return FOLDER / f"{layer}-{belongs_to(layer)}.jsonl"


def commit() -> str:
    """The commit at hand, in short; with a + where files differ from it, other than those that the laboratory writes."""

    def git(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()

    differs = git("status", "--porcelain", "--untracked-files=no", "--", ".", *(f":!{path}" for path in WRITTEN))
    return git("describe", "--always", "--exclude=*") + ("+" if differs else "")


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
            "error": "" if trial.first.error is None else f"{type(trial.first.error).__name__}: {trial.first.error}",
            "measured": measures(trial.first),
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


def run(layers: tuple[str, ...] = ALL, *, workers: int = 2, seconds: float = 0, shuffle: int | None = None) -> None:
    """Run what is not done yet.

    Args:
        seconds: stop handing out batches after so long; 0 for never.
        shuffle: the seed of an order other than the fixed one, so that a part is a fair sample.
    """
    FOLDER.mkdir(exist_ok=True)
    logged = (entry for layer in layers for entry in remember(log_path(layer)).values())
    done = {entry["batch"] for entry in logged if all(one["hit"] for one in entry["results"])}  # what hit nothing is tried again
    todo = [batch for batch in every_batch(stage(), layers) if str(batch) not in done]
    stage().close()
    stage.cache_clear()
    if shuffle is not None:
        random.Random(shuffle).shuffle(todo)
    begun, total, bad, at = time.monotonic(), len(todo), 0, commit()
    say(f"{len(done)} batches are done, {total} are left; results: {FOLDER}")
    for count, (batch, results, took) in enumerate(_finished(todo, workers, begun + seconds if seconds else None), 1):
        line = json.dumps({"batch": str(batch), "commit": at, "seconds": round(took, 2), "results": results})
        with log_path(batch.layer).open("a", encoding="utf-8") as log:
            log.write(f"{line}\n")
        wrong = [one for one in results if one["violations"] or not one["hit"]]
        bad += len(wrong)
        for one in wrong:
            say(f"! {one['case']} -> {one['code']}: {'; '.join(one['violations']) or 'hit nothing: ' + one.get('error', '')}")
        if count % 25 == 0 or count == total:
            say(f"{count}/{total} batches, {bad} bad, {time.monotonic() - begun:.0f} s")


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
