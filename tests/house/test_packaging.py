"""What is shipped is complete, and finds its own files: from a wheel, an editable install and a checkout alike."""

import json
import os
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.house.checkout import ROOT, files_of_the_project, name_of

EXAMPLE = (ROOT / "connections.yaml").read_text(encoding="utf-8")
SCHEMAS = {path.name.removesuffix(".schema.json"): json.loads(path.read_bytes()) for path in (ROOT / "schemas").glob("*.schema.json")}

pytestmark = pytest.mark.xdist_group("packaging")  # one worker runs all of this module, so that the archives are built once

ASK = """
import json, sys
import reconciler
from reconciler import schemas
found = {name: schemas.schema(name) for name in schemas.names()}
from reconciler.cli.demo import shipped_example
example = shipped_example().read_text(encoding="utf-8")
print(json.dumps({"file": reconciler.__file__, "path": sys.path, "folder": str(schemas._folder()), "schemas": found, "example": example}))
"""


def run(*command: str | Path, cwd: Path, **environment: str) -> str:
    clean = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")} | environment
    result = subprocess.run(command, cwd=cwd, env=clean, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


class Environment:
    """A fresh virtual environment outside the checkout. It sees our dependencies, and not the editable install beside them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        run(sys.executable, "-m", "venv", "--without-pip", folder / "venv", cwd=folder)
        scripts = folder / "venv" / ("Scripts" if os.name == "nt" else "bin")
        self.python = scripts / "python"
        self.command = scripts / "reconciler"
        site = run(self.python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder).strip()
        (Path(site) / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")

    def install(self, *what: str | Path) -> None:
        pip = (
            sys.executable,
            "-m",
            "pip",
            "--python",
            self.python,
            "install",
            "--quiet",
            "--no-index",
            "--no-deps",
            "--no-build-isolation",
        )
        run(*pip, *what, cwd=self.folder)

    def ask(self, **environment: str) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(run(self.python, "-c", ASK, cwd=self.folder, **environment))
        return answer


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The source archive, and the wheel that was built from it (so the source archive is complete)."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT, cwd=folder)
    (source,) = folder.glob("*.tar.gz")
    (wheel,) = folder.glob("*.whl")
    return source, wheel


@pytest.fixture
def fresh(tmp_path: Path) -> Environment:
    return Environment(tmp_path)


def test_a_wheel_finds_its_schemas_without_the_checkout(archives: tuple[Path, Path], fresh: Environment) -> None:
    fresh.install(archives[1])
    answer = fresh.ask()
    assert (answer["schemas"], answer["example"]) == (SCHEMAS, EXAMPLE)
    assert Path(answer["file"]).is_relative_to(fresh.folder)
    assert str(ROOT) not in answer["path"]
    assert run(fresh.command, "--version", cwd=fresh.folder).strip()


def test_an_editable_install_reads_the_schemas_of_the_checkout(fresh: Environment) -> None:
    fresh.install("--editable", ROOT)
    answer = fresh.ask()
    assert (answer["schemas"], answer["example"]) == (SCHEMAS, EXAMPLE)
    assert Path(answer["file"]).is_relative_to(ROOT)
    assert answer["folder"] == str(ROOT / "schemas")  # not the copy that the build backend left in site-packages, which grows stale


def test_a_checkout_finds_its_schemas_without_an_install(fresh: Environment) -> None:
    answer = fresh.ask(PYTHONPATH=str(ROOT))
    assert (answer["schemas"], answer["example"]) == (SCHEMAS, EXAMPLE)
    assert Path(answer["file"]).is_relative_to(ROOT)


def test_the_wheel_holds_all_of_the_package_and_nothing_else(archives: tuple[Path, Path]) -> None:
    shipped = {name for name in zipfile.ZipFile(archives[1]).namelist() if ".dist-info/" not in name}
    package = {
        path.relative_to(ROOT).as_posix() for path in (ROOT / "reconciler").rglob("*") if path.is_file() and "__pycache__" not in path.parts
    }
    added = {f"reconciler/_schemas/{name}.schema.json" for name in SCHEMAS} | {"reconciler/_example/connections.yaml"}
    assert "reconciler/py.typed" in package
    assert shipped == package | added


def test_the_source_archive_holds_every_file_of_the_project(archives: tuple[Path, Path]) -> None:
    expected = {name_of(path) for path in files_of_the_project()}
    with tarfile.open(archives[0]) as archive:
        held = {member.name.partition("/")[2] for member in archive if member.isfile()}
    assert expected - held == set()


def test_every_schema_is_a_valid_schema() -> None:
    import jsonschema

    assert SCHEMAS
    for schema in SCHEMAS.values():
        jsonschema.Draft202012Validator.check_schema(schema)


def test_an_unknown_schema_is_named_with_those_there_are() -> None:
    from reconciler import schemas

    with pytest.raises(LookupError, match="no schema is named 'nothing'; there are: "):
        schemas.schema("nothing")
