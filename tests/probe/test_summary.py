"""Averages over trials, of traces whose numbers are set by hand."""

import math
import statistics
from typing import Any

import msgspec
import pytest

from gradscope import load_config
from gradscope.build import plan_of
from gradscope.probe.averages import geometric_mean, mean, mean_range, mean_record, optional_mean
from gradscope.probe.run import measure
from gradscope.probe.summary import summarise_flow, summarise_layers, summarise_loss, update_ratio
from gradscope.probe.trace import Flow, Moments, Norm, NumericRange, Samples, Trace, Units

ZERO, NAN, INF = -math.inf, math.nan, math.inf


def trace_of(layers: list[Any], trials: int = 3, **rest: Any) -> Trace:
    """What is measured of a trunk on four features."""
    plan = plan_of(load_config({"input": 4, "layers": layers, "trials": trials, **rest}))
    return measure(plan.outline, plan.network, plan.batch, trials=trials)


TINY = trace_of([{"dense": 4}, "relu", {"dense": 3}])


def with_layer(number: int, **fields: list[Any]) -> Trace:
    """TINY with other numbers of one layer, a list of one a trial."""
    trials = []
    for place, trial in enumerate(TINY.trials):
        new = {field: values[place] for field, values in fields.items()}
        layers = list(trial.layers)
        layers[number] = msgspec.structs.replace(layers[number], **new)
        trials.append(msgspec.structs.replace(trial, layers=tuple(layers)))
    return msgspec.structs.replace(TINY, trials=tuple(trials))


def with_flows(*flows: Flow) -> Trace:
    trials = [msgspec.structs.replace(t, flow=flow) for t, flow in zip(TINY.trials, flows, strict=True)]
    return msgspec.structs.replace(TINY, trials=tuple(trials))


def norms(*logs: float, size: int = 16) -> list[Norm]:
    return [Norm(log, size) for log in logs]


def output_grad(*logs: float) -> Any:
    return summarise_layers(with_layer(0, output_grad=norms(*logs)))[0].output_grad


def test_norms_are_averaged_as_logarithms() -> None:
    found = output_grad(-3.0, -1.0, 1.0)
    assert found.log10_l2 == -1.0
    assert found.l2 == pytest.approx(0.1)
    assert found.log10_rms == pytest.approx(-1.0 - math.log10(4.0))
    assert found.rms == pytest.approx(0.1 / 4.0)
    assert (found.log10_l2_std, found.zero_trials) == (2.0, 0)


def test_norms_that_no_float_can_hold() -> None:
    found = output_grad(-900.0, -901.0, -902.0)
    assert (found.log10_l2, found.l2, found.rms) == (-901.0, 0.0, 0.0)
    assert output_grad(900.0, 900.0, 900.0).l2 == INF


def test_exact_zeros_are_counted_and_left_out() -> None:
    found = output_grad(-2.0, ZERO, -4.0)
    assert (found.log10_l2, found.zero_trials) == (-3.0, 1)
    assert found.log10_l2_std == pytest.approx(statistics.stdev([-2.0, -4.0]))
    only = output_grad(ZERO, -4.0, ZERO)
    assert (only.log10_l2, only.log10_l2_std, only.zero_trials) == (-4.0, None, 2)


def test_nothing_but_zeros_is_zero() -> None:
    found = output_grad(ZERO, ZERO, ZERO)
    assert (found.log10_l2, found.l2, found.rms, found.log10_l2_std) == (ZERO, 0.0, 0.0, None)
    assert found.zero_trials == 3


@pytest.mark.parametrize("value", [NAN, INF])
def test_a_trial_that_is_no_number_stays_one_in_the_mean(value: float) -> None:
    found = output_grad(-1.0, value, ZERO)
    assert not math.isfinite(found.log10_l2)
    assert not math.isfinite(found.l2)
    assert found.log10_l2_std is None


def test_one_trial_has_no_deviation() -> None:
    layer = summarise_layers(trace_of([{"dense": 3}], trials=1))[0]
    assert layer.output_grad.log10_l2_std is None
    assert layer.weight_grad is not None
    assert layer.weight_grad.log10_l2_std is None


def test_fields_a_layer_cannot_have_are_none() -> None:
    dense, relu, _ = summarise_layers(TINY)
    assert dense.dead_fraction is None
    assert dense.saturated_fraction is None
    assert (dense.gain_grad, dense.slope_grad, dense.scale_grad) == (None, None, None)
    assert (relu.weight_grad, relu.bias_grad, relu.weight_rms, relu.update_ratio) == (None,) * 4
    assert (relu.sample_grad, relu.range, relu.init, relu.saturated_fraction) == (None,) * 4
    assert relu.dead_fraction is not None


def test_outputs_are_averaged_field_by_field() -> None:
    outputs = [Moments(1.0, 2.0, 3.0, 0.5, -1.0, 4.0), Moments(2.0, 2.0, 3.0, 0.0, -3.0, 8.0)]
    found = summarise_layers(with_layer(0, output=[*outputs, Moments(0.0, 2.0, 0.0, 0.1, -2.0, 0.0)]))[
        0
    ].output
    assert found == Moments(1.0, 2.0, 2.0, pytest.approx(0.2), -2.0, 4.0)


def test_a_nan_output_is_nan_in_the_mean() -> None:
    sound = Moments(0.0, 1.0, 1.0, 0.0, -1.0, 1.0)
    found = summarise_layers(with_layer(0, output=[sound, Moments(NAN, NAN, NAN, 0.0, NAN, NAN), sound]))[0]
    assert math.isnan(found.output.rms)
    assert not found.output.is_finite


def test_units_are_averaged() -> None:
    units = [Units(0.5, 0.5, 0.75), Units(0.0, 0.25, 0.0), Units(0.25, 0.0, 0.0)]
    relu = summarise_layers(with_layer(1, units=units))[1]
    assert (relu.dead_fraction, relu.inactive_fraction, relu.rarely_active_fraction) == (0.25, 0.25, 0.25)


def test_update_ratio_is_that_of_each_trial_averaged() -> None:
    gradients = [{"weight": norm} for norm in norms(-1.0, -2.0, -3.0)]
    trace = with_layer(0, gradients=gradients, weight_log10_rms=[-1.0, -1.0, -1.0])
    # RMS of 16 entries is a quarter of L2, and 10^-1 the weight's.
    assert summarise_layers(trace)[0].update_ratio == pytest.approx((1.0 + 0.1 + 0.01) / 4.0 / 3.0)
    assert summarise_layers(trace)[0].weight_rms == pytest.approx(0.1)


def test_zero_weights_have_no_update_ratio() -> None:
    trace = with_layer(0, weight_log10_rms=[ZERO, ZERO, ZERO])
    layer = summarise_layers(trace)[0]
    assert (layer.update_ratio, layer.weight_rms) == (None, 0.0)
    some = summarise_layers(with_layer(0, weight_log10_rms=[ZERO, 0.0, 0.0]))[0].update_ratio
    ratios = [update_ratio(trial.layers[0]) for trial in with_layer(0, weight_log10_rms=[0.0] * 3).trials]
    assert some == pytest.approx((ratios[1] + ratios[2]) / 2.0)


def test_samples_are_averaged_as_logarithms_and_noise_scales_as_they_are() -> None:
    samples = [Samples(-2.0, 4.0), Samples(-4.0, None), Samples(ZERO, 8.0)]
    found = summarise_layers(with_layer(0, samples=samples))[0].sample_grad
    assert found is not None
    assert (found.mean_l2, found.noise_scale) == (pytest.approx(1e-3), 6.0)


def test_a_range_takes_the_largest_loss_scale_that_any_trial_needs() -> None:
    ranges = [NumericRange(0.0, 0.0, 0), NumericRange(0.5, 0.0, 9), NumericRange(1.0, 0.25, 4)]
    assert summarise_layers(with_layer(0, range=ranges))[0].range == NumericRange(0.5, 0.25 / 3, 9)
    assert mean_range([*ranges, NumericRange(1.0, 1.0, None)]) == NumericRange(0.625, 0.3125, None)
    assert mean_range([]) is None


def test_the_flow_is_the_geometric_mean() -> None:
    found = summarise_flow(with_flows(Flow(-2.0, 0.1, 1.0), Flow(-4.0, 0.001, 0.5), Flow(-3.0, 0.01, 0.75)))
    assert (found.log10_ratio, found.risk, found.r2) == (-3.0, 1.0, 0.75)
    assert found.gain_per_layer == pytest.approx(0.01)


def test_ratios_of_exactly_zero_are_left_out_while_there_are_others() -> None:
    zero = Flow(ZERO, None, None)
    assert summarise_flow(with_flows(zero, Flow(-2.0, 0.1, 1.0), zero)).log10_ratio == -2.0
    found = summarise_flow(with_flows(zero, zero, zero))
    assert (found.log10_ratio, found.risk, found.gain_per_layer, found.r2) == (ZERO, INF, None, None)


def test_a_nan_in_one_trial_is_nan_in_the_flow() -> None:
    found = summarise_flow(with_flows(Flow(0.0, 1.0, 1.0), Flow(NAN, NAN, NAN), Flow(0.0, 1.0, 1.0)))
    assert {str(found.log10_ratio), str(found.gain_per_layer), str(found.r2), str(found.risk)} == {"nan"}


def test_a_gain_below_every_float_is_zero_and_not_absent() -> None:
    found = summarise_flow(with_flows(*[Flow(-900.0, 0.0, 1.0)] * 3))
    assert found.gain_per_layer == 0.0


def test_the_loss_is_averaged_and_a_cotangent_has_none() -> None:
    losses = [trial.loss for trial in TINY.trials if trial.loss is not None]
    assert summarise_loss(TINY).mean == pytest.approx(statistics.fmean(losses))
    assert summarise_loss(TINY).expected == pytest.approx(math.log(3.0))
    cotangent = summarise_loss(trace_of([{"dense": 3}], loss="random_cotangent"))
    assert (cotangent.mean, cotangent.expected) == (None, None)


def test_means() -> None:
    assert mean([0.1]) == 0.1
    assert mean([1.0, 2.0, 6.0]) == 3.0
    assert optional_mean([None, 1.0, None, 2.0]) == 1.5
    assert optional_mean([None, None]) is None
    assert geometric_mean([ZERO, -1.0, -3.0]) == -2.0
    assert geometric_mean([ZERO]) == ZERO
    assert math.isnan(geometric_mean([ZERO, NAN]))
    assert mean_record([TINY.trials[0].layers[0].output]) is TINY.trials[0].layers[0].output
