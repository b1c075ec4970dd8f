"""Turns a campaign's log into `verification.json` and `docs/verification.md`: counted from the results, never written by hand."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from tests.faults.matrix import KINDS, RECOVERIES, operations
from tests.faults.scenarios import SCENARIOS
from tests.faults.stage import Stage
from tests.faults.trial import attempt
from tests.verification.campaign import ROOT, log_path, remember
from tests.verification.catalogue import ALL, MORE, belongs_to, every_batch
from tests.verification.layers import cases
from tests.verification.measures import measures
from tests.verification.mutants import counted
from tests.verification.promise import PROMISE

__all__ = ["PAGE", "Tally", "gather", "page", "publish"]

PAGE = ROOT / "docs" / "verification.md"
FIGURES = ROOT / "verification.json"
Measured = dict[str, Any]
MEANS = {
    "singles": "every call of every plan fails once, in every way that makes a difference there",
    "persistent": "the same, and every call after it fails in the same way",
    "outages": "six calls in a row fail, more than a read is repeated",
    "recoveries": "`recover --back` is harmed, after an outage left a run open",
    "pairs": "one call of the update plan fails, then a later call of the run that this makes",
    **{name: layer.text for name, layer in MORE.items()},
}


@dataclass
class Tally:
    """What one layer came to."""

    batches: int = 0
    of: int = 0
    runs: int = 0
    commands: int = 0
    violations: int = 0
    missed: int = 0
    seconds: float = 0.0
    codes: Counter[int] = field(default_factory=Counter)
    figures: Counter[str] = field(default_factory=Counter)
    cells: set[tuple[str, str, str]] = field(default_factory=set)
    commits: set[str] = field(default_factory=set)
    possible: int = 0
    measured: dict[int, list[Measured]] = field(default_factory=dict)
    bad: list[str] = field(default_factory=list)

    def add(self, entry: Mapping[str, Any]) -> None:
        """Count a finished batch."""
        self.batches += 1
        self.seconds += entry["seconds"]
        self.commits.add(entry["commit"])
        for one in entry["results"]:
            self.runs += 1
            self.commands += 1 + len(one["after"])
            self.missed += not one["hit"]
            self.codes.update([] if one["code"] is None else [one["code"]])
            self.figures.update(one.get("figures", {}))
            if "measured" in one:
                self.measured.setdefault(one["code"], []).append(one["measured"])
            self.cells |= {(scenario, kind, one["operation"]) for scenario, kind, _, _ in one["cells"][:1]}
            if one["violations"]:
                self.violations += 1
                self.bad.append(f"{one['case']} -> {one['code']}: {'; '.join(one['violations'])}")

    def as_json(self) -> dict[str, Any]:
        """The same as plain values."""
        codes = {str(code): count for code, count in sorted(self.codes.items())}
        plain = {name: getattr(self, name) for name in ("batches", "of", "runs", "commands", "violations", "missed")}
        return {
            **plain,
            "seconds": round(self.seconds),
            "cells": len(self.cells),
            "cells_possible": self.possible,
            "exit_codes": codes,
            "figures": dict(self.figures),
            "commits": sorted(self.commits),
        }


def gather(stage: Stage, entries: Iterable[Mapping[str, Any]]) -> dict[str, Tally]:
    """One tally per layer; `of` counts the batches that there are, from the code's own calls and table of faults."""
    found = {layer: Tally(of=sum(1 for _ in every_batch(stage, (layer,))), possible=len(_possible(stage, layer))) for layer in ALL}
    for entry in entries:
        layer = entry["batch"].partition("/")[0]
        if layer in found:
            found[layer].add(entry)
    return found


def _possible(stage: Stage, layer: str) -> set[tuple[str, str, str]]:
    """Plan, fault and operation of every case: from the calls that the plans really make, and the table of faults."""
    if layer not in ("singles", "outages", "persistent"):
        return set()
    every = (case.cells[0] for batch in every_batch(stage, (layer,)) for case in cases(stage, batch))
    return {(cell.scenario, cell.kind, operations(stage, cell.scenario)[cell.position - 1][0]) for cell in every}


def publish(stage: Stage) -> dict[str, Tally]:
    """Write both files from what the layers of this code have logged."""
    found = gather(stage, (entry for layer in ALL for entry in remember(log_path(layer)).values()))
    body = {
        "command": "make verify",
        "layers": {name: {**tally.as_json(), "sources": belongs_to(name)} for name, tally in found.items()},
    }
    undisturbed = {name: (trial.first.code, measures(trial.first)) for name in SCENARIOS for trial in [attempt(stage, name, again=False)]}
    FIGURES.write_text(json.dumps(body, indent=2) + "\n", encoding="utf-8")
    PAGE.write_text(page(found, undisturbed, counted()), encoding="utf-8")
    return found


def page(found: Mapping[str, Tally], undisturbed: Mapping[str, tuple[int, Measured]], mutants: Mapping[str, tuple[int, int, int]]) -> str:
    """The figures as Markdown.

    Args:
        undisturbed: exit code and measures of each plan when nothing fails.
        mutants: of each module how many were found, run, and possible.
    """
    runs, bad = sum(one.runs for one in found.values()), sum(one.violations for one in found.values())
    commands = sum(one.commands for one in found.values())
    lines = [
        "# Verification",
        "",
        "How the promise in the README is proved, and what came out. `make verify` writes this page and `verification.json` from the results of",
        "its runs; it can be stopped and goes on where it was. `make verify-quick` runs a fixed sample of the same.",
        "",
        f"**{runs:,} runs, {bad:,} with a violation**; {commands:,} commands were judged.",
        "",
        "Each run is a real `apply` over real HTTP against the embedded SuperOffice, with a clock that can be turned forward. A checker that",
        "knows nothing of the applier's own account compares the tenant's rows and the history of its requests with what was reported, with the",
        "exit code and with the journal (`tests/faults/checker.py` lists the rules). A run that ends with exit 6 is then recovered, and that is",
        "judged too; after every run a new plan is made and compared with what was claimed.",
        "",
        "A layer's runs belong to the text of all that they import (the digest `sources` in `verification.json`): after a change of any of it",
        "the layer begins anew, after any other change its figures stand. The commits are those that the runs were made on.",
        "",
        "## Layers",
        "",
        "| layer | what | batches done | runs | violations | cells | exit codes, or what was counted | commits |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, tally in found.items():
        cells = f"{len(tally.cells):,} of {tally.possible:,}" if tally.possible else ""
        codes = " ".join(f"{code}×{count:,}" for code, count in sorted(tally.codes.items()))
        codes = codes or ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in sorted(tally.figures.items()))
        lines.append(
            f"| {name} | {MEANS[name]} | {tally.batches} of {tally.of} | {tally.runs:,} | {tally.violations} | {cells} | {codes} | {', '.join(sorted(tally.commits))} |"
        )
    lines += ["", "A cell is a plan, a fault and an operation of that plan: all that there are follow from the calls that each plan makes."]
    lines += [*_sentences(), *_windows(found, undisturbed), *_mutants(mutants)]
    lines += ["", "## Plans", "", "| plan | what |", "|---|---|"]
    lines += [f"| {name} | {scenario.text} |" for name, scenario in SCENARIOS.items()]
    lines += [f"| {name} | `recover --back` after an outage in the middle of `{of}` |" for name, (of, *_) in RECOVERIES.items()]
    lines += ["", "## Faults", "", "| fault | what |", "|---|---|"]
    lines += [f"| {name} | {kind.text} |" for name, kind in KINDS.items()]
    wrong = [text for tally in found.values() for text in tally.bad]
    if wrong:
        lines += ["", "## Violations", "", *(f"- {text}" for text in wrong)]
    return "\n".join([*lines, ""])


def _sentences() -> list[str]:
    """The promise, and what holds each of its sentences."""
    lines = ["", "## The promise, sentence by sentence", "", "| sentence | rules of the checker | layers | tests |", "|---|---|---|---|"]
    for one in PROMISE:
        tests = ", ".join(f"[`{test.rpartition(':')[2]}`](../{test.partition('::')[0]})" for test in one.tests)
        lines.append(f"| {one.text} | {', '.join(one.rules)} | {', '.join(one.layers)} | {tests} |")
    return [
        *lines,
        "",
        "The checker's rules are listed at the head of [`tests/faults/checker.py`](../tests/faults/checker.py); every run is judged by all.",
    ]


def _windows(found: Mapping[str, Tally], undisturbed: Mapping[str, tuple[int, Measured]]) -> list[str]:
    """How long a connection is off, how old the look is before a toggle, and what waiting costs."""
    lines = ["", "## How long a connection is off", "", "Measured from the emulator's calls. Where nothing fails:", ""]
    lines += ["| plan | exit | calls while a connection is off | calls between the last look and a toggle |", "|---|---|---|---|"]
    for name, (code, one) in undisturbed.items():
        if one["off"]:
            lines.append(f"| {name} | {code} | {', '.join(str(calls) for calls, _ in one['off'])} | {one['race']} |")
    by_code = dict[int, list[Measured]]()
    for tally in found.values():
        for code, several in tally.measured.items():
            by_code.setdefault(code, []).extend(several)
    if not by_code:
        return lines
    lines += ["", "Where calls fail, over all runs that were measured (seconds on the run's clock, which the settling turns forward):", ""]
    lines += [
        "| exit | runs | off, calls: median, worst | off, seconds: median, worst | look to toggle, worst | whole run, seconds: median, worst |"
    ]
    lines += ["|---|---|---|---|---|---|"]
    for code, several in sorted(by_code.items()):
        off = [each for one in several for each in one["off"]]
        calls = f"{median(each[0] for each in off):.0f}, {max(each[0] for each in off)}" if off else ""
        seconds = f"{median(each[1] for each in off):.1f}, {max(each[1] for each in off):.0f}" if off else ""
        whole = [one["seconds"] for one in several]
        race = max(one["race"] for one in several)
        lines.append(f"| {code} | {len(several):,} | {calls} | {seconds} | {race} | {median(whole):.1f}, {max(whole):.0f} |")
    searches = sum(one["searches"] for several in by_code.values() for one in several)
    lines += [
        "",
        f"{searches:,} times a planted secret was looked for in a journal after such a run; found: what the violations above say.",
    ]
    return lines


def _mutants(mutants: Mapping[str, tuple[int, int, int]]) -> list[str]:
    found, ran, of = (sum(numbers[at] for numbers in mutants.values()) for at in range(3))
    lines = ["", "## Small changes of the safety modules", ""]
    lines += [
        "`make mutate` changes one small thing at a time in `apply`, `journal` or the planner's guard; one of the tests that run the changed",
        "line has to fail. What survived is explained in `tests/verification/survivors.md`.",
        "",
        f"**{found:,} of {ran:,} were found**" + (f" ({100 * found / ran:.1f} %)" if ran else "") + f"; {of:,} are possible.",
        "",
        "| module | found | run | of |",
        "|---|---|---|---|",
    ]
    begun = {name: numbers for name, numbers in mutants.items() if numbers[1]}
    lines += [f"| `{name}` | {killed} | {run} | {count} |" for name, (killed, run, count) in begun.items()]
    waiting = [f"`{name.removeprefix('reconciler.')}`" for name in mutants if name not in begun]
    return lines + (["", f"Not run on what is there now: {', '.join(waiting)}."] if waiting else [])
