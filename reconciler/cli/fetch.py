"""`reconciler fetch`: get the plan that the comment of this pipeline's change names, after the merge.

Effects: asks the forge; reads the environment; writes one file and the standard streams.
"""

from __future__ import annotations

import os
from pathlib import Path

import click

from reconciler.cli.settings import Settings, command

__all__ = ["fetch"]


@command("fetch")
@click.option("-o", "--out", "saved_as", metavar="FILE", default="plan.json", show_default=True, help="Where to put it.")
@click.option("--which", is_flag=True, help="Only say which change and which plan it is.")
def fetch(settings: Settings, *, saved_as: str, which: bool) -> int:
    """Fetch the saved plan that the plan comment names, out of what the pipelines of the pull or merge request kept.

    Only a plan with the digest of the comment is taken. Whether it was approved is for `apply --require-approval` to say.
    """
    from reconciler import flow

    target = settings.target or "emulator"
    found = flow.fetch_plan(os.environ, target, _in_checkout(saved_as), which=which)
    if not which:
        from reconciler.journal.planfile import write_plan

        write_plan(Path(saved_as), found.raw)
    if settings.json:
        from reconciler.report.json import json_text

        settings.streams.data(json_text({"change": found.change, "digest": found.digest, "file": None if which else saved_as}))
    else:
        done = "is" if which else f"was fetched into {saved_as}:"
        settings.streams.say(f"The plan of change {found.change} {done} {found.digest}.\n")
    return 0


def _in_checkout(path: str) -> str:
    """Where a file lies from the root of the checkout, as pipelines keep it."""
    root = os.environ.get("CI_PROJECT_DIR") or os.environ.get("GITHUB_WORKSPACE") or "."
    try:
        return Path(path).absolute().relative_to(Path(root).absolute()).as_posix()
    except ValueError:
        return Path(path).name
