"""`python -m tests.verification run [LAYER…]` runs the laboratory, or goes on where it stopped, and writes its figures.

`count` says how much there is; `publish` writes the figures of what was run so far.
"""

from __future__ import annotations

import argparse
import os
import sys

from tests.faults.stage import stage
from tests.verification.campaign import run, say
from tests.verification.catalogue import ALL, MORE, every_batch
from tests.verification.figures import publish
from tests.verification.layers import cases


def main() -> int:
    """The laboratory's command line; 1 where a run broke a rule."""
    parser = argparse.ArgumentParser(prog="python -m tests.verification", description=__doc__)
    parser.add_argument("command", choices=("run", "count", "publish"))
    parser.add_argument("layers", nargs="*", metavar="LAYER", help=f"one of {', '.join(ALL)}; all without any")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seconds", type=float, default=0, help="hand out no more work after so long")
    parser.add_argument("--shuffle", type=int, metavar="SEED", help="in this random order, so that a part is a fair sample")
    options = parser.parse_args()
    unknown = sorted(set(options.layers) - set(ALL))
    if unknown:
        parser.error(f"there is no layer {', '.join(unknown)}")
    layers = tuple(options.layers) or ALL
    if options.command == "count":
        for layer in layers:
            found = list(every_batch(stage(), (layer,)))
            about = sum(1 for batch in found for _ in cases(stage(), batch)) if layer != "pairs" and layer not in MORE else 0
            say(f"{layer}: {len(found)} batches" + (f", {about} runs" if about else ""))
        stage().close()
        return 0
    if options.command == "run":
        run(layers, workers=options.workers, seconds=options.seconds, shuffle=options.shuffle)
    tallies = publish(stage())
    stage().close()
    return 1 if any(tally.violations or tally.missed for tally in tallies.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
