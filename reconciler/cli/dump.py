"""`reconciler dump`: the live tenant as a file that a person could have written.

Effects: reads the tenant and the journal; writes the standard streams and the file of `-o`.
"""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli.settings import Settings, command
from reconciler.errors import UsageProblem

__all__ = ["dump"]

_IDENTIFIES = "Which config fields decide the ERP company cannot be read: name them under `identifies_erp` of each connector."


@command("dump")
@click.option("-o", "--out", "saved_as", metavar="FILE", help="Write the file; another dump there is replaced.")
@click.option("--overwrite", is_flag=True, help="Replace FILE whatever it holds.")
@click.option("--base", metavar="FILE", multiple=True, help="Write only what differs from FILE, as an overlay over it; repeat it for more.")
@click.option("--language", metavar="CODE", help="In which groups, list items and labels are named; en by default.")
def dump(settings: Settings, *, saved_as: str | None, overwrite: bool, base: tuple[str, ...], language: str | None) -> int:
    """Write what is live as YAML that validates and plans to no changes.

    Passwords become references to variables, which are listed on standard error. Nothing secret is written.
    """
    from reconciler import flow
    from reconciler.cli.language import iso_language
    from reconciler.cli.session import announce_open_runs, busy, invocation, opened
    from reconciler.report.dump_text import dump_page
    from reconciler.report.invocation import Invocation
    from reconciler.report.values import path_text

    streams, code = settings.streams, iso_language(language)
    if base and language is not None:
        raise UsageProblem("Two languages", "An overlay has the language of the files that it lies over.", "Leave --language out.")
    with opened(settings) as session:
        with busy(settings, f"Reading {session.target.name}"):
            made = flow.dump(session, language=code, base=base)
        if saved_as is not None:
            flow.save_dump(Path(saved_as), made.text, overwrite=overwrite)
        announce_open_runs(settings, session, invocation(settings))
    variables = [(one.ref.reference, one.field, f"connection/{one.connection}", one.known) for one in made.variables]
    if settings.json:
        from reconciler.report.json import json_text
        from reconciler.report.taking_over_json import dump_object

        streams.data(
            json_text(
                dump_object(
                    made.target,
                    made.text,
                    proved=made.proof.holds,
                    variables=variables,
                    not_allowed=made.not_allowed,
                    hosts=made.hosts,
                    left_out=made.proof.left_out,
                    told=made.proof.told,
                )
            )
        )
    elif saved_as is None:
        streams.data(made.text)
    files = (*base, saved_as) if saved_as is not None else ()
    streams.err(
        dump_page(
            holds=made.proof.holds,
            needed=[one[:3] for one in variables if not one[3]],
            not_allowed=made.not_allowed,
            hosts=made.hosts,
            left_out=[(path_text(place), why) for place, why in made.proof.left_out],
            told=made.proof.told,
            hints=() if base or not variables else (_IDENTIFIES,),
            next_step=Invocation(settings.target, files).type("plan", files=True) if files else "",
            width=streams.width(err=True),
        )
    )
    return 0
