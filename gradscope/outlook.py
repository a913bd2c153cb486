"""Config in, Outlook out: what theory says of a network that is never built, and what rules say of that."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import msgspec
from msgspec import Struct

from gradscope.build.sketch import sketch
from gradscope.config.load import read_config
from gradscope.config.schema import Config, Layer, Repeat
from gradscope.engine.outline import LayerInfo, Outline
from gradscope.errors import Problems
from gradscope.input_moments import measured_inputs
from gradscope.probe.flow import measure_flow
from gradscope.probe.trace import Moments, TrialTrace
from gradscope.rules.base import Case, Finding
from gradscope.rules.judge import judge
from gradscope.rules.policy import check_settings, policy_of
from gradscope.theory.prediction import Prediction, predict
from gradscope.theory.unfolding import Stretch, is_settled, unfolded

SHORT = 48
"""Copies of a repeat that are looked at first; more are when these have not settled."""

OF_THE_FLOW = ("GS101", "GS102")
"""The rules that need the flow and nothing else."""

_UNMEASURED = Moments(*[math.nan] * 6)


class Outlook(Struct, frozen=True):
    """A config and what theory says of it."""

    config: Config
    prediction: Prediction
    findings: tuple[Finding, ...]
    """Of the predicted flow, as far as theory reaches."""


def read_outlook(
    source: str, overrides: Mapping[str, Any] | None = None, *, text: str | None = None
) -> Outlook:
    """The outlook of a config. The network may be larger than any memory.

    Raises:
        ConfigError: with every mistake that was found.
    """
    problems = Problems()
    config = read_config(source, overrides, problems, text=text)
    foretold = None
    if config is not None:
        check_settings(config, problems)
        foretold = _foretold(config, problems)
    problems.raise_any()
    assert config is not None  # or there was a problem
    assert foretold is not None
    return Outlook(config, foretold[1], _judged(config, *foretold))


def foretell(config: Config) -> Prediction:
    """What theory says of a config that was checked before.

    Raises:
        ConfigError: it cannot be built.
    """
    problems = Problems()
    foretold = _foretold(config, problems)
    problems.raise_any()
    assert foretold is not None  # or there was a problem
    return foretold[1]


def _judged(config: Config, outline: Outline, prediction: Prediction) -> tuple[Finding, ...]:
    """As if one trial had shown the predicted flow, and nothing else."""
    trial = TrialTrace(_UNMEASURED, None, (), None, prediction.flow)
    return judge(Case(outline, (trial,)), policy_of(config, OF_THE_FLOW))


def _foretold(config: Config, problems: Problems) -> tuple[Outline, Prediction] | None:
    """The layers that theory reaches, every copy of a repeat among them, and what it says of them."""
    copies = SHORT
    while True:
        layers = _shortened(config.layers, copies)
        plan = sketch(msgspec.structs.replace(config, layers=layers), problems)
        if plan is None:
            return None
        prediction = predict(plan.outline, measured_inputs(plan))
        if layers == config.layers:
            reached = plan.outline.layers[: len(prediction.layers)]
            return replace(plan.outline, layers=reached), prediction
        whole = _whole(config, plan.outline, prediction, copies)
        if whole is not None:
            return whole
        copies *= 8


def _shortened(layers: tuple[Layer, ...], copies: int) -> tuple[Layer, ...]:
    return tuple(
        msgspec.structs.replace(layer, count=copies) if _is_long(layer, copies) else layer for layer in layers
    )


def _is_long(layer: Layer, copies: int) -> bool:
    # Copies are told apart from what is around them by their lines, which only a file has.
    return isinstance(layer, Repeat) and layer.count > copies and layer.place.line is not None


def _whole(
    config: Config, outline: Outline, prediction: Prediction, copies: int
) -> tuple[Outline, Prediction] | None:
    """Outline and prediction with every copy in them; None while some repeat has not settled."""
    infos: Sequence[LayerInfo] = outline.layers
    layers: Sequence[Any] = prediction.layers
    for layer in reversed(config.layers):
        if not isinstance(layer, Repeat) or not _is_long(layer, copies):
            continue
        stretch = _stretch(layer, infos, copies)
        if stretch is None or stretch.start + copies * stretch.size > len(layers):
            return None
        if not is_settled(infos, layers, stretch):
            return None
        infos, layers = unfolded(infos[: len(layers)], layers, stretch)
    points = [layer.log10_l2_ratio for info, layer in zip(infos, layers, strict=False) if info.flow_point]
    whole = msgspec.structs.replace(prediction, layers=tuple(layers), flow=measure_flow(points))
    return replace(outline, layers=tuple(infos[: len(layers)])), whole


def _stretch(repeat: Repeat, infos: Sequence[LayerInfo], copies: int) -> Stretch | None:
    places = set(_places(repeat.layers))
    numbers = [number for number, info in enumerate(infos) if (info.line, info.column) in places]
    if not numbers or len(numbers) % copies or numbers[-1] - numbers[0] + 1 != len(numbers):
        return None
    return Stretch(numbers[0], len(numbers) // copies, copies, repeat.count - copies)


def _places(layers: Sequence[Layer]) -> list[tuple[int | None, int | None]]:
    found = []
    for layer in layers:
        found.append((layer.place.line, layer.place.column))
        for part in ("layers", "shortcut"):
            found += _places(getattr(layer, part, None) or ())
    return found
