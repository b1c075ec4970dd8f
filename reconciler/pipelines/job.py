"""One job of a pipeline: a reconciler command, its reports where the forge shows them, and outputs for what comes after.

The same on GitHub, GitLab and Azure DevOps, so that their pipeline files hold no logic. Inputs are environment variables (`INPUT_TARGET`
and so on) and never become part of a script.

    check     the files alone: needs no tenant and no secret, so forks may run it
    plan      plans, keeps the plan and its reports, and keeps one comment on the change current
    change    says which change the pipeline is for, and which plan its comment names
    apply     runs exactly the plan that is there, or that `fetch` gets; says on the change what failed
    drift     what differs though nobody changed the files
    recover   shows what a lost runner left open, or settles it as INPUT_CHOICE says

Effects: runs reconciler as processes; reads the environment; writes standard output and the files of `INPUT_REPORTS` and the forge.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

from reconciler.pipelines.surroundings import PENDING, Surroundings, surroundings_of

__all__ = ["JOBS", "Job", "main"]

_USAGE: Final = 64
_CHOICES: Final = {"", "show", "back", "forward", "park", "accept-current"}
_UNWRITTEN: Final = "The comment could not be written; the report is on the page of this run."


class Job:
    """The inputs of a job, and what it does."""

    def __init__(self, *, approval: bool = False) -> None:
        self.approval = approval or _on("REQUIRE_APPROVAL")
        self.folder = Path(_given("WORKING_DIRECTORY") or ".").resolve()
        self.plan_file = Path(_given("PLAN") or "plan.json")
        self.target = _given("TARGET") or "emulator"
        self.reports = self.folder / (_given("REPORTS") or "reconciler-reports")
        self.reports.mkdir(parents=True, exist_ok=True)
        self.forge: Surroundings = surroundings_of(os.environ, self.reports)
        self.environ = dict(os.environ)
        for line in self.environ.pop("RECONCILER_ENV", "").splitlines():
            name, equals, value = line.strip().partition("=")
            if equals and name and value:
                self.forge.mask(value)
                self.environ[name] = value

    # --- the jobs ---

    def check(self) -> int:
        """The files alone."""
        findings = self.forge.findings
        found, form = self._run("--format", findings, "validate"), self._run("--format", findings, "fmt", "--check")
        if findings == "gitlab":  # there the findings are a file, and people read the text
            self._keep("code-quality.json", json.dumps([*_listed(found.stdout), *_listed(form.stdout)]))
            sys.stdout.write(self._run("validate").stdout + self._run("fmt", "--check").stdout)
        else:
            sys.stdout.write(found.stdout + form.stdout)
        if "junit.xml" in self.forge.reports:
            self._keep("junit.xml", self._run("--format", "junit", "validate").stdout)
        return found.returncode or form.returncode

    def plan(self) -> int:
        """Plan, keep the plan, show it on the page of the run and on the change."""
        file = str(self.plan_file)
        made = self._run("--format", "markdown", "plan", "-o", file, "--detailed-exitcode")
        saved = (self.folder / self.plan_file).is_file()
        if saved:
            self.forge.output("digest", str(json.loads((self.folder / self.plan_file).read_bytes()).get("digest", "")))
            for name, form in self.forge.reports.items():
                self._keep(name, self._run("--format", form, "show", file, aimed=False).stdout)
        if made.stdout:
            self.forge.summary(self._keep("plan.md", made.stdout))
            named = ["--plan", file] if saved else []
            self._comment("plan.md", "plan", *named, *(["--only-update"] if made.returncode == 0 else []))
        return made.returncode

    def change(self) -> int:
        """Which change, which plan."""
        found = self._run("--format", "json", "fetch", "--which")
        if found.returncode == 0:
            said = json.loads(found.stdout)
            self.forge.output("change", str(said["change"]))
            self.forge.output("digest", str(said["digest"]))
        return found.returncode

    def apply(self) -> int:
        """Run exactly the saved plan."""
        file = str(self.plan_file)
        if not (self.folder / self.plan_file).is_file():
            fetched = self._run("fetch", "-o", file)
            if fetched.returncode:
                return fetched.returncode
        more = [f"--expect-digest={_given('EXPECT_DIGEST')}"] if _given("EXPECT_DIGEST") else []
        more += ["--require-approval"] if self.approval else []
        more += ["--retry-failed"] if _on("RETRY_FAILED") else []
        done = self._run("--format", "markdown", "apply", file, *more)
        if done.stdout:
            self.forge.summary(self._keep("apply.md", done.stdout))
            # What a failure said there is put right by a later success; a success by itself needs no comment.
            self._comment("apply.md", "apply", *([] if done.returncode else ["--only-update"]))
        return done.returncode

    def drift(self) -> int:
        """What differs though nobody changed the files; the journal keeps digests of what was read, for `audit exceptions`."""
        found = self._run("--format", "markdown", "drift", "--detailed-exitcode")
        if found.stdout:
            self.forge.summary(self._keep("drift.md", found.stdout))
        read = self._run("audit", "read")
        return found.returncode or read.returncode

    def recover(self) -> int:
        """Say what is open and what to do, or settle it."""
        choice = _given("CHOICE")
        if choice not in _CHOICES:
            sys.stderr.write(f"There is no such choice. It is one of {', '.join(sorted(_CHOICES - {''}))}.\n")
            return _USAGE
        reason = [f"--reason={_given('REASON')}"] if _given("REASON") else []
        found = self._run("recover", *([f"--{choice}"] if choice not in {"", "show"} else []), *reason)
        sys.stdout.write(found.stdout)
        if found.stdout:
            fence = "`" * (3 + found.stdout.count("`"))
            self.forge.summary(self._keep("recover.md", f"{fence}text\n{found.stdout}\n{fence}\n"))
        return found.returncode

    # --- how ---

    def _run(self, *arguments: str, aimed: bool = True) -> subprocess.CompletedProcess[str]:
        """Run one command; what it says to people goes to the log as it comes, what it reports is handed back."""
        target = ["--target", _given("TARGET")] if aimed and _given("TARGET") else []
        command = [sys.executable, "-m", "reconciler", *target, *arguments]
        return subprocess.run(command, stdout=subprocess.PIPE, text=True, encoding="utf-8", check=False, cwd=self.folder, env=self.environ)

    def _keep(self, name: str, text: str) -> Path:
        path = self.reports / name
        path.write_text(text, encoding="utf-8", newline="\n")
        return path

    def _comment(self, report: str, key: str, *more: str) -> None:
        """Keep one comment current; a comment that cannot be written is said, and changes no verdict."""
        if not _on("COMMENT") or (key == "plan" and not _for_a_change()):
            return
        if self._run("comment", str(self.reports / report), "--key", f"{key}/{self.target}", *more).returncode:
            self.forge.warn(_UNWRITTEN)


JOBS: Final = {"check": Job.check, "plan": Job.plan, "change": Job.change, "apply": Job.apply, "drift": Job.drift, "recover": Job.recover}


def main(arguments: list[str]) -> int:
    """Run one job; it fails where something is wrong, not where changes are pending."""
    name, more = "".join(arguments[:1]), arguments[1:]
    if name not in JOBS or more not in ([], ["--require-approval"]):
        sys.stderr.write(f"There is no job of that name. It is one of {', '.join(JOBS)}; `apply` may be followed by --require-approval.\n")
        return _USAGE
    job = Job(approval=bool(more))
    code = JOBS[name](job)
    job.forge.output("exit-code", str(code))
    job.forge.output("pending", "true" if code == PENDING else "false")
    return job.forge.code(code, looking=name == "drift")


def _given(name: str) -> str:
    """An input of the job."""
    return os.environ.get(f"INPUT_{name}", "").strip()


def _on(name: str) -> bool:
    """Whether an input says yes."""
    return _given(name).lower() == "true"


def _for_a_change() -> bool:
    """Whether the pipeline runs for a pull or merge request that is open."""
    event = os.environ.get("GITHUB_EVENT_NAME", "").startswith("pull_request")
    return event or any(os.environ.get(name) for name in ("CI_MERGE_REQUEST_IID", "SYSTEM_PULLREQUEST_PULLREQUESTID"))


def _listed(text: str) -> list[object]:
    """The findings of a command that could say them."""
    try:
        found = json.loads(text)
    except ValueError:
        return []
    return found if isinstance(found, list) else []
