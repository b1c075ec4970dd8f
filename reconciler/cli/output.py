"""Which writer a command gets for `--format`, and where a build server looks for the files that it points at.

Effects: reads the environment and the working directory.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli.settings import Settings

if TYPE_CHECKING:
    from reconciler.model import Source
    from reconciler.report.formats import Writer

__all__ = ["DOCUMENTS", "FINDINGS", "writer"]

# What a command may offer beside text and JSON: pages for people, and lines that a build server shows at a place in a file.
DOCUMENTS = ("markdown", "html", "junit")
FINDINGS = (*DOCUMENTS, "sarif", "github", "gitlab", "azure")

# Where the checkout is. Source: docs.github.com, default environment variables; docs.gitlab.com, predefined CI/CD variables;
# learn.microsoft.com, predefined variables of Azure Pipelines.
_ROOTS = ("GITHUB_WORKSPACE", "CI_PROJECT_DIR", "BUILD_SOURCESDIRECTORY")


def writer(settings: Settings, environ: Mapping[str, str] | None = None) -> Writer:
    """The writer for the format that was asked for; never asked for text."""
    from reconciler.report.formats import Writer

    root = next((value for name in _ROOTS if (value := (os.environ if environ is None else environ).get(name))), "")
    return Writer(settings.format, settings.command, settings.target, lambda source: _placed(source, root))


def _placed(source: Source, root: str) -> Source:
    """A place as the forge knows it: from the root of the checkout, with slashes; as it is where it lies elsewhere."""
    from dataclasses import replace

    try:
        path = Path(source.file)
        if root:
            path = path.resolve().relative_to(Path(root).resolve())
    except (OSError, ValueError, RuntimeError):
        return source
    return replace(source, file=path.as_posix())
