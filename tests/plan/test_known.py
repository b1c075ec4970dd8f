"""What the journal knows belongs to rows, not to the addresses under which it was filed."""

from __future__ import annotations

from reconciler.model import Binding, Recorded, SecretRef, SentSecret
from reconciler.plan.known import known_of

REF = SecretRef("env", "A", "1")
SENT = SentSecret(REF, "fingerprint", "sealed")
OLD, NEW, OTHER = "connection/old", "connection/new", "connection/other"


def journal(bindings: dict[str, str], *, secrets: tuple[str, ...] = (OLD,), applied: tuple[str, ...] = (OLD,)) -> Recorded:
    return Recorded(
        bindings={address: Binding(1, guid) for address, guid in bindings.items()},
        secrets={(address, "Password"): SENT for address in secrets},
        applied=frozenset(applied),
        ever_activated=frozenset(applied),
    )


def test_nothing_changes_for_an_address_that_stands_for_the_same_row() -> None:
    recorded = journal({OLD: "GUID-1"})
    assert known_of(recorded, {OLD: "guid-1"}) == recorded


def test_a_row_that_moved_to_another_address_brings_its_references_and_its_past() -> None:
    known = known_of(journal({OLD: "GUID-1"}), {NEW: "guid-1"})
    assert known.secrets[NEW, "Password"] == SentSecret(REF)
    assert (NEW in known.applied, NEW in known.ever_activated) == (True, True)


def test_what_was_sent_under_the_own_address_counts_before_what_was_sent_under_an_older_one() -> None:
    recorded = journal({OLD: "guid-1", NEW: "guid-1"}, secrets=(OLD, NEW))
    assert known_of(recorded, {NEW: "guid-1"}).secrets[NEW, "Password"] == SENT


def test_an_address_that_stands_for_another_row_now_knows_nothing_of_it() -> None:
    known = known_of(journal({OLD: "guid-1"}), {OLD: "guid-2"})
    assert (known.secrets, known.applied, known.ever_activated) == ({}, frozenset(), frozenset())


def test_an_address_without_a_row_knows_nothing() -> None:
    """Its row was deleted, by us or behind our back; what comes under its name is new."""
    known = known_of(journal({}), {OLD: ""})
    assert (known.secrets, known.applied, known.ever_activated) == ({}, frozenset(), frozenset())


def test_addresses_that_are_not_asked_about_are_left_alone() -> None:
    recorded = journal({OLD: "guid-1", OTHER: "guid-3"}, secrets=(OLD, OTHER), applied=(OLD, OTHER, "connector/x"))
    known = known_of(recorded, {OLD: "guid-2"})
    assert known.secrets == {(OTHER, "Password"): SENT}
    assert known.applied == {OTHER, "connector/x"}
