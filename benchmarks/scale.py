"""How validate, diff and plan grow with the number of connections: `python benchmarks/scale.py [SMALL LARGE]`.

Files of ten parts are loaded and validated, a tenant of equally many connections is normalised, one connection in a hundred differs, and
the plan is made and proved. No network: what a tenant costs is measured by `calls.py`. Each size runs in a process of its own, for the
sake of its memory; of several rounds, in turn, the one that took the least processor time counts, since other work can only add to it.

Budgets: ten times the connections cost at most 10.5 times the time, and 10,000 at most 400 MB of resident memory.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from reconciler.desired import load_desired
from reconciler.flow.reading import normalised
from reconciler.model import ConfigField, Connection, Connector, FieldType, Limits, Listed, Live, Recorded
from reconciler.plan import Policy, make_plan
from reconciler.plan.identity import match
from reconciler.plan.plan import Inputs

PARTS = 10
ROUNDS = 3
CHANGED = 100  # one in so many
_ONE = """\
  c{n:05}:
    name: {{en: Company {n:05}, nb: Firma {n:05}}}
    description: Customers, suppliers and projects of company {n:05}
    connector: visma
    active: true
    scope: everyone
    config:
      Filename: F{n:05}.xlsm
      IntegerField: {number}
      TextField: "{n:05}"
      CheckboxField: true
      DateField: 2026-01-31
      DoubleField: 12.5
      PasswordField: {{secret: env:VISMA_PASSWORD}}
"""
_HEAD = "version: 1\nlanguage: en\nconnectors:\n  visma: {name: Visma Business, url: https://connectors.example.com/visma}\nconnections:\n"
_TYPES = {
    "Filename": FieldType.TEXT,
    "IntegerField": FieldType.INTEGER,
    "TextField": FieldType.TEXT,
    "CheckboxField": FieldType.CHECKBOX,
    "DateField": FieldType.DATE,
    "DoubleField": FieldType.DOUBLE,
    "PasswordField": FieldType.PASSWORD,
}


def _files(folder: Path, count: int) -> list[Path]:
    paths = [folder / f"part{part}.yaml" for part in range(PARTS)]
    for part, path in enumerate(paths):
        numbers = range(part * count // PARTS, (part + 1) * count // PARTS)
        head = _HEAD if part == 0 else "version: 1\nconnections:\n"
        path.write_text(head + "".join(_ONE.format(n=n, number=13 if n % CHANGED == 0 else 12) for n in numbers), encoding="utf-8")
    return paths


def _row(n: int) -> Connection:
    config = {"Filename": f"F{n:05}.xlsm", "IntegerField": "[I:12]", "TextField": f"{n:05}", "CheckboxField": "[I:1]"}
    config |= {"DateField": "[D:01/31/2026]", "DoubleField": "[F:12.5]", "PasswordField": "a password"}
    name, about = f'NO:"Firma {n:05}";US:"Company {n:05}"', f"Customers, suppliers and projects of company {n:05}"
    guid = f"00000000-0000-0000-0000-{n:012}"
    return Connection(
        n + 1, guid, 1, name, about, active=True, deleted=False, cursor="tx", everyone=True, groups=(), users=(), config=config
    )


def _tenant(count: int) -> Live:
    rows = [_row(n) for n in range(count)]
    fields = tuple(ConfigField(key, kind) for key, kind in _TYPES.items())
    return Live(
        connectors={1: Connector(1, "Visma Business", "https://connectors.example.com/visma")},
        listed=tuple(Listed(row.id, row.name) for row in rows),
        connections={row.id: row for row in rows},
        fields={1: fields},
        groups=None,
        users=None,
    )


def play(count: int) -> None:
    """One size, in this process: prints seconds of processor time for each part, units, and the highest resident memory in MB."""
    with tempfile.TemporaryDirectory() as made:
        paths, live, recorded = _files(Path(made), count), _tenant(count), Recorded()
        began = time.process_time()
        desired = load_desired(paths)
        loaded = time.process_time()
        identity = match(desired, live, recorded)
        before = normalised(desired, live, identity, recorded)
        policy = Policy("bench", Limits(), has_key=True)
        plan = make_plan(
            Inputs(desired, live, identity, before, recorded, policy, "0", "2026-01-01T00:00:00+00:00", "2026-01-02T00:00:00+00:00")
        )
        planned = time.process_time()
    print(json.dumps({"load": loaded - began, "plan": planned - loaded, "units": len(plan.units), "mb": _memory_mb()}))


def _memory_mb() -> float:
    try:
        import resource
    except ImportError:  # Windows
        return 0.0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def main(sizes: tuple[int, int]) -> None:
    """Both sizes, in turn, and the ratio."""
    best: dict[int, dict[str, float]] = {}
    for _ in range(ROUNDS):
        for size in sizes:
            command = [sys.executable, __file__, "--play", str(size)]
            told: dict[str, float] = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
            if size not in best or told["load"] + told["plan"] < best[size]["load"] + best[size]["plan"]:
                best[size] = told
    for size, told in best.items():
        print(
            f"{size:6,d} connections in {PARTS} files: load and validate {told['load']:6.2f} s, "
            f"match, diff, plan and prove {told['plan']:6.2f} s of processor, {told['units']:.0f} units, {told['mb']:.0f} MB resident"
        )
    small, large = (best[size]["load"] + best[size]["plan"] for size in sizes)
    print(
        f"       {sizes[1] / sizes[0]:.0f} times the connections cost {large / small:.1f} times the time (10.5 allowed; 400 MB for 10,000)"
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--play"]:
        play(int(sys.argv[2]))
    else:
        given = [int(text) for text in sys.argv[1:]]
        main((given[0], given[1]) if len(given) > 1 else (1000, 10000))
