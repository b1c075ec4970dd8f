"""`drift`: what the tenant changed is told and can be written into the files, and nothing else is touched."""

from __future__ import annotations

import difflib
import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from reconciler import flow
from reconciler.errors import RefusedError, UsageProblem
from reconciler.model import Drift
from tests.drift.conftest import ACTORS, Drifting
from tests.report.read_back import read_html, read_markdown
from tests.scenarios.stage import CONNECTIONS


def look(stage: Drifting) -> Drift:
    with stage.session() as session:
        return flow.find_drift(session, ())


def write(stage: Drifting, *only: str) -> Drift:
    with stage.session() as session:
        return flow.write_drift(session, (), only)


def changed_lines(before: str, after: str) -> list[str]:
    return [line for line in difflib.ndiff(before.splitlines(keepends=True), after.splitlines(keepends=True)) if line[0] in "+-"]


def text_of(stage: Drifting) -> str:
    return (stage.folder / "connections.yaml").read_bytes().decode()


def test_a_tenant_as_it_was_left_has_no_drift(drifting: Drifting) -> None:
    found = look(drifting)
    assert (found.found, found.waiting, found.unknown) == (False, 0, 0)
    done = drifting.run("drift", "--detailed-exitcode")
    assert (done.code, done.out) == (0, "Drift of stage: none.\n")


def test_drift_intent_and_both_are_told_apart(drifting: Drifting) -> None:
    drifting.by_hand("description", "config", "mapping")
    drifting.change(("nb: Visma Norge", "nb: Visma Norge AS"), ('TextField: "0012"', "TextField: in the file"))
    found = look(drifting)
    assert [one.path[-1] for one in found.changes] == ["direction", "description"]
    assert [one.path for one in found.both] == [("config", "TextField")]
    assert (found.waiting, found.unknown) == (1, 0)
    done = drifting.run("drift")
    assert done.code == 0
    assert done.out.splitlines()[0] == "Drift of stage: 2 values of 1 thing changed on the tenant, 1 value changed on both sides."
    assert '  description                    "Changed by hand"  "Company F0003"' in done.out
    assert "  customer POSTALZIP, direction  < >                >" in done.out
    assert "No drift: 1 value that only the files changed waits to be applied." in done.out
    assert drifting.run("drift", "--detailed-exitcode").code == 2
    assert drifting.writes == [call for call in drifting.writes if call.operation.startswith("Edit")]


def test_written_into_the_files_nothing_but_the_values_changes(drifting: Drifting) -> None:
    drifting.change(("description: Company F0003\n", "description: Company F0003   # keep me where I am\n"))
    drifting.by_hand("description", "config", "mapping", "off")
    before = text_of(drifting)
    found = write(drifting)
    assert found.written == (((drifting.folder / "connections.yaml").as_posix(), 4),)
    assert found.by_hand == ()
    assert changed_lines(before, text_of(drifting)) == [
        "-     description: Company F0003   # keep me where I am\n",
        "+     description: Changed by hand   # keep me where I am\n",
        "-     active: true\n",
        "+     active: false\n",
        '-       TextField: "0012"\n',
        "+       TextField: by hand\n",
        "-           POSTALZIP: {crm: POSTALZIP, direction: to-crm}\n",
        "+           POSTALZIP: {crm: POSTALZIP, direction: both}\n",
    ]
    assert drifting.plan().units == ()
    assert look(drifting).found is False


def test_only_what_is_named_is_written(drifting: Drifting) -> None:
    drifting.by_hand("description")
    drifting.emulator.edit.rename_connector(drifting.emulator.inspect.connectors(deleted=False)[0]["ErpConnectorId"], "Visma by hand")
    found = write(drifting, "connector/visma")
    assert found.written == (((drifting.folder / "connections.yaml").as_posix(), 1),)
    assert "name: Visma by hand" in text_of(drifting)
    assert "description: Company F0003" in text_of(drifting)
    with pytest.raises(UsageProblem):
        write(drifting, "connection/gone")


def test_line_endings_and_the_mark_at_the_beginning_stay(drifting: Drifting) -> None:
    path = drifting.folder / "connections.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + text_of(drifting).replace("\n", "\r\n").encode())
    drifting.by_hand("description")
    write(drifting)
    raw = path.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbfversion: 1\r\n")
    assert raw.count(b"\n") == raw.count(b"\r\n")
    assert b"description: Changed by hand\r\n" in raw


NAMES = {
    "plain": ("Renamed", "Renamed"),
    "a number": ("0012", '"0012"'),
    "a switch": ("on", '"on"'),
    "a comma and braces": ("a, {b}: [c] # d", '"a, {b}: [c] # d"'),
    "quotes": ('say "it"', "'say \"it\"'"),
    "letters": ("Ærø & Søn", "Ærø & Søn"),
    "a colon": ("a: b", '"a: b"'),
}


@pytest.mark.parametrize("name", NAMES)
def test_every_text_is_quoted_where_it_has_to_be(drifting: Drifting, name: str) -> None:
    text, written = NAMES[name]
    drifting.emulator.edit.describe(drifting.norway, text)
    write(drifting)
    assert f"    description: {written}\n" in text_of(drifting)
    assert drifting.plan().units == ()


def test_one_language_of_a_name_in_braces(drifting: Drifting) -> None:
    drifting.emulator.edit.rename(drifting.norway, 'US:"Visma Norway";NO:"Visma, Norge";')
    write(drifting)
    assert 'name: {en: Visma Norway, nb: "Visma, Norge"}' in text_of(drifting)


def test_scope_default_and_items_are_written_in_their_short_form(drifting: Drifting) -> None:
    drifting.emulator.edit.set_scope(drifting.norway, groups=[2])
    drifting.emulator.edit.set_default(drifting.norway, "Customer", "IntField", value="[I:31]")
    found = write(drifting)
    assert found.by_hand == ()
    assert "scope: {groups: [" in text_of(drifting)
    assert "IntField: {default: {value: 31}}" in text_of(drifting)
    assert drifting.plan().units == ()


def test_what_is_gone_or_shared_is_left_to_a_person(drifting: Drifting) -> None:
    shared = ACTORS.replace("    actors:\n", "    uses: [standard]\n").split("\n", 1)[0] + "\n"
    inside = "mapping_sets:\n  standard:\n    customer: {sync: true, fields: {POSTALZIP: {crm: POSTALZIP, direction: to-crm}}}\n"
    drifting.write(CONNECTIONS + shared + inside)
    drifting.apply()
    before = text_of(drifting)
    drifting.by_hand("mapping")
    found = write(drifting)
    assert found.written == ()
    assert [why for _, why in found.by_hand] == ["it stands in a mapping set, which other connections may use too"]
    assert text_of(drifting) == before


def test_a_deleted_connection_is_drift_that_nobody_writes(drifting: Drifting) -> None:
    drifting.by_hand("deleted")
    before = text_of(drifting)
    found = write(drifting)
    assert found.written == ()
    assert {why for _, why in found.by_hand} == {"it is gone on the tenant; take it out of the files, or keep it"}
    assert text_of(drifting) == before


def test_an_overlay_is_patched_where_its_value_wins(drifting: Drifting) -> None:
    drifting.write("connections: {norway: {description: Company of the overlay}}\n", "overlay.yaml")
    files = (str(drifting.folder / "connections.yaml"), str(drifting.folder / "overlay.yaml"))
    with drifting.session() as session:
        flow.apply_plan(session, flow.make_plan(session, flow.load(session, files)))
    drifting.by_hand("description", "config")
    with drifting.session() as session:
        found = flow.write_drift(session, files, ())
    assert sorted(Path(file).name for file, _ in found.written) == ["connections.yaml", "overlay.yaml"]
    assert (drifting.folder / "overlay.yaml").read_text(encoding="utf-8") == "connections: {norway: {description: Changed by hand}}\n"


def test_a_patch_that_would_say_something_else_is_not_written(drifting: Drifting, monkeypatch: pytest.MonkeyPatch) -> None:
    drifting.by_hand("description")
    before = text_of(drifting)
    monkeypatch.setattr("reconciler.flow.drifting.patched", lambda text, _edits: (text.replace("F0003.xlsm", "F0001.xlsm"), {}))
    with pytest.raises(RefusedError):
        write(drifting)
    assert text_of(drifting) == before


def test_without_a_journal_nobody_can_tell_and_a_commit_helps(drifting: Drifting) -> None:
    drifting.forget()
    drifting.by_hand("description")
    found = look(drifting)
    assert (found.found, found.unknown) == (False, 1)
    assert "nobody can tell who changed that" in drifting.run("drift").out


@pytest.mark.parametrize("form", ["json", "markdown", "html", "junit", "sarif", "github", "gitlab", "azure"])
def test_the_report_in_every_format(drifting: Drifting, form: str) -> None:
    drifting.by_hand("description")
    done = drifting.run("drift", "--format", form, "--detailed-exitcode")
    assert done.code == 2, done.err
    match form:
        case "markdown":
            assert read_markdown(done.out)[1] == ("h2", "Drift of stage: 1 value of 1 thing changed on the tenant")
        case "html":
            read_html(done.out)
        case "junit":
            assert ET.fromstring(done.out).get("failures") == "1"
        case "github":
            assert done.out.startswith("::warning file=")
            assert 'description is "Changed by hand" on the tenant, and the files say "Company F0003".' in done.out
        case "azure":
            assert done.out.startswith("##vso[task.logissue type=warning;")
        case "json":
            body = json.loads(done.out)
            assert (body["format"], body["exit_code"], body["changes"][0]["live"]) == ("reconciler/drift/v1", 2, "Changed by hand")
        case _:
            assert "Changed by hand" in done.out


def test_only_belongs_to_write(drifting: Drifting) -> None:
    assert drifting.run("drift", "--only", "connection/norway").code == 64
