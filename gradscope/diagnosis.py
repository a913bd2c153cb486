"""Config in, Report out: build, probe, judge."""

import time
from collections.abc import Callable, Iterable
from functools import partial

from msgspec.structs import replace

from gradscope import __version__
from gradscope.build import Plan, plan_of
from gradscope.config.digest import config_sha256
from gradscope.config.schema import Config
from gradscope.engine.threads import available_jobs
from gradscope.input_moments import measured_inputs
from gradscope.probe.run import measure
from gradscope.probe.summary import LayerSummary, summarise_flow, summarise_layers, summarise_loss
from gradscope.probe.trace import Trace
from gradscope.report import Report, foreseen
from gradscope.rules.base import Case, Finding
from gradscope.rules.beside import UNLIKE
from gradscope.rules.judge import judge, verdict
from gradscope.rules.policy import policy_of
from gradscope.rules.root_cause import root_causes
from gradscope.theory.beside import beside


def diagnose(
    config: Config,
    *,
    select: Iterable[str] = (),
    ignore: Iterable[str] = (),
    jobs: int | None = None,
    memory: int | None = None,
    progress: Callable[[float], None] | None = None,
) -> Report:
    """Build the config's network, backpropagate its batches in every trial, and judge what was measured.

    Args:
        config: from `load_config`.
        select: rule ids or prefixes to judge by, all when empty.
        ignore: rule ids or prefixes to leave out.
        jobs: threads to use at most, by default one a processor; the numbers do not depend on it.
        memory: bytes that drawn weights may take in all trials that run side by side, by default half of what
            is free; beyond it they are drawn again when needed, and the numbers do not depend on it.
        progress: told the number of finished trials after each, and with parts of one where it takes seconds.

    Raises:
        ConfigError: the config cannot be built, or its data file does not fit.
        Mistake: a selected or ignored name is no rule and no prefix of one, or no rule is left.
    """
    start = time.perf_counter()
    plan = plan_of(config)
    policy = policy_of(config, select, ignore)
    trace = measured(plan, jobs=jobs or available_jobs(), memory=memory, progress=progress)
    judged = tuple(rule.id for rule in policy.rules() if rule.judges_start)
    case = Case(trace.outline, trace.trials, measured_inputs(plan))
    return report_of(config, case, judge(case, policy), judged, time.perf_counter() - start)


def measured(
    plan: Plan,
    *,
    jobs: int,
    memory: int | None = None,
    progress: Callable[[float], None] | None = None,
) -> Trace:
    """Every trial of a plan, as many side by side and with as much of its weights held as memory allows."""
    trials = plan.config.trials
    shares = plan.allotment(trials=trials, jobs=jobs, memory=memory)
    network = partial(plan.network, hold=shares.hold)
    together = shares.together
    return measure(
        plan.outline, network, plan.batch, trials=trials, jobs=jobs, together=together, progress=progress
    )


def report_of(
    config: Config, case: Case, findings: tuple[Finding, ...], judged: tuple[str, ...], seconds: float
) -> Report:
    """What was measured and judged of a config, in the time it took."""
    layers, flow = _layers(case), summarise_flow(case)
    return Report(
        gradscope_version=__version__,
        name=config.name,
        description=config.description,
        source=config.source,
        config_sha256=config_sha256(config),
        seed=config.seed,
        trials=config.trials,
        batch_size=config.batch.size,
        batch_count=config.batch.count,
        dtype=config.dtype,
        parameters=sum(layer.parameters for layer in layers),
        wall_seconds=seconds,
        loss=summarise_loss(case),
        layers=layers,
        flow=flow,
        verdict=verdict(findings),
        findings=findings,
        judged=judged,
        root_cause=root_causes(case, layers, findings, flow.log10_ratio),
        theory=foreseen(case, layers, policy_of(config).limits(UNLIKE)["sigmas"]),
    )


def _layers(case: Case) -> tuple[LayerSummary, ...]:
    """What was measured of each layer over all trials, with what theory expected of it."""
    layers = summarise_layers(case)
    expected = beside(case.prediction, case.layers, [layer.output_grad.log10_l2 for layer in layers])
    return tuple(replace(layer, theory=expected.get(layer.name)) for layer in layers)
