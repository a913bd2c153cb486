"""Planted faults are found where they were planted; sound networks are left in peace."""

from typing import Any

import pytest

from gradscope import diagnose, load_config
from tests.rules.judging import fired, only


def relu_stack(depth: int, width: int, **rest: Any) -> dict[str, Any]:
    """A sound network: He's initialisation, zero biases."""
    layers: list[Any] = []
    for _ in range(depth):
        layers += [{"dense": {"units": width}}, "relu"]
    return {"input": width, "init": "he_normal", "layers": [*layers, {"dense": 10}], **rest}


def with_options(net: dict[str, Any], number: int, **options: Any) -> dict[str, Any]:
    """The net with other options of its `number`-th dense layer, counted from 1."""
    layers = list(net["layers"])
    layers[2 * (number - 1)] = {"dense": {**layers[2 * (number - 1)]["dense"], **options}}
    return {**net, "layers": layers}


@pytest.mark.parametrize("gain", [1e-4, 1e4])
@pytest.mark.parametrize("position", [2, 3, 10, 17, 25, 30])
def test_the_layer_at_which_the_gradient_jumps(position: int, gain: float) -> None:
    net = with_options(relu_stack(30, 64), position, init={"he_normal": {"gain": gain}})
    findings = diagnose(load_config(net)).findings
    found = only(findings, "GS105")
    assert found.layer == f"dense{position}"
    assert found.measured == pytest.approx(gain, rel=0.5)
    assert found.explains == ("GS101" if gain < 1.0 else "GS102")


def test_a_network_of_one_layer_has_no_jump_whatever_the_limits() -> None:
    limits = {"GS105": {"min_steps": 0, "max_step": 0.5}}
    config = load_config({"input": 8, "layers": [{"dense": 8}], "rules": limits})
    assert "GS105" not in fired(diagnose(config))


@pytest.mark.parametrize("seed", range(3))
def test_no_jump_in_a_sound_network(seed: int) -> None:
    assert "GS105" not in fired(diagnose(load_config(relu_stack(30, 64, seed=seed))))


@pytest.mark.parametrize("samples", [2, 8, 64])
@pytest.mark.parametrize(("depth", "width"), [(5, 64), (5, 256), (20, 32), (30, 64), (30, 200)])
def test_sound_networks_have_no_dead_units_to_report(depth: int, width: int, samples: int) -> None:
    """Many units are silent on a small batch by chance: in a deep network a third of them."""
    for seed in range(4):
        net = relu_stack(depth, width, seed=seed, trials=1, batch={"size": samples})
        report = diagnose(load_config(net), select=["GS201"])
        assert report.findings == ()


def test_chance_does_leave_many_dead_units() -> None:
    """Without the notion of chance the test above would find a fault in every network."""
    report = diagnose(load_config(relu_stack(30, 200, batch={"size": 8})))
    assert max(layer.dead_fraction or 0.0 for layer in report.layers) > 0.25


@pytest.mark.parametrize("samples", [8, 64])
@pytest.mark.parametrize("position", [1, 4, 6])
def test_a_dead_layer_is_named(position: int, samples: int) -> None:
    net = with_options(relu_stack(6, 64, batch={"size": samples}), position, bias_init={"constant": -8})
    findings = [f for f in diagnose(load_config(net)).findings if f.rule == "GS201"]
    assert findings[0].layer == f"relu{position}"
    assert findings[0].severity == "error"
    assert findings[0].measured > 0.9


def test_half_a_dead_layer_is_a_warning() -> None:
    net = with_options(relu_stack(3, 64), 1, bias_init={"constant": -3.3})
    finding = next(f for f in diagnose(load_config(net)).findings if f.rule == "GS201")
    assert finding.layer == "relu1"
    assert finding.severity in {"warning", "note"}
    assert 0.25 < finding.measured < 0.9


@pytest.mark.parametrize("position", [2, 4, 6])
def test_weights_that_are_zero_are_named_once_and_instead_of_vanishing(position: int) -> None:
    report = diagnose(load_config(with_options(relu_stack(6, 32), position, init="zeros")))
    assert only(report.findings, "GS404").layer == f"dense{position}"
    assert "GS101" not in fired(report)
    assert report.flow.log10_ratio == float("-inf")


def test_a_zero_head_stops_every_gradient_on_purpose() -> None:
    net = relu_stack(6, 32)
    net["layers"][-1] = {"dense": {"units": 10, "init": "zeros"}}
    report = diagnose(load_config(net))
    assert fired(report) == ["GS404"]
    assert report.verdict == "healthy"


def test_a_branch_of_scale_zero_is_named_once() -> None:
    branch = {"residual": {"layers": ["relu", {"dense": 32}], "scale": {"learned": 0.0}}}
    net = {
        "input": 32,
        "init": "he_normal",
        "layers": [{"dense": 32}, {"repeat": 8, "layers": [branch]}, {"dense": 10}],
    }
    report = diagnose(load_config(net))
    assert fired(report) == ["GS404"]
    assert only(report.findings, "GS404").layer == "residual2"
    assert report.flow.log10_ratio == pytest.approx(0.0, abs=0.5)


def test_a_gradient_that_underflows_without_zero_weights_is_vanishing() -> None:
    """Dead layers, not weights set to zero on purpose, stop this one."""
    net = relu_stack(4, 32)
    for number in (2, 3):
        net = with_options(net, number, bias_init={"constant": -100})
    report = diagnose(load_config(net))
    assert only(report.findings, "GS101").message == "no gradient at all arrives at dense1"
    assert report.verdict == "vanishing"
    assert "GS404" not in fired(report)


def test_a_silent_first_layer_has_no_signal_to_fade_or_grow() -> None:
    net = {**relu_stack(5, 16), "init": "zeros"}
    report = diagnose(load_config(net))
    assert not {"GS103", "GS104"} & set(fired(report))
    assert only(report.findings, "GS204").message == (
        "at relu1 no two samples have a direction: all but one are zero or not finite"
    )
