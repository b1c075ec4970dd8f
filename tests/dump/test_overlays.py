"""`dump --base FILE`: what differs from a file, laid over it, says what is live."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.errors import InputError
from tests.dump.conftest import EMPTY, FORTNOX, Tenant, filled
from tests.scenarios.stage import CONNECTIONS, staged

ACTORS = """\
    actors:
      customer:
        sync: true
        fields:
          NAME: {crm: NAME, direction: both}
          CustGr: {crm: BUSINESS, direction: to-crm, items: {"A": Retail, "B": Trade/Wholesale}}
          IntField: {default: 30}
          CatErp: {default: {value: A, ask: true, mandatory: true}}
          CustNo: {show: [erp-tab, search]}
        rank: [NAME, CustNo]
sync_priority: [norway, SuperOffice]
automatic_sync: {on: true, interval: 5m}
"""
FULL = CONNECTIONS + ACTORS


def overlay(tenant: Tenant, base: str) -> str:
    """The overlay over a file, proved to say what is live with it."""
    tenant.stage.write(base, "base.yaml")
    path = tenant.stage.folder / "base.yaml"
    made = tenant.dump(base=(str(path),))
    assert made.proof.holds, (made.proof, made.text)
    tenant.stage.write(made.text, "over.yaml")
    from reconciler import flow

    with tenant.stage.session() as session:
        plan = flow.make_plan(session, flow.load(session, (str(path), str(tenant.stage.folder / "over.yaml"))))
    assert plan.units == ()
    return made.text


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tenant]:
    """A tenant that no test here changes."""
    with staged(tmp_path_factory.mktemp("shared"), text=FULL) as stage:
        report = stage.apply()
        assert report.exit_code == 0, report
        yield Tenant(stage)


def test_nothing_differs(shared: Tenant) -> None:
    text = overlay(shared, FULL)
    assert text.splitlines()[2:] == ["", "version: 1"]


EDITS = (
    ("Filename: F0003.xlsm", "Filename: F0001.xlsm"),
    ("nb: Visma Norge}", "nb: Annet, sv: Tredje}"),
    ("name: {en: Visma Norway, nb: Visma Norge}", "name: Visma Norway"),
    ("description: Company F0003", "description: {en: Other}"),
    ("    description: Company F0003\n", ""),
    ("active: true", "active: false"),
    ("scope: everyone", "scope: {groups: [Sales], users: [ANNA]}"),
    ("IntegerField: 12", "IntegerField: 13"),
    ("DateField: 2026-01-31", "DateField: 2027-01-31"),
    ("      PasswordField: {secret: env:VISMA_PASSWORD, version: 1}\n", ""),
    ("version: 1}", "version: 2}"),
    ("sync: true", "sync: false"),
    ("NAME: {crm: NAME, direction: both}", "NAME: {crm: DEPARTMENT, direction: to-erp}"),
    ("NAME: {crm: NAME, direction: both}", 'NAME: {crm: ""}'),
    ("CustNo: {show: [erp-tab, search]}", "CustNo: {show: [search]}\n          DoubleField: {crm: NUMBER2, direction: both}"),
    ("CustNo: {show: [erp-tab, search]}", "DateField: {default: 2026-01-01, show: [search]}"),
    ('"B": Trade/Wholesale', '"B": Manufacturing, "C": Other'),
    ('"B": Trade/Wholesale', '"B": ""'),
    ("IntField: {default: 30}", "IntField: {default: {}}"),
    ("IntField: {default: 30}", "IntField: {default: {value: 30, ask: true}}"),
    ("rank: [NAME, CustNo]", "rank: [CustNo, NAME]"),
    ("        rank: [NAME, CustNo]\n", ""),
    ("rank: [NAME, CustNo]", "rank: [CatErp]"),
    ("sync_priority: [norway, SuperOffice]", "sync_priority: [SuperOffice]"),
    ("interval: 5m", "interval: 10m"),
    ("on: true, ", ""),
    ("name: Visma Business", "name: Visma Business\n    protect: true"),
    ("url: https://connectors", "url: https://spare"),
    ("norway:\n", "norway:\n    protect: true\n"),
    ("connections:\n", "connections:\n  absent-there:\n    name: Not there\n    connector: visma\n    scope: everyone\n    active: true\n"),
    ("connections:\n", "  unused:\n    name: Unused\n    url: app://unused\nconnections:\n"),
    (ACTORS[: ACTORS.index("sync_priority")], ""),
    (FULL, EMPTY),
)  # fmt: skip


@pytest.mark.parametrize(("old", "new"), EDITS, ids=lambda text: text.strip().splitlines()[0][:40] if text.strip() else "")
def test_every_difference_can_be_laid_over(shared: Tenant, old: str, new: str) -> None:
    assert FULL.count(old) >= 1
    text = overlay(shared, FULL.replace(old, new, 1))
    assert len(text.splitlines()) < 60


def test_what_is_absent_in_the_file_and_there_in_the_tenant(shared: Tenant) -> None:
    head = FULL[: FULL.index("  norway:")]
    text = overlay(shared, f"{head}  norway:\n    name: Visma Norway\n    connector: visma\n    absent: true\n")
    assert "absent: null" in text
    assert "Filename: F0003.xlsm" in text


def test_a_mapping_set(shared: Tenant) -> None:
    fields = ACTORS[ACTORS.index("        sync: true") : ACTORS.index("        rank:")]
    base = (
        FULL.replace(ACTORS, "    uses: [standard]\n")
        + "mapping_sets:\n  standard:\n    customer:\n"
        + fields.replace("\n  ", "\n").replace("        sync", "      sync", 1)
    )
    text = overlay(shared, base)
    assert "CustGr" not in text


def test_new_things(tmp_path: Path) -> None:
    with staged(tmp_path, text=FULL) as stage:
        assert stage.apply().exit_code == 0
        tenant = Tenant(stage)
        other = tenant.connector(FORTNOX, "Fortnox")
        tenant.edit.add_connection(other, "Visma Norway", {"Server": "s"})
        text = overlay(tenant, FULL)
    assert "  fortnox:\n" in text
    assert "  visma-norway:\n" in text
    assert "norway:\n    name: {" not in text


def test_it_is_not_guessed_which_row_is_meant(tmp_path: Path) -> None:
    with filled(tmp_path) as tenant:
        connector = tenant.connector()
        for _ in range(2):
            tenant.edit.add_connection(connector, "Visma Norway", {"Filename": "F0001.xlsm"})
        tenant.stage.write(CONNECTIONS, "base.yaml")
        with pytest.raises(InputError, match="not clear"):
            tenant.dump(base=(str(tenant.stage.folder / "base.yaml"),))


def test_the_files_own_language_counts(shared: Tenant) -> None:
    base = FULL.replace("language: en", "language: nb").replace("Retail", "Detaljhandel").replace("Trade/Wholesale", "Engros")
    text = overlay(shared, base)
    assert text.splitlines()[2:] == ["", "version: 1"]
