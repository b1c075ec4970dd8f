"""`reconciler emulator`: serve the embedded SuperOffice, reset it, and edit it behind the client's back.

In: a state file, or the URL of an emulator that serves. Out: what happened, on stdout.
Effects: serves on loopback; writes the state file and the ERP folder beside it, or asks a serving emulator to.
Neighbours: everything is done by `reconciler.emulator`, which is imported only when a command runs.
"""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import click

from reconciler.cli.emulator_editing import Editing, opened

DEFAULT_STATE = Path(".reconciler") / "emulator.db"

state_option = click.option(
    "--state", type=click.Path(path_type=Path, dir_okay=False), default=DEFAULT_STATE, show_default=True, help="The emulator's state file."
)


@click.group()
def emulator() -> None:
    """The embedded SuperOffice: serve, reset, edit."""


@emulator.command()
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="The port; 0 lets the system choose.")
@state_option
@click.option("--connectors", "folders", multiple=True, type=click.Path(path_type=Path, exists=True, file_okay=False),
              help="A folder with more connector definitions.")  # fmt: skip
@click.option(
    "--online", "tenant", metavar="CUST", help="Play this tenant of SuperOffice Online, such as Cust12345, instead of an onsite one."
)
@click.option("--tls", type=click.Choice(["valid", "expired", "self-signed", "other-host", "unknown-authority", "tls-1.0"]),
              help="Serve https, with this kind of certificate.")  # fmt: skip
def serve(port: int, state: Path, folders: tuple[Path, ...], tenant: str | None, tls: str | None) -> None:
    """Serve until Ctrl-C, on this machine only."""
    import signal
    import threading

    from reconciler.cli.emulator_serving import announced, certificates_for, played
    from reconciler.emulator import EmulatorError

    done = threading.Event()
    for name in ("SIGINT", "SIGTERM", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda *_: done.set())
    online = None if tenant is None else played(tenant, state)
    context, authority = certificates_for(tls, state)
    with closing(opened(state, port=port, connector_folders=folders, online=online, tls=context)) as served:
        try:
            served.start()
        except EmulatorError as error:
            raise click.ClickException(str(error)) from error
        for line in announced(served, state, authority):
            click.echo(line)
        # Waiting in slices lets Ctrl-C through on Windows.
        while not done.wait(0.2):
            pass
    click.echo("The emulator has stopped; its state is kept.", err=True)


@emulator.command()
@state_option
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--example", is_flag=True, help="With connections in it, as an administrator would have made them by hand.")
def reset(state: Path, yes: bool, example: bool) -> None:
    """Throw the emulator's state away and start afresh."""
    if state.exists() and not yes:
        click.confirm(f"Throw away everything in {state} and its ERP folder?", abort=True, err=True)
    with closing(opened(state, afresh=True)) as emptied:
        if not example:
            click.echo(f"{state} is as new: no connectors, no connections, fresh ERP files.")
            return
        from reconciler.emulator.example import PASSWORDS, fill

        fill(emptied.edit)
    click.echo(f"{state} holds three connections on two connectors, made by hand. Their ERPs let in:")
    for name, value in PASSWORDS.items():
        click.echo(f"  {name}={value}")


@emulator.group()
@click.option("--url", help="The URL of an emulator that serves; without it the state file is edited.")
@state_option
@click.option("--login", default="admin", show_default=True)
@click.option("--password", default="admin", show_default=True)
@click.option("--ca", type=click.Path(path_type=Path, exists=True, dir_okay=False),
              help="What an https:// emulator is checked against; by default the file that it wrote beside its state.")  # fmt: skip
@click.pass_context
def edit(context: click.Context, url: str | None, state: Path, login: str, password: str, ca: Path | None) -> None:
    """Change things behind the client's back, and look at what happened."""
    context.obj = Editing(url, state, login, password, ca)


def _edit(editing: Editing, name: str, *arguments: Any, **options: Any) -> None:
    answer = editing.perform("edit", {"edit": name, "arguments": list(arguments), "options": options})
    click.echo(f"{name}: done" if answer["result"] is None else f"{name}: {json.dumps(answer['result'])}")


@edit.command()
@click.argument("connection")
@click.pass_obj
def toggle(editing: Editing, connection: str) -> None:
    """Flip a connection's Active, whatever the rules say."""
    _edit(editing, "toggle", editing.connection(connection))


@edit.command()
@click.argument("connection")
@click.argument("name")
@click.pass_obj
def rename(editing: Editing, connection: str, name: str) -> None:
    """Give a connection another name."""
    _edit(editing, "rename", editing.connection(connection), name)


@edit.command("set-config")
@click.argument("connection")
@click.argument("key")
@click.argument("value")
@click.pass_obj
def set_config(editing: Editing, connection: str, key: str, value: str) -> None:
    """Change one config value, in the stored form such as [I:12]."""
    _edit(editing, "set_config", editing.connection(connection), key, value)


@edit.command()
@click.argument("connection")
@click.pass_obj
def delete(editing: Editing, connection: str) -> None:
    """Soft-delete a connection."""
    _edit(editing, "delete", editing.connection(connection))


@edit.command()
@click.argument("connection_id", type=int)
@click.pass_obj
def restore(editing: Editing, connection_id: int) -> None:
    """Take the deletion of a connection back; deleted ones are named by their id."""
    _edit(editing, "restore", connection_id)


@edit.command()
@click.argument("connection")
@click.argument("text")
@click.pass_obj
def cursor(editing: Editing, connection: str, text: str) -> None:
    """Put a connection's sync cursor somewhere."""
    _edit(editing, "set_cursor", editing.connection(connection), text)


@edit.command("erp-password")
@click.argument("name")
@click.argument("password")
@click.pass_obj
def erp_password(editing: Editing, name: str, password: str) -> None:
    """Change a password in the ERP: of a workbook (F0003.xlsm) or of a database login (erp)."""
    _edit(editing, "set_password_in_erp", name, password)


@edit.command("connector")
@click.argument("url")
@click.argument("condition", type=click.Choice(["down", "up"]))
@click.pass_obj
def connector_condition(editing: Editing, url: str, condition: str) -> None:
    """Take a connector down, or bring it up again."""
    _edit(editing, "connector_down", url, condition == "down")


@edit.command()
@click.argument("operation")
@click.argument("kind")
@click.option("--nth", type=click.IntRange(1), default=1, help="The first matching call that is hit.")
@click.option("--times", type=click.IntRange(0), default=1, help="How many calls in a row; 0 means all from then on.")
@click.option("--delay", "delay_s", type=float, help="Seconds, for late, slow and drip.")
@click.option("--field", default="", help="The member that ignored-field leaves alone.")
@click.option("--retry-after", "retry_after_s", type=int, help="Retry-After in seconds, for too-many and unavailable.")
@click.option("--shape", default="argument", show_default=True, help="The body of an error-body: not-found, parameter, page, nothing, ...")
@click.option("--status", type=click.IntRange(200, 599), help="The status of an error-body.")
@click.option("--size", "size_bytes", type=click.IntRange(1), default=64 * 1024 * 1024, help="Bytes, for huge-body and gzip-bomb.")
@click.pass_obj
def fault(editing: Editing, /, operation: str, kind: str, **options: Any) -> None:
    """Let a call fail: OPERATION is a name, *, read or write; KIND is one of drop-after, late, error-500-before, ..."""
    content = {"operation": operation, "kind": kind, **options, "times": options["times"] or None}
    editing.perform("fault", content)
    click.echo(f"fault: {operation} {kind}, call {options['nth']}")


@edit.command()
@click.argument("name", required=False)
@click.argument("value", required=False)
@click.pass_obj
def switch(editing: Editing, name: str | None, value: str | None) -> None:
    """Turn a switch; without arguments, show all of them."""
    if name is None:
        for one, now in editing.show("switches").items():
            click.echo(f"{one} = {json.dumps(now)}")
        return
    if value is None:
        raise click.UsageError("Give the switch and its value.")
    editing.perform("switch", {name: value})
    click.echo(f"switch: {name} = {value}")


@edit.command("do")
@click.argument("name")
@click.argument("arguments", nargs=-1)
@click.pass_obj
def any_edit(editing: Editing, name: str, arguments: tuple[str, ...]) -> None:
    """Any edit by name; each argument is JSON, or else text; OPTION=JSON gives a named one. `do list` names them all."""
    if name == "list":
        click.echo("\n".join(editing.show("edits")))
        return
    plain = [_value(one) for one in arguments if not _named(one)]
    options = {one.partition("=")[0]: _value(one.partition("=")[2]) for one in arguments if _named(one)}
    _edit(editing, name, *plain, **options)


def _named(text: str) -> bool:
    return text.partition("=")[0].isidentifier() and "=" in text


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _simple(name: str, control: str, text: str) -> None:
    """A command that performs one control without arguments."""

    @edit.command(name, help=text)
    @click.pass_obj
    def command(editing: Editing) -> None:
        click.echo(json.dumps(editing.perform(control, {})))


_simple("tick", "tick", "One round of the sync engine: cursors of active connections move.")
_simple("land-late", "land-late", "Let late effects happen now.")
_simple("expire", "expire", "Every ticket and access token is over (an emulator that serves).")
_simple("move", "move", "The tenant is at another host from now (Online).")
_simple("rotate-keys", "rotate-keys", "Sign logins with a new key (an emulator that serves a tenant).")
_simple("clear-faults", "clear-faults", "No more faults.")
_simple("clear-calls", "clear-calls", "Forget the calls.")


@edit.command("show")
@click.argument("what", type=click.Choice(["calls", "history", "state", "faults"]))
@click.option("--since", type=int, default=0, help="Only what came after this sequence.")
@click.pass_obj
def show(editing: Editing, what: str, since: int) -> None:
    """The calls, the changes, the state or the faults as JSON; secrets are hidden."""
    click.echo(json.dumps(editing.show(what, since), indent=2, ensure_ascii=False))
