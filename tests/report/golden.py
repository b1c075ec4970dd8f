"""Whole pages as files: `RECONCILER_UPDATE_CASES=1 pytest tests/report` writes them, and the diff is reviewed."""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = Path(__file__).parent / "golden"
UPDATE = bool(os.environ.get("RECONCILER_UPDATE_CASES"))


def check(name: str, text: str) -> None:
    """Compare a text with its file."""
    path = FOLDER / name
    if UPDATE:
        path.write_text(text, encoding="utf-8", newline="\n")
    assert path.read_text(encoding="utf-8") == text
