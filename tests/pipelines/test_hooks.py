"""The hooks for pre-commit, run by pre-commit itself in a repository that uses them.

Only how they are installed differs from a real use: pre-commit would make an environment of its own and install the package there.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.cli.conftest import FILE

HOOKS = Path(__file__).resolve().parents[2] / ".pre-commit-hooks.yaml"
BIN = Path(sys.executable).parent


class Repository:
    """A repository with one file and both hooks."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.file = folder / "used", folder / "used" / "connections.yaml"
        self.environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "CI", "GITHUB_"))},
            **{f"GIT_{who}_{what}": "a@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
            "PRE_COMMIT_HOME": str(folder / "cache"),
            "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        }
        hooks = folder / "hooks"
        for path in (hooks, self.folder):
            path.mkdir()
            self.run("git", "init", "--quiet", str(path))
        (hooks / HOOKS.name).write_bytes(HOOKS.read_bytes())
        self.run("git", "-C", str(hooks), "add", ".")
        self.run("git", "-C", str(hooks), "commit", "--quiet", "-m", "hooks")
        revision = self.run("git", "-C", str(hooks), "rev-parse", "HEAD").stdout.strip()
        used = [{"id": one["id"], "language": "system"} for one in yaml.safe_load(HOOKS.read_text(encoding="utf-8"))]
        config = {"repos": [{"repo": str(hooks), "rev": revision, "hooks": used}]}
        (self.folder / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=self.folder if self.folder.is_dir() else None,
            env=self.environ,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def commit(self, text: str) -> subprocess.CompletedProcess[str]:
        """What pre-commit says of a commit with that file."""
        self.file.write_text(text, encoding="utf-8")
        self.run("git", "add", ".")
        return self.run(str(BIN / "pre-commit"), "run", "--color", "never")


@pytest.mark.slow
def test_a_fault_stops_the_commit_and_the_form_is_put_right(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    faulty = repository.commit(FILE.replace("connector: visma\n", "connector: vismo\n"))
    assert faulty.returncode == 1, faulty.stdout + faulty.stderr
    assert re.search(r"connections\.yaml:\d+:\d+.*vismo", faulty.stdout), faulty.stdout
    form = repository.commit(FILE.replace("{en: Visma Norway, nb: Visma Norge}", "{en:   Visma Norway,nb: Visma Norge}"))
    assert form.returncode == 1, form.stdout + form.stderr
    assert "files were modified by this hook" in form.stdout
    again = repository.commit(repository.file.read_text(encoding="utf-8"))
    assert again.returncode == 0, again.stdout + again.stderr
    assert again.stdout.count("Passed") == 2
