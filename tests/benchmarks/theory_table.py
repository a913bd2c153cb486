"""Predicted and measured growth of the gradient for every activation and initialiser that theory covers: float64,
a thousand units, and how many standard errors of finite networks lie between.

    python -m tests.benchmarks.theory_table [ACTIVATION...]
"""

import math
import sys
from collections.abc import Iterator
from typing import NamedTuple

import gradscope
from gradscope.engine.activations import ACTIVATIONS
from gradscope.engine.initializers import INITIALIZERS
from gradscope.theory.backward import LEFT_OUT
from tests.theory.networks import mlp

WIDTH, DEPTH, TRIALS = 1000, 3, 4
OPTIONS = {
    "normal": {"std": 0.04},
    "truncated_normal": {"std": 0.04},
    "uniform": {"low": -0.06, "high": 0.06},
}


class Pair(NamedTuple):
    """One activation with one initialiser."""

    act: str
    init: str
    predicted: float
    measured: float
    standard_errors: float


def pairs(acts: list[str]) -> Iterator[Pair]:
    """Those theory covers; the others have weights with a mean, or none."""
    for act in acts:
        for init in INITIALIZERS:
            found = measured_pair(act, init)
            if found is not None:
                yield found


def measured_pair(act: str, init: str) -> Pair | None:
    """None where theory does not reach, or where nothing is drawn."""
    chosen = {init: OPTIONS[init]} if init in OPTIONS else init
    config = mlp({"dense": WIDTH}, act, depth=DEPTH, width=WIDTH, init=chosen, trials=TRIALS)
    try:
        loaded = gradscope.load_config(config)
    except gradscope.ConfigError:  # some initialisers are for convolutions, others need a value
        return None
    report = gradscope.diagnose(loaded)
    theory, ratio = report.theory, report.flow.log10_ratio
    if theory is None or theory.unreached or theory.log10_ratio is None or theory.log10_ratio_std is None:
        return None
    # One network's standard deviation has in it what no number of trials averages out.
    own = math.sqrt(max(theory.log10_ratio_std**2 - LEFT_OUT**2, 0.0) / TRIALS + LEFT_OUT**2)
    return Pair(act, init, theory.log10_ratio, ratio, (ratio - theory.log10_ratio) / own)


def main() -> None:
    """A line a pair, and the worst."""
    acts = sys.argv[1:] or [name for name in ACTIVATIONS if name != "softmax"]
    found = []
    print(
        f"{'activation':16}{'initialiser':18}{'theory':>9}{'measured':>10}{'errors':>8}   (log10 of first over last)"
    )
    for pair in pairs(acts):
        found.append(pair)
        print(
            f"{pair.act:16}{pair.init:18}{pair.predicted:9.4f}{pair.measured:10.4f}{pair.standard_errors:8.1f}",
            flush=True,
        )
    worst = max(found, key=lambda pair: abs(pair.standard_errors))
    rms = math.sqrt(sum(pair.standard_errors**2 for pair in found) / len(found))
    off = max(abs(pair.measured - pair.predicted) for pair in found)
    print(
        f"{len(found)} pairs; standard errors: {rms:.2f} in the root mean square, worst {worst.act} {worst.init}"
    )
    print(f"{worst.standard_errors:.1f}; largest difference {off:.4f} decades")


if __name__ == "__main__":
    main()
