"""Passwords that only a read brought: nobody's file names them, and still no message may show them.

A connection's values and its connector's field types come in separate answers, in either order. As soon as both are here,
what stands in a Password field is known for what it is.

In -> Out: values and types as they are read -> the texts that have to be concealed from now on.
Effects: none outside itself; remembers what it was given. Safe to use from several threads.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from typing import Final

from reconciler.model import ConfigField, FieldType

__all__ = ["Overheard"]

_LEAST: Final = 6  # characters; taking out shorter values would tear holes into harmless messages


class Overheard:
    """What Password fields held in the reads of one session, by connector."""

    def __init__(self) -> None:
        self._values: dict[int, dict[str, set[str]]] = {}
        self._passwords: dict[int, frozenset[str]] = {}
        self._lock = threading.Lock()

    def values(self, connector_id: int, config: Mapping[str, str]) -> tuple[str, ...]:
        """A connection's raw values were read; those known to be passwords."""
        with self._lock:
            held = self._values.setdefault(connector_id, {})
            known = self._passwords.get(connector_id)
            for key, raw in config.items():
                if len(raw) >= _LEAST and (known is None or key in known):
                    held.setdefault(key, set()).add(raw)
            return self._concealed(connector_id)

    def types(self, connector_id: int, fields: Iterable[ConfigField]) -> tuple[str, ...]:
        """A connector's field types were read; the values read so far that they make passwords."""
        with self._lock:
            known = frozenset(one.key for one in fields if one.type is FieldType.PASSWORD)
            self._passwords[connector_id] = known
            found = self._concealed(connector_id)
            self._values[connector_id] = {key: held for key, held in self._values.get(connector_id, {}).items() if key in known}
            return found

    def _concealed(self, connector_id: int) -> tuple[str, ...]:
        known = self._passwords.get(connector_id, frozenset())
        return tuple(raw for key, held in self._values.get(connector_id, {}).items() if key in known for raw in held)
