"""Reports built by hand, one for each thing a renderer has to cope with. Nothing here runs a network."""

import math
from collections.abc import Sequence
from typing import Any

import msgspec

from gradscope.numerals import power10
from gradscope.probe.summary import FlowSummary, LayerSummary, LossSummary, NormSummary, SampleSummary
from gradscope.probe.trace import Moments, NumericRange
from gradscope.report import Report
from gradscope.rules.base import Finding

OUTPUT = Moments(mean=0.01, std=0.98, rms=0.98, zero_fraction=0.0, min=-3.9, max=4.1)
BROKEN_OUTPUT = Moments(
    mean=math.nan, std=math.nan, rms=math.nan, zero_fraction=0.0, min=math.nan, max=math.nan
)


def norm(log10_l2: float, size: int = 4096, *, spread: float | None = 0.05) -> NormSummary:
    log10_rms = log10_l2 - 0.5 * math.log10(size)
    return NormSummary(power10(log10_l2), power10(log10_rms), log10_l2, log10_rms, spread, 0)


def layer(name: str, kind: str, index: int, log10: float, **changes: Any) -> LayerSummary:
    facts: dict[str, Any] = {field.name: None for field in msgspec.structs.fields(LayerSummary)}
    facts |= {
        "name": name,
        "kind": kind,
        "index": index,
        "flow_point": False,
        "line": 9,
        "column": 9,
        "output_shape": (64,),
        "parameters": 0,
        "output_grad": norm(log10),
        "output": OUTPUT,
        "range": NumericRange(0.0 if log10 > -5 else 1.0, 0.0, 0),
    }
    return LayerSummary(**(facts | changes))


def dense(name: str, index: int, log10: float, **changes: Any) -> LayerSummary:
    facts: dict[str, Any] = {
        "flow_point": "." not in name,
        "line": 8,
        "parameters": 4160,
        "init": "glorot_uniform",
        "weight_grad": norm(log10 + 0.4),
        "bias_grad": norm(log10 - 0.2, 64),
        "weight_rms": 0.125,
        "update_ratio": power10(log10 + 0.4 - 1.8) / 0.125,
        "sample_grad": SampleSummary(power10(log10 + 0.6), 31.7),
    }
    return layer(name, "dense", index, log10, **(facts | changes))


def relu(name: str, index: int, log10: float, dead: float, **changes: Any) -> LayerSummary:
    units = {"dead_fraction": dead, "inactive_fraction": 0.5, "rarely_active_fraction": dead / 2}
    return layer(name, "relu", index, log10, **(units | changes))


def report(
    name: str, layers: Sequence[LayerSummary], verdict: str, *findings: Finding, **changes: Any
) -> Report:
    points = [each.output_grad.log10_l2 for each in layers if each.flow_point]
    ratio = points[0] - points[-1]
    steps = len(points) - 1
    plain = Report(
        gradscope_version="0.1.0",
        name=name,
        description="What to look for: the bars.",
        source=f"configs/{name.replace(' ', '_')}.yaml",
        config_sha256="5f" * 32,
        seed=0,
        trials=3,
        batch_size=64,
        batch_count=1,
        dtype="float32",
        parameters=sum(each.parameters for each in layers),
        wall_seconds=0.125,
        loss=LossSummary(2.3617, math.log(10)),
        layers=tuple(layers),
        flow=FlowSummary(
            ratio, power10(ratio / steps) if steps else None, 0.9987 if steps else None, abs(ratio) / 3
        ),
        verdict=verdict,
        findings=findings,
    )
    return msgspec.structs.replace(plain, **changes)


def finding(
    rule: str, severity: str, where: str | None, message: str, remedy: str, **changes: Any
) -> Finding:
    names = {
        "GS101": "vanishing-gradient",
        "GS102": "exploding-gradient",
        "GS201": "dead-units",
        "GS107": "steep-trend",
        "GS401": "non-finite",
    }
    plain = Finding(
        rule=rule,
        name=names[rule],
        severity=severity,
        layer=where,
        line=8,
        column=9,
        message=message,
        measured=0.5,
        limit=0.001,
        trials_fired=3,
        explains=None,
        remedy=remedy,
    )
    return msgspec.structs.replace(plain, **changes)


def dead_units(where: str, share: float) -> Finding:
    return finding(
        "GS201",
        "warning",
        where,
        f"{share:.0%} of the units of {where} are dead: zero derivative on every sample of the batch",
        "centre and scale the inputs, start biases at zero, use he_normal, or a variant with a slope on both "
        "sides (leaky_relu, elu, gelu)",
        line=9,
        measured=share,
        limit=0.5,
    )


def vanishing() -> Report:
    """Twenty sigmoid layers: the bars are a staircase, and the first layer gets nothing."""
    layers: list[LayerSummary] = []
    for number in range(1, 21):
        layers.append(dense(f"dense{number}", number, -0.7 * (21 - number) - 0.6))
        saturated = 0.0004 if number % 2 else 0.0
        layers.append(
            layer(f"sigmoid{number}", "sigmoid", number, -0.7 * (21 - number), saturated_fraction=saturated)
        )
    layers.append(dense("dense21", 21, -0.6))
    found = finding(
        "GS101",
        "error",
        "dense1",
        "the gradient at dense1 is 1.0e-14 of that at dense21: neither SGD nor Adam trains this",
        "match the initialiser to the activation (ReLU: he_normal, tanh: glorot, SELU: lecun_normal), "
        "replace sigmoid or tanh by a ReLU variant, or add normalisation or residual connections",
        measured=1e-14,
    )
    return report("deep sigmoid", layers, "vanishing", found)


def dead_relu() -> Report:
    """A level ReLU network in which six layers have lost most of their units: findings of one rule fold."""
    shares = [0.0, 0.0, 0.55, 0.62, 0.7, 0.71, 0.74, 0.0312, 0.95]
    layers: list[LayerSummary] = []
    for number, share in enumerate(shares, 1):
        layers.append(dense(f"dense{number}", number, -0.9 + 0.05 * (number % 3)))
        layers.append(relu(f"relu{number}", number, -1.0, share))
    layers.append(dense("dense10", 10, -0.8))
    found = [
        dead_units(f"relu{number}", share) for number, share in enumerate(shares, 1) if 0.5 < share < 0.9
    ]
    worst = msgspec.structs.replace(dead_units("relu9", 0.95), severity="error", limit=0.9)
    return report("dead relu", layers, "dead", worst, *found)


def explained() -> Report:
    """An exploding gradient with two rules that explain it, of one of them a warning and two notes."""
    layers = [dense(f"dense{number}", number, 4.0 - number) for number in range(1, 6)]
    layers.insert(1, relu("relu1", 1, 3.0, 0.5))
    found = [
        finding(
            "GS102", "error", "dense1", "the gradient at dense1 is 1.0e+04 times that at dense5", "lower it"
        ),
        finding("GS107", "note", "dense1", "it grows steadily", "match the gain", explains="GS102"),
        *(
            msgspec.structs.replace(
                dead_units(f"relu{number}", 0.3 * number), severity=severity, explains="GS102"
            )
            for number, severity in ((1, "note"), (2, "warning"), (3, "note"))
        ),
        finding("GS201", "note", "relu5", "relu5 stands alone", "lower it"),
    ]
    return report("explained", layers, "exploding", *found)


def non_finite() -> Report:
    """The forward pass overflows at the third layer; behind it all is NaN."""
    layers = [
        dense("dense1", 1, math.nan),
        dense("dense2", 2, math.nan),
        dense("dense3", 3, math.nan, output=BROKEN_OUTPUT, weight_grad=norm(math.nan), update_ratio=math.nan),
        dense("dense4", 4, math.inf, output=BROKEN_OUTPUT, weight_grad=norm(math.inf), update_ratio=math.inf),
    ]
    found = finding(
        "GS401",
        "error",
        "dense3",
        "the output of dense3, number 3 of 4, is the first with a NaN or an infinity",
        "scale the weights or the input down where it begins; check a data file for missing values",
        measured=math.nan,
        limit=math.nan,
    )
    flow = FlowSummary(math.nan, math.nan, math.nan, math.nan)
    return report(
        "overflow", layers, "non_finite", found, flow=flow, loss=LossSummary(math.nan, None), description=None
    )


def residual() -> Report:
    """Containers: a projection shortcut, one inside another, and an activation that begins a branch."""
    layers = [
        dense("dense1", 1, -0.5),
        relu("residual2.relu0", 2, -0.6, 0.01),
        dense("residual2.dense1", 2, -0.7),
        relu("residual2.relu1", 2, -0.7, 0.02),
        dense("residual2.dense2", 2, -0.9),
        layer("residual2", "residual", 2, -0.5, flow_point=True),
        dense("residual3.shortcut.dense1", 3, -0.4),
        dense("residual3.dense1", 3, -0.7),
        dense("residual3.residual2.dense1", 3, -0.8),
        layer("residual3.residual2", "residual", 3, -0.8),
        layer("residual3", "residual", 3, -0.45, flow_point=True),
        layer("layer_norm3", "layer_norm", 3, -0.45, parameters=128),
        dense("dense4", 4, -0.4),
    ]
    return report("residual", layers, "healthy", loss=LossSummary(None, None), trials=1, batch_count=4)


def single() -> Report:
    """One layer, and hardly anything measured on it."""
    only = dense("dense1", 1, -0.3, sample_grad=None, range=None, output_grad=norm(-0.3, spread=None))
    return report("single", [only], "healthy", description=None)


def extreme() -> Report:
    """Norms that no float can hold, an exact zero, and a branch that is off."""
    layers = [
        dense("dense1", 1, -411.5),
        dense("dense2", 2, -math.inf, update_ratio=None, weight_rms=None),
        dense("dense3", 3, 500.0),
        dense("dense4", 4, -1.0),
    ]
    return report("extreme", layers, "vanishing")


def hostile() -> Report:
    """Names that would be markup, steer the terminal, break a table, or are wider than they are long."""
    layers = [
        dense("[red]a[/]", 1, -0.5),
        dense("b\x1b[31m|c\nd\u202e", 2, -0.6),
        dense("層" * 40, 3, -0.7),
        dense("=1+1," + "x" * 60, 4, -0.8),
    ]
    return report(
        "[bold]a | b[/bold] <b>\x07",
        layers,
        "healthy",
        source="configs/naïve [/].yaml",
        description="first line\nsecond *line* \t with | and 100 % of | it" + " and so on" * 60,
    )


def long() -> Report:
    """Three hundred layers; one in the middle has a finding, and one is inside a container."""
    layers: list[LayerSummary] = []
    for number in range(1, 301):
        if number == 200:
            layers.append(dense("residual200.dense1", 200, -0.6))
            layers.append(relu("residual200.relu1", 200, -0.6, 0.75))
            layers.append(layer("residual200", "residual", 200, -0.5, flow_point=True))
        else:
            layers.append(dense(f"dense{number}", number, -0.5 - 0.01 * (300 - number)))
        layers.append(relu(f"relu{number}", number, -0.5, 0.6 if number == 150 else 0.1))
    found = (dead_units("residual200.relu1", 0.75), dead_units("relu150", 0.6))
    return report("long", layers, "warning", *found)
