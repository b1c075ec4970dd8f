"""The pipeline files that `reconciler init` writes, as they stand in a repository afterwards, and the job that they all run.

    github.yml                  a workflow
    gitlab.yml, gitlab-head.yml a CI/CD component (the same as templates/reconciler.yml), and what stands above it as a file of one's own
    azure.yml, azure-head.yml   a template of stages (the same as templates/azure-devops.yml), and the same for it
    job                         what every step of them runs, so that the files hold no logic
    surroundings                where each forge looks for reports and values

Effects: reads the files of this package; for `job` see there.
"""

from __future__ import annotations

import re
from importlib.resources import files
from typing import Final

from reconciler.errors import UsageProblem

__all__ = ["PLACES", "pipeline_for"]

# Where each forge looks for the file.
PLACES: Final = {"github": ".github/workflows/reconciler.yml", "gitlab": ".gitlab-ci.yml", "azure-devops": "azure-pipelines.yml"}

_ACTION: Final = re.compile(r"[\w.-]+(/[\w.-]+)+@[0-9a-f]{40}", re.ASCII)
_EXTRAS: Final = r"(?:reconciler(?:\[[a-z][a-z,-]*\])? @ )?"
_PACKAGE: Final = re.compile(rf"{_EXTRAS}git\+https://[\w.-]+(?::\d+)?(?:/[\w.~-]+)+@[0-9a-f]{{40}}|(?:\./)?[\w-][\w./-]*\.whl", re.ASCII)
_TARGET: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def pipeline_for(forge: str, reference: str, *, target: str = "prod") -> str:
    """The file for a forge.

    Args:
        forge: a key of `PLACES`.
        reference: what is run, at a commit. For GitHub where the action lies: `owner/repository/PATH@<40 hex digits>`. For the others
            what pip installs: `git+https://HOST/PATH@<40 hex digits>`, with extras as in
            `reconciler[postgres] @ git+https://…`, or a wheel of the repository.
        target: an entry of `targets.yaml`.

    Raises:
        UsageProblem: what is run is not named at a commit, as a tag can be moved to other code; or the target's name has other signs than
            letters, digits, `.`, `_` and `-`.
    """
    if not _TARGET.fullmatch(target):
        raise UsageProblem("The target cannot stand in a pipeline", f"{target!r} has other signs than letters, digits, `.`, `_` and `-`.")
    if forge == "github":
        _check_pinned(_ACTION, reference, "The action", "owner/repository/.github/actions/reconciler@<commit>")
        return _read("github.yml").replace("uses: ACTION", f"uses: {reference}").replace("TARGET: prod", f"TARGET: {target}")
    _check_pinned(_PACKAGE, reference, "The package", "git+https://host/path@<commit>, or a wheel of this repository")
    if forge == "gitlab":
        values = {"target": target, "package": reference, "image": "python:3.13"}
        values |= {"check-stage": "test", "apply-stage": "deploy", "apply-when": "manual"}
        jobs = _read("gitlab.yml").partition("\n---\n")[2]
        return _read("gitlab-head.yml") + _filled(jobs, "$[[ inputs.{} ]]", values)
    stages = "stages:\n" + _read("azure.yml").partition("\nstages:\n")[2]
    return _read("azure-head.yml") + _filled(stages, "${{{{ parameters.{} }}}}", {"target": target, "package": reference})


def _filled(text: str, form: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(form.format(name), value)
    return text


def _check_pinned(pattern: re.Pattern[str], reference: str, what: str, form: str) -> None:
    if not pattern.fullmatch(reference):
        raise UsageProblem(
            f"{what} is not named at a commit",
            f"{reference!r} is not of the form {form}, and a branch or tag can be moved to other code.",
            "Write the 40 digits of the commit behind the @.",
        )


def _read(name: str) -> str:
    return files(__name__).joinpath(name).read_text(encoding="utf-8")
