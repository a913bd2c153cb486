"""Dense connectivity: the output of a branch joined to its input (Huang et al. 2017)."""

from typing import Any

import numpy as np

from gradscope.engine import Array
from gradscope.engine.axes import feature_axis
from gradscope.engine.layer import Container, Gradients, Listener, Step
from gradscope.engine.outline import LayerInfo
from gradscope.engine.sequence import Sequence
from gradscope.engine.signal import Signal


class Concat(Container):
    """y = [x, branch(x)] along the features or channels, the input first."""

    def __init__(self, info: LayerInfo, branch: Sequence):
        super().__init__(info)
        self.branch = branch

    def forward(self, x: Array, listener: Listener) -> tuple[Array, Any]:
        """Keeps the branch's caches and how many features belong to x."""
        axis = feature_axis(x.ndim)
        y, caches = self.branch.forward(x, listener)
        return np.concatenate([x, y], axis=axis), (caches, x.shape[axis])

    def backward(self, dy: Signal, cache: Any, listener: Listener) -> tuple[Signal, Gradients]:
        """dx is the part of dy that belongs to x plus what comes back through the branch."""
        caches, features = cache
        around, into = np.split(dy.mantissa, [features], axis=feature_axis(dy.mantissa.ndim))
        through = self.branch.backward(dy.with_mantissa(np.ascontiguousarray(into)), caches, listener)
        return through + dy.with_mantissa(np.ascontiguousarray(around)), {}

    def inner(self) -> tuple[Step, ...]:
        """The branch's steps."""
        return self.branch.steps

    def at_pass(self, number: int) -> "Concat":
        """The branch at that pass."""
        branch = self.branch.at_pass(number)
        return self if branch is self.branch else Concat(self.info, branch)
