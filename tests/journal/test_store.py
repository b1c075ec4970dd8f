"""The store: durable, gapless, chained, shared between processes; refuses what it cannot trust."""

from __future__ import annotations

import json
import sqlite3
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reconciler.errors import InputError, JournalError
from reconciler.journal.chain import verify
from reconciler.journal.events import RECORDS
from reconciler.journal.store import RunJournal, Store, journal_path, open_store
from reconciler.model import Binding, SecretRef
from tests.journal.bodies import RUN, TARGET, A, B, StepClock, body, secret
from tests.journal.children import answer, child, end
from tests.journal.places import clear, is_there, open_at, run_sql, tamper


@pytest.fixture
def store(place: str):
    with open_at(place) as opened:
        yield opened


def write_good_run(journal: RunJournal, unit: str = A, guid: str = "6f1c") -> None:
    journal.append("run-opened", body("run-opened"))
    journal.append("unit-opened", body("unit-opened", unit=unit))
    seq = journal.append("intent", body("intent", unit=unit, secrets={"PasswordField": secret()}))
    journal.append("outcome", body("outcome", unit=unit, intent=seq))
    journal.append("observed", body("observed", unit=unit))
    journal.append("bound", body("bound", address=unit, guid=guid))
    journal.append("unit-closed", body("unit-closed", unit=unit))
    journal.append("run-closed", body("run-closed", ends={unit: "as-desired"}))


# --- what is written is there ------------------------------------------------------------------------------------------


def test_what_was_appended_is_there_after_opening_again(place: str) -> None:
    with open_at(place) as store:
        write_good_run(store.journal(TARGET, RUN))
        head = store.head()
    with open_at(place, create=False) as store:
        events = list(store.events())
        assert [event.seq for event in events] == list(range(1, 9))
        assert verify(events) is None
        assert events[0].body == body("run-opened")
        assert events[1].body == body("unit-opened")
        assert events[0].at == "2026-11-22T14:30:05.000000Z"
        assert store.head() == head == events[-1].hash
        assert store.recorded(TARGET).bindings == {A: Binding(7, "6f1c")}
        assert store.recorded(TARGET).head == head
        assert [run.run for run in store.runs()] == [RUN]
        assert store.view(RUN).exit_code == 0


def test_the_journal_of_a_run_sees_what_it_has_written_so_far(store: Store) -> None:
    journal = store.journal(TARGET, RUN)
    assert journal.recorded().head == ""
    assert journal.sent_secret(A, "PasswordField") is None
    journal.append("run-opened", body("run-opened"))
    journal.append("unit-opened", body("unit-opened"))
    seq = journal.append("intent", body("intent", secrets={"PasswordField": secret()}))
    sent = journal.sent_secret(A, "PasswordField")
    assert sent is not None
    assert sent.in_doubt
    journal.append("outcome", body("outcome", intent=seq))
    sent = journal.sent_secret(A, "PasswordField")
    assert sent is not None
    assert (sent.ref, sent.sealed, sent.in_doubt) == (SecretRef("env", "VISMA_PASSWORD", "3"), "c2VhbGVk", False)
    assert journal.recorded().begun == {"p1": {A}}
    assert [run.run for run in journal.recorded().open_runs] == [RUN]


def test_one_chain_runs_over_all_targets_and_each_has_its_own_account(store: Store) -> None:
    write_good_run(store.journal("prod", "r1"), A, "g-prod")
    write_good_run(store.journal("test", "r2"), B, "g-test")
    assert [event.seq for event in store.events()] == list(range(1, 17))
    assert [event.seq for event in store.events(target="test")] == list(range(9, 17))
    assert [event.seq for event in store.events(run="r1")] == list(range(1, 9))
    assert store.recorded("prod").bindings == {A: Binding(7, "g-prod")}
    assert store.recorded("prod").elsewhere == {"g-test": "test"}
    assert store.recorded("test").elsewhere == {"g-prod": "prod"}
    assert store.recorded("other").elsewhere == {"g-prod": "prod", "g-test": "test"}
    assert store.targets() == ("prod", "test")
    assert [run.run for run in store.runs()] == ["r1", "r2"]
    assert [run.run for run in store.runs("test")] == ["r2"]


def test_events_come_in_pages_without_a_gap(store: Store) -> None:
    journal = store.journal(TARGET, RUN)
    journal.append("run-opened", body("run-opened"))
    for number in range(450):
        journal.append("note", {"text": str(number)})
    assert [event.seq for event in store.events()] == list(range(1, 452))
    assert store.verify().sound


def test_an_illegal_event_is_refused_and_nothing_is_stored(store: Store) -> None:
    journal = store.journal(TARGET, RUN)
    with pytest.raises(JournalError, match="Illegal"):
        journal.append("intent", body("intent"))
    journal.append("run-opened", body("run-opened"))
    with pytest.raises(JournalError, match="not JSON"):
        journal.append("note", {"text": {1, 2}})
    with pytest.raises(JournalError, match="Illegal"):
        journal.append("run-opened", body("run-opened"))
    assert [event.kind for event in store.events()] == ["run-opened"]
    assert journal.append("note", body("note")) == 2


def test_a_second_handle_on_a_run_goes_on_where_the_first_stood(store: Store) -> None:
    one, two = store.journal(TARGET, RUN), store.journal(TARGET, RUN)
    one.append("run-opened", body("run-opened"))
    two.append("unit-opened", body("unit-opened"))
    seq = one.append("intent", body("intent"))
    with pytest.raises(JournalError, match="no outcome yet"):
        two.append("intent", body("intent"))
    two.append("outcome", body("outcome", intent=seq))
    with pytest.raises(JournalError, match="another target"):
        store.journal("other", RUN).append("note", body("note"))


def test_a_process_whose_run_was_recovered_meanwhile_records_nothing_more(store: Store) -> None:
    ours, theirs = store.journal(TARGET, RUN), store.journal(TARGET, RUN)
    ours.append("run-opened", body("run-opened", fencing=1))
    ours.append("unit-opened", body("unit-opened"))
    theirs.append("recovery-opened", body("recovery-opened", fencing=2))
    for kind in ("intent", "note", "unit-closed"):
        with pytest.raises(JournalError, match="taken over"):
            ours.append(kind, body(kind))
    theirs.append("note", body("note"))


def test_a_run_is_found_by_the_beginning_of_its_id(store: Store) -> None:
    for run in ("20261122-143005-7f3a", "20261122-143005-7f3b", "20261123-080000-0001", "20261123-080000-00010"):
        store.journal(TARGET, run).append("run-opened", body("run-opened"))
    assert store.find_run("20261122-143005-7f3b", TARGET) == "20261122-143005-7f3b"
    assert store.find_run("20261123-080000-0001", TARGET) == "20261123-080000-0001"
    for prefix, message in (("20261122", "is not clear"), ("2027", "has no run"), ("", "has no run")):
        with pytest.raises(InputError, match=message):
            store.find_run(prefix, TARGET)
    with pytest.raises(InputError, match="journal of other has no run"):
        store.find_run("20261122-143005-7f3b", "other")


def test_a_record_of_no_run_is_kept_and_is_taken_for_no_run(store: Store) -> None:
    write_good_run(store.journal(TARGET, RUN))
    for number, kind in enumerate(sorted(RECORDS)):
        store.journal(TARGET, f"20261123-08000{number}-0000").append(kind, body(kind))
    assert [run.run for run in store.runs(TARGET)] == [RUN]
    assert store.recorded(TARGET).open_runs == ()
    with pytest.raises(InputError, match="has no run"):
        store.find_run("20261123", TARGET)
    assert store.verify([]).sound
    (found,) = [event for event in store.events(target=TARGET) if event.kind == "reviewed"]
    assert found.body == body("reviewed")


def test_new_run_ids_sort_by_time_and_are_short(place: str) -> None:
    clock = StepClock()
    with open_at(place, clock=clock) as store:
        first = store.new_run_id(lambda count: b"\x7f\x3a"[:count])
        clock.sleep(1)
        second = store.new_run_id(lambda count: b"\x00\x01"[:count])
    assert (first, second) == ("20261122-143005-7f3a", "20261122-143006-0001")


def test_a_new_run_id_is_none_that_the_journal_has_even_for_another_target(store: Store) -> None:
    write_good_run(store.journal("sandbox", RUN))
    store.journal(TARGET, "20261122-143005-0001").append("reviewed", body("reviewed"))
    drawn = iter((b"\x7f\x3a", b"\x00\x01", b"\x7f\x3a", b"\x00\x02"))
    assert store.new_run_id(lambda _count: next(drawn)) == "20261122-143005-0002"
    assert list(drawn) == []


# --- nothing is made for those who only look ---------------------------------------------------------------------------


def test_looking_where_no_journal_is_makes_nothing(place: str) -> None:
    with open_at(place, create=False) as store:
        assert list(store.events()) == []
        assert store.runs() == ()
        assert store.recorded(TARGET).head == ""
        assert store.verify().sound
        assert store.targets() == ()
        with pytest.raises(JournalError, match="opened for reading"):
            store.journal(TARGET, RUN).append("run-opened", body("run-opened"))
    assert not is_there(place)


# --- tampering ---------------------------------------------------------------------------------------------------------


def test_the_store_itself_refuses_to_change_or_delete_events(store: Store) -> None:
    write_good_run(store.journal(TARGET, RUN))
    for statement in ("UPDATE event SET body = '{}'", "DELETE FROM event"):
        with pytest.raises(JournalError), store.database.writing() as sql:
            sql.change(statement)
    assert store.verify().sound


@pytest.mark.parametrize(
    "statement",
    [
        """UPDATE event SET body = replace(body, '{', '{"added":1,') WHERE seq = {seq}""",
        "UPDATE event SET body = body || ' ' WHERE seq = {seq}",
        "UPDATE event SET body = 'x' WHERE seq = {seq}",
        """UPDATE event SET bulk = '{"added":1}' WHERE seq = {seq}""",
        "UPDATE event SET at = 'x' WHERE seq = {seq}",
        "UPDATE event SET target = 'x' WHERE seq = {seq}",
        "UPDATE event SET hash = replace(hash, substr(hash, 1, 1), 'g') WHERE seq = {seq}",
        "DELETE FROM event WHERE seq = {seq}",
    ],
)
def test_any_change_to_any_event_is_found_at_its_place(place: str, statement: str) -> None:
    with open_at(place) as store:
        write_good_run(store.journal(TARGET, RUN))
        tamper(place, "CREATE TABLE kept AS SELECT * FROM event")
        for seq in range(1, 9):
            run_sql(place, statement.replace("{seq}", str(seq)))
            checked = store.verify()
            assert not checked.sound
            assert checked.broken is not None
            assert checked.broken.seq == seq
            assert checked.events == seq - 1
            run_sql(place, "DELETE FROM event", "INSERT INTO event SELECT * FROM kept")
            assert store.verify().sound


def test_reordered_and_inserted_events_are_found(place: str) -> None:
    with open_at(place) as store:
        write_good_run(store.journal(TARGET, RUN))
    copy = "INSERT INTO event SELECT 9, target, run, kind, at, prev, hash, body, bulk FROM event WHERE seq = 8"
    tamper(
        place, "UPDATE event SET seq = 0 WHERE seq = 4", "UPDATE event SET seq = 4 WHERE seq = 5", "UPDATE event SET seq = 5 WHERE seq = 0"
    )
    with open_at(place) as store:
        broken = store.verify().broken
        assert broken is not None
        assert broken.seq == 4
    tamper(place, copy)
    with open_at(place) as store, pytest.raises(JournalError, match="cannot be trusted"):
        store.journal(TARGET, "r2").append("run-opened", body("run-opened"))


@pytest.mark.parametrize("target", [TARGET, "sandbox"])
def test_an_event_that_lost_its_form_is_no_traceback_for_its_own_target_nor_for_another(place: str, target: str) -> None:
    with open_at(place) as store:
        write_good_run(store.journal(TARGET, RUN))
    tamper(place, "UPDATE event SET body = '{}' WHERE kind = 'bound'")
    with open_at(place) as store, pytest.raises(JournalError, match="cannot be trusted"):
        store.recorded(target)


def test_who_acts_on_a_run_believes_no_event_that_does_not_match_its_hash(place: str) -> None:
    """Form and canonical text may be right: `recover` and `rollback` stop all the same."""
    with open_at(place) as store:
        write_good_run(store.journal(TARGET, RUN))
        events = list(store.events())
    changed = next(event for event in events if event.kind == "unit-closed")
    text = json.dumps({**changed.body, "reason": "because"}, sort_keys=True, separators=(",", ":"))
    tamper(place, f"UPDATE event SET body = '{text}' WHERE seq = {changed.seq}")
    with open_at(place) as store:
        with pytest.raises(JournalError, match="does not match its hash"):
            store.view(RUN, sound=True)
        assert store.view(RUN).exit_code == 0
        broken = store.verify().broken
        assert broken is not None
        assert broken.seq == changed.seq


def test_nothing_is_appended_to_a_chain_whose_end_was_cut_off(place: str) -> None:
    with open_at(place) as store:
        write_good_run(store.journal(TARGET, RUN))
    tamper(place, "DELETE FROM event WHERE seq > 6")
    with open_at(place) as store:
        assert store.verify().broken is not None
        with pytest.raises(JournalError, match="cannot be trusted"):
            store.journal(TARGET, "r2").append("run-opened", body("run-opened"))


def test_a_chain_that_was_replaced_is_found_by_a_head_kept_elsewhere(place: str) -> None:
    with open_at(place) as store:
        write_good_run(store.journal(TARGET, RUN))
        anchor = store.head()
        assert store.verify([anchor, ""]).sound
    clear(place)
    with open_at(place) as store:
        write_good_run(store.journal(TARGET, "r2"))
        checked = store.verify([anchor])
        assert (checked.broken, checked.missing, checked.sound) == (None, (anchor,), False)


# --- files that are no journals ----------------------------------------------------------------------------------------


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return journal_path(tmp_path)


def put(path: Path, content: bytes) -> None:
    path.parent.mkdir(mode=0o700)
    path.write_bytes(content)
    path.chmod(0o600)


def test_a_file_that_is_no_database_is_left_alone(path: Path) -> None:
    put(path, b"a shopping list\n" * 100)
    with pytest.raises(JournalError, match="Not a journal"):
        open_store(path, clock=StepClock())
    assert path.read_bytes() == b"a shopping list\n" * 100


def test_another_programs_database_is_left_alone(path: Path) -> None:
    put(path, b"")
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE meta (name TEXT)")
    connection.commit()
    connection.close()
    content = path.read_bytes()
    with pytest.raises(JournalError, match="Not a journal"):
        open_store(path, clock=StepClock())
    assert path.read_bytes() == content


def test_an_empty_file_becomes_a_journal(path: Path) -> None:
    """What a crash between making the file and making its tables leaves."""
    put(path, b"")
    with open_store(path, clock=StepClock()) as store:
        write_good_run(store.journal(TARGET, RUN))


@pytest.mark.parametrize("version", ["2", "0", ""])
def test_another_version_is_refused(path: Path, version: str) -> None:
    open_store(path, clock=StepClock()).close()
    tamper(str(path), f"UPDATE meta SET value = '{version}' WHERE name = 'version'")
    with pytest.raises(JournalError, match="another version"):
        open_store(path, clock=StepClock())


def test_a_damaged_file_is_a_journal_error_and_never_a_traceback(path: Path) -> None:
    with open_store(path, clock=StepClock()) as store:
        write_good_run(store.journal(TARGET, RUN))
    whole = path.read_bytes()
    outcomes = []
    for at in range(0, len(whole), 211):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        outcomes.append(is_sound(path))
    assert set(outcomes) == {True, False}  # some bytes of a file mean nothing
    for size in (1, 50, 1000, 4096, 5000, len(whole) // 2):
        path.write_bytes(whole[:size])
        assert not is_sound(path)


def is_sound(path: Path) -> bool:
    try:
        with open_store(path, clock=StepClock()) as store:
            store.recorded(TARGET)
            return store.verify().sound
    except JournalError:
        return False


# --- several processes -------------------------------------------------------------------------------------------------


def test_others_read_while_one_writes(place: str) -> None:
    with open_at(place) as store:
        journal = store.journal(TARGET, RUN)
        journal.append("run-opened", body("run-opened"))
        reader = child(
            """
with open_at(place, create=False) as store:
    say("ready")
    seen = 0
    while seen < 200:
        assert store.recorded(TARGET).open_runs
        checked = store.verify()
        assert checked.sound, checked
        assert checked.events >= seen
        seen = checked.events
    say("done", seen)
""",
            place,
        )
        try:
            assert answer(reader) == ["ready"]
            for number in range(250):
                journal.append("note", {"text": str(number)})
                if number % 50 == 0:
                    time.sleep(0.02)
            assert answer(reader)[0] == "done"
        finally:
            end(reader)


def test_processes_that_start_together_make_one_journal_and_one_chain(place: str) -> None:
    script = """
run = sys.argv[2]
sys.stdin.readline()
with open_at(place) as store:
    journal = store.journal("target-" + run, run)
    journal.append("run-opened", body("run-opened"))
    for number in range(20):
        journal.append("note", {"text": str(number)})
say("done")
"""
    for _round in range(2):
        clear(place)
        writers = [child(script, place, f"r{number}") for number in range(3)]
        try:
            for writer in writers:
                assert writer.stdin is not None
                writer.stdin.write("go\n")
                writer.stdin.flush()
            assert [answer(writer) for writer in writers] == [["done"]] * 3
        finally:
            for writer in writers:
                end(writer)
        with open_at(place, create=False) as store:
            assert (store.verify().events, store.verify().sound) == (3 * 21, True)


def test_times_are_written_in_utc_whatever_the_clock_says(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = StepClock()
    monkeypatch.setattr(clock, "wall", datetime.fromisoformat("2026-11-22T23:59:59.5+09:00"))
    store.journal(TARGET, RUN)
    RunJournal(store, clock, TARGET, RUN).append("run-opened", body("run-opened"))
    assert next(store.events()).at == "2026-11-22T14:59:59.500000Z"
    assert clock.now().astimezone(UTC).hour == 14
