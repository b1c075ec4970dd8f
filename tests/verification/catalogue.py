"""Every layer of the laboratory: those of single faults (`layers`), and those that bring their own way of working.

A layer of its own gives batches, and performs one: results in the shape of `campaign.perform`, each with `figures` that are summed
up in what is published.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import tests.verification.between as between
import tests.verification.chaos as chaos
import tests.verification.clocks as clocks
import tests.verification.deaths as deaths
import tests.verification.edits as edits
import tests.verification.fuzz as fuzz
import tests.verification.games as games
import tests.verification.images as images
import tests.verification.mistakes as mistakes
import tests.verification.model as model
import tests.verification.races as races
import tests.verification.server_kills as server_kills
import tests.verification.syscalls as syscalls
from tests.faults.seeded import SEEDED
from tests.faults.stage import Stage
from tests.verification.layers import LAYERS, Batch, batches
from tests.verification.results import Results, outcome
from tests.verification.sources import digest

__all__ = ["ALL", "MORE", "Layer", "belongs_to", "every_batch"]


@dataclass(frozen=True)
class Layer:
    """A layer that works in its own way.

    Attributes:
        text: what it does, for the page.
        batches: all there are.
        perform: runs one.
    """

    text: str
    batches: Callable[[Stage], Iterator[Batch]]
    perform: Callable[[Stage, Batch], Results]


def _edited(cases: Callable[[Stage, Batch], Iterator[edits.EditCase]]) -> Callable[[Stage, Batch], Results]:
    def perform(stage: Stage, batch: Batch) -> Results:
        found = []
        for case in cases(stage, batch):
            trial, made = case.run(stage)
            one = outcome(case.layer, f"{case.scenario}/{case.edit} before {case.before}", [str(each) for each in trial.violations])
            cells = [] if case.cell is None else [[case.scenario, case.cell.kind, case.cell.position, case.cell.lasting]]
            after = [account.code for account in trial.then]
            found.append(
                {
                    **one,
                    "case": str(case),
                    "hit": made,
                    "cells": cells,
                    "operation": trial.operation,
                    "code": trial.first.code,
                    "after": after,
                }
            )
        return found

    return perform


MORE = {
    "edits": Layer("somebody else, or the engine, edits before every call of a plan", edits.edit_batches, _edited(edits.edit_cases)),
    "crossed": Layer(
        "one call fails, and somebody else edits before each call of the run that this makes",
        edits.crossed_batches,
        _edited(edits.crossed_cases),
    ),
    "between": Layer(
        "a run dies, somebody edits, and a person recovers with any choice: the edit stands", between.batches, between.perform
    ),
    "images": Layer("the journal as a crash could leave it, and damaged: every image is opened", images.batches, images.perform),
    "fuzz": Layer("every decoder is fed mutations of what it takes", fuzz.batches, fuzz.perform),
    "model": Layer("a model of the protocol: every state within a budget of faults, crashes and edits", model.batches, model.perform),
    "kills": Layer(
        "a run dies before or after any record or request, and is recovered; so does a recovery", deaths.batches, deaths.perform
    ),
    "syscalls": Layer(
        "the kernel kills the process at its n-th write, sync, rename, unlink, send or receive", syscalls.batches, syscalls.perform
    ),
    "server-kills": Layer(
        "a run, and every third recovery too, dies at a random boundary; the journal is on a PostgreSQL server",
        server_kills.batches,
        server_kills.perform,
    ),
    "races": Layer("two processes apply at the same moment: exactly one writes, the other ends with 7", races.batches, races.perform),
    "chaos": Layer("a proxy spoils one exchange at the level of sockets", chaos.batches, chaos.perform),
    "machine": Layer(
        "a hypothesis state machine: files and tenant are edited, plans applied with faults, runs die and are recovered, in any order",
        games.batches,
        games.perform,
    ),
    "clocks": Layer("the wall clock is set hours back or forward, in a run and before a recovery", clocks.batches, clocks.perform),
    "mistakes": Layer(
        "mistakes planted into the tool: the checker must find each, or the test that is named for it must fail",
        mistakes.batches,
        mistakes.perform,
    ),
}
ALL = (*LAYERS, *MORE)


def every_batch(stage: Stage, layers: tuple[str, ...] = ALL) -> Iterator[Batch]:
    """All batches of the layers, in a fixed order."""
    for layer in layers:
        yield from MORE[layer].batches(stage) if layer in MORE else batches(stage, (layer,))


def belongs_to(layer: str) -> str:
    """The digest of what a layer's runs import: results of another digest are not its own."""
    own = MORE[layer].batches.__module__ if layer in MORE else "tests.verification.layers"
    more = set[str]()
    if layer == "mistakes":
        more = {one.test.partition(".py")[0].replace("/", ".") for one in SEEDED.values()}
    if layer == "syscalls":
        more = {"reconciler.__main__"}  # it starts the command
    return digest(own, *sorted(more))
