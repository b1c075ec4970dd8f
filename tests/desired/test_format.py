"""The canonical form: comments stay where they belong, the meaning stays, and a second time changes nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.desired import load_desired
from reconciler.desired.format import formatted, written
from reconciler.desired.load import load_merged
from reconciler.errors import InputError
from tests.desired.cases import CASES
from tests.desired.loading import load
from tests.desired.loading import written as saved
from tests.desired.test_properties import BlockDumper, sound

ROOT = Path(__file__).resolve().parent.parent.parent
EVERYTHING = (ROOT / "connections.yaml").read_text(encoding="utf-8")
MESSY = """\
# banner

# about the connections
connections:
    one:   # the one
        connector: a
        name: {nb: "En", # norsk
               en: One}


        # before config
        config:
            # in config

            # more
            Text: |   # two lines
              a # no comment
                b
            Z: 'it''s "x" # no comment'
            "no": 5
            # end of config
        # end of one
        actors: {customer: {fields: {"A B": {direction: both, crm: X}}}}
    two: {connector: a, absent: true}

# above version


version: 1   # ver
sync_priority:
- one      # first
# between
- two
# the end
"""
CANONICAL = """\
# banner

# above version

version: 1   # ver

# about the connections
connections:
  one:     # the one
    name:
      en: One
      nb: En             # norsk
    connector: a

    # before config
    config:
      # in config

      # more
      Text: |         # two lines
        a # no comment
          b
      Z: 'it''s "x" # no comment'
      "no": 5
      # end of config
    # end of one
    actors: {customer: {fields: {A B: {crm: X, direction: both}}}}

  two: {connector: a, absent: true}

sync_priority:
  - one    # first
  # between
  - two
# the end
"""


@pytest.fixture(autouse=True)
def _directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def canonical(text: str) -> str:
    """The canonical form, which is its own."""
    found = formatted(text, "file.yaml")
    assert formatted(found, "file.yaml") == found
    return found


def test_a_messy_file() -> None:
    assert canonical(MESSY) == CANONICAL


def test_what_is_shipped_is_nearly_canonical() -> None:
    """Only quotes differ that are there to be seen by people; no line moves."""
    text = EVERYTHING
    changed = [line for line, other in zip(text.splitlines(), canonical(text).splitlines(), strict=True) if line != other]
    assert all('items: {"A"' in line for line in changed)


def test_line_ends_become_plain_and_the_last_one_is_there() -> None:
    assert canonical("version: 1\r\nlanguage: en\r\n\r\n\r\n") == "version: 1\nlanguage: en\n"
    assert canonical("version: 1") == "version: 1\n"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ('"plain"', "plain"), ("'no'", '"no"'), ('"1.10"', '"1.10"'), ("''", '""'), ("'#x'", '"#x"'), ('"a: b"', '"a: b"'),
        ("'- a'", '"- a"'), ("'a, b'", '"a, b"'), ("'\\'", "'\\'"), ('"\\u00e9"', "é"), ("'🙂'", '"🙂"'), ("1.50", "1.50"),
        ("0x10", "0x10"), ("2026-01-31", "2026-01-31"), ("'it''s'", "it's"), ("'null'", '"null"'),
        ('"a "', '"a "'), ("a:b", "a:b"), ('"a:"', '"a:"'),
        (">\n        a\n        b", "|\n        a b"), ("|2-\n         a\n        b", "|2-\n         a\n        b"),
        ("|+\n        a\n\n", "|+\n        a\n\n"), ("{secret: 'env:A', version: 1}", "{secret: env:A, version: 1}"),
    ],
)  # fmt: skip
def test_quotes_stand_only_where_they_are_needed(value: str, shown: str) -> None:
    lead = "connections:\n  a:\n    config:\n      Key: "
    assert canonical(f"{lead}{value}\n") == f"{lead}{shown}\n"


def test_what_is_too_long_for_a_line_stands_below() -> None:
    items = {f"key{number:02}": "x" * 20 for number in range(8)}
    written_items = ", ".join(f"{key}: {value}" for key, value in items.items())
    text = f"mapping_sets: {{s: {{customer: {{fields: {{F: {{items: {{{written_items}}}}}}}}}}}}}\n"
    assert canonical(text).count("\n") == 6 + len(items)


@pytest.mark.parametrize("text", ["a: [\n", "a: &x 1\n", "a: 1\na: 2\n", "", "a: 1\n---\nb: 2\n", "\t- x: {"])
def test_what_is_not_strict_yaml_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        formatted(text, "file.yaml")


def test_every_file_of_the_bad_cases_is_formatted_or_refused() -> None:
    """What is wrong in a file stays wrong in the same way: nothing is lost, and nothing breaks the formatter."""
    count = 0
    for path in sorted(CASES.rglob("*.yaml")):
        try:
            text = path.read_bytes().decode("utf-8-sig")
            formatted(text, path.name)
        except (InputError, UnicodeDecodeError):
            continue
        canonical(text)
        count += 1
    assert count > 40


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(sound, st.booleans())
def test_the_meaning_stays(document: Any, block: bool) -> None:
    text = json.dumps(document, ensure_ascii=False)
    if block:
        text = yaml.dump(json.loads(text), Dumper=BlockDumper, sort_keys=False, allow_unicode=True, indent=4)
    assert load(canonical(text)).digest == load(text).digest


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_comments_anywhere_are_kept(data: st.DataObject) -> None:
    """Lines and ends of lines get comments, lines get moved apart; each comment is there afterwards, once."""
    lines = [line.partition("   #")[0].rstrip() for line in EVERYTHING.splitlines() if not line.lstrip().startswith("#")]
    made = 0
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(lines)))
        kind = data.draw(st.sampled_from(["line", "end", "gap"]))
        if kind == "gap":
            lines.insert(at, "")
        elif kind == "line":
            made += 1
            lines.insert(at, " " * data.draw(st.integers(0, 12)) + f"# c{made}.")
        elif at < len(lines) and lines[at].strip() and "#" not in lines[at]:
            made += 1
            lines[at] += f"  # c{made}."
    found = canonical("\n".join(lines) + "\n")
    assert all(found.count(f"# c{number}.") == 1 for number in range(1, made + 1))


def test_a_comment_moves_with_its_key() -> None:
    text = "connections:\n  a:\n    # why\n    active: true\n    # who\n    name: A\n"
    assert canonical(text) == "connections:\n  a:\n    # who\n    name: A\n    # why\n    active: true\n"


@pytest.mark.parametrize("resolved", [False, True])
def test_the_merged_file_means_the_same(*, resolved: bool) -> None:
    overlay = "connections: {visma-no: {description: null, config: {IntegerField: 13}, actors: {customer: {fields: {NAME: {crm: ''}}}}}}\n"
    names = saved(EVERYTHING, overlay)
    text = written(load_merged(names, resolved=resolved))
    assert load(text).digest == load_desired(saved(EVERYTHING, overlay)).digest
    assert ("mapping_sets" in text) is not resolved
    assert canonical(text) == text


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(sound, st.booleans())
def test_any_merged_file_means_the_same(document: Any, resolved: bool) -> None:
    text = json.dumps(document, ensure_ascii=False)
    merged = written(load_merged(saved(text), resolved=resolved))
    assert load(merged).digest == load(text).digest


def test_a_comment_below_the_last_item_of_a_list_stays_there() -> None:
    text = "connections:\n  a:\n    connector: visma\n    uses:\n      - one\n      # more will come\n    active: true\n"
    assert "      - one\n      # more will come\n" in canonical(text)
