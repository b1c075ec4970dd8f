"""`reconciler comment`: put a text on the pull or merge request that this pipeline runs for, and keep it current.

Effects: reads the file and the environment; writes one comment at most on the forge; writes the standard streams.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from reconciler.cli.settings import Settings, command

__all__ = ["comment"]


@command("comment")
@click.argument("text", metavar="[FILE]", default="-")
@click.option("--key", metavar="KEY", required=True, help="Which comment: plan/prod is found again by the next run with that key.")
@click.option(
    "--plan", "plan_file", metavar="FILE", help="The saved plan that the text shows: `apply --require-approval` looks for its digest."
)
@click.option("--change", metavar="NUMBER", type=click.IntRange(1), help="Of the pull or merge request; the pipeline's own without it.")
@click.option("--author", metavar="ACCOUNT", help="Whose comments are ours; the token's account without it.")
@click.option("--token-variable", metavar="NAME", default="", help="The environment variable that holds the forge's token.")
@click.option("--only-update", is_flag=True, help="Write only where the change has this comment already.")
def comment(  # one parameter per option, as click hands them over
    settings: Settings,
    *,
    text: str,
    key: str,
    plan_file: str | None,
    change: int | None,
    author: str | None,
    token_variable: str,
    only_update: bool,
) -> int:
    """Put FILE (Markdown; standard input without it) on the pull or merge request, in one comment that later runs update."""
    from reconciler import flow

    streams = settings.streams
    body = sys.stdin.read() if text == "-" else Path(text).read_text(encoding="utf-8-sig")
    digest = "" if plan_file is None else flow.load_plan(Path(plan_file)).digest
    posted = flow.comment(
        os.environ,
        body,
        key=key,
        number=change,
        author=author,
        token_variable=token_variable,
        only_update=only_update,
        digest=digest,
    )
    done = "not there, and left so" if posted is None else posted.done
    if settings.json:
        from reconciler.report.json import json_text

        streams.data(
            json_text({"key": key, "done": "none" if posted is None else done, "id": None if posted is None else posted.comment.id})
        )
    else:
        streams.say(f"The comment {key} is {done}.\n")
    return 0
