"""Permits keep their comments in canonical form, and are the same permit however they are laid out."""

from __future__ import annotations

from pathlib import Path

from reconciler.desired import load_desired
from reconciler.desired.format import formatted

FILE = """\
version: 1
connections:
  old: {name: Old, connector: visma, absent: true}
connectors:
  visma: {name: Visma}
permits:
  # agreed on the phone
  - ticket: CHG-1   # see there
    # and why
    reason: "The customer left: for good"
    hazard: delete
    until: 2099-12-31
    address: connection/old
  # on paper
  - {address: connection/old, hazard: linked-records, until: 2099-12-31T16:00Z, reason: Nothing is linked to it any more; looked at in the list twice}
  # no more
sync_priority: [SuperOffice]
"""
CANONICAL = """\
permits:
  # agreed on the phone
  - hazard: delete
    address: connection/old
    until: 2099-12-31
    # and why
    reason: "The customer left: for good"
    ticket: CHG-1   # see there
  # on paper
  - hazard: linked-records
    address: connection/old
    until: 2099-12-31T16:00Z
    reason: Nothing is linked to it any more; looked at in the list twice
  # no more
"""


def test_permits_stand_one_key_a_line_with_their_comments() -> None:
    once = formatted(FILE, "a.yaml")
    assert once.endswith(CANONICAL)
    assert formatted(once, "a.yaml") == once


def test_a_permit_is_the_same_however_it_is_laid_out_and_another_one_in_other_words(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    digests = []
    for text in (
        FILE,
        formatted(FILE, "a.yaml"),
        FILE.replace("CHG-1 ", "CHG-2 "),
        FILE.replace("until: 2099-12-31\n", "until: 2099-12-30\n"),
    ):
        path.write_text(text, encoding="utf-8")
        digests.append([permit.digest for permit in load_desired([path]).permits])
    assert digests[0] == digests[1]
    assert [one == two for one, two in zip(digests[0], digests[2], strict=True)] == [False, True]
    assert [one == two for one, two in zip(digests[0], digests[3], strict=True)] == [False, True]


def test_a_permit_does_not_change_what_is_asked_for(tmp_path: Path) -> None:
    """Whoever adds one has changed no value: drift and attribution compare this digest."""
    path = tmp_path / "a.yaml"
    path.write_text(FILE, encoding="utf-8")
    with_permits = load_desired([path]).digest
    path.write_text(FILE.partition("permits:")[0] + "sync_priority: [SuperOffice]\n", encoding="utf-8")
    assert load_desired([path]).digest == with_permits
