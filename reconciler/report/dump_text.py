"""What a person has to do with a dump: set variables, allow references, look at what was left out.

In -> Out: what `dump` found -> a page for standard error.
Neighbours: called by `cli.dump`.

Effects: none.
"""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.report.page import Page, Style, bold, command, plain

__all__ = ["Needed", "dump_page"]

# Reference, field, connection.
Needed = tuple[str, str, str]


def dump_page(
    *,
    holds: bool,
    needed: Sequence[Needed],
    not_allowed: Sequence[str],
    hosts: Sequence[str],
    left_out: Sequence[tuple[str, str]],
    told: Sequence[str],
    hints: Sequence[str] = (),
    next_step: str = "",
    width: int | None = None,
) -> Page:
    """The list of variables first, since nothing can be applied without them.

    Args:
        holds: the file is valid and plans to no changes.
        needed: references that have to lead to a value.
        not_allowed: those that the target's `secrets` do not allow yet.
        hosts: hosts that the target's `connector_hosts` do not allow yet.
        left_out: places that a file cannot hold, with the reason.
        told: what is wrong in the tenant and stands in the file nevertheless.
        hints: what nobody can read from a tenant, and a person may add.
        next_step: a command to type.
    """
    page = Page(width)
    if needed:
        page.line(bold("Set these before anything is saved; no password was read:"))
        page.columns([[command(reference), plain(f"{field} of {connection}")] for reference, field, connection in needed], indent=2)
    if not_allowed:
        page.prose(f"The target does not allow these yet; add them to its `secrets`: {', '.join(not_allowed)}.", hang=2)
    if hosts:
        page.prose(
            f"The target does not allow connectors on these hosts yet; add them to its `connector_hosts`: {', '.join(hosts)}.", hang=2
        )
    for place, why in left_out:
        page.prose(f"{place}: {why}", lead=[plain("Left out: ")], hang=2)
    for sentence in told:
        page.prose(sentence, style=Style.WARNING, hang=2)
    if not holds and not told:
        page.prose("The file was not proved to plan to no changes; look at its plan before it is applied.", style=Style.WARNING, hang=2)
    for sentence in hints:
        page.prose(sentence, hang=2)
    if next_step:
        page.line("Next: ", command(next_step))
    return page
