"""The Report: what was measured and judged of one config, as one frozen record and as the dictionary of its
JSON."""

import math
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct

from gradscope.probe.steps import TrainingStep
from gradscope.probe.summary import FlowSummary, LayerSummary, LossSummary
from gradscope.rules.base import Case, Finding
from gradscope.rules.beside import UNLIKE
from gradscope.rules.root_cause import RootCause

SCHEMA_VERSION = 1
"""Raised when a field of the JSON changes its meaning; fields may be added without."""


class Figure(Struct, frozen=True):
    """The number that tells what a remedy did."""

    name: str
    """`gain_per_layer`, `log10_ratio`, `log10_through_time`, `dead_fraction`, `saturated_fraction` or
    `loss`."""
    before: float
    after: float


class TriedRemedy(Struct, frozen=True):
    """The best single change found for a rule that warns, and what came of it."""

    rule: str
    remedy: str
    source: str
    """Where the remedy comes from."""
    changes: tuple[dict[str, Any], ...]
    """Each a `path` with what stood there, `from`, and what does then, `to`."""
    verdict: str
    flow: FlowSummary
    figure: Figure
    remaining: tuple[str, ...]
    """Rules that still warn; none of a config that passes."""


class TheorySummary(Struct, frozen=True):
    """What theory says of the flow as far as it reaches; ratios are None where it reaches no two flow
    points."""

    log10_ratio: float | None
    """Of the first flow point over the last that theory reaches: its mean over networks of this width."""
    log10_ratio_std: float | None
    """Standard deviation of one network from that."""
    unreached: str | None
    """The first layer theory does not reach, and why."""
    sigmas: float = UNLIKE.limits["sigmas"]
    """Standard deviations beyond which the config's GS113 calls a measurement unlike theory."""


class Report(Struct, frozen=True, kw_only=True):
    """One config's diagnosis. Numbers are averages over trials: geometric of norms, arithmetic of the
    rest."""

    schema_version: int = SCHEMA_VERSION
    gradscope_version: str
    name: str
    description: str | None
    source: str
    config_sha256: str
    seed: int
    trials: int
    batch_size: int
    batch_count: int
    dtype: str
    parameters: int
    wall_seconds: float
    loss: LossSummary
    layers: tuple[LayerSummary, ...]
    flow: FlowSummary
    verdict: str
    findings: tuple[Finding, ...]
    judged: tuple[str, ...] = ()
    """Ids of the rules that were asked: those neither switched off nor left out."""
    remedies: tuple[TriedRemedy, ...] = ()
    """One for each rule that warns, where remedies were tried and one helps."""
    root_cause: tuple[RootCause, ...] = ()
    """Of a gradient that vanishes or explodes, as far as theory knows."""
    theory: TheorySummary | None = None
    """None in reports of versions that knew no theory."""

    def to_dict(self) -> dict[str, Any]:
        """Exactly the JSON report: plain data, non-finite numbers as the strings "nan", "inf" and "-inf"."""
        plain: dict[str, Any] = json_safe(msgspec.to_builtins(self))
        return plain


def foreseen(case: Case, layers: Sequence[LayerSummary], sigmas: float) -> TheorySummary:
    """The flow that theory expected of a network whose layers were measured.

    Args:
        case: what was judged.
        layers: its layers over all trials.
        sigmas: the limit of GS113.
    """
    points = [layer for layer in layers if layer.flow_point and layer.theory is not None]
    # Of a first one that single draws of this width do not share, the others are not told as if it were they.
    if len(points) < 2 or points[0].name != next(layer.name for layer in layers if layer.flow_point):
        return TheorySummary(None, None, case.prediction.unreached, sigmas)
    first, last = (layer.theory for layer in (points[0], points[-1]))
    assert first is not None
    assert last is not None
    ratio = first.log10_l2 - last.log10_l2
    return TheorySummary(ratio, first.log10_l2_std, case.prediction.unreached, sigmas)


class TrainingSetup(Struct, frozen=True, kw_only=True):
    """How a network was trained."""

    steps: int
    optimizer: str
    options: dict[str, str | int | float | bool]
    """Of the optimiser, with their defaults."""
    lr: float
    clip: float | None
    """The global norm that gradients were clipped to."""
    every: int
    targets: str
    """What was to be learnt: `teacher`, `random`, or `file` for the data's own."""


class TrainingReport(Report, frozen=True, kw_only=True):
    """A report whose config was trained: layers, flow and loss are those before the first update, findings
    are of the start and of the course."""

    training: TrainingSetup
    steps: tuple[TrainingStep, ...]
    """The measured ones, the first before the first update."""
    losses: tuple[float, ...]
    """After every update, measured or not, as a mean over the trials; the first before the first update."""
    ended: str
    """Why the steps end: `done`, `interrupted`, or `non_finite` when no trial could go on."""


def json_safe(value: Any) -> Any:
    """Plain data that JSON can hold: non-finite numbers become the strings "nan", "inf" and "-inf", and bytes
    of a file's name that are no text its escapes."""
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {key: json_safe(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [json_safe(item) for item in value]
    return value
