"""`reconciler schema`: the JSON Schema of a file, with a tenant's real names where that is asked for.

Effects: reads the shipped schemas; with `--online` the tenant and the journal; writes the standard streams.
"""

from __future__ import annotations

import click

from reconciler.cli.settings import Settings, command
from reconciler.errors import UsageProblem

__all__ = ["schema"]


@command("schema")
@click.argument("kind", default="connections")
@click.option("--online", is_flag=True, help="Narrow it to what the tenant has: config keys, ERP and CRM fields, items, groups, logins.")
@click.option("--language", metavar="CODE", help="With --online: in which groups and list items are named; en by default.")
def schema(settings: Settings, *, kind: str, online: bool, language: str | None) -> int:
    """Print the JSON Schema of connections (default), targets, policy, plan, journal or report, for editors and other programs.

    `report` is what --format json says.

    With --online an editor completes and checks what this tenant really has. Save it, and name it in the first line of the file:
    # yaml-language-server: $schema=FILE
    """
    from reconciler import schemas
    from reconciler.report.json import json_text

    if kind not in schemas.names():
        raise UsageProblem("Unknown schema", f"There is no schema {kind!r}.", f"There are: {', '.join(schemas.names())}.")
    if (online and kind != "connections") or (language is not None and not online):
        raise UsageProblem("Nothing to ask a tenant", "Only the schema of connections has names of a tenant.", "Type `schema --online`.")
    if not online:
        settings.streams.data(json_text(schemas.schema(kind)))
        return 0
    from reconciler import flow
    from reconciler.cli.language import iso_language
    from reconciler.cli.session import announce_open_runs, busy, invocation, opened

    code, typed = iso_language(language), invocation(settings)
    with opened(settings) as session:
        with busy(settings, f"Reading {session.target.name}"):
            made = flow.online_schema(session, language=code)
        announce_open_runs(settings, session, typed)
    settings.streams.data(json_text(made))
    return 0
