"""`reconciler init`: write the pipeline file for a repository.

Effects: writes one file that does not exist yet; writes the standard streams.
"""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli.settings import Settings, command
from reconciler.errors import RefusedError, UsageProblem

__all__ = ["init"]


@command("init", formats=("text",))
@click.option("--github", "forge", flag_value="github", help="For GitHub: .github/workflows/reconciler.yml.")
@click.option(
    "--action", metavar="REFERENCE", default="", help="Where the action lies: owner/repository/.github/actions/reconciler@COMMIT."
)
def init(settings: Settings, *, forge: str | None, action: str) -> int:
    """Write the file that checks pull requests, comments plans, applies after the merge and looks for drift by night."""
    from reconciler.pipelines import PLACES, pipeline_for

    if forge is None:
        raise UsageProblem(
            "No forge was named", "`init` writes the pipeline of one forge.", "Write: reconciler init --github --action REFERENCE"
        )
    text, path = pipeline_for(forge, action), Path(PLACES[forge])
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        raise RefusedError("The file is there already", f"{path} was left as it is.", "Move it away to get a new one.") from None
    settings.streams.say(f"Written: {path}. Its head says what to set up before the first run.\n")
    return 0
