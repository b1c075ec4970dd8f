"""`reconciler fmt`: put the files into canonical form.

Effects: reads the files and, without `--check`, writes them; writes the standard streams.
"""

from __future__ import annotations

import os
from pathlib import Path

import click

from reconciler.cli import exits
from reconciler.cli.output import FINDINGS, writer
from reconciler.cli.settings import Settings, command

__all__ = ["fmt"]


@command("fmt", formats=("text", "json", *FINDINGS))
@click.option("--check", is_flag=True, help="Write nothing; exit with 3 when a file is not in canonical form.")
def fmt(settings: Settings, *, check: bool) -> int:
    """Put the files into canonical form: order of keys, two spaces, quotes only where needed. Comments stay where they belong.

    The meaning never changes: a file whose canonical form would not mean the same is refused.
    """
    from reconciler import flow

    streams = settings.streams
    found = flow.format_files(flow.named_files(Path(), os.environ, tuple(settings.files), settings.target))
    if not check:
        flow.save_formatted(found)
    code = exits.of_fmt([one.changed for one in found], check=check)
    files = [(one.name, one.changed) for one in found]
    if not settings.text:
        streams.data(writer(settings).fmt(files, code, check=check))
    else:
        from reconciler.report.files_text import fmt_page

        streams.out(fmt_page(files, check=check, width=streams.width()))
    return code
