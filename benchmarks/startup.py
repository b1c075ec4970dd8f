"""How long a command takes to start, as a multiple of importing click: `python benchmarks/startup.py [RUNS]`.

In -> Out: the installed `reconciler` command -> a table of medians and the ratio to the budget (1.5).
Effects: starts processes; writes nothing.
Neighbours: `make bench`. The runs are interleaved, so that a change in the machine's load reaches both sides alike.
"""

import os
import statistics
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

BUDGET = 1.5
BASELINE = 'python -c "import click"'
RECONCILER = str(Path(sysconfig.get_path("scripts")) / "reconciler")
COMMANDS = {
    BASELINE: [sys.executable, "-c", "import click"],
    "reconciler --version": [RECONCILER, "--version"],
    "reconciler --help": [RECONCILER, "--help"],
}


def main(runs: int) -> None:
    """Time all commands in turn and print the figures; a miss of the budget is printed, not raised."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    seconds: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for round_number in range(runs + 1):
        for name, command in COMMANDS.items():
            started = time.perf_counter()
            subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)
            if round_number:  # the first round compiles bytecode and warms the disk cache
                seconds[name].append(time.perf_counter() - started)
    baseline = statistics.median(seconds[BASELINE])
    print(f"start-up, median of {runs} interleaved runs, Python {sys.version.split()[0]}")
    for name, measured in seconds.items():
        median = statistics.median(measured)
        print(f"  {name:<26} {median * 1000:6.1f} ms   {median / baseline:.2f} × (budget {BUDGET} ×)")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 30)
