"""The machinery of mutation testing: which changes there are, and that a test which fails is told from one that does not."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.verification.mutants import ROOT, TESTS, count_of, mutants_of, source_of

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
    assert all(compile(one.code, "mutant", "exec") for one in mutants_of(SOURCE))


@pytest.mark.parametrize("module", TESTS)
def test_every_module_and_every_test_of_it_is_there(module: str) -> None:
    assert count_of(source_of(module)) > 10
    assert all((ROOT / path.partition("::")[0]).is_file() for path in TESTS[module])


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="each mutant is a fork")
def test_a_mutant_that_a_test_finds_is_told() -> None:
    command = [sys.executable, "-m", "tests.verification.mutants", "reconciler.journal.chain", "--every", "60"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert "mutants run, 0 survived (100 % found)" in done.stdout, done.stdout + done.stderr
