"""Every sentence of the promise has a rule, a layer and a test, and none of them is made up."""

from __future__ import annotations

import re

from tests.faults import checker
from tests.verification.catalogue import ALL
from tests.verification.promise import PROMISE
from tests.verification.sources import ROOT


def test_the_sentences_are_those_of_the_readme_and_all_of_them() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    quoted = re.search(r"## What it promises\n\n((?:> .*\n)+)", readme)
    assert quoted is not None
    said = " ".join(line.removeprefix("> ") for line in quoted[1].splitlines())
    assert " ".join(one.text for one in PROMISE) == said


def test_each_sentence_names_rules_layers_and_tests_that_there_are() -> None:
    rules = set(re.findall(r"^    ([a-z]+)  +\S", str(checker.__doc__), flags=re.MULTILINE))
    for one in PROMISE:
        assert set(one.rules) <= rules, one.text
        assert set(one.layers) <= set(ALL), one.text
        assert one.tests, one.text
        for test in one.tests:
            file, _, name = test.partition("::")
            assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8"), test
