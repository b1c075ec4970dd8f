"""What the action does: one reconciler command, its report where people look, and outputs for the steps after it.

Plain Python, no package but the standard library. Inputs come as environment variables and never become part of a script.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

# The most that GitHub keeps of a step's summary. Source: GitHub docs, "Workflow commands", job summaries (1 MiB), read 2026-11.
SUMMARY_BYTES = 1024 * 1024 - 1024
PENDING = 2
INSTALLED = "installed"


def given(name: str) -> str:
    """An input of the action."""
    return os.environ.get(f"INPUT_{name}", "").strip()


def on(name: str) -> bool:
    """Whether an input says yes."""
    return given(name).lower() == "true"


def reconciler(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run one command; what it says to people goes to the log as it comes, what it reports is handed back."""
    target = ["--target", given("TARGET")] if given("TARGET") else []
    command = [sys.executable, "-m", "reconciler", *target, *arguments]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, encoding="utf-8", check=False)


def output(name: str, value: str) -> None:
    """Set an output; a value with a line end would set another one, so there is none."""
    path = os.environ.get("GITHUB_OUTPUT")
    if path:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(f"{name}={' '.join(value.split())}\n")


def summarise(text: str) -> None:
    """Add to the page of the run."""
    path = os.environ.get("GITHUB_STEP_SUMMARY")
    if path and len(text.encode()) <= SUMMARY_BYTES:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(f"{text}\n")


def comment(text: str, key: str, *more: str) -> None:
    """Keep one comment current; a comment that cannot be written is said, and changes no verdict."""
    if not on("COMMENT") or not text:
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "comment.md"
        path.write_text(text, encoding="utf-8")
        done = reconciler("comment", str(path), "--key", key, *more)
    if done.returncode:
        print("::warning title=reconciler::The comment could not be written; the report is in the summary of this run.")


def check() -> int:
    """The files alone: needs no tenant and no secret, so it also runs for forks."""
    found = reconciler("--format", "github", "validate")
    sys.stdout.write(found.stdout)
    form = reconciler("--format", "github", "fmt", "--check")
    sys.stdout.write(form.stdout)
    return found.returncode or form.returncode


def plan() -> int:
    """Plan, save the plan, show it on the run's page and on the pull request."""
    made = reconciler("--format", "markdown", "plan", "-o", given("PLAN"), "--detailed-exitcode")
    summarise(made.stdout)
    if Path(given("PLAN")).is_file():
        output("digest", json.loads(Path(given("PLAN")).read_text(encoding="utf-8")).get("digest", ""))
    if in_pull_request():
        saved = ["--plan", given("PLAN")] if Path(given("PLAN")).is_file() else []
        comment(made.stdout, f"plan/{target_name()}", *saved, *(["--only-update"] if made.returncode == 0 else []))
    return made.returncode


def apply() -> int:
    """Run exactly the saved plan."""
    more = ["--expect-digest", given("EXPECT_DIGEST")] if given("EXPECT_DIGEST") else []
    more += ["--require-approval"] if on("REQUIRE_APPROVAL") else []
    done = reconciler("--format", "markdown", "apply", given("PLAN"), *more)
    summarise(done.stdout)
    if done.returncode:
        comment(done.stdout, f"apply/{target_name()}")
    return done.returncode


def drift() -> int:
    """What differs though nobody changed the files."""
    found = reconciler("--format", "markdown", "drift", "--detailed-exitcode")
    summarise(found.stdout)
    return found.returncode


def recover() -> int:
    """Say what is open and what to type."""
    found = reconciler("recover")
    sys.stdout.write(found.stdout)
    summarise(f"```text\n{found.stdout.replace('```', '')}\n```" if found.stdout else "")
    return found.returncode


def in_pull_request() -> bool:
    """Whether there is a pull request to comment on."""
    return os.environ.get("GITHUB_EVENT_NAME", "").startswith("pull_request")


def target_name() -> str:
    """The target, as the comment's key says it."""
    return given("TARGET") or "emulator"


COMMANDS = {"check": check, "plan": plan, "apply": apply, "drift": drift, "recover": recover}


def main() -> int:
    """Install, run, report; the step fails where something is wrong, not where changes are pending."""
    command = COMMANDS.get(given("COMMAND"))
    if command is None:
        print(f"::error title=reconciler::There is no command of that name. It is one of {', '.join(COMMANDS)}.")
        return 64
    os.chdir(given("WORKING_DIRECTORY") or ".")
    if given("PACKAGE") != INSTALLED:
        package = given("PACKAGE") or str(Path(__file__).resolve().parents[3])
        subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", package], check=True)
    code = command()
    output("exit-code", str(code))
    output("pending", "true" if code == PENDING else "false")
    return 0 if code == PENDING else code


if __name__ == "__main__":
    sys.exit(main())
