"""Stores that hold secrets: Azure Key Vault, HashiCorp Vault, the system's keyring, and any that another package brings.

How a secret is named in each of them can be checked without one (`forms`); a store and its library are loaded when a value
is needed, and not before. A store is opened with the environment variables alone: where it is and who asks never stands in a
file that a pull request may change.

In -> Out: a provider, a name, a version -> a `Found`.
Effects: none here; a store that is open talks to its service.
Neighbours: `desired.secrets` decides what may be resolved, and asks here.
"""

from reconciler.stores.opening import ENTRY_POINTS, open_store, others
from reconciler.stores.store import Found, Store, StoreError

__all__ = ["ENTRY_POINTS", "Found", "Store", "StoreError", "open_store", "others"]
