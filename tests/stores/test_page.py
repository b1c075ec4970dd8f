"""What docs/secrets.md shows works as it stands there."""

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.cli.entry import run
from reconciler.desired import load_target
from reconciler.desired.allow import is_allowed
from reconciler.model import SecretRef
from reconciler.stores import opening
from reconciler.stores.forms import FORMS
from tests.stores.conftest import CANARY, refusal, resolver, value

PAGE = Path(__file__).resolve().parents[2] / "docs" / "secrets.md"
TEXT = PAGE.read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", TEXT, re.DOTALL)


def block(kind: str, beginning: str) -> str:
    (found,) = [content for name, content in BLOCKS if name == kind and content.startswith(beginning)]
    return str(found)


def test_its_files_are_valid_and_its_list_allows_what_they_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    for name in ("connections.yaml", "targets.yaml"):
        (tmp_path / name).write_text(block("yaml", f"# {name}"), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert (run(["validate", "--target", "prod"]), capfd.readouterr().err) == (0, "")
    target = load_target("prod", directory=tmp_path, environ={})
    named = re.findall(r"secret: (\S+?),", block("yaml", "# connections.yaml"))
    assert len(named) == 3
    assert all(is_allowed(SecretRef.parse(reference), target) for reference in (*named, "file:secrets/visma", "keyring:reconciler/visma"))
    assert not is_allowed(SecretRef.parse("azure-key-vault:deploy-secrets/so-app-token"), target)


def test_every_store_is_there_with_its_extra() -> None:
    rows = {row.split("`")[1].partition(":")[0]: row for row in TEXT.splitlines() if row.startswith("| `")}
    assert rows.keys() == {"env", "file", *FORMS}
    for provider, form in FORMS.items():
        assert f"`{provider}:{form.shape}`" in rows[provider]
        assert f"`reconciler[{opening._OURS[provider][1]}]`" in rows[provider]
        assert ("is fetched" in rows[provider]) is form.keeps_versions


@pytest.mark.skipif(os.name == "nt", reason="the commands are for a POSIX shell")
def test_its_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    commands = block("sh", "mkdir -p secrets")
    subprocess.run(["sh", "-ec", commands], cwd=tmp_path, env={**os.environ, "VISMA_PASSWORD": CANARY}, check=True)
    one = resolver({}, "file:secrets/")
    one._directory = tmp_path
    assert value(one, "file:secrets/visma") == CANARY
    assert (tmp_path / "secrets" / "visma").stat().st_mode & 0o777 == 0o600


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The page's own package, installed."""
    (tmp_path / "team_store.py").write_text(block("python", "# team_store.py"), encoding="utf-8")
    group = tomllib.loads(block("toml", "# pyproject.toml"))["project"]["entry-points"]
    about = tmp_path / "team_store-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: team-store\nVersion: 1.0\n", encoding="utf-8")
    lines = [f"[{name}]\n" + "".join(f"{key} = {where}\n" for key, where in listed.items()) for name, listed in group.items()]
    (about / "entry_points.txt").write_text("".join(lines), encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "team_store", raising=False)
    opening.others.cache_clear()
    yield
    opening.others.cache_clear()


@pytest.mark.usefixtures("installed")
def test_its_store_of_another_package_works() -> None:
    one = resolver({"TEAM_VISMA": CANARY}, "team:erp/")
    assert value(one, "team:erp/visma") == CANARY
    assert "the team's store does not have it. Ask the team to add it." in refusal(one, "team:erp/fortnox")
