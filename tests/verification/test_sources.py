"""Which results stay: those of layers that import nothing of what was changed."""

from __future__ import annotations

import re

from reconciler import flow
from tests.verification.catalogue import ALL, belongs_to
from tests.verification.sources import LOADED, ROOT, files


def _names(*modules: str) -> set[str]:
    return {file.relative_to(ROOT).as_posix() for file in files(*modules)}


def test_the_runs_with_faults_belong_to_all_that_decides_how_an_apply_goes() -> None:
    found = _names("tests.verification.layers")
    writes = {file.relative_to(ROOT).as_posix() for file in (ROOT / "reconciler" / "apply").glob("*.py")}
    assert writes - found <= {"reconciler/apply/__init__.py"}
    parts = (
        "journal/transitions",
        "journal/store",
        "plan/guard",
        "plan/plan",
        "live/read",
        "superoffice/client",
        "wire/mappings",
        "model/plan",
    )
    assert {f"reconciler/{part}.py" for part in parts} <= found
    assert {"tests/faults/checker.py", "tests/faults/stage.py", "tests/verification/plans.py", "schemas/journal.schema.json"} <= found
    assert "reconciler/emulator/connectors/excel.yaml" in found


def test_the_command_line_the_pages_and_the_pipelines_decide_nothing_of_it() -> None:
    found = _names("tests.verification.layers")
    elsewhere = ("reconciler/cli/", "reconciler/forge/", "reconciler/pipelines/", "reconciler/report/", "tests/pages/")
    assert not {one for one in found if one.startswith(elsewhere)}
    assert "tests/verification/chaos.py" not in found


def test_every_layer_has_a_digest_and_one_that_imports_more_has_another() -> None:
    digests = {layer: belongs_to(layer) for layer in ALL}
    assert digests["singles"] == digests["pairs"]
    assert len({digests[layer] for layer in ("singles", "edits", "images", "fuzz", "model", "races", "chaos", "mistakes")}) == 8


def test_planted_mistakes_belong_to_the_tests_that_have_to_find_them() -> None:
    assert "tests/superoffice/test_login.py" in _names("tests.verification.mistakes", "tests.superoffice.test_login")


def test_what_the_laboratory_calls_of_the_flow_is_counted() -> None:
    lines = [file.read_text(encoding="utf-8") for folder in ("faults", "verification") for file in (ROOT / "tests" / folder).glob("*.py")]
    called = {name for text in lines for name in re.findall(r"\bflow\.([a-z_]+)\(", text)}
    assert called
    assert {getattr(flow, name).__module__ for name in called} <= set(LOADED)
