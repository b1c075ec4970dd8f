"""A tenant as the files ask, with mappings, on which somebody changes things by hand."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from reconciler.cli.entry import run
from tests.scenarios.stage import CONNECTIONS, TARGET, Ended, Stage, staged

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

    def run(self, *arguments: str) -> Ended:
        """Type a command line in the checkout; a process of its own would cost seconds and show no more."""
        out, err = io.StringIO(), io.StringIO()
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            patch.chdir(self.folder)
            for name, value in self.environ.items():
                patch.setenv(name, value)
            code = run(["--target", TARGET, *arguments])
        return Ended(code, out.getvalue(), err.getvalue())

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
