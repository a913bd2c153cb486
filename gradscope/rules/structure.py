"""What can be told from the config alone: linear collapse (GS301), lost biases (GS303), zero starts
(GS404)."""

import itertools
from collections.abc import Iterable

from gradscope.engine.activations import Activation
from gradscope.engine.initializers import Fans
from gradscope.engine.outline import LayerInfo, Outline
from gradscope.rules.base import Hit, Limits, Rule, Severity


def _collapses(outline: Outline, limits: Limits) -> Iterable[Hit]:
    for layers in outline.lists.values():
        before: LayerInfo | None = None
        for info in layers:
            if info.weight is None or not info.is_affine:
                before = before if info.is_linear else None
                continue
            if before is not None and not _is_factorised(before, info):
                yield Hit(info.name, Severity.warning, 0.0, 0.0, detail=before.name)
                return
            before = info


def _is_factorised(first: LayerInfo, second: LayerInfo) -> bool:
    """Whether both are one map written as a product on purpose: fewer features between them than on either
    side, or a depthwise convolution beside one that only mixes channels."""
    assert first.weight is not None
    assert second.weight is not None
    entries, reads = first.weight.fans.fan_in, second.weight.fans.fan_in
    is_narrow = reads < min(entries, second.features)
    is_narrow |= _channels_read(second) < min(_channels_read(first), second.features)
    return is_narrow or any(
        _is_depthwise(one) and _is_pointwise(other) for one, other in ((first, second), (second, first))
    )


def _channels_read(info: LayerInfo) -> int:
    fans = info.weight.fans if info.weight else Fans(0, 0)
    return fans.fan_in // fans.positions * info.groups


def _is_depthwise(info: LayerInfo) -> bool:
    return info.groups > 1 and info.groups == _channels_read(info)


def _is_pointwise(info: LayerInfo) -> bool:
    return info.groups == 1 and info.weight is not None and info.weight.fans.positions == 1


def _collapses_message(hit: Hit, outline: Outline) -> str:
    return (
        f"nothing non-linear stands between {hit.detail} and {hit.layer}: together they are one linear layer"
    )


def _lost_bias(outline: Outline, limits: Limits) -> Iterable[Hit]:
    for layers in outline.lists.values():
        for before, info in itertools.pairwise(layers):
            if before.bias is not None and info.normalizes == "batch":
                yield Hit(before.name, Severity.note, 0.0, 0.0, detail=info.name)
                return


def _lost_bias_message(hit: Hit, outline: Outline) -> str:
    return f"the bias of {hit.layer} is taken out again by {hit.detail}: its gradient is zero"


def _zero_start(outline: Outline, limits: Limits) -> Iterable[Hit]:
    for info in outline.layers:
        if info.starts_at_zero:
            yield Hit(info.name, Severity.note, 0.0, 0.0, detail="weight")
            return
        if info.scale == 0.0:
            yield Hit(info.name, Severity.note, 0.0, 0.0, detail="scale")
            return


def _zero_start_message(hit: Hit, outline: Outline) -> str:
    if hit.detail == "scale":
        return (
            f"the branch of {hit.layer} starts at scale 0: its inner weights get no gradient until "
            "the scale moves"
        )
    return f"the weights of {hit.layer} start at 0: nothing before it gets a gradient until they move"


def _head_activation(outline: Outline) -> LayerInfo | None:
    """The activation on the trunk behind the last weighted layer."""
    last = outline.trunk[-1] if outline.trunk else None
    return last if last is not None and last.activation is not None else None


def _mismatched_output(outline: Outline, limits: Limits) -> Iterable[Hit]:
    head = _head_activation(outline)
    if head is None or outline.loss.name == "random_cotangent":
        return
    squashes = not isinstance(head.activation, Activation) or _is_sigmoid(head.activation)
    if squashes and (outline.loss.takes_logits or outline.loss.name == "mse"):
        yield Hit(head.name, Severity.warning, 0.0, 0.0, detail=outline.loss.name)


def _is_sigmoid(activation: Activation) -> bool:
    low, high = activation.value_range
    return activation.saturates and low >= 0.0 and high <= 1.0


def _mismatched_output_message(hit: Hit, outline: Outline) -> str:
    if outline.loss.takes_logits:
        return (
            f"{hit.layer} stands before {hit.detail}, which applies its own: it takes the logits themselves"
        )
    return f"{hit.layer} under {hit.detail}: where the output saturates, a wrong answer gets no gradient"


COLLAPSE = Rule(
    id="GS301",
    name="linear-collapse",
    severities=(Severity.warning,),
    summary="Two weighted layers follow each other with nothing non-linear between them.",
    why="Their product is one matrix: the second adds parameters and depth but no power.",
    measured_as="the list of layers; a norm, a container's edge, a rank bottleneck and a depthwise "
    "convolution beside a pointwise one are no collapse",
    remedy="put an activation between them, or drop one",
    source="Saxe, McClelland & Ganguli 2014, section 1 (deep linear networks)",
    static=_collapses,
    message=_collapses_message,
    fires_on="""\
input: 64
init: he_normal
layers: [dense: 64, dense: 64, relu, dense: 10]
""",
    silent_on="""\
input: 64
init: he_normal
layers: [dense: 64, relu, dense: 64, relu, dense: 10]
""",
)

LOST_BIAS = Rule(
    id="GS303",
    name="bias-before-norm",
    severities=(Severity.note,),
    summary="A bias stands right before a batch normalisation.",
    why="Subtracting the batch's mean cancels it: it costs memory and never learns.",
    measured_as="the list of layers",
    remedy="write `bias: false` in the layer before the normalisation",
    source="Ioffe & Szegedy 2015, section 3.2",
    static=_lost_bias,
    message=_lost_bias_message,
    fires_on="""\
input: 64
init: he_normal
layers: [dense: 64, batch_norm, relu, dense: 10]
""",
    silent_on="""\
input: 64
init: he_normal
layers: [dense: {units: 64, bias: false}, batch_norm, relu, dense: 10]
""",
)

MISMATCHED_OUTPUT = Rule(
    id="GS304",
    name="output-loss-mismatch",
    severities=(Severity.warning,),
    summary="The last activation does not fit the loss.",
    why="A loss from logits applies its own softmax or sigmoid: a second one flattens the gradient; sigmoid "
    "under mse has none where it is confidently wrong.",
    measured_as="the last layer and the loss",
    remedy="end with the dense layer; use binary_cross_entropy or cross_entropy for probabilities",
    source="Golik, Doetsch & Ney 2013, section 3; Goodfellow, Bengio & Courville 2016, section 6.2.2",
    static=_mismatched_output,
    message=_mismatched_output_message,
    fires_on="""\
input: 64
init: he_normal
layers: [dense: 64, relu, dense: 10, softmax]
""",
    silent_on=COLLAPSE.silent_on,
)

ZERO_START = Rule(
    id="GS404",
    name="zero-initialised",
    severities=(Severity.note,),
    summary="A weight or a branch's scale starts at exactly zero.",
    why="No gradient passes it at the first step. It is often meant so (a zero head, ReZero, Fixup) and "
    "passes by itself.",
    measured_as="the initialisers and scales; named is the first one",
    remedy="nothing to do if it is meant; otherwise give it another initialiser",
    source="Zhang, Dauphin & Ma 2019, section 3 (Fixup); Bachlechner et al. 2021, section 3 (ReZero)",
    static=_zero_start,
    message=_zero_start_message,
    fires_on="""\
input: 64
init: he_normal
layers: [dense: 64, relu, dense: {units: 10, init: zeros}]
""",
    silent_on=COLLAPSE.silent_on,
)
