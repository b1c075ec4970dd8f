"""`reconciler compare`: two targets, or a target and a file, side by side.

Effects: reads tenants, files and the journal; writes the standard streams.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reconciler.cli.settings import Settings, command

if TYPE_CHECKING:
    from reconciler.flow.comparing import Side

__all__ = ["compare"]


@command("compare")
@click.argument("one", metavar="A")
@click.argument("other", metavar="B")
@click.option("--language", metavar="CODE", help="In which groups and list items are named; that of a file, else en, by default.")
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 when the two differ.")
def compare(settings: Settings, *, one: str, other: str, language: str | None, detailed_exitcode: bool) -> int:
    """Show where A and B differ. Each is the name of a target, or a file that ends in .yaml.

    Connectors are the same by name, connections by connector and name in any language. Of a file, only what it writes is compared.
    """
    from reconciler import flow
    from reconciler.cli import exits
    from reconciler.cli.language import iso_language

    streams = settings.streams
    sides: dict[str, Side] = {name: flow.file_side((name,)) for name in (one, other) if _is_file(name)}
    spoken = [side.desired.language for side in sides.values() if side.desired is not None]
    code = iso_language(language or (spoken[0] if spoken else None))
    for name in (one, other):
        if name not in sides:
            sides[name] = _read(settings, name, code)
    found = flow.compare(sides[one], sides[other])
    if settings.json:
        from reconciler.report.json import json_text
        from reconciler.report.taking_over_json import compare_object

        streams.data(json_text(compare_object(found)))
    else:
        from reconciler.report.compare_text import compare_page

        streams.out(compare_page(found, width=streams.width()))
    return exits.of_compare(found, detailed=detailed_exitcode)


def _is_file(name: str) -> bool:
    """Whether a word names a file rather than a target."""
    return name.endswith((".yaml", ".yml"))


def _read(settings: Settings, name: str, language: str) -> Side:
    from reconciler import flow
    from reconciler.cli.session import announce_open_runs, busy, opened
    from reconciler.report.invocation import Invocation

    with opened(settings, target=name) as session:
        announce_open_runs(settings, session, Invocation(name))
        with busy(settings, f"Reading {session.target.name}"):
            return flow.tenant_side(session, language=language)
