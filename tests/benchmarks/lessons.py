"""What the configs in configs/lessons claim, over ten seeds: `python -m tests.benchmarks.lessons`."""

import math
import sys
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from gradscope import load_config
from gradscope.report import TrainingReport
from gradscope.training.run import train

LESSONS = Path(__file__).parents[2] / "configs" / "lessons"
SEEDS = range(10)


class Side(NamedTuple):
    """A run of a lesson, and what is read off it."""

    words: str
    overrides: tuple[tuple[str, str | float], ...]
    read: Callable[[TrainingReport], float]


class Claim(NamedTuple):
    """A sentence, and the two readings that bear it out."""

    words: str
    lesson: str
    unit: str
    first: Side
    second: Side
    holds: Callable[[float, float], bool]
    """(first reading, second) -> whether they do."""


def dead_share(report: TrainingReport) -> float:
    """Of all hidden units at the end."""
    shares = [layer.dead_fraction for layer in report.steps[-1].layers]
    return float(np.mean([share for share in shares if share is not None]))


def silent_share(report: TrainingReport) -> float:
    """Of the outputs at the end those that are exactly zero, of the layer where they are most: a leaky unit that
    had died would have some. NaN where nothing was learnt."""
    silent = max(layer.output.zero_fraction for layer in report.steps[-1].layers)
    return silent if final_loss(report) < CHANCE else math.nan


def steps_to_half(report: TrainingReport) -> float:
    """The first step whose loss is below 0.5."""
    return float(next((step for step, loss in enumerate(report.losses) if loss < 0.5), math.inf))


def distances(report: TrainingReport) -> list[float]:
    """How far the weights of every layer moved, relative to where they began."""
    return [layer.distance for layer in report.steps[-1].layers if layer.distance is not None]


def final_loss(report: TrainingReport) -> float:
    """A mean over the last 20 steps; NaN where there was one."""
    return float(np.mean(report.losses[-20:])) if report.ended == "done" else math.nan


CHANCE = math.log(10.0)
"""The loss of guessing among the ten classes."""

FAST = ("training.lr", 0.03)

CLAIMS = (
    Claim(
        "ten times the learning rate kills more than half of the ReLU units",
        "learning_rate_kills_relu",
        "of the hidden units dead",
        Side("lr 0.003", (), dead_share),
        Side("lr 0.03", (FAST,), dead_share),
        lambda slow, fast: slow < 0.3 and fast > 0.5,
    ),
    Claim(
        "leaky ReLU survives the same rate",
        "learning_rate_kills_relu",
        "of the units silent",
        Side("leaky ReLU", (("act", "leaky_relu"), FAST), silent_share),
        Side("ReLU", (FAST,), dead_share),
        lambda leaky, relu: leaky == 0.0 and relu > 0.5,
    ),
    Claim(
        "ReLU learns in several times fewer steps than sigmoid",
        "relu_learns_faster",
        "steps to a loss of 0.5",
        Side("ReLU", (), steps_to_half),
        Side("sigmoid", (("act", "sigmoid"),), steps_to_half),
        lambda relu, sigmoid: 3.0 * relu < sigmoid < math.inf,
    ),
    Claim(
        "the first layer of a deep sigmoid net hardly moves in 200 steps",
        "sigmoid_stands_still",
        "moved, relative to its weights",
        Side("first layer", (), lambda report: distances(report)[0]),
        Side("last layer", (), lambda report: distances(report)[-1]),
        lambda first, last: first < 1e-4 and last > 1e3 * first,
    ),
    Claim(
        "batch normalisation rescues the deep sigmoid net",
        "batch_norm_trains_sigmoid",
        "final loss",
        Side("plain", (("norm", "linear"),), final_loss),
        Side("batch norm", (), final_loss),
        lambda plain, normed: plain > 0.95 * CHANCE and normed < 0.1,
    ),
    Claim(
        "clipping saves an exploding RNN",
        "clipping_saves_rnn",
        "final loss",
        Side("plain", (), final_loss),
        Side("clipped", (("training.clip", 1.0),), final_loss),
        lambda plain, clipped: math.isnan(plain) and clipped < math.log(4.0),
    ),
)


@cache
def trained(lesson: str, overrides: tuple[tuple[str, str | float], ...], seed: int) -> TrainingReport:
    """One trial of it with one seed."""
    config = load_config(LESSONS / f"{lesson}.yaml", {"seed": seed, "trials": 1} | dict(overrides))
    return train(config, jobs=1)


def readings(claim: Claim, seed: int) -> tuple[float, float]:
    """Of both sides, with one seed."""
    first, second = (
        side.read(trained(claim.lesson, side.overrides, seed)) for side in (claim.first, claim.second)
    )
    return first, second


def spread(values: Sequence[float]) -> str:
    """The least and the largest, or the one value that all have."""
    least, largest = (f"{value:.2g}" for value in (min(values), max(values)))
    return least if least == largest else f"{least} … {largest}"


def main() -> int:
    """Two lines a claim; 1 when one does not hold for every seed."""
    failed = False
    for claim in CLAIMS:
        found = [readings(claim, seed) for seed in SEEDS]
        held = sum(claim.holds(*pair) for pair in found)
        first, second = map(spread, zip(*found, strict=True))
        print(f"{held} of {len(found)} seeds: {claim.words}")
        print(f"    {claim.unit}: {claim.first.words} {first}, {claim.second.words} {second}", flush=True)
        failed = failed or held < len(found)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
