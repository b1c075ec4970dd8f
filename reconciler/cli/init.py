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
@click.option("--github", "forges", flag_value="github", multiple=True, help="For GitHub: .github/workflows/reconciler.yml.")
@click.option("--gitlab", "forges", flag_value="gitlab", multiple=True, help="For GitLab: .gitlab-ci.yml.")
@click.option("--azure-devops", "forges", flag_value="azure-devops", multiple=True, help="For Azure DevOps: azure-pipelines.yml.")
@click.option(
    "--action",
    metavar="REFERENCE",
    default="",
    help="For GitHub, where the action lies: owner/repository/.github/actions/reconciler@COMMIT.",
)
@click.option(
    "--package", metavar="REFERENCE", default="", help="For the others, what pip installs: git+https://HOST/PATH@COMMIT, or a wheel."
)
def init(settings: Settings, *, forges: tuple[str, ...], action: str, package: str) -> int:
    """Write the file that checks pull requests, comments plans, applies after the merge and looks for drift by night.

    --target names the entry of targets.yaml that it is for; prod without it.
    """
    from reconciler.pipelines import PLACES, pipeline_for

    forge = _one_forge(forges)
    reference, other = (action, package) if forge == "github" else (package, action)
    if other:
        option = "--action" if forge == "github" else "--package"
        raise UsageProblem("That is for another forge", f"`init --{forge}` takes {option}.", f"Write: {_TYPED[forge]}")
    text, path = pipeline_for(forge, reference, target=settings.target or "prod"), Path(PLACES[forge])
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        raise RefusedError("The file is there already", f"{path} was left as it is.", "Move it away to get a new one.") from None
    settings.streams.say(f"Written: {path}. Its head says what to set up before the first run.\n")
    return 0


_TYPED = {
    "github": "reconciler init --github --action REFERENCE",
    "gitlab": "reconciler init --gitlab --package REFERENCE",
    "azure-devops": "reconciler init --azure-devops --package REFERENCE",
}


def _one_forge(named: tuple[str, ...]) -> str:
    forges = list(dict.fromkeys(named))
    if len(forges) != 1:
        summary = "Several forges were named" if forges else "No forge was named"
        hint = "; or: ".join(_TYPED[forge] for forge in forges or _TYPED)
        raise UsageProblem(summary, "`init` writes the pipeline of one forge.", f"Write: {hint}")
    return forges[0]
