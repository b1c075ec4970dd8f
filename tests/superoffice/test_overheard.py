"""What stands in a Password field is concealed, in whichever order values and field types were read."""

from __future__ import annotations

from reconciler.model import ConfigField, FieldType
from reconciler.superoffice.overheard import Overheard
from reconciler.superoffice.redact import Redactor

FIELDS = (ConfigField("Filename", FieldType.TEXT), ConfigField("Pin", FieldType.PASSWORD))


def test_values_that_come_before_the_types_are_known_once_the_types_are_here() -> None:
    overheard = Overheard()
    assert overheard.values(1, {"Filename": "F0001.xlsm", "Pin": "hunter-2222"}) == ()
    assert overheard.types(1, FIELDS) == ("hunter-2222",)


def test_values_that_come_after_the_types_are_known_at_once() -> None:
    overheard = Overheard()
    overheard.types(1, FIELDS)
    assert overheard.values(1, {"Filename": "F0001.xlsm", "Pin": "hunter-2222"}) == ("hunter-2222",)


def test_another_connectors_types_say_nothing() -> None:
    overheard = Overheard()
    overheard.types(2, FIELDS)
    assert overheard.values(1, {"Pin": "hunter-2222"}) == ()


def test_short_values_are_left_alone_so_that_messages_stay_readable() -> None:
    overheard = Overheard()
    overheard.types(1, FIELDS)
    assert overheard.values(1, {"Pin": "12345"}) == ()


def test_a_whole_secret_goes_before_a_part_of_another_does() -> None:
    """The longer secret begins like the shorter one ends; taking out the part first would leave the rest of it."""
    redactor = Redactor()
    redactor.learn(["aaaabbbbccccdddd-one", "ccccdddd-two"])
    shown = redactor.show("it says ccccdddd-two and no more")
    assert "two" not in shown
