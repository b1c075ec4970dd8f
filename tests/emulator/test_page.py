"""docs/emulator-online.md tells what there is: every switch with its default, every shape of an error, every kind of certificate."""

import json
import re
import typing
from pathlib import Path

from reconciler.emulator import DoorSwitches
from reconciler.emulator.certificates import TLS_KINDS
from reconciler.emulator.door.switches import TenantState
from reconciler.emulator.faults import SHAPES

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "emulator-online.md").read_text(encoding="utf-8")


def test_every_switch_has_its_row_with_its_values() -> None:
    rows: dict[str, str] = {}
    for line in TEXT.partition("| switch |")[2].splitlines():
        if line.startswith("| `"):
            _, names, values, _ = line.split("|")
            rows |= dict.fromkeys(re.findall("`(.+?)`", names), values)
    kinds = typing.get_type_hints(DoorSwitches)
    assert rows.keys() == kinds.keys()
    for name, now in DoorSwitches().as_dict().items():
        shown = now if isinstance(now, str) else json.dumps(now)
        assert f"`{shown}`" in rows[name], name
        if kinds[name] is not TenantState:
            assert all(f"`{value}`" in rows[name] for value in typing.get_args(kinds[name])), name


def test_every_shape_and_every_certificate_is_named() -> None:
    assert all(f"`{one}`" in TEXT for one in (*SHAPES, *TLS_KINDS))
