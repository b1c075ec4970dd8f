"""`reconciler audit`: prove that the account is whole, tell it to an auditor, and let somebody look at what is exceptional in it.

Effects: reads the journal; `export` writes one new file, `review` and `read` one event, for which `read` reads the tenant; writes the
standard streams.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.audit.flags import FlagKind
from reconciler.cli.settings import Settings, command, shared_options
from reconciler.errors import CheckFailed, InputError, UsageProblem

if TYPE_CHECKING:
    from reconciler.journal.store import Checked
    from reconciler.report.document import Document
    from reconciler.session import Session

__all__ = ["audit"]

_DOCUMENTS = ("text", "json", "markdown", "html")


@click.group("audit")
@shared_options
def audit() -> None:
    """Prove that the account is whole, tell it to an auditor, and close what is exceptional in it.

    Every run prints the journal's head: keep some of them elsewhere, and give one to `verify --anchor`.
    """


@command("verify")
@click.option("--anchor", "anchors", metavar="HEAD", multiple=True, help="A head that was kept elsewhere; repeat it for more.")
def verify(settings: Settings, *, anchors: tuple[str, ...]) -> int:
    """Verify that no event was changed, added, removed or moved; with --anchor also that the end was not cut off. Exits with 3 if not."""
    from reconciler.cli.journal import check
    from reconciler.cli.session import opened

    with opened(settings) as session:
        return check(settings, session, anchors)


@command("changes", formats=("text",))
def changes(settings: Settings) -> int:
    """Print every change of every run as CSV, the oldest first; no cell is a formula.

    The whole journal is checked first; of one that does not hold the table is printed with a warning, and the command exits with 3.
    """
    from reconciler import flow
    from reconciler.cli.session import opened
    from reconciler.report.chain_text import chain_warning
    from reconciler.report.untrusted import visible

    with opened(settings) as session, _checked(session) as checked:
        settings.streams.data(flow.change_table(session))
    if not checked.sound:
        settings.streams.say(f"{visible(chain_warning(checked))}\nLook for the place with: reconciler audit verify\n")
    return 0 if checked.sound else 3


@command("export")
@click.option("-o", "--output", metavar="FILE", required=True, help="The zip file to write.")
def export(settings: Settings, *, output: str) -> int:
    """Write evidence: this target's events, a table of its changes, a manifest, and verify.py, which checks them with plain Python.

    Keep the SHA-256 of the manifest, which is printed, elsewhere: `verify.py --manifest` shows by it that nothing was changed or hidden.
    """
    from reconciler import flow
    from reconciler.cli.session import opened

    with opened(settings) as session:
        made, name = flow.save_evidence(session, Path(output)), session.target.name
    if settings.json:
        from reconciler.report.json import json_text

        told = {"target": name, "file": output, "events": made.events, "head": made.head, "manifest": made.manifest}
        settings.streams.data(json_text({"format": "reconciler/evidence/v1", **told}))
        return 0
    settings.streams.say(
        f"Written: {output}, {made.events:,} events.\nJournal head {made.head}\nManifest SHA-256 {made.manifest}\n"
        "Keep both where nobody writes who could change the file. To check it anywhere, unzip it and type\n"
        f"  python verify.py{f' --anchor {made.head}' if made.head else ''} --manifest {made.manifest}\n"
    )
    return 0


@command("exceptions", formats=_DOCUMENTS)
@click.option("--from", "begin", metavar="DAY", help="The first day, such as 2026-11-01, in UTC.")
@click.option("--to", "end", metavar="DAY", help="The last day.")
@click.option(
    "--kind", "kinds", multiple=True, type=click.Choice([kind.value for kind in FlagKind]), help="Only these; repeat it for more."
)
@click.option("--check", is_flag=True, help="Exit with 3 while one of them waits for a review.")
def exceptions(settings: Settings, *, begin: str | None, end: str | None, kinds: tuple[str, ...], check: bool) -> int:
    """List what left the usual way; each exception waits until somebody other than the one who caused it has reviewed it.

    Broken glass, approvals and tickets that are missing or only attested, barriers permitted, rollbacks, recoveries, broken leases,
    controls that changed, and changes on the tenant that this tool did not make. The whole journal is checked first; a list of one that
    does not hold says so and exits with 3.
    """
    from reconciler import flow
    from reconciler.audit.period import period_of
    from reconciler.cli.session import invocation, opened
    from reconciler.report.exceptions_document import exceptions_document, exceptions_object
    from reconciler.report.json import json_text

    period, typed = period_of(begin, end), invocation(settings)
    with opened(settings) as session, _checked(session) as checked:
        account = flow.account(session)
        found = flow.exceptions(account, period, kinds)
        waits = check and any(flag.review is None for flag in found)
        code = 3 if waits or not checked.sound else 0
        name, reads = session.target.name, len(account.reads)
        if settings.json:
            told = exceptions_object(name, found, checked, exit_code=code, reads=reads, begin=period.begin, end=period.end)
            settings.streams.data(json_text(told))
        else:
            made = exceptions_document(name, found, checked, period=period.words, reads=reads, kinds=kinds, invocation=typed)
            _write(settings, made)
    return code


@command("report", formats=_DOCUMENTS)
@click.argument("run", metavar="[RUN]", required=False)
@click.option("--html", "as_html", is_flag=True, help="The same as --format html: one page that needs nothing else.")
@click.option("--from", "begin", metavar="DAY", help="Without RUN: the first day, such as 2026-11-01, in UTC.")
@click.option("--to", "end", metavar="DAY", help="Without RUN: the last day.")
def report(settings: Settings, *, run: str | None, as_html: bool, begin: str | None, end: str | None) -> int:
    """Tell one run to somebody who does not have this tool, or list all runs of a period with what shows that none is missing.

    The whole journal is checked first; a report on one that does not hold says so and exits with 3.
    """
    if run is not None and (begin is not None or end is not None):
        raise UsageProblem("Wrong arguments", "A run is told whole; a period belongs to the list.", "Leave RUN out, or the period.")
    settings.format = "html" if as_html else settings.format
    return _run_report(settings, run) if run is not None else _population_report(settings, begin, end)


def _run_report(settings: Settings, run: str) -> int:
    from reconciler import flow
    from reconciler.cli.session import invocation, opened

    typed = invocation(settings)
    with opened(settings) as session, _checked(session) as checked:
        view = flow.run_view(session, run)
        flags = flow.run_exceptions(session, view.run)
        code = 0 if checked.sound else 3
        if settings.json:
            from reconciler.report.exceptions_document import flag_object
            from reconciler.report.json import journal_check_object, json_text
            from reconciler.report.show_json import show_object

            members = {"exceptions": [flag_object(flag) for flag in flags], "chain": journal_check_object(view.target, checked, code)}
            settings.streams.data(
                json_text({**show_object(view), "format": "reconciler/run-report/v1", "exit_code": view.exit_code, **members})
            )
        else:
            from reconciler.report.told_run import told_run

            _write(settings, told_run(view, flags, checked, invocation=typed))
    return code


def _population_report(settings: Settings, begin: str | None, end: str | None) -> int:
    from reconciler import flow
    from reconciler.audit.period import period_of
    from reconciler.cli.session import invocation, opened
    from reconciler.report.json import json_text
    from reconciler.report.population_document import population_document, population_object

    typed = invocation(settings)
    period = period_of(begin, end)
    with opened(settings) as session, _checked(session) as checked:
        found, flags = flow.population(flow.account(session), period)
        name, code = session.target.name, 0 if checked.sound else 3
        if settings.json:
            settings.streams.data(json_text(population_object(name, found, flags, checked, code)))
        else:
            _write(settings, population_document(name, found, flags, checked, invocation=typed))
    return code


@contextlib.contextmanager
def _checked(session: Session) -> Iterator[Checked]:
    """What a check of the whole journal found, before the report that the block makes of it.

    Raises:
        CheckFailed: the journal does not hold, and what was changed leaves nothing that could be told.
    """
    from reconciler import flow

    found = flow.check_journal(session, ())
    try:
        yield found
    except InputError:  # no such run: that is so, whatever was changed
        raise
    except Exception as error:
        if found.broken is None:
            raise
        detail = f"{found.broken.reason} What it says there cannot be told in a report."
        raise CheckFailed("Journal cannot be trusted", detail, "Look for the place with: reconciler audit verify") from error


@command("review")
@click.argument("subject", metavar="RUN|EXCEPTION")
@click.option("--reason", metavar="TEXT", required=True, help="Why it may stand; goes into the journal.")
def review(settings: Settings, *, subject: str, reason: str) -> int:
    """Close an exception, or all of a run, as somebody who did not run it. The journal keeps who, when and why; again, nothing changes.

    The whole journal is checked first; on one that does not hold nothing is closed, and the command exits with 3.
    """
    from reconciler import flow
    from reconciler.cli.session import opened
    from reconciler.cli.who import who
    from reconciler.report.untrusted import visible

    if not reason.strip():
        raise UsageProblem("A review needs a reason", "`--reason` is empty.", "Write why it may stand.")
    with opened(settings) as session:
        done = flow.review(session, subject, who=who(os.environ, token=flow.identity_token(os.environ)), reason=reason)
    if settings.json:
        from reconciler.report.exceptions_document import flag_object
        from reconciler.report.json import json_text

        members = {"closed": [flag.id for flag in done.closed], "before": [flag_object(flag) for flag in done.before]}
        settings.streams.data(json_text({"format": "reconciler/review/v1", "target": session.target.name, "by": done.person, **members}))
        return 0
    lines = [f"Reviewed by {done.person}: {flag.id}." for flag in done.closed]
    lines += [f"Reviewed before, by {flag.review.person}: {flag.id}." for flag in done.before if flag.review is not None]
    settings.streams.say("".join(f"{visible(line)}\n" for line in lines) or "There is nothing to review: the run has no exception.\n")
    return 0


@command("read")
def read(settings: Settings) -> int:
    """Read the tenant and keep digests of what it holds, for a nightly job: two reads show what was changed without this tool.

    No value is kept, and no password is part of a digest. `audit exceptions` compares the reads.
    """
    from reconciler import flow
    from reconciler.cli.session import busy, opened
    from reconciler.cli.who import who

    with opened(settings) as session, busy(settings, f"Reading {session.target.name}"):
        count = flow.read_tenant(session, who=who(os.environ))
        head, name = session.recorded().head, session.target.name
    if settings.json:
        from reconciler.report.json import json_text

        told = {"format": "reconciler/tenant-read/v1", "target": name, "connections": count, "head": head}
        settings.streams.data(json_text(told))
    else:
        from reconciler.report.untrusted import visible
        from reconciler.report.values import counted

        settings.streams.say(
            f"Read {counted(count, 'connection')} of {visible(name)}; the journal keeps their digests.\nJournal head {head}\n"
        )
    return 0


def _write(settings: Settings, document: Document) -> None:
    """A document in the format that was asked for."""
    if settings.text:
        from reconciler.report.document_text import document_page

        settings.streams.out(document_page(document, width=settings.streams.width()))
    elif settings.format == "html":
        from reconciler.report.html import html_text

        settings.streams.data(html_text(document))
    else:
        from reconciler.report.markdown import markdown_text

        settings.streams.data(markdown_text(document))


for one in (verify, report, exceptions, review, read, changes, export):
    audit.add_command(one)
