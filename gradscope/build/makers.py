"""How each kind of layer is made from its record: shapes checked, parameters asked for. One function a kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from gradscope.build.naming import Label, Scope
from gradscope.config import schema
from gradscope.engine.activations import ACTIVATIONS, Activation, Softmax
from gradscope.engine.axes import feature_axis
from gradscope.engine.initializers import Fans
from gradscope.engine.layer import Step
from gradscope.engine.layers.concat import Concat
from gradscope.engine.layers.dense import Dense
from gradscope.engine.layers.dropout import Dropout
from gradscope.engine.layers.elementwise import Elementwise, PRelu, SoftmaxLayer
from gradscope.engine.layers.flatten import Flatten
from gradscope.engine.layers.normalization import BATCH, LAYER, RMS, Normalization, Scheme, group_scheme
from gradscope.engine.layers.residual import Residual
from gradscope.engine.outline import LayerInfo
from gradscope.errors import Mistake

if TYPE_CHECKING:
    from gradscope.build.assembly import Assembly

Shape = tuple[int, ...]


def words(shape: Shape) -> str:
    """A shape as the config language says it."""
    match shape:
        case (features,):
            return f"{features} features"
        case (length, features):
            return f"a sequence of {length} × {features}"
        case _:
            return f"an image of {' × '.join(map(str, shape))}"


def make_dense(assembly: Assembly, spec: schema.Dense, shape: Shape, info: LayerInfo) -> Step:
    """On the last axis of features or of each position of a sequence."""
    if len(shape) == 3:
        raise Mistake(f"dense takes features or a sequence, not {words(shape)}", "put `flatten` before it")
    fan_in = shape[-1]
    weight = assembly.weight(info, "weight", (fan_in, spec.units), spec.init)
    bias = None
    if spec.bias:
        bias = assembly.bias(info, Fans(fan_in, spec.units), spec.init, spec.bias_init)
    parameters = weight.size + (bias.size if bias else 0)
    laws = {"weight": weight.law, "bias": bias and bias.law}
    return Dense(_known(info, (*shape[:-1], spec.units), parameters, **laws), weight, bias)


def make_activation(assembly: Assembly, spec: schema.Activation, shape: Shape, info: LayerInfo) -> Step:
    """Elementwise, but PReLU may learn its slopes and softmax looks along the last axis."""
    activation = _activation(spec.choice.name, tuple(spec.choice.options.items()))
    if isinstance(activation, Softmax):
        return SoftmaxLayer(_known(info, shape, activation=activation), activation)
    if spec.choice.options.get("learned"):
        units = _features(shape)
        slope = assembly.vector(units, float(spec.choice.options["slope"]))
        return PRelu(_known(info, shape, units, activation=activation), activation, slope)
    return Elementwise(_known(info, shape, activation=activation), activation)


@lru_cache(maxsize=256)
def _activation(name: str, options: tuple[tuple[str, Any], ...]) -> Activation | Softmax:
    """One record for all equal activations, so that what is known of it is computed once."""
    return ACTIVATIONS[name](**dict(options))


def make_batch_norm(assembly: Assembly, spec: schema.BatchNorm, shape: Shape, info: LayerInfo) -> Step:
    """Over batch and positions, of which there must be two."""
    positions = 1
    for extent in shape:
        positions *= extent
    if assembly.config.batch.size * positions // _features(shape) < 2:
        raise Mistake("batch_norm cannot normalise over a single sample: all it gives is zero", "set `batch.size: 2` or more")
    return _normalization(assembly, spec, shape, info, BATCH)


def make_layer_norm(assembly: Assembly, spec: schema.LayerNorm, shape: Shape, info: LayerInfo) -> Step:
    """Over the features of each sample and position."""
    return _normalization(assembly, spec, shape, info, LAYER)


def make_rms_norm(assembly: Assembly, spec: schema.RmsNorm, shape: Shape, info: LayerInfo) -> Step:
    """The same without the mean."""
    return _normalization(assembly, spec, shape, info, RMS)


def make_group_norm(assembly: Assembly, spec: schema.GroupNorm, shape: Shape, info: LayerInfo) -> Step:
    """Over the features of each group."""
    features = _features(shape)
    if features % spec.groups:
        divisors = [str(n) for n in range(1, features + 1) if features % n == 0]
        raise Mistake(
            f"{spec.groups} groups do not divide {features} features", f"use one of {', '.join(divisors[:12])}"
        )
    return _normalization(assembly, spec, shape, info, group_scheme(spec.groups))


def make_dropout(assembly: Assembly, spec: schema.Dropout, shape: Shape, info: LayerInfo) -> Step:
    """Masks from the layer's own stream."""
    return Dropout(_known(info, shape), spec.rate, assembly.stream(info, "mask"))


def make_flatten(assembly: Assembly, spec: schema.Flatten, shape: Shape, info: LayerInfo) -> Step:
    """One vector a sample."""
    size = 1
    for extent in shape:
        size *= extent
    return Flatten(_known(info, (size,)))


def make_residual(assembly: Assembly, spec: schema.Residual, shape: Shape, info: LayerInfo) -> Step | None:
    """The branch and its shortcut, which must agree in shape."""
    label = Label(info.name, info.path, info.index)
    branch, branch_shape = assembly.sequence(spec.layers, shape, Scope(label))
    shortcut, shortcut_shape = assembly.sequence(spec.shortcut or (), shape, Scope(label, "shortcut."))
    if branch_shape is None or shortcut_shape is None:
        return None
    if branch_shape != shortcut_shape:
        hint = "give the shortcut the same last layer" if spec.shortcut else "end the branch with as many, or write `shortcut: [{dense: …}]`"
        raise Mistake(f"the branch gives {words(branch_shape)}, the shortcut {words(shortcut_shape)}", hint)
    return Residual(_known(info, branch_shape, int(spec.learned), container=True, scale=spec.scale), branch, shortcut, spec.scale, learned=spec.learned)


def make_concat(assembly: Assembly, spec: schema.Concat, shape: Shape, info: LayerInfo) -> Step | None:
    """The branch beside its input, which must agree in positions."""
    branch, branch_shape = assembly.sequence(spec.layers, shape, Scope(Label(info.name, info.path, info.index)))
    if branch_shape is None:
        return None
    axis = feature_axis(len(shape) + 1) - 1
    if len(branch_shape) != len(shape) or any(
        a != b for place, (a, b) in enumerate(zip(branch_shape, shape, strict=True)) if place != axis
    ):
        raise Mistake(f"{words(branch_shape)} cannot be joined to {words(shape)}", "only the features may differ")
    joined = list(shape)
    joined[axis] += branch_shape[axis]
    return Concat(_known(info, tuple(joined), container=True), branch)


def _normalization(
    assembly: Assembly,
    spec: schema.BatchNorm | schema.LayerNorm | schema.RmsNorm | schema.GroupNorm,
    shape: Shape,
    info: LayerInfo,
    scheme: Scheme,
) -> Step:
    """RMS norm has a gain and no bias (Zhang & Sennrich 2019); the others have both."""
    features = _features(shape)
    gain = assembly.vector(features, 1.0) if spec.affine else None
    bias = assembly.vector(features, 0.0) if spec.affine and scheme.centred else None
    parameters = features * ((gain is not None) + (bias is not None))
    return Normalization(_known(info, shape, parameters, normalizes=scheme.name), scheme, spec.eps, gain, bias)


def _features(shape: Shape) -> int:
    return shape[feature_axis(len(shape) + 1) - 1]


def _known(info: LayerInfo, shape: Shape, parameters: int = 0, **facts: Any) -> LayerInfo:
    """The layer's facts with its shape; shared parameters are counted where they are used first."""
    return replace(info, output_shape=shape, parameters=0 if info.shares else parameters, **facts)


MAKERS: dict[type[schema.Layer], Callable[[Any, Any, Shape, LayerInfo], Step | None]] = {
    schema.Dense: make_dense,
    schema.Activation: make_activation,
    schema.BatchNorm: make_batch_norm,
    schema.LayerNorm: make_layer_norm,
    schema.RmsNorm: make_rms_norm,
    schema.GroupNorm: make_group_norm,
    schema.Dropout: make_dropout,
    schema.Flatten: make_flatten,
    schema.Residual: make_residual,
    schema.Concat: make_concat,
}

KINDS: dict[type[schema.Layer], str] = {record: kind for kind, record in schema.LAYERS.items()}
"""What a record is called in the config; activations are called by their own names."""

WEIGHTED: tuple[type[schema.Layer], ...] = (schema.Dense,)


def has_weights(specs: Iterable[schema.Layer]) -> bool:
    """Whether a weighted layer is among these, at any depth."""
    return any(is_weighted(spec) for spec in specs)


def is_weighted(spec: schema.Layer) -> bool:
    """Whether a layer counts in the numbering: it has a weight matrix, or holds a layer that has one."""
    if isinstance(spec, schema.Residual):
        return has_weights(spec.layers) or has_weights(spec.shortcut or ())
    if isinstance(spec, schema.Concat | schema.Repeat):
        return has_weights(spec.layers)
    return isinstance(spec, WEIGHTED)
