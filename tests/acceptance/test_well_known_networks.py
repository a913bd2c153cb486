"""Networks whose fate is known: the healthy ones stay healthy, with notes at most, and the sick ones are
found."""

import pytest

from gradscope import diagnose, load_config
from gradscope.report import Report


def judged(text: str) -> Report:
    return diagnose(load_config("net.yaml", text=text), jobs=1)


def stack(depth: int, width: int, layers: str, rest: str = "init: he_normal", head: str = "dense: 10") -> str:
    """`depth` times the layers, of which {width} stands for the units, and a head."""
    inner = layers.replace("{width}", str(width))
    trials = 3 if depth * width < 20_000 else 1
    return (
        f"input: {width}\nbatch: {{size: 64}}\ntrials: {trials}\n{rest}\n"
        f"layers: [{{repeat: {depth}, layers: [{inner}]}}, {head}]\n"
    )


RELU = "dense: {width}, relu"
HEALTHY = {
    **{
        f"He ReLU, {depth} layers of {width}": stack(depth, width, RELU)
        for depth, width in (
            (10, 128),
            (20, 128),
            (50, 128),
            (10, 256),
            (50, 256),
            (50, 512),
            (10, 1024),
            (20, 1024),
        )
    },
    **{
        f"He ReLU with layer norm, {depth} layers of {width}": stack(
            depth, width, "dense: {width}, layer_norm, relu"
        )
        for depth, width in ((10, 128), (50, 128), (50, 256), (10, 1024))
    },
    **{
        f"He ReLU with batch norm, {depth} layers of 256": stack(
            depth, 256, "dense: {units: {width}, bias: false}, batch_norm, relu"
        )
        for depth in (2, 5, 10)
    },
    **{
        f"SELU, lecun_normal, {depth} layers": stack(depth, 256, "dense: {width}, selu", "init: lecun_normal")
        for depth in (10, 50)
    },
    "1000 classes": stack(10, 256, RELU, head="dense: 1000"),
    "one regression output": stack(10, 256, RELU, rest="init: he_normal\nloss: mse", head="dense: 1"),
    "one-hot input": "input: 100\nbatch: {inputs: one_hot}\ninit: he_normal\n"
    "layers: [{repeat: 5, layers: [dense: 256, relu]}, dense: 10]\n",
    "ReZero, 30 blocks": stack(30, 128, "residual: {layers: [dense: {width}, relu], scale: {learned: 0.0}}"),
    "a head of zeros": stack(10, 128, RELU, head="dense: {units: 10, init: zeros}"),
}

SICK = {
    "PyTorch's default, 20 ReLU layers": (
        stack(20, 256, RELU, rest="init: torch_default"),
        "GS101",
        "vanishing",
    ),
    "Xavier ReLU, 50 layers": (stack(50, 256, RELU, rest="init: glorot_normal"), "GS101", "vanishing"),
    "sigmoid, 10 layers": (
        stack(10, 256, "dense: {width}, sigmoid", rest="init: glorot_uniform"),
        "GS101",
        "vanishing",
    ),
    "tanh with gain 5/3, 80 layers": (
        stack(80, 256, "dense: {width}, tanh", rest="init: {glorot_normal: {gain: 1.6666667}}"),
        "GS102",
        "exploding",
    ),
    "ReLU with batch norm, 60 layers": (
        stack(60, 128, "dense: {units: {width}, bias: false}, batch_norm, relu"),
        "GS102",
        "exploding",
    ),
    "pixels from 0 to 255": (
        "input: 784\nbatch: {inputs: {uniform: {low: 0, high: 255}}}\ninit: he_normal\n"
        "layers: [dense: 256, relu, dense: 256, relu, dense: 10]\n",
        "GS305",
        "warning",
    ),
}


@pytest.mark.parametrize(
    ("text", "rule", "verdict"),
    [*((text, None, "healthy") for text in HEALTHY.values()), *SICK.values()],
    ids=[*HEALTHY, *SICK],
)
def test_well_known_networks(text: str, rule: str | None, verdict: str) -> None:
    report = judged(text)
    severities = {finding.rule: finding.severity for finding in report.findings if finding.explains is None}
    assert report.verdict == verdict, severities
    if rule is None:
        assert set(severities.values()) <= {"note"}, severities
    else:
        assert severities[rule] == ("warning" if verdict == "warning" else "error")


def test_a_head_of_zeros_is_a_note() -> None:
    (finding,) = judged(HEALTHY["a head of zeros"]).findings
    assert (finding.rule, finding.severity, finding.layer) == ("GS404", "note", "dense11")
