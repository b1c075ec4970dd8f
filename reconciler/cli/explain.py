"""`reconciler explain`: where a value comes from, and what it overrides.

Effects: reads the files; writes the standard streams.
"""

from __future__ import annotations

import os
from pathlib import Path

import click

from reconciler.cli.settings import Settings, command

__all__ = ["explain"]


@command("explain")
@click.argument("address")
def explain(settings: Settings, *, address: str) -> int:
    """Show for every value at ADDRESS its file, line and column, its mapping set, and what it overrides.

    ADDRESS is connection/KEY, connector/KEY, sync-priority, automatic-sync or permits, or something in one of them, such as
    connection/visma-no/actor/customer/field/NAME or connection/visma-no/config/Filename. No tenant is asked.
    """
    from reconciler import flow

    paths = flow.named_files(Path(), os.environ, tuple(settings.files), settings.target)
    found = flow.explain(paths, address)
    if settings.json:
        from reconciler.report.files_text import explain_object
        from reconciler.report.json import json_text

        settings.streams.data(json_text(explain_object(found.address, found.path, found.values)))
    else:
        from reconciler.report.files_text import explain_page

        settings.streams.out(explain_page(found.address, found.values, width=settings.streams.width()))
    return 0
