"""Where the checkout stands, and which files are the project's."""

import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MADE = {
    ".git",
    ".venv",
    ".reconciler",
    "dist",
    "__pycache__",
    ".mypy_cache",
    ".ruff_cache",
    ".pytest_cache",
    ".hypothesis",
    ".import_linter_cache",
}


def name_of(path: Path) -> str:
    """The path of a file as git writes it."""
    return path.relative_to(ROOT).as_posix()


def files_of_the_project() -> list[Path]:
    """All files that git has or would add; without git, all that are not made."""
    git = shutil.which("git")
    listed = git and subprocess.run([git, "ls-files", "-coz", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed and listed.returncode == 0:
        return sorted(path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file())
    return sorted(path for path in ROOT.rglob("*") if path.is_file() and not MADE & set(path.relative_to(ROOT).parts))
