"""The cases of `tests/cases/validate`: what each folder holds, ready to run in a copy of its own."""

from __future__ import annotations

import runpy
import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path

CASES = Path(__file__).resolve().parent.parent / "cases" / "validate"
NOT_INPUT = ("arguments.txt", "posix-only", "prepare.py", "problems.txt")


@dataclass(frozen=True)
class Case:
    """One folder."""

    folder: Path

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def posix_only(self) -> bool:
        return (self.folder / "posix-only").exists()

    @property
    def arguments(self) -> list[str]:
        """What stands on the command line before or after `validate`."""
        written = self.folder / "arguments.txt"
        return shlex.split(written.read_text(encoding="utf-8")) if written.exists() else []

    @property
    def files(self) -> list[str]:
        """What `-f` names; `connections.yaml` without it."""
        return self._values("-f") or ["connections.yaml"]

    @property
    def target(self) -> str | None:
        """What `--target` names."""
        return next(iter(self._values("--target")), None)

    @property
    def golden(self) -> Path:
        return self.folder / "problems.txt"

    def copy_to(self, directory: Path) -> None:
        """Put the input into a directory; whoever stands in it then runs `prepare`."""
        shutil.copytree(self.folder, directory, ignore=shutil.ignore_patterns(*NOT_INPUT), dirs_exist_ok=True)

    def prepare(self) -> None:
        """Make in the working directory what git cannot hold."""
        script = self.folder / "prepare.py"
        if script.exists():
            runpy.run_path(str(script))

    def _values(self, option: str) -> list[str]:
        return [value for name, value in zip(self.arguments, self.arguments[1:], strict=False) if name == option]


def all_cases() -> list[Case]:
    """Every case, by name."""
    return [Case(folder) for folder in sorted(CASES.iterdir()) if folder.is_dir()]
