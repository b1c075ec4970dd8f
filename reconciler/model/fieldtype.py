"""The types that a connector declares for its fields.

Effects: none.
"""

from __future__ import annotations

from enum import StrEnum


class FieldType(StrEnum):
    """The declared type of a config field. Source: ErpSync agent swagger, FieldMetadata.FieldType."""

    CHECKBOX = "Checkbox"
    TEXT = "Text"
    PASSWORD = "Password"  # noqa: S105 - the API's name of a type, not a password
    INTEGER = "Integer"
    DOUBLE = "Double"
    LIST = "List"
    DATE = "Date"
    LABEL = "Label"
