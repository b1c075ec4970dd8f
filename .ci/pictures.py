"""Take the pictures in docs/pictures: the plan's page, light, dark and on a phone; the report of a run, and the
same for an auditor; the comment of a pull request.

In -> Out: a plan and a run on an embedded SuperOffice -> HTML and Markdown -> PNG files.
Effects: runs this project's own command and a headless Chromium in a temporary folder; writes docs/pictures.
Neighbours: called by `make pictures`. CHROMIUM names another browser than the first that is found.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from markdown_it import MarkdownIt

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "docs" / "pictures"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
SECRETS = {"VISMA_PASSWORD": "winter-2026", "FORTNOX_PASSWORD": "erp-password"}

# What a team might ask for in one pull request. Each text stands in the example exactly as it is here.
EDITS = (
    ("Filename: F0001.xlsm", "Filename: F0002.xlsm"),
    ("nb: Visma Norge,", "nb: Visma Norge AS,"),
    ("            direction: to-crm  ", "            direction: both    "),
    ("IntField: {default: 30}", "IntField: {default: 45}"),
)
COMMENT = """<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>Comment</title><style>
body {{ font: 14px/1.5 -apple-system, "Segoe UI", "Noto Sans", "DejaVu Sans", sans-serif; color: #1f2328; margin: 24px; }}
.comment {{ border: 1px solid #d1d9e0; border-radius: 6px; max-width: 860px; }} .who {{ background: #f6f8fa; padding: 8px 16px;
border-bottom: 1px solid #d1d9e0; color: #59636e; border-radius: 6px 6px 0 0; }} .body {{ padding: 8px 16px; }}
h2 {{ font-size: 21px; border-bottom: 1px solid #d1d9e0; padding-bottom: 5px; }} table {{ border-collapse: collapse; margin: 12px 0; }}
th, td {{ border: 1px solid #d1d9e0; padding: 6px 13px; text-align: left; }}
code {{ background: #eff1f3; border-radius: 6px; padding: 2px 5px;
font: 12px ui-monospace, "DejaVu Sans Mono", monospace; }} pre {{ background: #f6f8fa; padding: 12px; border-radius: 6px; }}
pre code {{ padding: 0; }}
.removed {{ background: #ffebe9; color: #82071e; }} .added {{ background: #dafbe1; color: #116329; }} details {{ margin: 8px 0; }}
</style><div class="comment"><div class="who"><b>github-actions</b> commented</div><div class="body">{body}</div></div></html>"""


def main() -> None:
    """Play the story and take every picture."""
    browser = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        sys.exit("No Chromium was found. On Debian: apt-get install chromium. Elsewhere: CHROMIUM=/path/to/chrome make pictures")
    OUT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        play(folder)
        pictures = (
            ("plan-light", "plan.html", 1100, 1500, ()),
            ("plan-dark", "plan.html", 1100, 1500, ("--blink-settings=preferredColorScheme=0",)),
            ("plan-phone", "plan.html", 500, 1300, ()),
            ("change", "change.html", 1100, 1500, ()),
            ("audit", "audit.html", 1100, 2200, ()),
            ("comment", "comment.html", 920, 1300, ()),
        )
        for name, page, width, height, more in pictures:
            take(browser, folder, folder / page, OUT / f"{name}.png", f"{width},{height}", more)
            print(OUT.relative_to(ROOT) / f"{name}.png")


def play(folder: Path) -> None:
    """Apply the example, change it as a pull request would, plan that, and write the pages."""
    text = (ROOT / "connections.yaml").read_text(encoding="utf-8")
    file = folder / "connections.yaml"
    file.write_text(text, encoding="utf-8")
    reconciler(folder, "apply", "--yes", "--ticket", "OPS-1", "--reason", "first roll-out")
    for old, new in EDITS:
        if old not in text:
            sys.exit(f"connections.yaml no longer says: {old}")
        text = text.replace(old, new, 1)
    file.write_text(text, encoding="utf-8")
    reconciler(folder, "plan", "-o", "plan.json", codes=(0, 3))
    (folder / "plan.html").write_text(reconciler(folder, "show", "plan.json", "--format", "html"), encoding="utf-8")
    (folder / "comment.html").write_text(comment(reconciler(folder, "show", "plan.json", "--format", "markdown")), encoding="utf-8")
    reconciler(folder, "apply", "--yes", "--allow", "points-elsewhere=connection/visma-no", "--ticket", "OPS-7", "--reason", "new company")
    run = reconciler(folder, "history").splitlines()[-1].split()[0]
    (folder / "change.html").write_text(reconciler(folder, "show", run, "--format", "html"), encoding="utf-8")
    (folder / "audit.html").write_text(reconciler(folder, "audit", "report", run, "--html"), encoding="utf-8")


def reconciler(folder: Path, *arguments: str, codes: tuple[int, ...] = (0,)) -> str:
    """Run one command and return what it wrote."""
    environ = {**os.environ, **SECRETS, "PYTHONPATH": str(ROOT)}
    environ.pop("CI", None)
    done = subprocess.run(
        [sys.executable, "-m", "reconciler", *arguments],
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode not in codes:
        sys.exit(f"reconciler {' '.join(arguments)} ended with {done.returncode}:\n{done.stderr}")
    return done.stdout


def comment(markdown: str) -> str:
    """A comment as a forge shows it, with the first folded part opened and a difference coloured as there."""
    body = MarkdownIt("gfm-like").render(markdown).replace("<details>", "<details open>", 1)
    kinds = {"-": "removed", "+": "added"}
    lines = []
    for line in body.split("\n"):
        before, tag, after = line.rpartition('class="language-diff">')
        kind = kinds.get(after[:1]) if tag or not line.startswith("<") else None
        lines.append(f'{before}{tag}<span class="{kind}">{after}</span>' if kind else line)
    return COMMENT.format(body="\n".join(lines))


def take(browser: str, folder: Path, page: Path, picture: Path, size: str, more: tuple[str, ...]) -> None:
    """One picture of one page."""
    command = [browser, "--headless=new", "--disable-gpu", "--hide-scrollbars", "--force-device-scale-factor=1", f"--window-size={size}"]
    command += [f"--user-data-dir={folder / 'browser'}", f"--screenshot={picture}", *more, page.as_uri()]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.insert(1, "--no-sandbox")  # Chromium refuses to start as root with it, and the page is our own
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=120, check=False)
    if not picture.exists():
        sys.exit(f"{browser} took no picture:\n{done.stderr[-2000:]}")


if __name__ == "__main__":
    main()
