"""Averages over trials: geometric means of norms, arithmetic means of everything else. The fields are the
report's."""

import math
from collections.abc import Sequence

from msgspec import Struct

from gradscope.engine.outline import LayerInfo
from gradscope.numerals import power10
from gradscope.probe.averages import (
    geometric_mean,
    mean,
    mean_range,
    mean_record,
    mean_steps,
    optional_mean,
    optional_record,
)
from gradscope.probe.flow import measure_flow
from gradscope.probe.trace import Attending, Flow, Measured, Moments, Norm, NumericRange, Trace


class NormSummary(Struct, frozen=True):
    """A norm over trials; `log10_l2_std` is None for one trial, `zero_trials` counts exact zeros."""

    l2: float
    rms: float
    log10_l2: float
    log10_rms: float
    log10_l2_std: float | None
    zero_trials: int


class SampleSummary(Struct, frozen=True):
    """Gradients of single samples over trials."""

    mean_l2: float
    noise_scale: float | None


class StateSummary(Struct, frozen=True):
    """The gradient of a recurrent layer's state, from a Gaussian one at the last step."""

    log10_rms: tuple[float, ...]
    """At every step, in the order the direction takes them."""
    gain_per_step: float | None
    """The factor per step back, from a straight line through the logarithms."""
    half_life: float | None
    """Steps after which half is gone; None where it does not shrink."""


class TimeSummary(Struct, frozen=True):
    """Through time, by direction."""

    forward: StateSummary
    backward: StateSummary | None = None


class Expected(Struct, frozen=True):
    """What theory expects of the gradient at a layer's output, given the measured one at the last flow
    point."""

    log10_l2: float
    """Its mean over networks of this width."""
    log10_l2_std: float
    """Standard deviation of one network from that."""
    deviation: float | None
    """What was measured, less that, in standard deviations; None where either is an exact zero."""
    dead_fraction: float | None
    """Share of units dead on the samples; None where the activation has none."""


class LayerSummary(Struct, frozen=True, kw_only=True):
    """One layer over all trials; None where a layer cannot have a quantity."""

    name: str
    kind: str
    index: int
    flow_point: bool
    line: int | None
    column: int | None
    output_shape: tuple[int, ...]
    parameters: int
    init: str | None
    shares: str | None
    weight_grad: NormSummary | None
    bias_grad: NormSummary | None
    gain_grad: NormSummary | None
    slope_grad: NormSummary | None
    scale_grad: NormSummary | None
    output_grad: NormSummary
    weight_rms: float | None
    update_ratio: float | None
    sample_grad: SampleSummary | None
    output: Moments
    cosine_gap: float | None
    range: NumericRange | None
    dead_fraction: float | None
    inactive_fraction: float | None
    rarely_active_fraction: float | None
    saturated_fraction: float | None
    parts: dict[str, NormSummary] | None = None
    time: TimeSummary | None = None
    attention: Attending | None = None
    table_grad: NormSummary | None = None
    theory: Expected | None = None
    """None where theory does not reach."""


class FlowSummary(Struct, frozen=True):
    """The flow over all trials."""

    log10_ratio: float
    gain_per_layer: float | None
    r2: float | None
    risk: float


class LossSummary(Struct, frozen=True):
    """The loss over all trials, and that of an uninformative output."""

    mean: float | None
    expected: float | None


def summarise_layers(trace: Trace) -> tuple[LayerSummary, ...]:
    """One summary a layer, in forward order."""
    return tuple(
        _layer(info, [trial.layers[number] for trial in trace.trials])
        for number, info in enumerate(trace.layers)
    )


def summarise_flow(trace: Trace) -> FlowSummary:
    """Geometric means of ratio and gain, arithmetic mean of r²; what is NaN in one trial is NaN."""
    flows = [trial.flow for trial in trace.trials]
    ratio = _ratio(flows)
    gains = [
        math.log10(flow.gain_per_layer) if flow.gain_per_layer else -math.inf
        for flow in flows
        if flow.gain_per_layer is not None
    ]
    r2 = [flow.r2 for flow in flows]
    return FlowSummary(
        log10_ratio=ratio,
        gain_per_layer=power10(mean(gains)) if gains else None,
        r2=optional_mean(r2),
        risk=abs(ratio) / 3.0,
    )


def summarise_loss(trace: Trace) -> LossSummary:
    """The mean loss."""
    losses = [trial.loss for trial in trace.trials]
    return LossSummary(optional_mean(losses), trace.outline.expected_loss)


def _ratio(flows: Sequence[Flow]) -> float:
    # Trials whose ratio is an exact 0 or ∞ have no logarithm; the mean is over the others while there are
    # any.
    ratios = [flow.log10_ratio for flow in flows]
    finite = [ratio for ratio in ratios if not math.isinf(ratio)]
    return mean(finite or ratios)


def _layer(info: LayerInfo, trials: Sequence[Measured]) -> LayerSummary:
    first = trials[0]
    norms = {role: summarise_norm([trial.gradients[role] for trial in trials]) for role in first.gradients}
    units = optional_record([trial.units for trial in trials])
    return LayerSummary(
        name=info.name,
        kind=info.kind,
        index=info.number,
        flow_point=info.flow_point,
        line=info.line,
        column=info.column,
        output_shape=info.output_shape,
        parameters=info.parameters,
        init=info.weight.name if info.weight else None,
        shares=info.shares,
        weight_grad=norms.get("weight"),
        bias_grad=norms.get("bias"),
        gain_grad=norms.get("gain"),
        slope_grad=norms.get("slope"),
        scale_grad=norms.get("scale"),
        table_grad=norms.get("table"),
        output_grad=summarise_norm([trial.output_grad for trial in trials]),
        weight_rms=_weight_rms(trials),
        update_ratio=_update_ratio(trials),
        sample_grad=_samples(trials),
        output=mean_record([trial.output for trial in trials]),
        cosine_gap=optional_mean([trial.cosine_gap for trial in trials]),
        range=mean_range([trial.range for trial in trials if trial.range is not None]),
        dead_fraction=units.dead_fraction if units else None,
        inactive_fraction=units.inactive_fraction if units else None,
        rarely_active_fraction=units.rarely_active_fraction if units else None,
        saturated_fraction=optional_mean([trial.saturated_fraction for trial in trials]),
        parts={name: summarise_norm([trial.parts[name] for trial in trials]) for name in first.parts} or None,
        time=_time(trials),
        attention=optional_record([trial.attention for trial in trials]),
    )


def summarise_norm(norms: Sequence[Norm]) -> NormSummary:
    """Geometric mean, spread and exact zeros of one norm over the trials."""
    logs = [norm.log10_l2 for norm in norms]
    log10_l2 = geometric_mean(logs)
    log10_rms = log10_l2 - 0.5 * math.log10(norms[0].size)
    counted = [value for value in logs if value != -math.inf]
    spread = _stdev(counted) if len(counted) > 1 and all(map(math.isfinite, counted)) else None
    return NormSummary(
        l2=power10(log10_l2),
        rms=power10(log10_rms),
        log10_l2=log10_l2,
        log10_rms=log10_rms,
        log10_l2_std=spread,
        zero_trials=len(logs) - len(counted),
    )


def _stdev(values: Sequence[float]) -> float:
    # That of `statistics` sums exact fractions, NumPy's makes an array: both take longer than all else here.
    mean = math.fsum(values) / len(values)
    return math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1))


def _time(trials: Sequence[Measured]) -> TimeSummary | None:
    directions = {name: _state(mean_steps([trial.time[name] for trial in trials])) for name in trials[0].time}
    return TimeSummary(**directions) if directions else None


def _state(log10_rms: tuple[float, ...]) -> StateSummary:
    gain = measure_flow(log10_rms).gain_per_layer
    return StateSummary(log10_rms, gain, half_life(gain))


def half_life(gain: float | None) -> float | None:
    """Steps after which half is gone at a factor a step; None where it does not shrink."""
    if gain is None or not gain < 1.0:
        return None
    return math.log(0.5) / math.log(gain) if gain > 0.0 else 0.0


def _weight_rms(trials: Sequence[Measured]) -> float | None:
    logs = [trial.weight_log10_rms for trial in trials if trial.weight_log10_rms is not None]
    return power10(geometric_mean(logs)) if logs else None


def _update_ratio(trials: Sequence[Measured]) -> float | None:
    return optional_mean([update_ratio(trial) for trial in trials])


def update_ratio(layer: Measured) -> float | None:
    """RMS(∂L/∂W)/RMS(W) of one layer in one trial; None where there is no weight or it is zero."""
    rms = layer.weight_log10_rms
    if rms is None or rms == -math.inf:
        return None
    return power10(layer.gradients["weight"].log10_rms - rms)


def _samples(trials: Sequence[Measured]) -> SampleSummary | None:
    samples = [trial.samples for trial in trials if trial.samples is not None]
    if not samples:
        return None
    mean = geometric_mean([sample.log10_mean_l2 for sample in samples])
    return SampleSummary(power10(mean), optional_mean([sample.noise_scale for sample in samples]))
