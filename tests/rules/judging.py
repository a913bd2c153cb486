"""Short ways to a judgement: of a config's text, or of a trace whose numbers a test has set by hand."""

from typing import Any

import msgspec

from gradscope import diagnose, load_config
from gradscope.build import Plan
from gradscope.config.schema import Config
from gradscope.errors import Problems
from gradscope.input_moments import measured_inputs
from gradscope.probe.run import measure
from gradscope.report import Report
from gradscope.rules.base import Case, Finding

HEALTHY = """\
input: 32
init: he_normal
trials: 4
layers:
  - {repeat: 5, layers: [dense: 32, relu]}
  - dense: 10
"""


def read(text: str, **overrides: Any) -> Config:
    """The config of a YAML text."""
    return load_config("net.yaml", overrides, text=text)


def report_of(text: str, **overrides: Any) -> Report:
    """The whole diagnosis."""
    return diagnose(read(text, **overrides))


def fired(report: Report) -> list[str]:
    """The ids of its findings, in their order."""
    return [finding.rule for finding in report.findings]


def only(findings: tuple[Finding, ...], rule: str) -> Finding:
    """The one finding of a rule."""
    (found,) = (finding for finding in findings if finding.rule == rule)
    return found


def trace_of(config: Config) -> Case:
    """What is judged of a config."""
    problems = Problems()
    plan = Plan(config, problems)
    problems.raise_any()
    trace = measure(plan.outline, plan.network, plan.batch, trials=config.trials)
    return Case(trace.outline, trace.trials, measured_inputs(plan))


def with_log10_ratios(trace: Case, *ratios: float | None) -> Case:
    """The trace with other flow ratios, trial by trial; None leaves a trial as it is."""
    trials = tuple(
        trial
        if ratio is None
        else msgspec.structs.replace(trial, flow=msgspec.structs.replace(trial.flow, log10_ratio=ratio))
        for trial, ratio in zip(trace.trials, ratios, strict=True)
    )
    return msgspec.structs.replace(trace, trials=trials)


def with_origins(trace: Case, *origins: str | None) -> Case:
    """The trace with a first NaN in some trials."""
    trials = tuple(
        msgspec.structs.replace(trial, origin=origin)
        for trial, origin in zip(trace.trials, origins, strict=True)
    )
    return msgspec.structs.replace(trace, trials=trials)
