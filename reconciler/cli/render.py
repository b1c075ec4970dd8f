"""`reconciler render`: the files laid over each other as one.

Effects: reads the files; writes the standard streams.
"""

from __future__ import annotations

import os
from pathlib import Path

import click

from reconciler.cli.settings import Settings, command

__all__ = ["render"]


@command("render", formats=("text",))
@click.option("--resolved", is_flag=True, help="Lay the mapping sets under the connections that use them.")
def render(settings: Settings, *, resolved: bool) -> int:
    """Write the merged file as YAML: overlays laid over each other, short forms written out, keys in order.

    What comes out means the same as the files. No tenant is asked and no secret is needed.
    """
    from reconciler import flow

    paths = flow.named_files(Path(), os.environ, tuple(settings.files), settings.target)
    settings.streams.data(flow.render(paths, resolved=resolved))
    return 0
