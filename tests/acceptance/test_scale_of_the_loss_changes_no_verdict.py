"""Rules about the flow judge ratios: a loss a thousand times as large gives a gradient a thousand times as
large."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from gradscope import load_config
from gradscope.build import Plan
from gradscope.config.schema import Config
from gradscope.engine import Array
from gradscope.engine.losses import Loss
from gradscope.engine.network import Network
from gradscope.errors import Problems
from gradscope.input_moments import measured_inputs
from gradscope.probe.run import measure
from gradscope.rules.base import Case
from gradscope.rules.judge import judge
from gradscope.rules.policy import policy_of

CONFIGS = sorted((Path(__file__).parents[2] / "configs").glob("*.yaml"))
FLOW = ("GS101", "GS102", "GS103", "GS104", "GS105", "GS106", "GS107")


def scaled(loss: Loss, factor: float) -> Loss:
    """The same loss times a factor, its gradient with it."""

    def evaluate(outputs: Array, targets: Array) -> tuple[float | None, Array]:
        value, gradient = loss.evaluate(outputs, targets)
        return None if value is None else factor * value, gradient * gradient.dtype.type(factor)

    return replace(loss, evaluate=evaluate)


def traced(config: Config, factor: float) -> Case:
    plan = Plan(config, Problems())
    build: Callable[[int], Network] = plan.network

    def network(trial: int) -> Network:
        built = build(trial)
        built.loss = scaled(built.loss, factor)
        return built

    trace = measure(plan.outline, network, plan.batch, trials=1)
    return Case(trace.outline, trace.trials, measured_inputs(plan))


def verdicts(config: Config, trace: Case) -> list[tuple[str, str, str | None]]:
    found = judge(trace, policy_of(config, select=FLOW))
    return [(finding.rule, finding.severity, finding.layer) for finding in found]


@pytest.mark.parametrize("file", CONFIGS, ids=lambda file: file.stem)
def test_scale_of_the_loss_changes_no_verdict(file: Path) -> None:
    config = load_config(file)
    plain = traced(config, 1.0)
    for factor in (1000.0, 1e-3):
        other = traced(config, factor)
        shift = (
            other.trials[0].layers[0].output_grad.log10_l2 - plain.trials[0].layers[0].output_grad.log10_l2
        )
        assert shift == pytest.approx({1000.0: 3.0, 1e-3: -3.0}[factor], abs=1e-3)
        assert verdicts(config, other) == verdicts(config, plain)
