"""The residual connection: y = shortcut(x) + scale · branch(x)."""

from typing import Any

import numpy as np

from gradscope.engine import Array
from gradscope.engine.gradients import Formed
from gradscope.engine.layer import Container, Gradients, Listener, Step
from gradscope.engine.outline import LayerInfo
from gradscope.engine.parameters import Parameter, held
from gradscope.engine.sequence import Sequence
from gradscope.engine.signal import Signal


class Residual(Container):
    """y = shortcut(x) + scale · branch(x) (He et al. 2016); an empty shortcut is the identity.

    A learned scale (ReZero, Bachlechner et al. 2021) is a parameter (1,) of the container itself, and takes
    the place of a fixed one.
    """

    def __init__(
        self,
        info: LayerInfo,
        branch: Sequence,
        shortcut: Sequence,
        scale: float = 1.0,
        *,
        learned: Array | None = None,
    ):
        super().__init__(info)
        self.branch = branch
        self.shortcut = shortcut
        self._scale = scale
        self.learned = learned

    @property
    def scale(self) -> float:
        """What the branch is multiplied by."""
        return self._scale if self.learned is None else float(self.learned[0])

    def forward(self, x: Array, listener: Listener) -> tuple[Array, Any]:
        """Keeps the caches of both ways and, for a learned scale, the branch's output."""
        skipped, shortcut_caches = self.shortcut.forward(x, listener)
        y, branch_caches = self.branch.forward(x, listener)
        summed = skipped + (y if self.scale == 1.0 else x.dtype.type(self.scale) * y)
        return summed, (branch_caches, shortcut_caches, None if self.learned is None else y)

    def backward(self, dy: Signal, cache: Any, listener: Listener) -> tuple[Signal, Gradients]:
        """dx is the sum of what comes back on both ways."""
        branch_caches, shortcut_caches, y = cache
        gradients: Gradients = {}
        if self.learned is not None:
            products = np.multiply(dy.mantissa, y, dtype=np.float64)
            gradients["scale"] = Formed(products.sum().reshape(1))
        through = self.branch.backward(dy.scaled(self.scale), branch_caches, listener)
        around = self.shortcut.backward(dy, shortcut_caches, listener)
        return through + around, gradients

    def own_parameters(self) -> dict[str, Parameter]:
        """`scale` (1,), when learned."""
        return {} if self.learned is None else {"scale": held(self.learned)}

    def inner(self) -> tuple[Step, ...]:
        """The shortcut's steps before the branch's, as they are passed forward."""
        return (*self.shortcut.steps, *self.branch.steps)

    def at_pass(self, number: int) -> "Residual":
        """Both ways at that pass."""
        branch, shortcut = self.branch.at_pass(number), self.shortcut.at_pass(number)
        if branch is self.branch and shortcut is self.shortcut:
            return self
        return Residual(self.info, branch, shortcut, self._scale, learned=self.learned)
