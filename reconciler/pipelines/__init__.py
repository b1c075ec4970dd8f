"""The pipeline files that `reconciler init` writes, as they stand in a repository afterwards.

Effects: reads the files of this package.
"""

from __future__ import annotations

import re
from importlib.resources import files
from typing import Final

from reconciler.errors import UsageProblem

__all__ = ["PLACES", "pipeline_for"]

# Where each forge looks for the file.
PLACES: Final = {"github": ".github/workflows/reconciler.yml"}

_ACTION: Final = re.compile(r"[\w.-]+(/[\w.-]+)+@[0-9a-f]{40}")


def pipeline_for(forge: str, action: str) -> str:
    """The file for a forge.

    Args:
        forge: a key of `PLACES`.
        action: where the action lies, at a commit: `owner/repository/.github/actions/reconciler@<40 hex digits>`.

    Raises:
        UsageProblem: the action is not named at a commit; a tag can be moved to other code.
    """
    if not _ACTION.fullmatch(action):
        raise UsageProblem(
            "The action is not named at a commit",
            f"{action!r} is not of the form owner/repository/.github/actions/reconciler@<commit>, and a branch or tag can be moved to "
            "other code.",
            "Write the 40 digits of the commit behind the @.",
        )
    return files(__name__).joinpath(f"{forge}.yml").read_text(encoding="utf-8").replace("uses: ACTION", f"uses: {action}")
