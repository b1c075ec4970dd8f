"""The machinery of mutation testing: which changes there are, and that a test which fails is told from one that does not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.verification.mutants import MODULES, NOT, TESTS, counted
from tests.verification.mutations import ROOT, count_of, mutant_of, mutants_of, only_in_functions, source_of

SOURCE = '''
def told(one: int = 2, *, loud: bool = False) -> str:
    """Not changed: 1 + 1."""
    if one > 1 and not loud:
        raise ValueError(f"{one + 1}")
    return "a" if one in (3,) else "b"
'''


def test_every_kind_of_change_is_made_once() -> None:
    texts = [one.text for one in mutants_of(SOURCE)]
    assert len(texts) == len(set(texts))
    assert {
        "one > 1 and (not loud)  →  one > 1 or not loud",
        "one > 1  →  one >= 1",
        "not loud  →  loud",
        "False  →  True",
        "2  →  3",
        "one in (3,)  →  one not in (3,)",
        "raise ValueError(f'{one + 1}')  →  pass",
    } <= set(texts)
    assert not [text for text in texts if text.startswith(("1 + 1", "one + 1"))]
    assert all(compile(one.tree, "mutant", "exec") for one in mutants_of(SOURCE))


def test_the_safety_modules_are_all_of_apply_and_journal_and_the_guard() -> None:
    assert {"reconciler.apply.ensure", "reconciler.journal.lease", "reconciler.plan.guard"} <= set(MODULES)
    assert [module for module in MODULES if not module.startswith(("reconciler.apply.", "reconciler.journal."))] == [
        "reconciler.plan.guard"
    ]
    assert sum(count_of(source_of(module)) for module in MODULES) > 3000
    assert all((ROOT / path).exists() for path in (*TESTS, *NOT))


def test_functions_that_live_take_a_change_over_and_what_an_import_uses_up_is_told() -> None:
    script = """
import sys
sys.path.insert(0, ".")
from reconciler.journal import chain
from tests.verification.mutations import mutants_of, only_in_functions, source_of, take_over

before = chain.event_hash(seq=1, target="t", run="r", kind="note", at="", body={}, prev="")
mutants = mutants_of(source_of(chain.__name__))
(changed,) = [one for one in mutants if "hexdigest" in one.text and one.text.endswith("return None")]
assert only_in_functions(chain.__name__, changed)
held = chain.event_hash
assert take_over(chain.__name__, changed) == 1
assert held(seq=1, target="t", run="r", kind="note", at="", body={}, prev="") is None, before
print("taken over")
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.strip() == "taken over", done.stderr
    guard = "reconciler.plan.guard"
    (constant,) = [
        one
        for one in mutants_of(source_of(guard))
        if one.text == "5  →  6" and source_of(guard).splitlines()[one.line - 1].startswith("_MOST")
    ]
    assert not only_in_functions(guard, constant)


def test_what_is_counted_is_not_more_than_there_is() -> None:
    for module, (found, ran, of) in counted().items():
        assert 0 <= found <= ran <= of == count_of(source_of(module)), module


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="each mutant is a fork")
def test_a_mutant_that_a_test_finds_is_told_with_the_test_and_one_that_none_finds_is_not_called_found(tmp_path: Path) -> None:
    chain = "reconciler.journal.chain"
    command = [sys.executable, "-m", "tests.verification.mutants", chain, "--every", "20", "--folder", str(tmp_path)]
    of_chain = ["--tests", "tests/journal/test_chain.py", "tests/journal/test_store.py::test_new_run_ids_sort_by_time_and_are_short"]
    done = subprocess.run([*command, *of_chain], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert f"{chain}: 3 of" in done.stdout, done.stdout + done.stderr
    (log,) = tmp_path.glob("mutants-journal.chain-*.jsonl")
    entries = sorted(map(json.loads, log.read_text(encoding="utf-8").splitlines()), key=lambda entry: entry["number"])
    assert all(entry["by"].startswith("tests/journal/") for entry in entries if entry["end"] == "found")
    assert [entry["text"] for entry in entries] == [mutant_of(source_of(chain), number).text for number in (0, 20, 40)]
