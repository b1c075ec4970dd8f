"""The switches with which a stage of a test is set, also from outside: `RECONCILER_SWITCH=NAME=VALUE` turns one for every stage.

What a test turns by itself comes after it and wins.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any, Final

from reconciler.emulator import Switches

VARIABLE: Final = "RECONCILER_SWITCH"
_GIVEN: Final = os.environ.get(VARIABLE, "")  # read before the house fixture removes it


def turned(own: Mapping[str, Any] | None = None) -> Switches:
    """Fresh switches, with what was given from outside and then what a test wants."""
    made = Switches()
    for name, value in [*([setting_of(_GIVEN)] if _GIVEN else []), *(own or {}).items()]:
        made.set(name, value)
    return made


def setting_of(text: str) -> tuple[str, Any]:
    """`NAME=VALUE`: true, false, a number, or a text (also `null`, which some switches have)."""
    name, _, value = text.partition("=")
    if value in ("true", "false"):
        return name, value == "true"
    return name, float(value) if value.replace(".", "", 1).isdigit() else value


def text_of(name: str, value: object) -> str:
    """The inverse."""
    return f"{name}={value}" if isinstance(value, str) else f"{name}={json.dumps(value)}"
