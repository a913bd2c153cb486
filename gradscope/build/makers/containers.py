"""Makes residual connections and concatenations: containers whose ways must agree in shape."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradscope.build.makers.facts import Shape, known, words
from gradscope.build.naming import Label, Scope
from gradscope.config import schema
from gradscope.engine.axes import feature_axis
from gradscope.engine.layer import Step
from gradscope.engine.layers.concat import Concat
from gradscope.engine.layers.residual import Residual
from gradscope.engine.outline import LayerInfo
from gradscope.errors import Mistake

if TYPE_CHECKING:
    from gradscope.build.assembly import Assembly


def make_residual(assembly: Assembly, spec: schema.Residual, shape: Shape, info: LayerInfo) -> Step | None:
    """The branch and its shortcut, which must agree in shape."""
    label = Label(info.name, info.path, info.number)
    branch, branch_shape = assembly.sequence(spec.layers, shape, Scope(label))
    shortcut, shortcut_shape = assembly.sequence(spec.shortcut or (), shape, Scope(label, "shortcut."))
    if branch_shape is None or shortcut_shape is None:
        return None
    if branch_shape != shortcut_shape:
        project = "{conv2d: {filters: …, kernel: 1, stride: …}}" if len(shape) == 3 else "{dense: …}"
        hint = (
            "give the shortcut the same last layer"
            if spec.shortcut
            else f"end the branch with as many, or write `shortcut: [{project}]`"
        )
        raise Mistake(f"the branch gives {words(branch_shape)}, the shortcut {words(shortcut_shape)}", hint)
    return Residual(
        known(info, branch_shape, int(spec.learned), container=True, scale=spec.scale),
        branch,
        shortcut,
        spec.scale,
        learned=assembly.vector(1, spec.scale) if spec.learned else None,
    )


def make_concat(assembly: Assembly, spec: schema.Concat, shape: Shape, info: LayerInfo) -> Step | None:
    """The branch beside its input, which must agree in positions."""
    branch, branch_shape = assembly.sequence(
        spec.layers, shape, Scope(Label(info.name, info.path, info.number))
    )
    if branch_shape is None:
        return None
    axis = feature_axis(len(shape) + 1) - 1
    if len(branch_shape) != len(shape) or any(
        a != b for place, (a, b) in enumerate(zip(branch_shape, shape, strict=True)) if place != axis
    ):
        raise Mistake(
            f"{words(branch_shape)} cannot be joined to {words(shape)}", "only the features may differ"
        )
    joined = list(shape)
    joined[axis] += branch_shape[axis]
    return Concat(known(info, tuple(joined), container=True, joins=True), branch)
