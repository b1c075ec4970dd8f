"""The operations of the ErpSync agent, one module per subject. Importing this package registers all of them.

Effects: none by itself.
"""

from reconciler.emulator.operations import (
    activation,
    connections,
    connectors,
    defaults,
    items,
    links,
    mappings,
    priorities,
    refresh,
    saving,
    synchronising,
)
from reconciler.emulator.operations.registry import OPERATIONS, Registered

__all__ = [
    "OPERATIONS",
    "Registered",
    "activation",
    "connections",
    "connectors",
    "defaults",
    "items",
    "links",
    "mappings",
    "priorities",
    "refresh",
    "saving",
    "synchronising",
]
