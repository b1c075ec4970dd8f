"""`reconciler validate`: is what the files say well-formed, complete and consistent? Needs no tenant.

Effects: reads the files; writes the standard streams.
"""

from __future__ import annotations

import os
from pathlib import Path

from reconciler.cli import exits
from reconciler.cli.settings import Settings, command

__all__ = ["validate"]


@command("validate")
def validate(settings: Settings) -> int:
    """Check the files against the schema and the rules, and say everything that is wrong at once.

    No tenant is asked and no secret is needed.
    """
    from reconciler import flow
    from reconciler.cli.failures import say_error
    from reconciler.errors import InputError

    streams = settings.streams
    desired, refusal = None, None
    try:
        desired = flow.validate(Path(), os.environ, tuple(settings.files), settings.target)
    except InputError as error:
        refusal = error
    problems = refusal.problems if refusal is not None else ()
    if settings.json:
        from reconciler.report.json import json_text, validate_object

        streams.data(json_text(validate_object(desired, problems, target=settings.target)))
    elif desired is not None:
        from reconciler.report.lists_text import valid_page

        streams.out(valid_page(desired, target=settings.target, width=streams.width()))
    if refusal is not None:
        say_error(refusal, streams)
    return exits.of_validate(len(problems))
