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
    from reconciler.cli.failures import report_error
    from reconciler.errors import InputError
    from reconciler.report.json import json_text, validate_object
    from reconciler.report.lists_text import valid_page

    streams = settings.streams
    try:
        desired = flow.validate(Path.cwd(), os.environ, tuple(settings.files), settings.target)
    except InputError as error:
        if settings.json:
            streams.data(json_text(validate_object(None, error.problems, target=settings.target)))
            settings.format = "text"
        report_error(error, settings)
        return exits.of_validate(len(error.problems))
    if settings.json:
        streams.data(json_text(validate_object(desired, (), target=settings.target)))
    else:
        streams.out(valid_page(desired, target=settings.target, width=streams.width()))
    return exits.of_validate(0)
