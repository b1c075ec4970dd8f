"""A runner of GitLab's and an agent of Azure's, as far as the shipped pipeline files can see them.

They read the files that `init` writes, run the very lines of their scripts in bash, with the variables that the file and the forge set,
each job in a checkout of its own, and keep what the file says is kept. They share nothing with `reconciler`. What installs is not run.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.cli.conftest import FILE
from tests.forge.scripted import MERGED, ScriptedForge

CANARY, TOKEN = "hunter2-canary", "forge-token-canary"
INSTALLS = "-m pip install"


@dataclass
class Played:
    """What one job left."""

    code: int
    log: str
    kept: dict[str, bytes] = field(default_factory=dict)


class Player:
    """One repository on one forge: the emulator's tenant and its journal last, all else is fresh for each job."""

    def __init__(self, folder: Path, forge: ScriptedForge, pipeline: str) -> None:
        self.folder, self.forge = folder, forge
        self.text = FILE
        self.said = ""
        self.pipeline: dict[str, Any] = yaml.load(pipeline, yaml.BaseLoader)
        self.jobs = 0
        self.tenant = folder
        (folder / ".reconciler").mkdir()

    def checkout(self) -> Path:
        """A fresh one, into which the tenant moves."""
        self.jobs += 1
        made = self.folder / f"job-{self.jobs}"
        made.mkdir()
        (made / "connections.yaml").write_text(self.text, encoding="utf-8")
        (self.tenant / ".reconciler").rename(made / ".reconciler")
        self.tenant = made
        return made

    def bash(self, script: str, folder: Path, environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
        """Run lines as a runner does."""
        ours = ("GITHUB_", "INPUT_", "CI", "SYSTEM_", "BUILD_", "RECONCILER_")
        base = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        base["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{base['PATH']}"
        command = ["bash", "-e", "-o", "pipefail", "-c", script]
        done = subprocess.run(
            command, cwd=folder, env={**base, **environ}, capture_output=True, text=True, encoding="utf-8", timeout=120, check=False
        )
        self.said += done.stdout + done.stderr
        return done

    def by_hand(self, *arguments: str) -> None:
        """Somebody does something on the tenant, past the pipeline."""
        subprocess.run(
            [sys.executable, "-m", "reconciler", "emulator", "edit", *arguments], cwd=self.tenant, check=True, capture_output=True
        )

    def comments(self) -> list[str]:
        """What our comments say."""
        return [one.body for one in self.forge.comments if one.author == self.forge.bot]


def merged(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """As GitLab's `extends` lays mappings over each other; lists replace whole."""
    both = {
        name: merged(one[name], other[name])
        for name in one.keys() & other.keys()
        if isinstance(one[name], dict) and isinstance(other[name], dict)
    }
    return {**one, **other, **both}


class GitLabRunner(Player):
    """Runs one job of `.gitlab-ci.yml`."""

    def job(self, name: str) -> dict[str, Any]:
        """A job with what it extends."""
        found = self.pipeline[name]
        return merged(self.pipeline[found["extends"]], found)

    def run(self, name: str, *, change: bool = False, **more: str) -> Played:
        job, folder = self.job(name), self.checkout()
        environ = {
            **{name: value.replace("$CI_JOB_URL", "https://gitlab.example.com/job/1") for name, value in job["variables"].items()},
            **({"CI_MERGE_REQUEST_IID": "7"} if change else {}),
            "CI": "true",
            "GITLAB_CI": "true",
            "CI_PROJECT_ID": "42",
            "CI_PROJECT_DIR": str(folder),
            "CI_API_V4_URL": self.forge.url,
            "CI_COMMIT_SHA": self.forge.head if change else MERGED,
            "GITLAB_USER_LOGIN": "anna",
            "GITLAB_TOKEN": TOKEN,
            "VISMA_PASSWORD": CANARY,
            **more,
        }
        done = self.bash("\n".join(job["script"]), folder, environ)
        kept = self._kept(job["artifacts"]["paths"], folder)
        if change:
            self.forge.keep(name, kept)
        return Played(done.returncode, done.stdout + done.stderr, kept)

    def _kept(self, paths: list[str], folder: Path) -> dict[str, bytes]:
        found = [file for path in paths for file in ([folder / path] if (folder / path).is_file() else sorted((folder / path).rglob("*")))]
        return {file.relative_to(folder).as_posix(): file.read_bytes() for file in found if file.is_file()}


OUTPUT = re.compile(r"^##vso\[task\.setvariable variable=([\w-]+);isOutput=true\](.*)$", re.MULTILINE)


class AzureAgent(Player):
    """Runs one job of `azure-pipelines.yml`."""

    def run(self, stage: str, name: str, *, change: bool = False, **parameters: str) -> Played:
        (job,) = [
            one
            for found in self.pipeline["stages"]
            if found["stage"] == stage
            for one in found["jobs"]
            if name in (one.get("job"), one.get("deployment"))
        ]
        steps = job.get("steps") or job["strategy"]["runOnce"]["deploy"]["steps"]
        folder, variables, log, code = self.checkout(), {"System.AccessToken": TOKEN, "Build.BuildId": "17"}, "", 0
        environ = {
            **({"SYSTEM_PULLREQUEST_PULLREQUESTID": "7"} if change else {}),
            "TF_BUILD": "True",
            "SYSTEM_COLLECTIONURI": f"{self.forge.url}/",
            "SYSTEM_TEAMPROJECTID": "proj",
            "BUILD_REPOSITORY_ID": "repo",
            "BUILD_SOURCESDIRECTORY": str(folder),
            "BUILD_SOURCEVERSION": self.forge.head if change else MERGED,
            "BUILD_REQUESTEDFORID": "anna",
            "VISMA_PASSWORD": CANARY,
        }
        kept: dict[str, bytes] = {}
        for step in steps:
            if code and step.get("condition") != "succeededOrFailed()":
                continue
            if "bash" in step and INSTALLS not in step["bash"]:
                given = {key: self._filled(value, variables, parameters) for key, value in step.get("env", {}).items()}
                done = self.bash(step["bash"], folder, {**environ, **given})
                code, log = code or done.returncode, log + done.stdout + done.stderr
                variables |= {f"{step['name']}.{key}": value for key, value in OUTPUT.findall(done.stdout)}
            elif "publish" in step:
                kept[step["artifact"]] = (folder / step["publish"]).read_bytes()
                self.forge.keep(f"{step['artifact']} of refs/pull/7/merge", {"plan.json": kept[step["artifact"]]})
            elif step.get("task") == "DownloadPipelineArtifact@2":
                inputs = {key: self._filled(value, variables, parameters) for key, value in step["inputs"].items()}
                name = f"{inputs['artifactName']} of {inputs['branchName']}"
                newest = [files for kept_as, files in self.forge.kept if kept_as == name][-1]
                (folder / "plan.json").write_bytes(newest["plan.json"])
        return Played(code, log, kept)

    def _filled(self, text: str, variables: dict[str, str], parameters: dict[str, str]) -> str:
        """Macros, which stay as they are where there is no such variable; and parameters."""
        text = re.sub(r"\$\(([\w.-]+)\)", lambda found: variables.get(found[1], found[0]), text)
        return re.sub(r"\$\{\{ parameters\.(\w+) \}\}", lambda found: parameters[found[1]], text)
