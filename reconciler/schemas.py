"""Find the JSON Schemas that describe our files.

In -> Out: the name of a schema -> the schema, parsed.
Effects: reads disk (files of this installation only).
Neighbours: called by `desired`, `journal` and `cli`; standard library only.

The schemas stand in `schemas/` at the top of the checkout, where editors and people find them. A wheel carries them inside the
package, as `reconciler/_schemas`; a checkout and an editable install read the originals.
"""

import json
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

_SUFFIX = ".schema.json"


def schema(name: str) -> dict[str, Any]:
    """Return the schema of one kind of file, such as `connections`; every call returns a value of its own.

    Raises:
        LookupError: there is no schema of that name; the message lists those there are.
    """
    if name not in names():
        raise LookupError(f"no schema is named {name!r}; there are: {', '.join(names())}")
    loaded: dict[str, Any] = json.loads((_folder() / f"{name}{_SUFFIX}").read_text(encoding="utf-8"))
    return loaded


def names() -> tuple[str, ...]:
    """Return the names of all schemas, sorted."""
    return tuple(sorted(entry.name.removesuffix(_SUFFIX) for entry in _folder().iterdir() if entry.name.endswith(_SUFFIX)))


def _folder() -> Traversable:
    """Return the folder of the schemas: the package's own where it was shipped with one, else the checkout's."""
    shipped = files("reconciler") / "_schemas"
    return shipped if shipped.is_dir() else Path(__file__).resolve().parent.parent / "schemas"
