"""What the action does: install reconciler, then one job of `reconciler.pipelines`, which every forge's pipeline runs.

Plain Python, no package but the standard library. Inputs come as environment variables and never become part of a script.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

COMMANDS = ("check", "plan", "apply", "drift", "recover")
INSTALLED = "installed"


def main() -> int:
    """Install and run; the step fails where something is wrong, not where changes are pending."""
    command, package = (os.environ.get(f"INPUT_{name}", "").strip() for name in ("COMMAND", "PACKAGE"))
    if command not in COMMANDS:
        print(f"::error title=reconciler::There is no command of that name. It is one of {', '.join(COMMANDS)}.")
        return 64
    if package != INSTALLED:
        extras = os.environ.get("INPUT_EXTRAS", "").strip()
        wanted = package or f"{Path(__file__).resolve().parents[3]}{f'[{extras}]' if extras else ''}"
        subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", wanted], check=True)
    return subprocess.run([sys.executable, "-m", "reconciler.pipelines", command], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
