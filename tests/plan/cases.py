"""The cases of `tests/cases/plan`: what each folder holds, and how its scene is set."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from reconciler import flow
from reconciler.errors import InputError
from reconciler.model import Plan
from reconciler.plan.codec import to_bytes
from reconciler.report.plan_text import plan_page
from tests.journal.bodies import body
from tests.scenarios.stage import TARGET, Stage, staged

CASES = Path(__file__).resolve().parent.parent / "cases" / "plan"
# What differs from run to run: digests, and the emulator's GUIDs.
_DIGEST, _GUID = re.compile(r"\b[0-9a-f]{64}\b"), re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")


@dataclass(frozen=True)
class Case:
    """One folder.

    It holds `connections.yaml` and `plan.txt`, and may hold `applied.yaml`, which is applied first, and `scene.yaml` with

        switches    of the emulator
        keyless     true for a target without a fingerprint key
        edits       what happens behind our back, each as [name, argument, ...], named arguments last as {with: {...}}
        parked      addresses of connections that a recovery switched off on purpose, each with the reason
        target      further lines of the target in targets.yaml
        plan_as     the name of another target for the same tenant
        allow       permissions
    """

    folder: Path

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def scene(self) -> dict[str, Any]:
        written = self.folder / "scene.yaml"
        return yaml.safe_load(written.read_text(encoding="utf-8")) if written.exists() else {}

    @contextmanager
    def staged(self, folder: Path) -> Iterator[Stage]:
        """The scene, ready for the plan; the caller stands in `folder`."""
        scene = self.scene
        with staged(folder, switches=scene.get("switches")) as stage:
            stage.environ |= {"OTHER_PASSWORD": "winter-2026"}
            keyed = not scene.get("keyless", False)
            stage.write_targets(key=keyed)
            applied = self.folder / "applied.yaml"
            if applied.exists():
                shutil.copyfile(applied, folder / "connections.yaml")
                assert stage.apply().exit_code == 0
            for name, *arguments in scene.get("edits", ()):
                named = arguments.pop()["with"] if isinstance(arguments[-1], dict) and "with" in arguments[-1] else {}
                getattr(stage.emulator.edit, name)(*arguments, **named)
            for address, reason in scene.get("parked", {}).items():
                park(stage, address, reason)
            stage.write_targets(*scene.get("target", ()), key=keyed, name=scene.get("plan_as", TARGET))
            shutil.copyfile(self.folder / "connections.yaml", folder / "connections.yaml")
            yield stage

    def planned(self, stage: Stage) -> Plan:
        """The plan of the scene; files are named as a person in the checkout names them."""
        scene = self.scene
        with stage.session(scene.get("plan_as", TARGET)) as session:
            desired = flow.load(session, ("connections.yaml",))
            return flow.make_plan(session, desired, permissions=scene.get("allow", ()))

    def told(self, stage: Stage) -> tuple[str, Plan | None]:
        """What a person reads: the plan, or the problems."""
        try:
            plan = self.planned(stage)
        except InputError as error:
            return f"{error}\n", None
        return _DIGEST.sub("<digest>", plan_page(plan).text(colour=False)), plan


def all_cases() -> list[Case]:
    """Every case, by name."""
    return [Case(folder) for folder in sorted(CASES.iterdir()) if folder.is_dir()]


def stored(plan: Plan) -> str:
    """The plan as it is saved, laid out for people, without what differs from run to run."""
    import json

    body = json.loads(to_bytes(plan))
    text = json.dumps(body, indent=2, ensure_ascii=False)
    return _GUID.sub("<guid>", _DIGEST.sub("<digest>", text)) + "\n"


def park(stage: Stage, address: str, reason: str) -> None:
    """Let the journal hold that a recovery parked a connection."""
    with stage.session() as session:
        journal = session.store(create=True).journal(session.target.name, "20260101-000000-9999")
        journal.append("run-opened", body("run-opened", units=[address]))
        journal.append("unit-opened", body("unit-opened", unit=address))
        journal.append("recovery-opened", body("recovery-opened", choice="park"))
        journal.append("parked", {"unit": address, "reason": reason})
        journal.append("unit-closed", body("unit-closed", unit=address, end="untouched", applied=False))
        journal.append("run-closed", body("run-closed", ends={address: "untouched"}))
