"""A tenant as the files ask, with mappings, on which somebody changes things by hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scenarios.stage import CONNECTIONS, Stage, staged

ACTORS = """\
    actors:
      customer:
        sync: true
        fields:
          NAME: {crm: NAME, direction: both}
          POSTALZIP: {crm: POSTALZIP, direction: to-crm}
          IntField: {default: 30}
"""


class Drifting(Stage):
    """A stage with the few edits that these tests make by hand."""

    @property
    def norway(self) -> int:
        """The row of `connection/norway`."""
        return int(self.connection("Visma Norway")["ErpConnectionId"])

    def by_hand(self, *what: str) -> None:
        """Change something on the tenant, as an administrator would."""
        edit = self.emulator.edit
        for one in what:
            match one:
                case "description":
                    edit.describe(self.norway, "Changed by hand")
                case "config":
                    edit.set_config(self.norway, "TextField", "by hand")
                case "mapping":
                    edit.map_field(self.norway, "Customer", "POSTALZIP", "POSTALZIP", to_crm=True, to_erp=True)
                case "off":
                    edit.set_active(self.norway, False)
                case "deleted":
                    edit.delete(self.norway)

    def forget(self) -> None:
        """Lose the journal, as somebody who takes a tenant over never had one. A secret without a version is then left alone."""
        (self.folder / ".reconciler" / "journal.db").unlink()
        self.change((", version: 1}", "}"))


@pytest.fixture
def drifting(tmp_path: Path) -> Iterator[Drifting]:
    """The tenant after a first apply."""
    with staged(tmp_path, text=CONNECTIONS + ACTORS) as made:
        stage = Drifting(made.folder, made.emulator, made.clock, made.environ)
        report = stage.apply()
        assert report.exit_code == 0, report
        stage.emulator.clear_calls()
        yield stage
