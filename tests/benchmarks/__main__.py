"""All figures, or those of some parts: `python -m tests.benchmarks [PART...] [--json FILE] [--against FILE]`.

Ends with 1 when a figure missed its target. Times mean something on two cores that nobody else uses.
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.benchmarks import estimates, growth, large, layers, processes, shapes, startup, sweep, training
from tests.benchmarks.figures import Figure, line, read_earlier, saved

PARTS: dict[str, Callable[[], Iterator[Figure]]] = {
    "startup": startup.figures,
    "shapes": shapes.figures,
    "processes": processes.figures,
    "growth": growth.figures,
    "estimates": estimates.figures,
    "large": large.figures,
    "layers": layers.figures,
    "sweep": sweep.figures,
    "training": training.figures,
}


def main() -> int:
    """Print figures as they are found, then those that missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"some of {', '.join(PARTS)}")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep the figures")
    parser.add_argument(
        "--against", type=Path, metavar="FILE", help="show those of an earlier run beside them"
    )
    asked = parser.parse_args()
    for unknown in set(asked.parts) - set(PARTS):
        parser.error(f"there is no part '{unknown}'; known are {', '.join(PARTS)}")
    earlier = read_earlier(asked.against) if asked.against else {}
    found = []
    for part in asked.parts or PARTS:
        for figure in PARTS[part]():
            found.append(figure)
            print(line(figure, earlier), flush=True)
    if asked.json:
        asked.json.write_text(saved(found), encoding="utf-8")
    missed = [figure for figure in found if figure.missed]
    print(
        f"\n{len(missed)} of {len(found)} figures missed their target",
        *(f"  {one.name}" for one in missed),
        sep="\n",
    )
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
