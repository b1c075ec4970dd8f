"""Bad input that only the tenant can tell, as folders: an overlay on the file that uses everything, and the problems told.

A folder may hold `tenant.py`, which is given the `emulator` and changes the tenant first, as a connector or a person would have.
"""

from __future__ import annotations

import functools
import os
import runpy
from pathlib import Path

import pytest

from reconciler import flow
from reconciler.errors import InputError
from tests.mappings.workbench import EVERYTHING, Workbench, document

CASES = Path(__file__).parent.parent / "cases" / "online"
UPDATE = os.environ.get("RECONCILER_UPDATE_CASES") == "1"  # read before the house fixture removes it


@functools.cache
def tenant() -> Workbench:
    """The file that uses everything, applied; every case begins there."""
    bench = Workbench()
    assert bench.apply(bench.plan(document())).exit_code == 0
    bench.remember()
    return bench


@pytest.mark.parametrize("case", sorted(path.name for path in CASES.iterdir()))
def test_what_only_the_tenant_can_tell(case: str) -> None:
    bench = tenant()
    bench.go_back()
    overlay, changed = CASES / case / "overlay.yaml", CASES / case / "tenant.py"
    if changed.exists():
        runpy.run_path(str(changed), {"emulator": bench.emulator})
    with bench.session() as session, pytest.raises(InputError) as told:
        flow.make_plan(session, flow.load(session, (str(EVERYTHING), str(overlay))))
    assert not [call for call in bench.emulator.calls if call.writes]
    text = "".join(f"{problem}\n" for problem in told.value.problems)
    text = text.replace(str(EVERYTHING), "connections.yaml").replace(str(overlay), "overlay.yaml")
    golden = CASES / case / "problems.txt"
    if UPDATE:
        golden.write_bytes(text.encode())
    assert text == golden.read_bytes().decode()
