"""Opens the store of a provider: one of ours, or one that an installed package brings.

Effects: imports libraries; looks at which packages are installed.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, Final

from reconciler.stores.store import Found, Store, StoreError

ENTRY_POINTS: Final = "reconciler.secret_stores"
"""The group of entry points by which another package offers a store: its provider's name, and `module:callable`."""

_OURS: Final = {
    "azure-key-vault": ("reconciler.stores.azure_key_vault", "azure"),
    "vault": ("reconciler.stores.hashicorp_vault", "vault"),
    "keyring": ("reconciler.stores.system_keyring", "keyring"),
}


@functools.cache
def others() -> frozenset[str]:
    """The providers that installed packages bring beside ours. Nothing of them is loaded."""
    from importlib.metadata import entry_points

    return frozenset(one.name for one in entry_points(group=ENTRY_POINTS)) - _OURS.keys()


def open_store(provider: str, environ: Mapping[str, str]) -> Store:
    """Load and open the store of a provider.

    Raises:
        StoreError: its library is not installed, it does not know where it is or who asks, or there is no such provider.
    """
    from importlib import import_module
    from importlib.metadata import entry_points

    if provider in _OURS:
        module, extra = _OURS[provider]
        try:
            opened: Callable[[Mapping[str, str]], Store] = import_module(module).open_store
        except ImportError:
            raise StoreError(
                f"cannot be used: the extra `{extra}` of reconciler is not installed", f"Install it: pip install 'reconciler[{extra}]'"
            ) from None
        return opened(environ)
    brought = next(iter(entry_points(group=ENTRY_POINTS, name=provider)), None)
    if brought is None:
        raise StoreError(f"cannot be used: no store is called {provider}", "Install the package that brings it.")
    package = brought.dist.name if brought.dist else brought.value
    return _Guarded(package, _guarded(package, lambda: brought.load()(environ)))


class _Guarded:
    """A store of another package, whose failures are told by their kind only: their texts may hold anything."""

    def __init__(self, package: str, store: Store) -> None:
        self._package = package
        self._store = store

    def fetch(self, name: str, version: str | None) -> Found:
        found = _guarded(self._package, lambda: self._store.fetch(name, version))
        if isinstance(found, Found) and found.value.reveal():
            return found
        raise StoreError(f"cannot be used: the store of the package {self._package} found nothing", "Look at the secret's name.")


def _guarded(package: str, ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except StoreError:
        raise
    except Exception as error:  # noqa: BLE001  whatever another package raises
        kind = type(error).__name__
    raise StoreError(f"cannot be used: the store of the package {package} failed ({kind})", "Ask whoever looks after that package.")
