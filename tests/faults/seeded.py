"""Mistakes that an engineer could make tomorrow, each with the existing test that must then fail.

`bugs.py` holds what the checker of the laboratory has to find; here are those that belong to a test of their own. A mistake is put in
by a plugin (`-p tests.faults.planting`) into a process of its own that runs nothing but the named test.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import urllib3

from reconciler.apply import below_back, connection, ensure, preflight, rows, run
from reconciler.apply import exits as apply_exits
from reconciler.flow import applying, planning
from reconciler.journal import chain, lease
from reconciler.model import Outcome, Result
from reconciler.plan import codec, guard
from reconciler.superoffice import client, gateway, outline, redact, transport, verdicts

__all__ = ["ROOT", "SEEDED", "Seeded", "caught"]

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Seeded:
    """One mistake.

    Attributes:
        plant: puts it in.
        test: the test that must fail, as pytest names it.
    """

    plant: Callable[[pytest.MonkeyPatch], None]
    test: str


SEEDED: dict[str, Seeded] = {}
Plant = Callable[[pytest.MonkeyPatch], None]


def breaks(test: str) -> Callable[[Plant], Plant]:
    """Enter a mistake under its name, with the test that must fail."""

    def enter(plant: Plant) -> Plant:
        SEEDED[plant.__name__] = Seeded(plant, test)
        return plant

    return enter


def caught(name: str | None, test: str) -> tuple[bool, str]:
    """Run one test in a process of its own, with a mistake or without; whether it failed by an assertion or an error of ours."""
    environ = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST_", "RECONCILER_"))}
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", "-p", "tests.faults.planting", "--tb=line", test]
    done = subprocess.run(
        command, cwd=ROOT, env={**environ, "PLANTED": name or ""}, capture_output=True, text=True, timeout=240, check=False
    )
    found = re.search(r"(\d+) failed", done.stdout)
    # 1 is what pytest says of failed tests; a mistake that cannot even be planted, or a test that is not there, is another code.
    return done.returncode == 1 and found is not None and "error" not in done.stdout.splitlines()[-1], done.stdout[-1500:]


# --- what is sent, and what an answer means -----------------------------------------------------------------------------


@breaks("tests/superoffice/test_login.py::test_a_redirect_is_never_followed_and_nothing_reaches_the_other_host")
def follows_redirects(patch: pytest.MonkeyPatch) -> None:
    """Where an answer sends us, all that was sent goes once more."""
    complete = transport._complete

    def following(response: Any) -> Any:
        reply = complete(response)
        where = response.headers.get("Location", "")
        if 300 <= reply.status < 400 and where:
            reply = complete(urllib3.PoolManager().request("POST", where, preload_content=False, decode_content=False))
        return reply

    patch.setattr(transport, "_complete", following)


@breaks("tests/superoffice/test_writes.py::test_a_toggle_that_answers_something_else_is_unknown")
def believes_a_200(patch: pytest.MonkeyPatch) -> None:
    """Status 200 is success, whatever the answer says."""
    said = verdicts._said

    def believing(operation: Any, value: Any, row_id: object, show: Any) -> Result:
        found = said(operation, value, row_id, show)
        return replace(found, outcome=Outcome.APPLIED) if found.outcome is Outcome.UNKNOWN else found

    patch.setattr(verdicts, "_said", believing)


@breaks("tests/superoffice/test_writes.py::test_a_toggle_with_reasons_is_not_applied_until_a_read_proves_it")
def passes_over_reasons(patch: pytest.MonkeyPatch) -> None:
    """The reasons of a toggle are taken for remarks."""
    patch.setattr(verdicts, "_toggled", lambda operation, _value, _show: Result(Outcome.APPLIED, operation.name, status=200))


@breaks("tests/superoffice/test_login.py::test_a_write_with_an_expired_ticket_is_not_sent_again_by_itself")
def repeats_a_write_after_401(patch: pytest.MonkeyPatch) -> None:
    """A write is sent again with a new login, as a read is."""
    once = client.Client.once

    def again(self: client.Client, key: str, **more: Any) -> Any:
        exchange = once(self, key, **more)
        if getattr(exchange, "status", 0) != 401:
            return exchange
        self.auth.renew(self.auth.headers())
        return once(self, key, **more)

    patch.setattr(client.Client, "once", again)


@breaks("tests/superoffice/test_writes.py::test_a_write_does_not_ride_on_a_connection_that_was_used_before")
def reuses_connections_for_writes(patch: pytest.MonkeyPatch) -> None:
    """A write goes over a connection that the server may be closing, and is silently opened again."""
    exchange = transport.Transport.exchange
    patch.setattr(transport.Transport, "exchange", lambda self, *given, fresh, **named: exchange(self, *given, fresh=False, **named))


@breaks("tests/superoffice/test_online_canary.py::test_a_debug_line_shows_structure_and_no_value_of_a_configuration")
def prints_a_secret_in_debug(patch: pytest.MonkeyPatch) -> None:
    """The debug line shows what was sent as it was."""
    patch.setattr(client, "outline", lambda value, **_: repr(value))
    patch.setattr(outline, "outline", lambda value, **_: repr(value))


@breaks("tests/superoffice/test_canary.py::test_no_secret_comes_out")
def shows_answers_as_they_come(patch: pytest.MonkeyPatch) -> None:
    """What the server says is shown without looking for secrets in it."""
    patch.setattr(redact.Redactor, "show", lambda _self, text: text)


@breaks("tests/superoffice/test_reads.py::test_another_row_than_the_one_asked_for_is_an_error")
def takes_any_row(patch: pytest.MonkeyPatch) -> None:
    """A read takes the row that came, not the one that it asked for."""

    def taking(self: gateway.Gateway, key: str, _row_id: int, build: Any, *given: Any, **named: Any) -> Any:
        return self._read(key, build, *given, **named)

    patch.setattr(gateway.Gateway, "_row", taking)


# --- one guarded write --------------------------------------------------------------------------------------------------


@breaks("tests/verification/test_sample.py::test_one_stale_read_is_no_proof_that_a_lost_toggle_had_its_effect")
def believes_one_read(patch: pytest.MonkeyPatch) -> None:
    """After an unknown outcome the first read is believed."""
    patch.setattr(ensure, "AGREEING", dict.fromkeys(ensure.AGREEING, 1))


@breaks("tests/scenarios/test_connections.py::test_a_creation_whose_answer_was_lost_is_found_and_adopted")
def sends_a_creation_twice(patch: pytest.MonkeyPatch) -> None:
    """A creation without an answer is sent once more, and nobody looks whether it is there."""
    save = gateway.Gateway.save_connection

    def guessing(self: gateway.Gateway, row: Any, secrets: Any) -> Result:
        result = save(self, row, secrets)
        return result if row.id or result.outcome is not Outcome.UNKNOWN else save(self, row, secrets)

    patch.setattr(gateway.Gateway, "save_connection", guessing)


@breaks("tests/scenarios/test_kept.py::test_languages_that_the_file_does_not_name_keep_their_bytes")
def loses_a_language(patch: pytest.MonkeyPatch) -> None:
    """A save sends a name in the language of the file only."""
    candidate = rows.candidate

    def short(fresh: Any, sets: Any, *more: Any) -> Any:
        row = candidate(fresh, sets, *more)
        return replace(row, name=row.name.split(";")[0]) if row.id else row

    patch.setattr(rows, "candidate", short)


@breaks("tests/scenarios/test_kept.py::test_a_tick_at_any_moment_of_a_config_change_is_kept")
def echoes_an_old_cursor(patch: pytest.MonkeyPatch) -> None:
    """A save echoes the cursor of the first read of a row."""
    candidate, first = rows.candidate, dict[int, str]()
    patch.setattr(rows, "candidate", lambda fresh, *more: replace(candidate(fresh, *more), cursor=first.setdefault(fresh.id, fresh.cursor)))


@breaks("tests/scenarios/test_calls.py::test_a_config_change_costs_six_calls_after_the_toggle_off")
def reads_once_too_often(patch: pytest.MonkeyPatch) -> None:
    """Every write costs a second read inside the window in which the connection is inactive."""
    patch.setattr(ensure, "_SAID", {})


@breaks("tests/scenarios/test_stopping.py::test_a_change_that_breaks_the_connection_only_afterwards_is_rolled_back")
def skips_the_last_test(patch: pytest.MonkeyPatch) -> None:
    """A connection is not tested after its change."""
    patch.setattr(connection, "_ACTIONS", {act: do for act, do in connection._ACTIONS.items() if act.value != "test"})


@breaks("tests/scenarios/test_stopping.py::test_atomic_does_not_overwrite_what_somebody_changed_meanwhile")
def rolls_back_a_foreign_edit(patch: pytest.MonkeyPatch) -> None:
    """The way back restores what was found, whoever changed it since."""
    patch.setattr(rows, "foreign", lambda *_: ())


@breaks("tests/scenarios/test_stopping.py::test_after_the_first_failure_the_rest_stays_untouched")
def says_0_for_a_part(patch: pytest.MonkeyPatch) -> None:
    """A run that did a part ends with 0."""
    for place in (run, apply_exits):
        patch.setattr(place, "run_exit_code", lambda _ends, _stopped: 0)


# --- before the first write ---------------------------------------------------------------------------------------------


@breaks("tests/scenarios/test_saved_plans.py::test_any_foreign_edit_of_what_it_touches_makes_it_stale")
def runs_a_stale_plan(patch: pytest.MonkeyPatch) -> None:
    """What a plan was made from is not compared with the tenant before it runs."""
    patch.setattr(preflight, "stale_paths", lambda *_: ())
    patch.setattr(rows, "differing", lambda *_: ())


@breaks("tests/scenarios/test_saved_plans.py::test_an_altered_file_is_refused")
def drops_the_digest_check(patch: pytest.MonkeyPatch) -> None:
    """A saved plan runs whatever its digest is."""
    patch.setattr(planning, "from_bytes", lambda raw: codec.from_json(json.loads(raw)))


@breaks("tests/scenarios/test_saved_plans.py::test_it_is_used_once")
def runs_a_plan_twice(patch: pytest.MonkeyPatch) -> None:
    """A saved plan may be run as often as one likes."""
    patch.setattr(applying, "units_to_run", lambda plan, _recorded, **_: plan.units)


@breaks("tests/scenarios/test_stopping.py::test_an_open_run_refuses_the_next_one")
def passes_over_an_open_run(patch: pytest.MonkeyPatch) -> None:
    """The next run does not look whether an earlier one is unfinished."""
    patch.setattr(applying, "units_to_run", lambda plan, _recorded, **_: plan.units)


@breaks("tests/scenarios/test_connections.py::test_absent_needs_permission")
def asks_nobody_before_a_deletion(patch: pytest.MonkeyPatch) -> None:
    """A deletion is no hazard."""
    patch.setattr(guard, "_deletion", lambda _scene, _unit: iter(()))


@breaks("tests/scenarios/test_secrets.py::test_a_bad_candidate_is_refused_and_nothing_is_written")
def writes_before_it_tests(patch: pytest.MonkeyPatch) -> None:
    """Candidates are not tested before the first write."""
    patch.setattr(run, "run_tests", lambda _context, _runnings: None)


# --- the journal and the lease ------------------------------------------------------------------------------------------


@breaks("tests/journal/test_lease.py::test_a_second_run_is_told_who_has_the_lease_and_what_to_do")
def takes_a_lease_that_is_held(patch: pytest.MonkeyPatch) -> None:
    """A lease is taken over while its holder lives."""
    holder = lease._holder
    patch.setattr(lease, "_holder", lambda *given: (found := holder(*given)) and replace(found, held=False))


@breaks("tests/journal/test_lease.py::test_a_holder_who_slept_gives_up_although_nobody_took_it")
def ignores_the_lease(patch: pytest.MonkeyPatch) -> None:
    """Once it was taken, the lease is never looked at again."""
    patch.setattr(lease.HeldLease, "ensure", lambda _self, _seconds: None)


@breaks("tests/journal/test_chain.py::test_a_changed_event_is_found_where_it_is")
def leaves_the_body_out_of_the_hash(patch: pytest.MonkeyPatch) -> None:
    """A changed event has the hash that it had."""
    hashed = chain.event_hash
    patch.setattr(chain, "event_hash", lambda **parts: hashed(**{**parts, "body": {}}))


# --- the way back, and what is below a connection -----------------------------------------------------------------------


@breaks("tests/faults/test_matrix.py::test_without_faults_everything_is_right[mappings-back]")
def breaks_the_inverse_of_a_rank(patch: pytest.MonkeyPatch) -> None:
    """The way back puts the fields into the order that it just made."""
    move_to = vars(below_back)["move_to"]

    def wrong(context: Any, running: Any, actor: str, wanted: tuple[str, ...], **more: Any) -> None:
        move_to(context, running, actor, tuple(reversed(wanted)), **more)

    patch.setattr(below_back, "move_to", wrong)


@breaks("tests/verification/test_layers.py::test_what_somebody_changes_before_the_final_read_is_not_claimed")
def skips_the_final_read(patch: pytest.MonkeyPatch) -> None:
    """A unit is as desired as soon as its last step is done."""
    patch.setattr(connection, "_ACTIONS", {act: do for act, do in connection._ACTIONS.items() if act.value != "verify"})
