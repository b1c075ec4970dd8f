"""The scenarios under every value of every switch: `python -m tests.scenarios.switched [--write] [NAME=VALUE…]`.

Each scenario says how it ends by default. Under another answer of SuperOffice it has to end in the same way; where another end is the
right one, `OTHERWISE` says which and why, and a test of that switch shows it. `--write` puts the counts into docs/emulator.md
as they come, each over the row of the same setting, so that a run which is stopped, or plays a few settings, leaves the other rows.

Effects: starts pytest once for each setting; writes the page.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

from tests.mappings.test_switches import SETTINGS as BELOW
from tests.scenarios.test_switches import ENDS_EARLY, SETTINGS
from tests.scenarios.turned import VARIABLE, setting_of, text_of

BEGIN, END = "<!-- switched: begin -->", "<!-- switched: end -->"
ROW = re.compile(r"^\| `([^`]+)` \| (\d+) \| (\d+) \| (\d*) \|$", re.MULTILINE)
ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "emulator.md"
SCENARIOS = (
    "tests/scenarios/test_connections.py",
    "tests/scenarios/test_connectors.py",
    "tests/mappings/test_tenant_wide.py",
    "tests/mappings/test_upgrades.py",
)
# Under these nothing (of a kind) can be applied at all, which tests of their own show.
STOPPED = ENDS_EARLY | {"interval_accepts=iso"}
# setting -> scenario -> why it ends in another way, rightly.
OTHERWISE: dict[str, dict[str, str]] = {
    "deleted_connections_count=true": {
        "test_a_connector_is_deleted_after_its_connections": "SuperOffice does not let the connector go, so it stays, untouched (5)."
    },
    "toggle_tests_connection=true": {
        "test_a_creation_that_fails_after_its_activation_is_switched_off_and_left_to_a_person": (
            "The activation is refused, so it was never active, nothing can hang on it, and it is deleted again (5 instead of 6)."
        )
    },
    "toggle_refuses_missing_fields=true": {
        "test_a_connector_that_drops_an_actor_type": (
            "A refresh cannot be taken back, and SuperOffice does not activate the connection before its fields are unmapped (6)."
        )
    },
}


@dataclass(frozen=True)
class Count:
    """What came of the scenarios under one setting.

    Attributes:
        otherwise: how many ended in another way, rightly.
        wrong: the names of those that ended wrongly.
    """

    setting: str
    run: int
    passed: int
    otherwise: int = 0
    wrong: tuple[str, ...] = ()

    @property
    def line(self) -> str:
        """The row of the table."""
        return f"| `{self.setting}` | {self.run} | {self.passed} | {self.otherwise or ''} |"


def settings() -> list[str]:
    """Every setting that differs from the default in one switch, and the default."""
    names = [text_of(name, value) for name, value in [*SETTINGS, *BELOW] if name != "all"]
    return ["default", *(one for one in dict.fromkeys(names) if one not in STOPPED and setting_of(one)[0] not in STOPPED)]


def play(setting: str, tests: Sequence[str] = SCENARIOS) -> Count:
    """Run the scenarios under one setting."""
    environment = {**os.environ, VARIABLE: "" if setting == "default" else setting}
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "told.xml"
        command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", f"--junitxml={told}", *tests]
        subprocess.run(command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False)
        cases = list(ET.parse(told).iter("testcase"))
    bad = {str(one.get("name")) for one in cases if one.find("failure") is not None or one.find("error") is not None}
    known = OTHERWISE.get(setting, {})
    wrong = tuple(sorted(one for one in bad if one.partition("[")[0] not in known))
    return Count(setting, len(cases), len(cases) - len(bad), len(bad) - len(wrong), wrong)


def counted(page: str) -> list[Count]:
    """The rows that stand in the page."""
    rows = page.partition(BEGIN)[2].partition(END)[0]
    return [Count(name, int(run), int(passed), int(otherwise or 0)) for name, run, passed, otherwise in ROW.findall(rows)]


def table(counts: Sequence[Count]) -> str:
    """The table of the page."""
    run, passed = sum(one.run for one in counts), sum(one.passed for one in counts)
    head = f"{len(counts)} of {len(settings())} settings played, {run:,} scenarios run: {passed:,} end as by default, {run - passed} rightly in another way.\n"
    return "\n".join([head, "| setting | run | as by default | otherwise |", "|---|---|---|---|", *(one.line for one in counts)])


def merged(page: str, played: Sequence[Count]) -> str:
    """The page with what was played over the rows that stand there, in the order of `settings`; rows of settings that are no more go."""
    rows = {one.setting: one for one in [*counted(page), *played]}
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    return f"{before}{begin}\n\n{table([rows[name] for name in settings() if name in rows])}\n\n{end}{after}"


def main(arguments: Sequence[str], show: Callable[[str], None]) -> int:
    """Play, show each count as it comes, and say 1 where something ended wrongly."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--write", action="store_true")
    parser.add_argument("settings", nargs="*")
    asked = parser.parse_args(arguments)
    counts = []
    for setting in asked.settings or settings():
        counts.append(play(setting))
        show(counts[-1].line + "".join(f"\n    ended wrongly: {name}" for name in counts[-1].wrong))
        if asked.write and not counts[-1].wrong:
            PAGE.write_text(merged(PAGE.read_text(encoding="utf-8"), counts[-1:]), encoding="utf-8")
    wrong = sum(len(one.wrong) for one in counts)
    show(f"{len(counts)} settings, {sum(one.run for one in counts):,} scenarios run, {wrong} ended wrongly.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], lambda text: print(text, flush=True)))  # noqa: T201
