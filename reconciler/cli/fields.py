"""`reconciler fields`: the ERP fields of a connection, what they are mapped to, and what they could be mapped to.

Effects: reads the tenant and the journal; writes the standard streams.
"""

from __future__ import annotations

import click

from reconciler.cli.settings import Settings, command

__all__ = ["fields"]


@command("fields")
@click.argument("connection")
@click.argument("actor", required=False)
@click.option("--language", metavar="CODE", help="In which list items and labels are named; en by default.")
@click.option("--items", is_flag=True, help="Also read the items of every CRM list that a field may be mapped to: one call for each list.")
def fields(settings: Settings, *, connection: str, actor: str | None, language: str | None, items: bool) -> int:
    """Show the ERP fields of CONNECTION, of one ACTOR type or of all, ready to paste.

    ACTOR is customer, supplier, partner, person or project. `CustGr > BUSINESS` flows to SuperOffice, `<` to the ERP, `< >` both ways.
    """
    from reconciler import flow
    from reconciler.cli.language import iso_language
    from reconciler.cli.session import announce_open_runs, busy, invocation, opened

    streams, code = settings.streams, iso_language(language)
    with opened(settings) as session:
        with busy(settings, f"Reading {session.target.name}"):
            found = flow.fields(session, connection, actor.lower() if actor is not None else None, language=code, items=items)
        announce_open_runs(settings, session, invocation(settings))
    if settings.json:
        from reconciler.report.json import json_text
        from reconciler.report.taking_over_json import fields_object

        streams.data(json_text(fields_object(found)))
    else:
        from reconciler.report.fields_text import fields_page

        streams.out(fields_page(found, width=streams.width()))
    return 0
