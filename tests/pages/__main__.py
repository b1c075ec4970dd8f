"""`python -m tests.pages`: write what is generated below docs/reference, execute every page, and put right what the pages show.

Pages given as arguments are executed alone. Effects: writes below docs/ and README.md.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.pages.pages import COMMANDS, ROOT, Block, blocks_of, page_names
from tests.pages.reference import written
from tests.pages.stage import Stage, warm_command


def main(pages: list[str]) -> int:
    """Do it; 1 where a page needs a person."""
    left = 0
    for name, text in written().items():
        if not (ROOT / name).exists() or (ROOT / name).read_text(encoding="utf-8") != text:
            (ROOT / name).write_text(text, encoding="utf-8")
            sys.stdout.write(f"{name}: written\n")
    with tempfile.TemporaryDirectory() as made, warm_command(Path(made)) as commands:
        for number, page in enumerate(pages or page_names()):
            text = (ROOT / page).read_text(encoding="utf-8")
            blocks = blocks_of(page, text)
            if not any(block.language in COMMANDS for block in blocks):
                continue
            stage = Stage(Path(made) / str(number), commands)
            try:
                found = stage.play(blocks)
            finally:
                stage.close()
            renewed = {block: put for block, put in found.renewed.items() if put is not None}
            if renewed:
                (ROOT / page).write_text(with_blocks(text, renewed), encoding="utf-8")
                sys.stdout.write(f"{page}: {len(renewed)} renewed\n")
            if len(renewed) < len(found.complaints):
                left += 1
                sys.stdout.write("\n\n".join([*found.complaints, ""]))
    return 1 if left else 0


def with_blocks(text: str, renewed: dict[Block, str]) -> str:
    """A page with other texts in some of its blocks."""
    lines = text.splitlines(keepends=True)
    for block in sorted(renewed, key=lambda one: one.line, reverse=True):
        lines[block.line : block.end] = [
            f"{block.indent}{line}".rstrip(" ") if line.strip() else "\n" for line in renewed[block].splitlines(keepends=True)
        ]
    return "".join(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
