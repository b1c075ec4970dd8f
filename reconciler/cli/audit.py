"""`reconciler audit`: prove that the account is whole, and hand it to somebody who does not have this tool.

Effects: reads the journal; `export` writes one new file; writes the standard streams.
"""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli.settings import Settings, command
from reconciler.errors import UsageProblem

__all__ = ["audit"]


@command("audit")
@click.argument("action", type=click.Choice(["verify", "changes", "export"]))
@click.option("-o", "--output", metavar="FILE", help="For export: the zip file to write.")
@click.option("--anchor", "anchors", metavar="HEAD", multiple=True, help="For verify: a head that was kept elsewhere; repeat it for more.")
def audit(settings: Settings, *, action: str, output: str | None, anchors: tuple[str, ...]) -> int:
    """Verify that no event was changed, added, removed or moved; print every change as CSV; export evidence as a zip file.

    The zip file holds this target's events, a table of its changes, a manifest and verify.py, which checks them with plain Python. Every
    run prints the journal's head: keep some of them elsewhere, and give one to `--anchor`, which also shows that nothing was cut off.
    """
    if (output is None) is (action == "export") or (anchors and action != "verify"):
        raise UsageProblem(
            "Wrong arguments",
            f"`audit {action}` was given too much or too little.",
            "reconciler audit verify [--anchor HEAD], audit changes, audit export -o evidence.zip",
        )
    from reconciler import flow
    from reconciler.cli.journal import check
    from reconciler.cli.session import opened

    with opened(settings) as session:
        if action == "verify":
            return check(settings, session, anchors)
        if action == "changes":
            settings.streams.data(flow.change_table(session))
            return 0
        count, head = flow.save_evidence(session, Path(str(output)))
    settings.streams.say(f"Written: {output}, {count:,} events, head {head}.\nCheck it anywhere: unzip it and type `python verify.py`.\n")
    return 0
