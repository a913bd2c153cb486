"""Makes the normalisations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradscope.build.makers.facts import Shape, features_of, known, use_divisor, words
from gradscope.config import schema
from gradscope.engine.layer import Step
from gradscope.engine.layers.normalization import BATCH, LAYER, RMS, Normalization, Scheme, group_scheme
from gradscope.engine.outline import LayerInfo
from gradscope.errors import Mistake

if TYPE_CHECKING:
    from gradscope.build.assembly import Assembly


def make_batch_norm(assembly: Assembly, spec: schema.BatchNorm, shape: Shape, info: LayerInfo) -> Step:
    """Over batch and positions, of which there must be two."""
    positions = 1
    for extent in shape:
        positions *= extent
    if assembly.config.batch.size * positions // features_of(shape) < 2:
        raise Mistake(
            "batch_norm cannot normalise over a single sample: all it gives is zero",
            "set `batch.size: 2` or more",
        )
    return _normalization(assembly, spec, shape, info, BATCH)


def make_layer_norm(assembly: Assembly, spec: schema.LayerNorm, shape: Shape, info: LayerInfo) -> Step:
    """Over the features of each sample and position."""
    return _normalization(assembly, spec, shape, info, LAYER)


def make_rms_norm(assembly: Assembly, spec: schema.RmsNorm, shape: Shape, info: LayerInfo) -> Step:
    """The same without the mean."""
    return _normalization(assembly, spec, shape, info, RMS)


def make_group_norm(assembly: Assembly, spec: schema.GroupNorm, shape: Shape, info: LayerInfo) -> Step:
    """Over the features of each group."""
    features = features_of(shape)
    if features % spec.groups:
        raise Mistake(f"{spec.groups} groups do not divide {words((features,))}", use_divisor(features))
    return _normalization(assembly, spec, shape, info, group_scheme(spec.groups))


def _normalization(
    assembly: Assembly,
    spec: schema.BatchNorm | schema.LayerNorm | schema.RmsNorm | schema.GroupNorm,
    shape: Shape,
    info: LayerInfo,
    scheme: Scheme,
) -> Step:
    """RMS norm has a gain and no bias (Zhang & Sennrich 2019); the others have both."""
    features = features_of(shape)
    gain = assembly.vector(features, 1.0) if spec.affine else None
    bias = assembly.vector(features, 0.0) if spec.affine and scheme.centred else None
    parameters = features * ((gain is not None) + (bias is not None))
    return Normalization(
        known(info, shape, parameters, normalizes=scheme.name, eps=spec.eps), scheme, spec.eps, gain, bias
    )
