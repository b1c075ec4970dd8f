"""Runs behind a proxy that spoils one exchange at the level of sockets: every call of a plan, in every way; judged as always."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import islice
from typing import Any

from reconciler.model import RunReport
from reconciler.session import Session
from reconciler.superoffice.transport import Exchange
from tests.faults.matrix import operations
from tests.faults.stage import Account, Harm, Prepared, Stage
from tests.faults.trial import Trial, settle
from tests.faults.truth import Picture
from tests.verification.layers import Batch
from tests.verification.proxy import WAYS, Proxy, Spoiled
from tests.verification.results import outcome

__all__ = ["SPOILED", "ProxiedStage", "attempt_spoiled", "batches", "behind_a_proxy", "perform"]

SPOILED = ("update", "update-back", "three", "create-back", "mappings", "tenant")
SIZE = 20


class ProxiedStage(Stage):
    """A stage whose commands reach the tenant through a proxy."""

    proxy: Proxy
    url: str
    spoil: tuple[str, int] = ("", 0)

    def address(self) -> str:
        self.proxy = Proxy(int(self.emulator.url.rpartition(":")[2].partition("/")[0]), self._newest)
        self.url = self.emulator.url.replace(self.emulator.url.rpartition(":")[2].partition("/")[0], str(self.proxy.port))
        return self.url

    def _newest(self) -> int:
        calls = self.emulator.calls
        return calls[-1].sequence if calls else 0

    def _cut(self, session: Session, harms: tuple[Harm, ...], account: Account) -> None:
        """Note what never came as far as the proxy: while nobody listened, nothing can have been sent."""
        assert not harms
        transport = session.opened.client._transport_to(self.url)
        through = transport.exchange

        def exchange(method: str, path: str, headers: Mapping[str, str], body: bytes | None, *, seconds: float, fresh: bool) -> Exchange:
            away, asked = not self.proxy.there.is_set(), self.proxy.spoiled.asked
            answer = through(method, path, headers, body, seconds=seconds, fresh=fresh)
            if away and self.proxy.spoiled.asked == asked:
                account.unsent.append((self._newest(), path.rsplit("/", 1)[-1].partition("?")[0]))
            return answer

        vars(transport)["exchange"] = exchange

    def close(self) -> None:
        self.proxy.__exit__(None, None, None)
        super().close()

    def run(
        self,
        prepared: Prepared,
        command: str,
        act: Callable[[Session], RunReport],
        harms: tuple[Harm, ...] = (),
        *,
        before: Picture | None = None,
        during: Callable[[], AbstractContextManager[object]] = nullcontext,
    ) -> Account:
        """The command, with what `spoil` says; that holds for one command."""
        self.proxy.spoiled = told = Spoiled(*self.spoil)
        self.spoil = ("", 0)
        account = super().run(prepared, command, act, harms, before=before, during=during)
        assert self.proxy.there.wait(10)
        account.cut = frozenset(told.unseen)
        account.lost = told.lost
        return account


@contextmanager
def behind_a_proxy() -> Iterator[ProxiedStage]:
    """A stage of its own."""
    stage = ProxiedStage()
    try:
        yield stage
    finally:
        stage.close()


def attempt_spoiled(stage: ProxiedStage, scenario: str, way: str, nth: int) -> tuple[Trial, bool]:
    """Apply with one spoiled exchange, then settle and judge; whether that exchange came."""
    prepared = stage.prepare(scenario)
    stage.begin(prepared)
    stage.spoil = (way, nth)
    first = stage.apply(prepared, before=prepared.before)
    hit = stage.proxy.spoiled.hit
    trial = Trial(scenario, (), first)
    settle(stage, prepared, trial, again=False)
    return trial, hit


def batches(stage: Stage) -> Iterator[Batch]:
    """Every call of some plans, in every way."""
    for scenario in SPOILED:
        for way in WAYS:
            for part in range(-(-len(operations(stage, scenario)) // SIZE)):
                yield Batch("chaos", scenario, way, part)


def perform(stage: Stage, batch: Batch) -> list[dict[str, Any]]:
    """Run one on a stage of its own, and judge."""
    found = []
    places = range(1, len(operations(stage, batch.scenario)) + 1)
    with behind_a_proxy() as proxied:
        for place in islice(places, batch.part * SIZE, (batch.part + 1) * SIZE):
            trial, hit = attempt_spoiled(proxied, batch.scenario, batch.kind, place)
            one = outcome("chaos", f"{batch.scenario}/{batch.kind} at call {place}", [str(each) for each in trial.violations])
            found.append({**one, "hit": hit, "code": trial.first.code, "after": [account.code for account in trial.then]})
    return found
