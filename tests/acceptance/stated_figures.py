"""What the descriptions of the shipped configs state as figures, and where the report has them.

A figure is read from the description itself: `{}` marks its place among the words around it.
"""

import re
from collections.abc import Callable
from typing import Any, NamedTuple

Report = dict[str, Any]
Measure = Callable[[Report], float]


class Stated(NamedTuple):
    """A figure of a config's description."""

    config: str
    words: str
    measure: Measure
    changes: dict[str, Any] | None = None
    """What `--set` changes before it is measured."""
    of: str | None = None
    """Another config that it is measured on."""


NUMBER = r"(\d+(?:\.\d+)?(?:e[+-]?\d+)?)"


def stated(words: str, description: str) -> str:
    """The figure as it is written."""
    pattern = re.escape(words).replace(re.escape("{}"), NUMBER)
    found = re.findall(pattern, " ".join(description.split()))
    assert len(found) == 1, f"{len(found)} times in the description: {words}"
    number: str = found[0]
    return number


def last_place(number: str) -> float:
    """The worth of the last digit that is written; zeros of a round number from a hundred on only fill."""
    digits, _, exponent = number.partition("e")
    places = len(digits.partition(".")[2])
    zeros = len(digits) - len(digits.rstrip("0")) if places == 0 and len(digits) > 2 else 0
    return 10.0 ** (int(exponent or 0) - places + zeros)


# What is measured


def ratio(report: Report) -> float:
    """Of the gradient's norm at the first flow point to the last."""
    return float(10.0 ** report["flow"]["log10_ratio"])


def gain(report: Report) -> float:
    """Of the norm per flow point."""
    return float(report["flow"]["gain_per_layer"])


def squared_gain(report: Report) -> float:
    return gain(report) ** 2


def through_time(report: Report) -> dict[str, Any]:
    found: dict[str, Any] = report["layers"][0]["time"]["forward"]
    return found


def per_step(report: Report) -> float:
    return float(through_time(report)["gain_per_step"])


def half_life(report: Report) -> float:
    return float(through_time(report)["half_life"])


def over_time(report: Report) -> float:
    """What of the state's gradient is there at the first step."""
    steps = through_time(report)["log10_rms"]
    return float(10.0 ** (steps[0] - steps[-1]))


def loss(report: Report) -> float:
    return float(report["loss"]["mean"])


def layer(report: Report, name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in report["layers"] if each["name"] == name)
    return found


def weight(name: str) -> Measure:
    """|∂L/∂W| of a layer."""
    return lambda report: float(layer(report, name)["weight_grad"]["l2"])


def part(name: str, matrix: str) -> Measure:
    """Of one of its matrices."""
    return lambda report: float(layer(report, name)["parts"][matrix]["l2"])


def rms(name: str) -> Measure:
    return lambda report: float(layer(report, name)["output"]["rms"])


def std(name: str) -> Measure:
    return lambda report: float(layer(report, name)["output"]["std"])


def entropy(name: str) -> Measure:
    return lambda report: float(layer(report, name)["attention"]["entropy"])
