"""docs/connect-to-superoffice.md: its targets load, its commands exist, and what it shows of `target check` is what is shown."""

import re
from pathlib import Path

import pytest

from reconciler.cli.commands import COMMANDS
from reconciler.desired import load_target
from tests.house.checkout import ROOT
from tests.online.conftest import Place

TEXT = (ROOT / "docs" / "connect-to-superoffice.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```yaml\n(targets:.*?)```", TEXT, re.DOTALL)


def test_there_is_one_target_for_each_way_in() -> None:
    assert len(BLOCKS) == 3


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_its_targets_load(tmp_path: Path, number: int) -> None:
    (tmp_path / "targets.yaml").write_text(BLOCKS[number], encoding="utf-8")
    target = load_target("prod", directory=tmp_path, environ={})
    assert target.login is not None
    assert target.limits.calls_per_second == 5.0


def test_its_commands_exist() -> None:
    typed = re.findall(r"^reconciler (?:--target \w+ )?(\w+)", TEXT, re.MULTILINE)
    assert typed
    assert set(typed) <= set(COMMANDS)


def test_it_shows_what_target_check_shows(place: Place) -> None:
    shown = TEXT.partition("```text\n")[2].partition("```")[0]
    done = place.run("system-user", "target", "check")
    names = [[line.split()[0] for line in text.splitlines() if re.match(r"  [a-z]+ +(good|notice) ", line)] for text in (shown, done.out)]
    assert names[0] == names[1]
    assert "Ready. Nothing was written. Next: reconciler --target prod plan" in shown
    for words in (
        "is Running",
        "at https://",
        "to be asked again at",
        "NetServer ",
        "apart from the server's.",
        "The ErpSync agent answers",
    ):
        assert words in shown
        assert words in done.out


def test_the_pages_that_it_leads_to_exist() -> None:
    for page in ("connect-to-superoffice.md", "unknowns.md"):
        text = (ROOT / "docs" / page).read_text(encoding="utf-8")
        assert [name for name in re.findall(r"\]\(([\w./-]+\.md)\)", text) if not (ROOT / "docs" / name).exists()] == []
